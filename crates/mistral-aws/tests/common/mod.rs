//! A transport that records requests, child processes, and an independent implementation of
//! Signature Version 4.

#![allow(dead_code, unreachable_pub)] // each test file uses a part of it
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // helpers may panic as tests do

#[cfg(feature = "sigv4")]
pub mod child;
#[cfg(feature = "sigv4")]
pub mod sigv4;

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use http::{HeaderMap, Request, Response};
use mistral_aws::MistralBedrock;
use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::messages::Message;
use mistral_sdk::transport::{Body, Transport, TransportError};
use mistral_sdk::{Client, Result, RetryPolicy};
use serde_json::{Value, json};

pub const MODEL: &str = "mistral.mistral-large-3-675b-instruct";

/// A request as the transport received it.
#[derive(Debug, Clone)]
pub struct RecordedRequest {
    pub method: String,
    pub url: url::Url,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl RecordedRequest {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |it| it.to_str().unwrap())
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// Responds with a chat completion, after the statuses that are queued.
#[derive(Clone, Default)]
pub struct BedrockTransport {
    pub sent: Arc<Mutex<Vec<RecordedRequest>>>,
    statuses: Arc<Mutex<Vec<u16>>>,
}

impl BedrockTransport {
    /// Returns a transport whose first responses have these statuses.
    pub fn failing(statuses: impl IntoIterator<Item = u16>) -> Self {
        let mut statuses: Vec<_> = statuses.into_iter().collect();
        statuses.reverse();
        Self {
            sent: Arc::default(),
            statuses: Arc::new(Mutex::new(statuses)),
        }
    }

    pub fn client(&self, bedrock: MistralBedrock) -> Client {
        let minute = std::time::Duration::from_secs(60);
        let none = std::time::Duration::ZERO;
        let retry = RetryPolicy::backoff(none, none, 1.0, minute).max_retries(2);
        let builder = Client::builder(bedrock).transport(self.clone());
        builder.retry(retry).build().unwrap()
    }

    /// Removes and returns the recorded requests.
    pub fn take(&self) -> Vec<RecordedRequest> {
        std::mem::take(&mut *self.sent.lock().unwrap())
    }

    /// Removes and returns the only recorded request.
    pub fn take_one(&self) -> RecordedRequest {
        let mut sent = self.take();
        assert_eq!(sent.len(), 1, "{sent:?}");
        sent.remove(0)
    }
}

impl fmt::Debug for BedrockTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BedrockTransport")
    }
}

#[async_trait]
impl Transport for BedrockTransport {
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await?;
        let is_stream = body.windows(13).any(|window| window == b"\"stream\":true");
        self.sent.lock().unwrap().push(RecordedRequest {
            method: parts.method.to_string(),
            url: parts.uri.to_string().parse().unwrap(),
            headers: parts.headers,
            body: body.to_vec(),
        });
        let status = self.statuses.lock().unwrap().pop().unwrap_or(200);
        let (media_type, body) = match (status, is_stream) {
            (200, true) => ("text/event-stream", events()),
            (200, false) => ("application/json", completion().to_string()),
            _ => ("application/json", json!({ "message": "no" }).to_string()),
        };
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status.try_into().unwrap();
        let media_type = media_type.try_into().unwrap();
        response.headers_mut().insert("content-type", media_type);
        Ok(response)
    }
}

fn completion() -> Value {
    json!({
        "id": "1", "object": "chat.completion", "created": 0, "model": MODEL,
        "choices": [{
            "index": 0, "finish_reason": "stop",
            "message": { "role": "assistant", "content": "Manet" },
        }],
        "usage": { "prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2 },
    })
}

fn events() -> String {
    let chunk = json!({
        "id": "1", "object": "chat.completion.chunk", "created": 0, "model": MODEL,
        "choices": [{ "index": 0, "delta": { "content": "Manet" }, "finish_reason": "stop" }],
    });
    format!("data: {chunk}\n\ndata: [DONE]\n\n")
}

pub fn chat_request(model: &str) -> ChatCompletionRequest {
    ChatCompletionRequest::new(model, [Message::user("Who painted Olympia?")])
}

/// The access key of AWS's published test vectors.
#[cfg(feature = "sigv4")]
pub fn example_key() -> mistral_aws::AwsCredentials {
    mistral_aws::AwsCredentials::new(sigv4::ACCESS_KEY_ID, sigv4::SECRET_ACCESS_KEY)
}

/// A temporary directory, removed on drop.
pub struct TempDir(pub PathBuf);

impl TempDir {
    pub fn new(name: &str) -> Self {
        let name = format!("mistral-aws-{name}-{}", std::process::id());
        let dir = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&dir).unwrap();
        Self(dir)
    }

    pub fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
