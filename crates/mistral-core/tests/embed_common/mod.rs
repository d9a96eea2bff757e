//! A server of vectors that refuses what it is told to, and keeps count.

#![allow(dead_code, unreachable_pub)] // each test file uses a part of it
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // helpers outside of test functions may panic as tests do

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use http::{Request, Response};
use mistral_core::embeddings::{Embedding, EmbeddingStream, Embeddings};
use mistral_core::transport::{Body, RequestContext, Transport, TransportError};
use mistral_core::{Client, Error};
use serde_json::{Value, json};

use crate::common::Open;

pub type Answer = Arc<dyn Fn(&[String], usize) -> Option<(u16, Value)> + Send + Sync>;

/// A server whose vector of a text is its number: `text 7` gives `[7.0]`.
///
/// It refuses what has more `inputs` or `bytes` than it takes, or what `answer` answers.
#[derive(Clone)]
pub struct Server {
    pub inputs: usize,
    pub bytes: usize,
    pub answer: Answer,
    /// How long a call takes, by the number of its first text.
    pub time: Arc<dyn Fn(usize) -> Duration + Send + Sync>,
    pub sent: Arc<Mutex<Vec<Value>>>,
    pub running: Arc<AtomicUsize>,
    pub most_running: Arc<AtomicUsize>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Server")
    }
}

impl Default for Server {
    fn default() -> Self {
        Self {
            inputs: 256,
            bytes: usize::MAX,
            answer: Arc::new(|_, _| None),
            time: Arc::new(|_| Duration::ZERO),
            sent: Arc::default(),
            running: Arc::default(),
            most_running: Arc::default(),
        }
    }
}

impl Server {
    pub fn answering(
        answer: impl Fn(&[String], usize) -> Option<(u16, Value)> + Send + Sync + 'static,
    ) -> Self {
        Self {
            answer: Arc::new(answer),
            ..Self::default()
        }
    }

    pub fn embeddings(&self) -> Embeddings {
        Client::builder(Open)
            .transport(self.clone())
            .build()
            .unwrap()
            .embeddings()
    }

    /// How many texts each call had.
    pub fn sizes(&self) -> Vec<usize> {
        let sent = self.sent.lock().unwrap();
        sent.iter()
            .map(|body| body["input"].as_array().unwrap().len())
            .collect()
    }

    fn reply(&self, texts: &[String], attempts: usize) -> (u16, Value) {
        let too_many = |what: &str| {
            let message = format!("Too many {what}, split into more batches.");
            (
                400,
                json!({ "object": "error", "message": message, "code": "3210" }),
            )
        };
        if let Some(answer) = (self.answer)(texts, attempts) {
            return answer;
        }
        if texts.len() > self.inputs {
            return too_many("inputs in request");
        }
        if texts.iter().map(String::len).sum::<usize>() > self.bytes {
            return too_many("tokens overall");
        }
        let vector = |(index, text): (usize, &String)| json!({ "object": "embedding", "index": index, "embedding": [number(text)] });
        let mut data: Vec<_> = texts.iter().enumerate().map(vector).collect();
        data.reverse(); // the order is told by the index
        let usage = json!({ "prompt_tokens": texts.len(), "total_tokens": texts.len() });
        (
            200,
            json!({ "id": "1", "model": "served", "data": data, "usage": usage }),
        )
    }
}

pub fn number(text: &str) -> usize {
    text.split(' ').nth(1).unwrap().parse().unwrap()
}

/// Counts the calls that are under way, also those that are dropped.
struct Running(Arc<AtomicUsize>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[async_trait]
impl Transport for Server {
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        let running = self.running.fetch_add(1, Ordering::Relaxed) + 1;
        let _running = Running(Arc::clone(&self.running));
        self.most_running.fetch_max(running, Ordering::Relaxed);
        let operation = request
            .extensions()
            .get::<RequestContext>()
            .unwrap()
            .clone();
        assert_eq!(
            (operation.name(), operation.model()),
            ("embeddings.create", Some("m"))
        );
        let body: Value = serde_json::from_slice(&request.into_body().collect().await?).unwrap();
        let texts: Vec<String> = serde_json::from_value(body["input"].clone()).unwrap();
        self.sent.lock().unwrap().push(body);
        tokio::time::sleep((self.time)(number(&texts[0]))).await;
        let attempt = usize::try_from(operation.attempt()).unwrap();
        let (status, body) = self.reply(&texts, attempt);
        let mut response = Response::new(Body::from(body.to_string()));
        *response.status_mut() = status.try_into().unwrap();
        response
            .headers_mut()
            .insert("x-request-id", "id-1".parse().unwrap());
        Ok(response)
    }
}

pub fn texts(count: usize) -> impl Iterator<Item = String> + Send {
    (0..count).map(|number| format!("text {number}"))
}

/// The numbers of the vectors, and the error at the end if there is one.
pub async fn read(mut vectors: EmbeddingStream<'_>) -> (Vec<usize>, Option<Error>) {
    let mut numbers = Vec::new();
    while let Some(vector) = vectors.next().await {
        match vector {
            Err(error) => {
                assert!(
                    vectors.next().await.is_none(),
                    "there is more after {error}"
                );
                return (numbers, Some(error));
            }
            Ok((index, vector)) => {
                assert_eq!(vector, Embedding::Numbers(vec![index as f32]));
                assert_eq!(index, numbers.len());
                numbers.push(index);
            }
        }
    }
    (numbers, None)
}

pub async fn read_all(vectors: EmbeddingStream<'_>) -> usize {
    let (numbers, error) = read(vectors).await;
    assert!(error.is_none(), "{error:?}");
    numbers.len()
}
