//! A transport that keeps what it is given, and answers by a rule.

#![allow(dead_code, unreachable_pub)] // each test file uses a part of it
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // helpers may panic as tests do

use std::fmt;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use http::{HeaderMap, Request, Response};
use mistral_gcp::MistralGcp;
use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::messages::Message;
use mistral_sdk::transport::{Body, Transport, TransportError};
use mistral_sdk::{Client, Result, RetryPolicy};
use serde_json::{Value, json};
use tokio::sync::Barrier;

/// A request as the transport got it.
#[derive(Debug, Clone)]
pub struct Sent {
    pub url: String,
    pub headers: HeaderMap,
    pub body: Value,
}

/// Refuses some tokens, and lets all others ask.
#[derive(Clone, Default)]
pub struct Vertex {
    pub sent: Arc<Mutex<Vec<Sent>>>,
    /// A token that is refused, once this many requests with it have come together.
    refused: Option<(&'static str, Arc<Barrier>)>,
}

impl Vertex {
    pub fn refusing(token: &'static str, together: usize) -> Self {
        Self {
            sent: Arc::default(),
            refused: Some((token, Arc::new(Barrier::new(together)))),
        }
    }

    pub fn client(&self, gcp: MistralGcp) -> Client {
        let builder = Client::builder(gcp).transport(self.clone());
        builder.retry(RetryPolicy::none()).build().unwrap()
    }

    /// The tokens that were shown, one by one.
    pub fn tokens(&self) -> Vec<String> {
        let sent = self.sent.lock().unwrap();
        let token = |sent: &Sent| sent.headers["authorization"].to_str().unwrap().to_owned();
        sent.iter().map(token).collect()
    }

    pub fn take(&self) -> Vec<Sent> {
        std::mem::take(&mut *self.sent.lock().unwrap())
    }
}

impl fmt::Debug for Vertex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vertex")
    }
}

#[async_trait]
impl Transport for Vertex {
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await?;
        let token = parts.headers["authorization"].clone();
        self.sent.lock().unwrap().push(Sent {
            url: parts.uri.to_string(),
            headers: parts.headers,
            body: serde_json::from_slice(&body).unwrap_or_default(),
        });
        let (status, answer) = match &self.refused {
            Some((refused, together)) if token == *refused => {
                together.wait().await;
                (
                    401,
                    json!({ "error": { "code": 401, "status": "UNAUTHENTICATED" } }),
                )
            }
            _ => (200, completion()),
        };
        let mut response = Response::new(Body::from(answer.to_string()));
        *response.status_mut() = status.try_into().unwrap();
        let json = "application/json".try_into().unwrap();
        response.headers_mut().insert("content-type", json);
        Ok(response)
    }
}

fn completion() -> Value {
    json!({
        "id": "1", "object": "chat.completion", "created": 0, "model": "m",
        "choices": [{
            "index": 0, "finish_reason": "stop",
            "message": { "role": "assistant", "content": "Manet" },
        }],
        "usage": { "prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2 },
    })
}

pub fn question(model: &str) -> ChatCompletionRequest {
    ChatCompletionRequest::new(model, [Message::user("Who painted Olympia?")])
}
