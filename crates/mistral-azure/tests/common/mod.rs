//! A transport that records requests and computes responses with a function.

#![allow(dead_code, unreachable_pub)] // each test file uses a part of it
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // helpers outside of test functions may panic as tests do

use std::fmt;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::time::{Duration, OffsetDateTime};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, Uri};
use mistral_azure::MistralAzure;
use mistral_core::chat::ChatCompletionRequest;
use mistral_core::messages::Message;
use mistral_core::ocr::{Document, OcrRequest};
use mistral_core::transport::{Body, RequestContext, Transport, TransportError};
use mistral_core::{Client, RetryPolicy};
use tokio::sync::Barrier;

/// The header of the key `k3y` in its two forms.
pub const BEARER: (&str, &str) = ("authorization", "Bearer k3y");
pub const API_KEY: (&str, &str) = ("api-key", "k3y");

pub const COMPLETION: &str = r#"{"id":"1","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Manet"},"finish_reason":"stop"}]}"#;
pub const EVENTS: &str = "data: {\"id\":\"1\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Manet\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
pub const OCR_RESPONSE: &str =
    r#"{"pages":[],"model":"mistral-ocr-2503","usage_info":{"pages_processed":1}}"#;

/// A request as the transport received it.
#[derive(Debug)]
pub struct RecordedRequest {
    pub uri: Uri,
    pub headers: HeaderMap,
    pub body: serde_json::Value,
}

impl RecordedRequest {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// The status, headers and body of a response.
pub type Reply = (u16, Vec<(&'static str, String)>, String);

type Handler = dyn Fn(&RecordedRequest) -> Reply + Send + Sync;

#[derive(Clone)]
pub struct RecordingTransport {
    handler: Arc<Handler>,
    pub sent: Arc<Mutex<Vec<RecordedRequest>>>,
}

impl fmt::Debug for RecordingTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecordingTransport")
    }
}

impl RecordingTransport {
    pub fn new(handler: impl Fn(&RecordedRequest) -> Reply + Send + Sync + 'static) -> Self {
        Self {
            handler: Arc::new(handler),
            sent: Arc::default(),
        }
    }

    /// Responds to every operation with a valid 200.
    pub fn accepting() -> Self {
        Self::new(|sent| {
            let (media_type, body) = if sent.uri.path().ends_with("/ocr") {
                ("application/json", OCR_RESPONSE)
            } else if sent.body["stream"] == true {
                ("text/event-stream", EVENTS)
            } else {
                ("application/json", COMPLETION)
            };
            (
                200,
                vec![("content-type", media_type.to_owned())],
                body.to_owned(),
            )
        })
    }

    pub fn client(&self, azure: MistralAzure) -> Client {
        Client::builder(azure)
            .transport(self.clone())
            .retry(RetryPolicy::none())
            .build()
            .unwrap()
    }

    /// Removes and returns the recorded requests.
    pub fn take(&self) -> Vec<RecordedRequest> {
        std::mem::take(&mut *self.sent.lock().unwrap())
    }

    pub fn last(&self) -> RecordedRequest {
        self.take().pop().unwrap()
    }
}

#[async_trait]
impl Transport for RecordingTransport {
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        let (parts, body) = request.into_parts();
        let body = body.into_bytes().unwrap();
        let sent = RecordedRequest {
            uri: parts.uri,
            headers: parts.headers,
            body: serde_json::from_slice(&body).unwrap(),
        };
        let (status, headers, body) = (self.handler)(&sent);
        self.sent.lock().unwrap().push(sent);
        let mut response = Response::new(Body::from(Bytes::from(body)));
        *response.status_mut() = status.try_into().unwrap();
        for (name, value) in headers {
            let value = HeaderValue::try_from(value).unwrap();
            response.headers_mut().insert(name, value);
        }
        Ok(response)
    }
}

/// Returns numbered tokens and records the requested scopes.
#[derive(Debug)]
pub struct RecordingCredential {
    scopes: Mutex<Vec<String>>,
    lifetime: Duration,
}

impl RecordingCredential {
    pub fn new(lifetime: Duration) -> Arc<Self> {
        let scopes = Mutex::default();
        Arc::new(Self { scopes, lifetime })
    }

    pub fn scopes(&self) -> Vec<String> {
        self.scopes.lock().unwrap().clone()
    }
}

#[async_trait]
impl TokenCredential for RecordingCredential {
    async fn get_token(
        &self,
        scopes: &[&str],
        _: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let number = {
            let mut scopes_requested = self.scopes.lock().unwrap();
            scopes_requested.push(scopes.join(" "));
            scopes_requested.len()
        };
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        let expires_on = OffsetDateTime::now_utc() + self.lifetime;
        Ok(AccessToken::new(format!("t{number}"), expires_on))
    }
}

pub fn chat_request(model: &str) -> ChatCompletionRequest {
    ChatCompletionRequest::new(model, [Message::user("Who painted Olympia?")])
}

pub fn ocr_request(model: &str) -> OcrRequest {
    OcrRequest::new(model, Document::url("https://example.com/a.pdf"))
}

/// Delays the first attempt of each call until all calls have sent theirs.
#[derive(Debug, Clone)]
pub struct BarrierTransport {
    pub transport: RecordingTransport,
    barrier: Arc<Barrier>,
}

impl BarrierTransport {
    pub fn new(transport: &RecordingTransport, calls: usize) -> Self {
        Self {
            transport: transport.clone(),
            barrier: Arc::new(Barrier::new(calls)),
        }
    }
}

#[async_trait]
impl Transport for BarrierTransport {
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        if request
            .extensions()
            .get::<RequestContext>()
            .unwrap()
            .attempt()
            == 1
        {
            self.barrier.wait().await;
        }
        self.transport.send(request).await
    }
}

/// Responds with 401 to the credential `t1`, and with 200 to all others.
pub fn rejecting_t1() -> RecordingTransport {
    RecordingTransport::new(|sent| {
        let key = sent
            .header("authorization")
            .or(sent.header("api-key"))
            .unwrap();
        let json = vec![("content-type", "application/json".to_owned())];
        if key.ends_with("t1") {
            let body = r#"{"error":{"code":"401","message":"Access denied"}}"#;
            (401, json, body.to_owned())
        } else {
            (200, json, COMPLETION.to_owned())
        }
    })
}

/// Sends `calls` concurrent requests and asserts that all succeed.
pub async fn concurrent_calls(client: &Client, calls: usize) {
    let calls = (0..calls).map(|_| async {
        client.chat().complete(&chat_request("m")).await.unwrap();
    });
    futures::future::join_all(calls).await;
}
