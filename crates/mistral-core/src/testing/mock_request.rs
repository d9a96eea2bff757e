//! The requests that a mock receives, and what a reply is for.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Uri};
use serde_json::Value;
use tokio::time::Instant;

use crate::transport::{Body, RequestContext};

/// A request that a [`MockTransport`](super::MockTransport) received.
///
/// ```
/// # async fn example(mock: mistral_sdk::testing::MockTransport) {
/// for request in mock.requests() {
///     println!("{} {} (attempt {})", request.method, request.uri.path(), request.attempt);
/// }
/// # }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct MockRequest {
    /// The operation's name, for example `chat.complete`; `request` for
    /// [`Client::request`](crate::Client::request).
    pub operation: String,
    /// The model in the request, if there is one.
    pub model: Option<String>,
    /// The number of the attempt within its call, counted from 1.
    pub attempt: u32,
    /// The HTTP method.
    pub method: Method,
    /// The full URL.
    pub uri: Uri,
    /// All headers, with credentials. `Debug` redacts them.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
    /// The time from the creation of the mock to this request, on tokio's clock.
    pub elapsed: Duration,
}

impl MockRequest {
    /// Splits `request` into its head, as a record with an empty body, and its body.
    pub(super) fn new(request: Request<Body>, created: Instant) -> (Self, Body) {
        let (parts, body) = request.into_parts();
        let operation = parts.extensions.get::<RequestContext>();
        let request = Self {
            operation: operation.map_or_else(String::new, |it| it.name().to_owned()),
            model: operation.and_then(|it| it.model()).map(str::to_owned),
            attempt: operation.map_or(1, RequestContext::attempt),
            method: parts.method,
            uri: parts.uri,
            headers: parts.headers,
            body: Bytes::new(),
            elapsed: created.elapsed(),
        };
        (request, body)
    }

    /// Returns the body as JSON, or [`Value::Null`] if it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Returns the value of a header, if it was sent and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// The requests that a line of the script is for.
pub(super) enum Target {
    Any,
    Operation(String),
    Path(Option<String>, String),
}

impl Target {
    pub(super) fn parse(text: &str) -> Self {
        match text.split_once(' ') {
            Some((method, path)) => Self::Path(Some(method.to_owned()), path.trim().to_owned()),
            None if text.starts_with('/') => Self::Path(None, text.to_owned()),
            None => Self::Operation(text.to_owned()),
        }
    }

    pub(super) fn fits(&self, request: &MockRequest) -> bool {
        match self {
            Self::Any => true,
            Self::Operation(name) => *name == request.operation,
            Self::Path(method, path) => {
                let has_method = |method: &String| method == request.method.as_str();
                path == request.uri.path() && method.as_ref().is_none_or(has_method)
            }
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any request"), // never left when a request finds nothing
            Self::Operation(name) => f.write_str(name),
            Self::Path(None, path) => f.write_str(path),
            Self::Path(Some(method), path) => write!(f, "{method} {path}"),
        }
    }
}
