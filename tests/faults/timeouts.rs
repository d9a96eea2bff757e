//! Timeouts of stalled bodies and of pending credentials.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, stream};
use http::{HeaderMap, HeaderValue, Request, Response};
use mistral_sdk::error::TimeoutPhase;
use mistral_sdk::provider::{
    Operation as ApiOperation, Provider, Route, RouteRequest, parse_base_url,
};
use mistral_sdk::transport::{Body, Transport, TransportError};
use mistral_sdk::{Client, ErrorKind, Result};
use tokio::time::Instant;

use super::operations::{OperationKind, Settings, client};

/// Responds with a head and the start of a body, then stalls.
#[derive(Debug, Clone, Copy)]
struct StalledTransport {
    content_type: &'static str,
    start: &'static str,
}

#[async_trait]
impl Transport for StalledTransport {
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        request.into_body().collect().await?;
        let start = stream::iter([Ok(Bytes::from(self.start))]);
        let mut response = Response::new(Body::from_stream(start.chain(stream::pending())));
        let content_type = HeaderValue::from_static(self.content_type);
        response.headers_mut().insert("content-type", content_type);
        Ok(response)
    }
}

#[tokio::test(start_paused = true)]
async fn timeout_stalled_body_is_idle_unless_total_is_shorter() {
    use OperationKind::{Complete, List, Stream, Upload};
    const TOTAL: TimeoutPhase = TimeoutPhase::Total;
    const IDLE: TimeoutPhase = TimeoutPhase::Idle;
    // The defaults: 300 s idle, and 300 s in total for calls that stream neither body.
    for (operation, idle, seconds, phase) in [
        (List, None, 300, TOTAL),
        (Complete, None, 300, TOTAL),
        (Stream, None, 300, IDLE),
        (Upload, None, 300, IDLE),
        (List, Some(7), 21, IDLE), // an idempotent request is retried
        (Complete, Some(7), 7, IDLE),
        (Stream, Some(7), 7, IDLE),
        (Upload, Some(7), 7, IDLE),
    ] {
        for content_type in [operation.content_type(), "application/octet-stream"] {
            let transport = StalledTransport {
                content_type,
                start: "",
            };
            let client = client("http://server.test")
                .transport(transport)
                .build()
                .unwrap();
            let settings = Settings {
                idle: idle.map(Duration::from_secs),
                ..Settings::default()
            };
            let started = Instant::now();
            let error = operation.call(&client, &settings).await.unwrap_err();
            let context = format!("{} {content_type} {idle:?}: {error}", operation.name());
            assert_eq!(error.timeout_phase(), Some(phase), "{context}");
            assert_eq!(started.elapsed().as_secs(), seconds, "{context}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn sse_stalled_html_page_is_a_decode_error() {
    let transport = StalledTransport {
        content_type: "text/html",
        start: "<title>Log in</title>",
    };
    let client = client("http://server.test")
        .transport(transport)
        .build()
        .unwrap();
    let started = Instant::now();
    let result = OperationKind::Stream
        .call(&client, &Settings::default())
        .await;
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
    assert!(error.to_string().contains("text/html"), "{error}");
    assert_eq!(error.api().unwrap().body, "<title>Log in</title>");
    assert_eq!(started.elapsed().as_secs(), 10); // the limit for reading the body of an error
}

/// A provider whose credential never arrives.
#[derive(Debug)]
struct PendingCredential;

#[async_trait]
impl Provider for PendingCredential {
    fn name(&self) -> &'static str {
        "pending"
    }

    fn supports(&self, _: &ApiOperation) -> bool {
        true
    }

    fn route(&self, request: &RouteRequest<'_>) -> Result<Route> {
        Route::join(&parse_base_url("base", "http://server.test")?, request.path)
    }

    async fn authorize(&self, _: Option<&HeaderMap>, _: &mut HeaderMap) -> Result<()> {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn timeout_pending_credential_ends_at_total() {
    for operation in super::operations::OPERATIONS {
        let transport = StalledTransport {
            content_type: "",
            start: "",
        };
        let client = Client::builder(PendingCredential)
            .transport(transport)
            .build()
            .unwrap();
        let started = Instant::now();
        let error = operation
            .call(&client, &Settings::default())
            .await
            .unwrap_err();
        assert_eq!(error.timeout_phase(), Some(TimeoutPhase::Total), "{error}");
        assert_eq!(started.elapsed().as_secs(), 300, "{}", operation.name());
        assert_eq!(error.attempts(), 0);
    }
}
