//! A transport that records requests and rejects one token.

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

/// A request as the transport received it.
#[derive(Debug, Clone)]
pub struct RecordedRequest {
    pub url: String,
    pub headers: HeaderMap,
    pub body: Value,
}

/// Responds with a chat completion, or with 401 to one token.
#[derive(Clone, Default)]
pub struct VertexTransport {
    pub sent: Arc<Mutex<Vec<RecordedRequest>>>,
    /// A token that is rejected, and the barrier at which the requests with it wait.
    rejected: Option<(&'static str, Arc<Barrier>)>,
}

impl VertexTransport {
    pub fn rejecting(token: &'static str, requests: usize) -> Self {
        Self {
            sent: Arc::default(),
            rejected: Some((token, Arc::new(Barrier::new(requests)))),
        }
    }

    pub fn client(&self, gcp: MistralGcp) -> Client {
        let builder = Client::builder(gcp).transport(self.clone());
        builder.retry(RetryPolicy::none()).build().unwrap()
    }

    /// Returns the `authorization` headers of the recorded requests, in order.
    pub fn tokens(&self) -> Vec<String> {
        let sent = self.sent.lock().unwrap();
        let token =
            |sent: &RecordedRequest| sent.headers["authorization"].to_str().unwrap().to_owned();
        sent.iter().map(token).collect()
    }

    /// Removes and returns the recorded requests.
    pub fn take(&self) -> Vec<RecordedRequest> {
        std::mem::take(&mut *self.sent.lock().unwrap())
    }
}

impl fmt::Debug for VertexTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VertexTransport")
    }
}

#[async_trait]
impl Transport for VertexTransport {
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await?;
        let token = parts.headers["authorization"].clone();
        self.sent.lock().unwrap().push(RecordedRequest {
            url: parts.uri.to_string(),
            headers: parts.headers,
            body: serde_json::from_slice(&body).unwrap_or_default(),
        });
        let (status, response) = match &self.rejected {
            Some((rejected, barrier)) if token == *rejected => {
                barrier.wait().await;
                (
                    401,
                    json!({ "error": { "code": 401, "status": "UNAUTHENTICATED" } }),
                )
            }
            _ => (200, completion()),
        };
        let mut response = Response::new(Body::from(response.to_string()));
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

pub fn chat_request(model: &str) -> ChatCompletionRequest {
    ChatCompletionRequest::new(model, [Message::user("Who painted Olympia?")])
}
