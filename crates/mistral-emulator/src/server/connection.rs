//! Serves connections. Each request is recorded, subjected to faults and routed.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::Watcher;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;

use super::pace::delay_events;
use crate::control;
use crate::faults::Fault;
use crate::faults::filter::RequestView;
use crate::faults::header::FAULT_HEADER;
use crate::faults::inject::{CountingIo, FlushCounter, inject_fault};
use crate::operations;
use crate::recording::scrub;
use crate::replies::{AppliedReply, Reply};
use crate::responses::ApiError;
use crate::routes::batch::BatchRouter;
use crate::state::{AppState, allow_any_origin, request_id};

/// The state and the routers that all connections share.
#[derive(Debug, Clone)]
pub(super) struct Shared {
    pub(super) state: Arc<AppState>,
    pub(super) api: Router,
    pub(super) control: Router,
}

/// Serves a connection until either side closes it.
pub(super) async fn serve(stream: TcpStream, shared: Shared, shutdown: Watcher) {
    let flushes = Arc::new(FlushCounter::default());
    let connection = CountingIo {
        inner: TokioIo::new(stream),
        flushes: Arc::clone(&flushes),
    };
    let service = service_fn(move |request| handle(request, shared.clone(), Arc::clone(&flushes)));
    let server = auto::Builder::new(TokioExecutor::new());
    let connection = server.serve_connection(connection, service).into_owned();
    // The client disconnected, or a fault cut the connection.
    drop(shutdown.watch(connection).await);
}

/// Handles a request. An error closes the connection without a response.
async fn handle(
    request: Request<Incoming>,
    shared: Shared,
    flushes: Arc<FlushCounter>,
) -> io::Result<Response> {
    if request.method() == Method::OPTIONS {
        return Ok(preflight(&request));
    }
    // Google's libraries ask at the root whether there is a metadata server.
    let is_metadata = request.headers().contains_key("metadata-flavor");
    if !is_metadata && control::is_control(request.uri().path()) {
        let mut response = route(shared.control, request.map(Body::new)).await;
        allow_any_origin(response.headers_mut());
        return Ok(response);
    }
    let started = Instant::now();
    let (request, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let state = Arc::clone(&shared.state);
    let entry = state.record(&request, &body);
    let number = state.next_request_number();
    let id = request_id(number);
    let line = state
        .settings
        .verbose
        .then(|| format!("{} {}", request.method, masked_target(&request)));
    let mut exchange = Exchange {
        request,
        body,
        shared,
        flushes,
    };
    exchange.request.extensions.insert(id.clone());
    let mut response = exchange.respond().await;
    if let Ok(response) = &mut response {
        state.add_response_headers(response, number, &id, started);
    }
    let status = response
        .as_ref()
        .ok()
        .map(|response| response.status().as_u16());
    state.record_response(entry, status, started);
    if let Some(line) = line {
        let status = status.map_or("closed".to_owned(), |status| status.to_string());
        eprintln!("{line} → {status} in {} ms", started.elapsed().as_millis());
    }
    response
}

/// Returns the path and the query, without the values of credentials.
fn masked_target(request: &Parts) -> String {
    let target = request.uri.path_and_query();
    scrub::url(target.map_or("/", |target| target.as_str()), &[])
}

/// Responds to a request of a browser whether another page may send a request.
fn preflight(request: &Request<Incoming>) -> Response {
    let mut response = Response::default();
    let headers = response.headers_mut();
    allow_any_origin(headers);
    let methods = "GET,HEAD,PUT,PATCH,POST,DELETE,OPTIONS";
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static(methods),
    );
    let requested = request
        .headers()
        .get(header::ACCESS_CONTROL_REQUEST_HEADERS);
    if let Some(names) = requested {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
    }
    response
}

/// A request, and what is needed to respond to it.
struct Exchange {
    request: Parts,
    body: Bytes,
    shared: Shared,
    flushes: Arc<FlushCounter>,
}

impl Exchange {
    async fn respond(self) -> io::Result<Response> {
        let (fault, reply) = match self.script() {
            Ok(script) => script,
            Err(reason) => return Ok(invalid_fault(&reason)),
        };
        let settings = &self.shared.state.settings;
        let delay = fault
            .delay
            .or(reply.as_ref().and_then(|reply| reply.settings.delay));
        let delay = settings.latency + delay.unwrap_or_default();
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        if fault.close {
            return Err(closed_by_fault());
        }
        let flushes = Arc::clone(&self.flushes);
        let pace = fault.token_delay.unwrap_or(settings.token_delay);
        let response = match fault.scripted_response() {
            Ok(Some(response)) => response,
            Ok(None) => match reply {
                Some(reply) => self.send_reply(&reply)?,
                None => self.serve().await?,
            },
            Err(reason) => return Ok(invalid_fault(&reason)),
        };
        finish(response, &fault, pace, &flushes)
    }

    /// Returns the fault for the request, and the reply with a whole body.
    fn script(&self) -> Result<(Fault, Option<Reply>), String> {
        let (state, view) = (&self.shared.state, self.view());
        let fault = match state.next_fault(&view) {
            Some(fault) => fault,
            None => Fault::from_headers(&self.request.headers)?.unwrap_or_default(),
        };
        fault.check()?;
        let reply = match fault.replaces_response() {
            true => None,
            false => state.next_reply(&view, false),
        };
        Ok((fault, reply))
    }

    fn view(&self) -> RequestView<'_> {
        RequestView::new(&self.request, &self.body)
    }

    fn send_reply(&self, reply: &Reply) -> io::Result<Response> {
        if reply.settings.close {
            return Err(closed_by_fault());
        }
        let mut response = reply.to_response(&self.view());
        if let Some(status) = reply.settings.status_code() {
            *response.status_mut() = status;
        }
        let pace = reply.settings.token_delay.unwrap_or_default();
        finish(response, &reply.settings, pace, &self.flushes)
    }

    /// Responds from the recording or as the API does, with scripted completions.
    async fn serve(self) -> io::Result<Response> {
        let state = Arc::clone(&self.shared.state);
        if let Some(tape) = &state.settings.tape
            && let Some(response) = tape.respond(&self.request, &self.body).await
        {
            return Ok(response);
        }
        let has_replies = !state.replies().is_empty();
        let copy = has_replies.then(|| (clone_head(&self.request), self.body.clone()));
        let mut request = Request::from_parts(self.request, Body::from(self.body));
        let api = self.shared.api;
        request.extensions_mut().insert(BatchRouter(api.clone()));
        let mut response = route(api, request).await;
        // A turn of a conversation applies the reply itself, as the history contains it.
        if let Some(AppliedReply(reply)) = response.extensions_mut().remove() {
            return apply_settings(response, &reply, &self.flushes).await;
        }
        let Some((request, body)) = copy.filter(|_| response.status() == StatusCode::OK) else {
            return Ok(response);
        };
        let view = RequestView::new(&request, &body);
        if view.operation().is_some_and(operations::is_turn) {
            return Ok(response);
        }
        let Some(reply) = state.next_reply(&view, true) else {
            return Ok(response);
        };
        apply_settings(reply.to_response(&view), &reply, &self.flushes).await
    }
}

/// Delays a scripted completion and applies what else its reply sets.
async fn apply_settings(
    response: Response,
    reply: &Reply,
    flushes: &Arc<FlushCounter>,
) -> io::Result<Response> {
    if let Some(delay) = reply.settings.delay {
        tokio::time::sleep(delay).await;
    }
    if reply.settings.close {
        return Err(closed_by_fault());
    }
    let pace = reply.settings.token_delay.unwrap_or_default();
    finish(response, &reply.settings, pace, flushes)
}

/// Copies the parts that a [`RequestView`] reads.
fn clone_head(request: &Parts) -> Parts {
    let mut copy = Request::new(()).into_parts().0;
    copy.method = request.method.clone();
    copy.uri = request.uri.clone();
    copy
}

async fn route(router: Router, request: Request<Body>) -> Response {
    match TowerToHyperService::new(router).call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// Applies the headers, the pace and the disturbances of a fault or reply.
fn finish(
    mut response: Response,
    fault: &Fault,
    pace: Duration,
    flushes: &Arc<FlushCounter>,
) -> io::Result<Response> {
    match fault.response_headers() {
        Ok(headers) => response.headers_mut().extend(headers),
        Err(reason) => return Ok(invalid_fault(&reason)),
    }
    let response = delay_events(response, pace);
    Ok(inject_fault(response, fault, flushes))
}

fn closed_by_fault() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "closed by a fault")
}

fn invalid_fault(reason: &str) -> Response {
    let message = format!("The fault ({FAULT_HEADER}) cannot be used: {reason}");
    ApiError::bad_request("invalid_request_error", None, message).into_response()
}
