//! Embeddings of any number of texts.

mod concurrency;
mod create_all;

use std::sync::Arc;
use std::time::Duration;

use mistral_core::Error;
use mistral_core::embeddings::{Embedding, EmbeddingStream, Embeddings};
use mistral_core::testing::{MockReply, MockRequest, MockTransport};
use serde_json::{Value, json};

use crate::common::client_with;

type Override = Arc<dyn Fn(&[String], u32) -> Option<(u16, Value)> + Send + Sync>;

/// The rules of a mock whose vector of a text is its number: `text 7` gives `[7.0]`.
///
/// It refuses requests of more than `inputs` texts or `bytes`; `replies` overrides it.
#[derive(Clone)]
struct Rules {
    inputs: usize,
    bytes: usize,
    /// The reply to these texts in this attempt, in place of their vectors.
    replies: Override,
    /// The time that a call takes, by the number of its first text.
    delay: Arc<dyn Fn(usize) -> Duration + Send + Sync>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            inputs: 256,
            bytes: usize::MAX,
            replies: Arc::new(|_, _| None),
            delay: Arc::new(|_| Duration::ZERO),
        }
    }
}

impl Rules {
    fn replying(
        replies: impl Fn(&[String], u32) -> Option<(u16, Value)> + Send + Sync + 'static,
    ) -> Self {
        Self {
            replies: Arc::new(replies),
            ..Self::default()
        }
    }

    fn mock(self) -> MockTransport {
        MockTransport::new().reply_with(move |request| self.reply(request))
    }

    fn reply(&self, request: &MockRequest) -> MockReply {
        assert_eq!(
            (request.operation.as_str(), request.model.as_deref()),
            ("embeddings.create", Some("m"))
        );
        let texts: Vec<String> = serde_json::from_value(request.json()["input"].clone()).unwrap();
        let (status, body) = self.response(&texts, request.attempt);
        MockReply::json(body)
            .with_status(status)
            .with_header("x-request-id", "id-1")
            .with_delay((self.delay)(number(&texts[0])))
    }

    fn response(&self, texts: &[String], attempt: u32) -> (u16, Value) {
        let too_many = |what: &str| {
            let message = format!("Too many {what}, split into more batches.");
            (
                400,
                json!({ "object": "error", "message": message, "code": "3210" }),
            )
        };
        if let Some(reply) = (self.replies)(texts, attempt) {
            return reply;
        }
        if texts.len() > self.inputs {
            return too_many("inputs in request");
        }
        if texts.iter().map(String::len).sum::<usize>() > self.bytes {
            return too_many("tokens overall");
        }
        let vector = |(index, text): (usize, &String)| json!({ "object": "embedding", "index": index, "embedding": [number(text)] });
        let mut data: Vec<_> = texts.iter().enumerate().map(vector).collect();
        data.reverse(); // the order is that of the index
        let usage = json!({ "prompt_tokens": texts.len(), "total_tokens": texts.len() });
        (
            200,
            json!({ "id": "1", "model": "served", "data": data, "usage": usage }),
        )
    }
}

fn embeddings(mock: &MockTransport) -> Embeddings {
    client_with(mock).embeddings()
}

/// The number of texts of each call.
fn sizes(mock: &MockTransport) -> Vec<usize> {
    let requests = mock.requests().into_iter();
    requests
        .map(|request| request.json()["input"].as_array().unwrap().len())
        .collect()
}

fn number(text: &str) -> usize {
    text.split(' ').nth(1).unwrap().parse().unwrap()
}

fn texts(count: usize) -> impl Iterator<Item = String> + Send {
    (0..count).map(|number| format!("text {number}"))
}

/// The numbers of the vectors, and the error at the end if there is one.
async fn read(mut vectors: EmbeddingStream<'_>) -> (Vec<usize>, Option<Error>) {
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

async fn read_all(vectors: EmbeddingStream<'_>) -> usize {
    let (numbers, error) = read(vectors).await;
    assert!(error.is_none(), "{error:?}");
    numbers.len()
}
