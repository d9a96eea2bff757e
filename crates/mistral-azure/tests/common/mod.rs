//! A transport that notes what it is given and answers by a function.

#![allow(dead_code, unreachable_pub)] // each test file uses a part of it
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // helpers outside of test functions may panic as tests do

use std::fmt;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, Uri};
use mistral_azure::MistralAzure;
use mistral_core::chat::ChatCompletionRequest;
use mistral_core::messages::Message;
use mistral_core::ocr::{Document, OcrRequest};
use mistral_core::transport::{Body, RequestContext, Transport, TransportError};
use mistral_core::{Client, RetryPolicy};
use tokio::sync::Barrier;

pub const ANSWER: &str = r#"{"id":"1","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Manet"},"finish_reason":"stop"}]}"#;
pub const EVENTS: &str = "data: {\"id\":\"1\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Manet\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
pub const PAGES: &str =
    r#"{"pages":[],"model":"mistral-ocr-2503","usage_info":{"pages_processed":1}}"#;

/// A request as the transport got it.
#[derive(Debug)]
pub struct Sent {
    pub uri: Uri,
    pub headers: HeaderMap,
    pub body: serde_json::Value,
}

impl Sent {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// A status, headers and a body.
pub type Reply = (u16, Vec<(&'static str, String)>, String);

type Answering = dyn Fn(&Sent) -> Reply + Send + Sync;

#[derive(Clone)]
pub struct Recorder {
    answering: Arc<Answering>,
    pub sent: Arc<Mutex<Vec<Sent>>>,
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recorder")
    }
}

impl Recorder {
    pub fn new(answering: impl Fn(&Sent) -> Reply + Send + Sync + 'static) -> Self {
        Self {
            answering: Arc::new(answering),
            sent: Arc::default(),
        }
    }

    /// Answers every operation with something that fits.
    pub fn willing() -> Self {
        Self::new(|sent| {
            let (media_type, body) = if sent.uri.path().ends_with("/ocr") {
                ("application/json", PAGES)
            } else if sent.body["stream"] == true {
                ("text/event-stream", EVENTS)
            } else {
                ("application/json", ANSWER)
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

    /// What was sent since this was asked last.
    pub fn take(&self) -> Vec<Sent> {
        std::mem::take(&mut *self.sent.lock().unwrap())
    }

    pub fn last(&self) -> Sent {
        self.take().pop().unwrap()
    }
}

#[async_trait]
impl Transport for Recorder {
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        let (parts, body) = request.into_parts();
        let body = body.into_bytes().unwrap();
        let sent = Sent {
            uri: parts.uri,
            headers: parts.headers,
            body: serde_json::from_slice(&body).unwrap(),
        };
        let (status, headers, body) = (self.answering)(&sent);
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

pub fn question(model: &str) -> ChatCompletionRequest {
    ChatCompletionRequest::new(model, [Message::user("Who painted Olympia?")])
}

pub fn scan(model: &str) -> OcrRequest {
    OcrRequest::new(model, Document::url("https://example.com/a.pdf"))
}

/// Holds the first attempts of many calls back until all of them have been sent.
#[derive(Debug, Clone)]
pub struct Together {
    pub recorder: Recorder,
    barrier: Arc<Barrier>,
}

impl Together {
    pub fn new(recorder: &Recorder, calls: usize) -> Self {
        Self {
            recorder: recorder.clone(),
            barrier: Arc::new(Barrier::new(calls)),
        }
    }
}

#[async_trait]
impl Transport for Together {
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
        self.recorder.send(request).await
    }
}

/// Takes every credential but the first: `t1`.
pub fn refusing_the_first() -> Recorder {
    Recorder::new(|sent| {
        let key = sent
            .header("authorization")
            .or(sent.header("api-key"))
            .unwrap();
        let json = vec![("content-type", "application/json".to_owned())];
        if key.ends_with("t1") {
            let body = r#"{"error":{"code":"401","message":"Access denied"}}"#;
            (401, json, body.to_owned())
        } else {
            (200, json, ANSWER.to_owned())
        }
    })
}

/// Makes this many calls at once, which all succeed.
pub async fn storm(client: &Client, calls: usize) {
    let calls = (0..calls).map(|_| async {
        client.chat().complete(&question("m")).await.unwrap();
    });
    futures::future::join_all(calls).await;
}
