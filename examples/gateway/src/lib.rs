//! An OpenAI-compatible gateway: tenants with keys and limits, failover over providers,
//! cancellation in both directions, and a graceful end.

#![allow(clippy::exhaustive_structs)] // a service, not a library

mod failure;

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use futures::stream::{self, StreamExt};
use mistral_sdk::Error;
use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::client::Failover;
use mistral_sdk::rate_limit::{Permit, RateLimiter};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tracing::Instrument;

use self::failure::Failure;

/// The longest wait for a tenant's limit, before a 429.
const MAX_QUEUE_TIME: Duration = Duration::from_secs(2);

/// A caller of the gateway.
#[derive(Debug)]
pub struct Tenant {
    /// The name, for logs.
    pub name: String,
    /// The limits of its calls, whichever provider answers them.
    pub limiter: RateLimiter,
}

/// An OpenAI-compatible service over several providers.
#[derive(Debug)]
pub struct Gateway {
    /// The providers, in the order in which they are tried.
    pub failover: Failover,
    /// The tenants by their keys.
    pub tenants: HashMap<String, Tenant>,
}

impl Gateway {
    /// Serves until `stop` is ready, and then until all responses have ended. Streams may go on for
    /// `grace` after that.
    ///
    /// # Errors
    /// Fails when no connection can be accepted.
    pub async fn serve(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
        grace: Duration,
    ) -> io::Result<()> {
        let (close, closing) = watch::channel(false);
        let app = Router::new().route("/v1/chat/completions", post(complete));
        let app = app.with_state((Arc::new(self), closing));
        let stop = async move {
            stop.await;
            tracing::info!("stopping");
            tokio::spawn(async move {
                tokio::time::sleep(grace).await;
                close.send_replace(true);
            });
        };
        let server = axum::serve(listener, app);
        server.with_graceful_shutdown(stop).await
    }

    fn tenant(&self, headers: &HeaderMap) -> Option<&Tenant> {
        let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
        self.tenants.get(value.strip_prefix("Bearer ")?)
    }
}

// When the caller leaves, the server drops this future, or the body that it returned, and with it
// the call to the provider.
async fn complete(
    State((gateway, closing)): State<(Arc<Gateway>, watch::Receiver<bool>)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let key = Failure::new(StatusCode::UNAUTHORIZED, "the key is missing or unknown");
    let tenant = gateway.tenant(&headers).ok_or(key)?;
    let (request, is_stream) = parse(&body)?;
    let model = request.get("model").and_then(Value::as_str);
    let span = tracing::info_span!("request", tenant = tenant.name, model);
    let answer = async {
        let tokens = body.len() as u64 / 4; // an estimate, until the usage is known
        let limiter = &tenant.limiter;
        let permit = limiter.acquire_timeout(tokens, MAX_QUEUE_TIME).await?;
        if is_stream {
            stream(&gateway.failover, &request, permit, closing).await
        } else {
            whole(&gateway.failover, &request, permit).await
        }
    };
    answer.instrument(span).await
}

/// Returns the request as the caller wrote it, without the fields that the gateway decides, and
/// whether the response is to be streamed.
fn parse(body: &[u8]) -> Result<(Value, bool), Failure> {
    let invalid = |error: Error| Failure::new(StatusCode::BAD_REQUEST, error.message());
    ChatCompletionRequest::from_json(body).map_err(invalid)?; // with the path of what is wrong
    let mut request: Value = serde_json::from_slice(body).unwrap_or_default();
    let is_stream = request.as_object_mut().is_some_and(|fields| {
        fields.remove("stream_options"); // the last chunk always has the usage
        fields.remove("stream") == Some(Value::Bool(true))
    });
    Ok((request, is_stream))
}

async fn whole(
    failover: &Failover,
    request: &Value,
    mut permit: Permit,
) -> Result<Response, Failure> {
    let call = failover.run(|client| client.chat().complete_raw(request).with_response());
    let answer = call.await?;
    let tokens = answer.body.body.pointer("/usage/total_tokens");
    if let Some(tokens) = tokens.and_then(Value::as_u64) {
        permit.set_tokens(tokens);
    }
    let provider = ("x-provider", answer.provider);
    let headers = [("content-type", "application/json"), provider];
    Ok((headers, answer.body.raw_body).into_response()) // as the provider wrote it
}

async fn stream(
    failover: &Failover,
    request: &Value,
    permit: Permit,
    closing: watch::Receiver<bool>,
) -> Result<Response, Failure> {
    let call = failover.run(|client| client.chat().stream_raw(request));
    let answer = call.await?;
    let state = (answer.body, permit, closing);
    // A stream that has begun cannot move to another provider: its error is its last event.
    let events = stream::unfold(Some(state), |state| async {
        let (mut chunks, mut permit, mut closing) = state?;
        let stopping = Failure::new(StatusCode::SERVICE_UNAVAILABLE, "the gateway is stopping");
        let next = tokio::select! {
            next = chunks.next() => next.map(|chunk| chunk.map_err(Failure::from)),
            _ = closing.wait_for(|closing| *closing) => Some(Err(stopping)),
        };
        Some(match next {
            Some(Ok(chunk)) => (chunk.into_string(), Some((chunks, permit, closing))),
            Some(Err(failure)) => (failure.json(), None),
            None => {
                if let Ok(all) = chunks.collect_response().await
                    && let Some(usage) = all.usage
                {
                    permit.set_tokens(usage.total_tokens.try_into().unwrap_or_default());
                }
                ("[DONE]".to_owned(), None)
            }
        })
    });
    let events = events.map(|data| Ok::<_, Infallible>(Event::default().data(data)));
    let events = Sse::new(events).keep_alive(KeepAlive::default());
    Ok(([("x-provider", answer.provider)], events).into_response())
}
