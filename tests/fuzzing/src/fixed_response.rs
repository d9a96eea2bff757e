//! A transport that returns the same response to every request.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Uri};
use mistral_sdk::provider::Provider;
use mistral_sdk::transport::{Body, Transport, TransportError};
use mistral_sdk::{Client, MistralApi, RetryPolicy};
use tokio::runtime::{Builder, Runtime};

thread_local! {
    /// A runtime with a paused clock, so that delays take no time.
    static RUNTIME: Runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
}

pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    RUNTIME.with(|runtime| runtime.block_on(future))
}

#[derive(Debug, Clone)]
pub(crate) struct FixedResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The URLs of the requests.
    pub(crate) sent: Arc<Mutex<Vec<Uri>>>,
}

impl FixedResponse {
    pub(crate) fn new(status: StatusCode, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: body.into(),
            sent: Arc::default(),
        }
    }

    /// Parses a status line, header lines, a blank line and a body. Skips headers that are invalid
    /// in HTTP.
    pub(crate) fn read(input: &[u8]) -> Self {
        let (status, mut rest) = line(input);
        let status = String::from_utf8_lossy(status).trim().parse().ok();
        let status = status.and_then(|status| StatusCode::from_u16(status).ok());
        let mut headers = HeaderMap::new();
        while let (header, after) = line(rest)
            && !header.is_empty()
        {
            rest = after;
            add_header(&mut headers, header);
        }
        let body = Bytes::copy_from_slice(line(rest).1);
        Self {
            headers,
            ..Self::new(status.unwrap_or(StatusCode::BAD_GATEWAY), body)
        }
    }

    /// Returns a client of Mistral's API without retries.
    pub(crate) fn client(&self) -> Client {
        self.client_of(MistralApi::new("key").unwrap(), RetryPolicy::none())
    }

    pub(crate) fn client_of(&self, provider: impl Provider, retry: RetryPolicy) -> Client {
        let builder = Client::builder(provider).transport(self.clone());
        builder.retry(retry).build().unwrap()
    }
}

#[async_trait]
impl Transport for FixedResponse {
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        self.sent.lock().unwrap().push(request.uri().clone());
        let mut response = Response::new(Body::from(self.body.clone()));
        *response.status_mut() = self.status;
        response.headers_mut().clone_from(&self.headers);
        Ok(response)
    }
}

/// Splits off the first line.
pub(crate) fn line(input: &[u8]) -> (&[u8], &[u8]) {
    let mut parts = input.splitn(2, |byte| *byte == b'\n');
    let mut next = || parts.next().unwrap_or_default();
    (next(), next())
}

/// Adds a header line `name: value`, if it is valid.
pub(crate) fn add_header(headers: &mut HeaderMap, line: &[u8]) {
    let mut parts = line.splitn(2, |byte| *byte == b':');
    let mut next = || parts.next().unwrap_or_default().trim_ascii();
    if let (Ok(name), Ok(value)) = (
        HeaderName::from_bytes(next()),
        HeaderValue::from_bytes(next()),
    ) {
        headers.append(name, value);
    }
}
