//! A provider that signs method, URL, headers and body of every exchange.

use std::future::{Future, poll_fn, ready};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;

use async_trait::async_trait;
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use mistral_core::files::{FilePurpose, FileSource, UploadFileRequest};
use mistral_core::provider::{
    Operation, Provider, Route, RouteRequest, SignedBody, parse_base_url,
};
use mistral_core::testing::{MockReply, MockRequest, MockTransport};
use mistral_core::{Client, Error, ErrorKind, Result, RetryPolicy};

use crate::common::{answer, question, reply};

const SIGNATURE: &str = "x-signature";

/// Signs requests with a hash, which changes with each part of the request. Not for real use.
#[derive(Debug, Default)]
struct Signer {
    /// Counts signatures, so that each is another.
    nonce: AtomicU32,
}

fn signature(parts: &Parts, body: &[u8], nonce: &str) -> String {
    let mut hasher = DefaultHasher::new();
    parts.method.as_str().hash(&mut hasher);
    parts.uri.to_string().hash(&mut hasher);
    for name in ["authorization", "content-type", "user-agent", "x-team"] {
        parts
            .headers
            .get(name)
            .map(HeaderValue::as_bytes)
            .hash(&mut hasher);
    }
    body.hash(&mut hasher);
    nonce.hash(&mut hasher);
    format!("{nonce} {:016x}", hasher.finish())
}

#[async_trait]
impl Provider for Signer {
    fn name(&self) -> &'static str {
        "signer"
    }

    fn supports(&self, _: &Operation) -> bool {
        true
    }

    fn route(&self, request: &RouteRequest<'_>) -> Result<Route> {
        Route::join(&parse_base_url("base", "http://server.test")?, request.path)
    }

    async fn authorize(&self, _: Option<&HeaderMap>, headers: &mut HeaderMap) -> Result<()> {
        headers.insert("authorization", HeaderValue::from_static("Bearer key"));
        Ok(())
    }

    async fn sign(&self, parts: &mut Parts, body: SignedBody<'_>) -> Result<()> {
        let body = match body {
            SignedBody::Bytes(bytes) => bytes,
            SignedBody::Stream => b"(stream)",
            _ => return Err(Error::credentials("a body of this kind cannot be signed")),
        };
        let nonce = self.nonce.fetch_add(1, Ordering::Relaxed).to_string();
        let value = signature(parts, body, &nonce);
        parts.headers.insert(SIGNATURE, value.parse().unwrap());
        Ok(())
    }
}

/// Asserts that the signature fits the request as it was sent, and returns its nonce.
fn verify(request: &MockRequest, body: &[u8]) -> String {
    let mut parts = http::Request::new(()).into_parts().0;
    parts.method = request.method.clone();
    parts.uri = request.uri.clone();
    parts.headers = request.headers.clone();
    let sent = request.headers[SIGNATURE].to_str().unwrap();
    let (nonce, _) = sent.split_once(' ').unwrap();
    assert_eq!(sent, signature(&parts, body, nonce));
    nonce.to_owned()
}

fn client(mock: &MockTransport) -> Client {
    let immediately = RetryPolicy::backoff(
        std::time::Duration::ZERO,
        std::time::Duration::ZERO,
        1.0,
        std::time::Duration::from_secs(60),
    );
    Client::builder(Signer::default())
        .transport(mock.clone())
        .retry(immediately)
        .build()
        .unwrap()
}

#[tokio::test]
async fn sign_covers_method_url_headers_and_body_of_every_attempt() {
    let mock = MockTransport::new().replies([
        reply(503, "{}"),
        reply(307, "{}").with_header("location", "/v2/elsewhere?a=b"),
        reply(503, "{}"),
        reply(200, &answer("hello")),
    ]);
    let request = question();
    let call = client(&mock).chat().complete(&request);
    let response = call.header("x-team", "search").query("q", "1").await;
    assert_eq!(response.unwrap().text(), "hello");

    let requests = mock.requests();
    let nonces: Vec<_> = requests
        .iter()
        .map(|request| verify(request, &request.body))
        .collect();
    assert_eq!(nonces, ["0", "1", "2", "3"]);
    let urls: Vec<_> = requests
        .iter()
        .map(|request| request.uri.to_string())
        .collect();
    let original = "http://server.test/v1/chat/completions?q=1";
    let redirected = "http://server.test/v2/elsewhere?a=b";
    assert_eq!(urls, [original, original, redirected, original]);
    assert!(
        requests
            .iter()
            .all(|request| request.headers["x-team"] == "search")
    );
}

#[tokio::test]
async fn sign_of_a_streamed_body_gets_no_bytes() {
    let mock = MockTransport::new().reply(MockReply::json(serde_json::json!({ "id": "f" })));
    let file = FileSource::from_bytes("a.jsonl", "{}\n");
    let request = UploadFileRequest::new(FilePurpose::Batch, file);
    client(&mock).files().upload(&request).await.unwrap();
    verify(&mock.requests()[0], b"(stream)");
}

/// Fails to sign.
#[derive(Debug)]
struct Failing;

#[async_trait]
impl Provider for Failing {
    fn name(&self) -> &'static str {
        "failing"
    }

    fn supports(&self, _: &Operation) -> bool {
        true
    }

    fn route(&self, request: &RouteRequest<'_>) -> Result<Route> {
        Route::join(&parse_base_url("base", "http://server.test")?, request.path)
    }

    async fn authorize(&self, _: Option<&HeaderMap>, _: &mut HeaderMap) -> Result<()> {
        Ok(())
    }

    async fn sign(&self, _: &mut Parts, _: SignedBody<'_>) -> Result<()> {
        Err(Error::credentials("the signing key has expired"))
    }
}

#[tokio::test]
async fn sign_error_ends_the_call_before_anything_is_sent() {
    let mock = MockTransport::new();
    let client = Client::builder(Failing)
        .transport(mock.clone())
        .build()
        .unwrap();
    let error = client.models().list().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    assert!(format!("{error:#}").contains("the signing key has expired"));
    assert_eq!(error.operation(), "models.list");
    assert_eq!(error.attempts(), 0);
    assert!(mock.requests().is_empty());
}

/// Signs when `sign` is called, not when its future is polled.
#[derive(Debug)]
struct Eager {
    /// Whether the future fails, without any state.
    fails: bool,
}

#[async_trait]
impl Provider for Eager {
    fn name(&self) -> &'static str {
        "eager"
    }

    fn supports(&self, _: &Operation) -> bool {
        true
    }

    fn route(&self, request: &RouteRequest<'_>) -> Result<Route> {
        Route::join(&parse_base_url("base", "http://server.test")?, request.path)
    }

    async fn authorize(&self, _: Option<&HeaderMap>, headers: &mut HeaderMap) -> Result<()> {
        headers.insert("authorization", HeaderValue::from_static("Bearer key"));
        Ok(())
    }

    fn sign<'provider, 'parts, 'body, 'future>(
        &'provider self,
        parts: &'parts mut Parts,
        _: SignedBody<'body>,
    ) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'future>>
    where
        'provider: 'future,
        'parts: 'future,
        'body: 'future,
    {
        if self.fails {
            return Box::pin(poll_fn(|_| {
                Poll::Ready(Err(Error::credentials("the signing key has expired")))
            }));
        }
        let count = parts.headers.len().to_string();
        parts.headers.append(SIGNATURE, count.parse().unwrap());
        Box::pin(ready(Ok(())))
    }
}

#[tokio::test]
async fn sign_without_an_async_fn_signs_once() {
    let mock = MockTransport::new().json(serde_json::json!({ "data": [] }));
    let builder = Client::builder(Eager { fails: false }).transport(mock.clone());
    builder.build().unwrap().models().list().await.unwrap();
    let headers = &mock.requests()[0].headers;
    let signatures: Vec<_> = headers.get_all(SIGNATURE).iter().collect();
    assert_eq!(signatures, [&(headers.len() - 1).to_string()]);
    assert_eq!(headers["authorization"], "Bearer key");
}

#[tokio::test]
async fn sign_error_of_a_future_without_state_is_kept() {
    let mock = MockTransport::new();
    let builder = Client::builder(Eager { fails: true }).transport(mock.clone());
    let error = builder.build().unwrap().models().list().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    assert_eq!(error.attempts(), 0);
    assert!(mock.requests().is_empty());
}
