//! A transport that plays a script, and a provider that lets everybody in.

#![allow(dead_code, unreachable_pub)] // each test file uses a part of it
#![allow(clippy::unwrap_used)] // helpers outside of test functions may panic as tests do

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use http::{HeaderMap, HeaderValue, Request, Response};
use mistral_core::chat::ChatCompletionRequest;
use mistral_core::messages::Message;
use mistral_core::provider::{Operation, Provider, Route, RouteRequest, parse_base_url};
use mistral_core::transport::{
    Body, RequestContext, Transport, TransportError, TransportErrorKind,
};
use mistral_core::{Client, ClientBuilder, Result};

/// What happens to one request.
#[derive(Clone)]
pub enum Step {
    /// This answer, after this time.
    Answer {
        after: Duration,
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: Vec<Piece>,
    },
    /// This failure.
    Fail(TransportErrorKind),
    /// Nothing, ever.
    Silence,
}

/// One part of a body.
#[derive(Clone)]
pub enum Piece {
    Bytes(Bytes),
    Pause(Duration),
    Break,
    Silence,
}

impl Step {
    pub fn status(status: u16, body: &str) -> Self {
        Self::Answer {
            after: Duration::ZERO,
            status,
            headers: vec![("content-type", "application/json".into())],
            body: vec![Piece::Bytes(Bytes::from(body.to_owned()))],
        }
    }

    pub fn events(pieces: impl IntoIterator<Item = Piece>) -> Self {
        Self::Answer {
            after: Duration::ZERO,
            status: 200,
            headers: vec![("content-type", "text/event-stream; charset=utf-8".into())],
            body: pieces.into_iter().collect(),
        }
    }

    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        if let Self::Answer { headers, .. } = &mut self {
            headers.retain(|(known, _)| *known != name);
            headers.push((name, value.to_owned()));
        }
        self
    }

    pub fn after(mut self, time: Duration) -> Self {
        if let Self::Answer { after, .. } = &mut self {
            *after = time;
        }
        self
    }
}

pub fn bytes(text: impl Into<String>) -> Piece {
    Piece::Bytes(Bytes::from(text.into()))
}

/// A request as the transport got it.
pub struct Sent {
    pub method: http::Method,
    pub uri: http::Uri,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub operation: RequestContext,
}

impl Sent {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// Plays its steps one by one; asked for more, it repeats the last one.
#[derive(Clone, Default)]
pub struct Script {
    steps: Arc<Mutex<VecDeque<Step>>>,
    pub sent: Arc<Mutex<Vec<Sent>>>,
}

impl std::fmt::Debug for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Script")
    }
}

impl Script {
    pub fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self {
            steps: Arc::new(Mutex::new(steps.into_iter().collect())),
            sent: Arc::default(),
        }
    }

    pub fn count(&self) -> usize {
        self.sent.lock().unwrap().len()
    }

    pub fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    pub fn builder(&self) -> ClientBuilder {
        Client::builder(Open).transport(self.clone())
    }
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await?;
        self.sent.lock().unwrap().push(Sent {
            method: parts.method,
            uri: parts.uri,
            headers: parts.headers,
            body,
            operation: parts.extensions.get::<RequestContext>().unwrap().clone(),
        });
        let step = {
            let mut steps = self.steps.lock().unwrap();
            match steps.len() {
                1 => steps.front().cloned(),
                _ => steps.pop_front(),
            }
        };
        match step.unwrap() {
            Step::Silence => std::future::pending().await,
            Step::Fail(kind) => Err(TransportError::new(kind, "as scripted")),
            Step::Answer {
                after,
                status,
                headers,
                body,
            } => {
                tokio::time::sleep(after).await;
                let mut response = Response::new(play(body));
                *response.status_mut() = status.try_into().unwrap();
                for (name, value) in headers {
                    let value = HeaderValue::try_from(value).unwrap();
                    response.headers_mut().insert(name, value);
                }
                Ok(response)
            }
        }
    }
}

fn play(pieces: Vec<Piece>) -> Body {
    let stream = futures::stream::iter(pieces).filter_map(|piece| async {
        match piece {
            Piece::Bytes(bytes) => Some(Ok(bytes)),
            Piece::Pause(time) => {
                tokio::time::sleep(time).await;
                None
            }
            Piece::Break => {
                let kind = TransportErrorKind::Interrupted;
                Some(Err(TransportError::new(kind, "as scripted")))
            }
            Piece::Silence => std::future::pending().await,
        }
    });
    Body::from_stream(stream)
}

/// Offers everything, without credentials.
#[derive(Debug)]
pub struct Open;

#[async_trait]
impl Provider for Open {
    fn name(&self) -> &'static str {
        "open"
    }

    fn supports(&self, operation: &Operation) -> bool {
        operation.path != "/v1/not-here"
    }

    fn route(&self, request: &RouteRequest<'_>) -> Result<Route> {
        let base = parse_base_url("base", "http://server.test/prefix")?;
        Route::join(request.base_url.unwrap_or(&base), request.path)
    }

    async fn authorize(&self, _: Option<&HeaderMap>, _: &mut HeaderMap) -> Result<()> {
        Ok(())
    }
}

pub fn question() -> ChatCompletionRequest {
    ChatCompletionRequest::new("m", [Message::user("hi")])
}

/// A whole answer with this text.
pub fn answer(text: &str) -> String {
    serde_json::json!({
        "id": "1", "object": "chat.completion", "model": "m",
        "choices": [{
            "index": 0,
            "message": { "role": "assistant", "content": text },
            "finish_reason": "stop",
        }],
    })
    .to_string()
}

/// One event with this text.
pub fn event(text: &str) -> String {
    chunk(serde_json::json!({ "content": text }), None)
}

/// The event that finishes the first choice.
pub fn finish() -> String {
    chunk(serde_json::json!({ "content": "" }), Some("stop"))
}

pub fn chunk(delta: serde_json::Value, finish_reason: Option<&str>) -> String {
    let chunk = serde_json::json!({
        "id": "1", "object": "chat.completion.chunk", "model": "m", "created": 1,
        "choices": [{ "index": 0, "delta": delta, "finish_reason": finish_reason }],
    });
    format!("data: {chunk}\n\n")
}

pub const DONE: &str = "data: [DONE]\n\n";
