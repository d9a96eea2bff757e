//! Vectors of any number of texts: how they are cut, refused, kept in order and given up.

// Helpers outside of test functions may panic as tests do.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use common::Open;
use futures::{FutureExt, StreamExt, stream};
use http::{Request, Response};
use mistral_core::embeddings::{
    Embedding, EmbeddingDtype, EmbeddingResponse, EmbeddingStream, Embeddings,
};
use mistral_core::{
    Body, Client, Error, ErrorKind, Operation, RetryPolicy, Transport, TransportError,
};
use serde_json::{Value, json};
use tokio::time::Instant;

type Answer = Arc<dyn Fn(&[String], usize) -> Option<(u16, Value)> + Send + Sync>;

/// A server whose vector of a text is its number: `text 7` gives `[7.0]`.
///
/// It refuses what has more `inputs` or `bytes` than it takes, or what `answer` answers.
#[derive(Clone)]
struct Server {
    inputs: usize,
    bytes: usize,
    answer: Answer,
    /// How long a call takes, by the number of its first text.
    time: Arc<dyn Fn(usize) -> Duration + Send + Sync>,
    sent: Arc<Mutex<Vec<Value>>>,
    running: Arc<AtomicUsize>,
    most_running: Arc<AtomicUsize>,
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
    fn answering(
        answer: impl Fn(&[String], usize) -> Option<(u16, Value)> + Send + Sync + 'static,
    ) -> Self {
        Self {
            answer: Arc::new(answer),
            ..Self::default()
        }
    }

    fn embeddings(&self) -> Embeddings {
        Client::builder(Open)
            .transport(self.clone())
            .build()
            .unwrap()
            .embeddings()
    }

    /// How many texts each call had.
    fn sizes(&self) -> Vec<usize> {
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

fn number(text: &str) -> usize {
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
        let operation = request.extensions().get::<Operation>().unwrap().clone();
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
        Ok(response)
    }
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

#[tokio::test]
async fn texts_are_cut_by_their_number() {
    for (count, sizes) in [
        (0, vec![]),
        (1, vec![1]),
        (256, vec![256]),
        (257, vec![256, 1]),
        (1000, vec![256, 256, 256, 232]),
    ] {
        let server = Server::default();
        let vectors = server.embeddings().create_all("m", texts(count));
        assert_eq!(read_all(vectors).await, count);
        assert_eq!(server.sizes(), sizes);
    }
    let server = Server::default();
    let vectors = server
        .embeddings()
        .create_all("m", texts(5))
        .inputs_per_call(2);
    assert_eq!(read_all(vectors).await, 5);
    assert_eq!(server.sizes(), [2, 2, 1]);
    let vectors = server
        .embeddings()
        .create_all("m", texts(2))
        .inputs_per_call(0);
    assert_eq!(read_all(vectors).await, 2); // none per call is taken for one
}

#[tokio::test]
async fn vectors_travel_as_base64_and_requests_and_calls_can_be_changed() {
    let server = Server::default();
    let vectors = server.embeddings().create_all("m", ["text 0"]);
    let vectors = vectors
        .with_request(|request| {
            request
                .output_dimension(8)
                .output_dtype(EmbeddingDtype::Int8)
        })
        .with_call(|call| call.extra_body("x", 1));
    assert_eq!(read_all(vectors).await, 1);
    let expected = json!({
        "model": "m", "input": ["text 0"], "encoding_format": "base64",
        "output_dimension": 8, "output_dtype": "int8", "x": 1,
    });
    assert_eq!(server.sent.lock().unwrap()[0], expected);
}

#[tokio::test]
async fn texts_need_not_be_owned() {
    let owned: Vec<String> = texts(3).collect();
    let server = Server::default();
    assert_eq!(
        read_all(server.embeddings().create_all("m", &owned)).await,
        3
    );
}

#[tokio::test]
async fn what_is_too_much_at_once_is_halved_and_the_next_pieces_are_smaller() {
    // By number: the server takes 100, of which nobody has told the client.
    let server = Server {
        inputs: 100,
        ..Server::default()
    };
    let vectors = server
        .embeddings()
        .create_all("m", texts(600))
        .concurrency(1);
    assert_eq!(read_all(vectors).await, 600);
    // 256 is refused, and 128; from then on 64 is known to be taken.
    let mut expected = vec![256, 128, 64, 64, 128, 64, 64];
    expected.extend([64; 5]);
    expected.push(24);
    assert_eq!(server.sizes(), expected);

    // By tokens: 9 bytes a text, and the server takes ten of them.
    let texts = || (0..60).map(|number| format!("text {:04}", number));
    let server = Server {
        bytes: 90,
        ..Server::default()
    };
    let vectors = server
        .embeddings()
        .create_all("m", texts())
        .inputs_per_call(32);
    assert_eq!(read_all(vectors.concurrency(1)).await, 60);
    // 32 is refused, and 16; from then on the bytes of 8 are known to be taken.
    assert_eq!(server.sizes(), [32, 16, 8, 8, 16, 8, 8, 8, 8, 8, 4]);
}

#[tokio::test]
async fn one_long_text_does_not_make_all_pieces_small() {
    let long = format!("text 3 {}", "a".repeat(93));
    let texts = || texts(40).map(|text| if text == "text 3" { long.clone() } else { text });
    let server = Server {
        bytes: 100,
        ..Server::default()
    };
    let vectors = server
        .embeddings()
        .create_all("m", texts())
        .inputs_per_call(8);
    assert_eq!(read_all(vectors.concurrency(1)).await, 40);
    let sizes = server.sizes();
    // The long one is found by halving; half of what it needs is room for six others.
    assert_eq!(sizes[..5], [8, 4, 2, 2, 1]);
    assert!(
        sizes.iter().rev().skip(1).take(4).all(|size| *size >= 6),
        "{sizes:?}"
    );
}

#[tokio::test]
async fn a_text_that_is_refused_by_itself_is_named() {
    for (bad, inputs) in [(0, 256), (77, 256), (299, 256), (5, 1)] {
        let server = Server::answering(move |texts, _| {
            let message = "Too many tokens overall, split into more batches.";
            let refusal = (400, json!({ "message": message, "code": "3210" }));
            texts
                .iter()
                .any(|text| number(text) == bad)
                .then_some(refusal)
        });
        let vectors = server
            .embeddings()
            .create_all("m", texts(300))
            .inputs_per_call(inputs);
        let (numbers, error) = read(vectors).await;
        // Everything before it has come.
        assert_eq!(numbers, (0..bad).collect::<Vec<_>>());
        let error = error.unwrap();
        assert_eq!(
            (error.kind(), error.code()),
            (ErrorKind::InvalidRequest, Some("3210"))
        );
        let expected = format!("embeddings.create: text {bad}: 400 Bad Request: Too many tokens");
        assert!(error.to_string().starts_with(&expected), "{error}");
    }
}

#[tokio::test]
async fn what_is_refused_for_another_reason_is_not_halved() {
    for (status, message) in [
        (400, "Invalid model: m"),
        (422, "Input should be a valid string"),
        (401, "Unauthorized"),
    ] {
        let server = Server::answering(move |texts, _| {
            (number(&texts[0]) == 256).then(|| (status, json!({ "message": message })))
        });
        let (numbers, error) = read(server.embeddings().create_all("m", texts(600))).await;
        assert_eq!(numbers.len(), 256);
        let error = error.unwrap().to_string();
        assert!(
            error.starts_with("embeddings.create: texts 256 to 511: "),
            "{error}"
        );
        assert!(error.contains(message), "{error}");
        assert_eq!(server.sizes().len(), 3);
    }
    // A rate limit on tokens is not a call that is too large.
    let server = Server::answering(|_, _| {
        Some((
            429,
            json!({ "message": "Too many tokens overall, split into more batches." }),
        ))
    });
    let vectors = server.embeddings().create_all("m", texts(4));
    let vectors = vectors.with_call(|call| call.retry(RetryPolicy::none()));
    assert_eq!(
        read(vectors).await.1.unwrap().kind(),
        ErrorKind::RateLimited
    );
    assert_eq!(server.sizes(), [4]);
}

#[tokio::test(start_paused = true)]
async fn each_piece_is_repeated_by_itself() {
    let busy = |texts: &[String], attempt: usize| {
        (number(&texts[0]) == 2 && attempt < 3).then(|| (503, json!({ "message": "busy" })))
    };
    let server = Server::answering(busy);
    let vectors = server
        .embeddings()
        .create_all("m", texts(6))
        .inputs_per_call(2);
    assert_eq!(read_all(vectors).await, 6);
    assert_eq!(server.sizes().len(), 5);

    let server = Server::answering(busy);
    let vectors = server
        .embeddings()
        .create_all("m", texts(6))
        .inputs_per_call(2);
    let vectors = vectors.with_call(|call| call.retry(RetryPolicy::default().max_retries(1)));
    let (numbers, error) = read(vectors).await;
    assert_eq!(numbers, [0, 1]);
    let error = error.unwrap();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Overloaded, 2));
    assert!(error.to_string().contains("texts 2 to 3: 503"), "{error}");
}

#[tokio::test]
async fn an_answer_without_a_vector_for_each_text_is_an_error() {
    let vector = |index: i64| json!({ "index": index, "embedding": [1.0] });
    for data in [
        json!([]),
        json!([vector(0)]),
        json!([vector(0), vector(0)]),
        json!([vector(0), vector(2)]),
        json!([vector(0), vector(-1)]),
        json!([vector(0), vector(1), vector(2)]),
        json!([vector(0), { "index": 1 }]),
    ] {
        let body = json!({ "data": data });
        let server = Server::answering(move |_, _| Some((200, body.clone())));
        let (numbers, error) = read(server.embeddings().create_all("m", texts(2))).await;
        assert!(numbers.is_empty());
        let error = error.unwrap();
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(error.to_string().contains("texts 0 to 1: "), "{error}");
    }
}

#[tokio::test]
async fn all_vectors_are_one_response_with_the_sum_of_the_usage() {
    let server = Server::default();
    let vectors = server
        .embeddings()
        .create_all("m", texts(7))
        .inputs_per_call(3);
    let response = vectors.collect_response().await.unwrap();
    let numbers = response.to_f32().unwrap().concat();
    assert_eq!(numbers, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    assert_eq!(
        (response.model.as_str(), response.data[6].index),
        ("served", Some(6))
    );
    let usage = response.usage.unwrap();
    assert_eq!((usage.prompt_tokens, usage.total_tokens), (7, 7));

    let server = Server::answering(|texts, _| {
        (number(&texts[0]) == 3).then(|| (400, json!({ "message": "no" })))
    });
    let vectors = server
        .embeddings()
        .create_all("m", texts(7))
        .inputs_per_call(3);
    let error = vectors.collect_response().await.unwrap_err();
    let partial: &EmbeddingResponse = error.partial().unwrap();
    assert_eq!(partial.data.len(), 3); // nothing that was paid for is lost
    assert_eq!(partial.usage.as_ref().unwrap().total_tokens, 3);
}

#[tokio::test(start_paused = true)]
async fn calls_run_at_once_up_to_a_bound_and_the_order_is_kept() {
    let second = Duration::from_secs(1);
    for (concurrency, most, seconds) in [(1, 1, 12), (4, 4, 3), (0, 1, 12), (100, 12, 1)] {
        let server = Server {
            time: Arc::new(move |_| second),
            ..Server::default()
        };
        let started = Instant::now();
        let vectors = server
            .embeddings()
            .create_all("m", texts(24))
            .inputs_per_call(2);
        assert_eq!(read_all(vectors.concurrency(concurrency)).await, 24);
        assert_eq!(server.most_running.load(Ordering::Relaxed), most);
        assert_eq!(started.elapsed().as_secs(), seconds);
    }
    // Four at once unless it is said otherwise; the later ones are the quicker ones.
    let time = Arc::new(move |first| second * u32::try_from(24 - first).unwrap());
    let server = Server {
        time,
        ..Server::default()
    };
    let vectors = server
        .embeddings()
        .create_all("m", texts(24))
        .inputs_per_call(1);
    assert_eq!(read_all(vectors).await, 24);
    assert_eq!(server.most_running.load(Ordering::Relaxed), 4);
}

#[tokio::test(start_paused = true)]
async fn a_slow_call_holds_back_no_more_than_there_is_room_for() {
    let time = |first| Duration::from_secs(if first == 0 { 200 } else { 1 });
    let server = Server {
        time: Arc::new(time),
        ..Server::default()
    };
    let taken = Arc::<AtomicUsize>::default();
    let counter = Arc::clone(&taken);
    let texts = texts(1000).inspect(move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
    });
    let vectors = server
        .embeddings()
        .create_all("m", texts)
        .inputs_per_call(10);
    let mut vectors = vectors.concurrency(3);
    assert_eq!(taken.load(Ordering::Relaxed), 0); // nothing happens before it is asked
    assert!(vectors.next().now_or_never().is_none());
    assert_eq!(taken.load(Ordering::Relaxed), 30);
    let waited = tokio::time::timeout(Duration::from_secs(150), vectors.next()).await;
    assert!(waited.is_err());
    // Six pieces of ten: the slow one, and five that wait for it.
    assert_eq!(taken.load(Ordering::Relaxed), 60);
    assert_eq!(server.running.load(Ordering::Relaxed), 1);
    assert_eq!(read_all(vectors).await, 1000);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_stream_gives_all_calls_up() {
    let time = Arc::new(|_| Duration::from_secs(1));
    let server = Server {
        time,
        ..Server::default()
    };
    let vectors = server
        .embeddings()
        .create_all("m", texts(100))
        .inputs_per_call(1);
    let mut vectors = vectors.concurrency(5);
    assert!(vectors.next().now_or_never().is_none());
    assert_eq!(server.running.load(Ordering::Relaxed), 5);
    drop(vectors);
    assert_eq!(server.running.load(Ordering::Relaxed), 0);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(server.sizes().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn an_error_gives_the_calls_after_it_up() {
    let time = |first| Duration::from_secs(if first == 0 { 1 } else { 1000 });
    let answer: Answer = Arc::new(|_, _| Some((400, json!({ "message": "no" }))));
    let server = Server {
        time: Arc::new(time),
        answer,
        ..Server::default()
    };
    let vectors = server
        .embeddings()
        .create_all("m", texts(40))
        .inputs_per_call(10);
    let started = Instant::now();
    let (_, error) = read(vectors).await;
    assert!(error.unwrap().to_string().contains("texts 0 to 9"));
    assert_eq!(started.elapsed().as_secs(), 1);
    assert_eq!(server.running.load(Ordering::Relaxed), 0);
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_texts_may_be_slow_and_may_fail() {
    // Nobody waits for a full piece while nothing else is under way.
    let server = Server::default();
    let slow = stream::iter(texts(4)).then(|text| async {
        tokio::time::sleep(Duration::from_secs(100)).await;
        Ok(text)
    });
    let mut vectors = server.embeddings().create_all_stream("m", slow);
    let started = Instant::now();
    for number in 1..=4 {
        vectors.next().await.unwrap().unwrap();
        assert_eq!(started.elapsed().as_secs(), 100 * number);
    }
    assert!(vectors.next().await.is_none());
    assert_eq!(server.sizes(), [1, 1, 1, 1]);

    let broken = io::Error::other("the disk is on fire");
    let failing = stream::iter(
        texts(5)
            .map(Ok)
            .chain([Err(broken), Ok("text 5".to_owned())]),
    );
    let server = Server::default();
    let vectors = server
        .embeddings()
        .create_all_stream("m", failing)
        .inputs_per_call(3);
    let (numbers, error) = read(vectors).await;
    assert_eq!(numbers, [0, 1, 2, 3, 4]);
    let error = error.unwrap();
    assert_eq!(error.kind(), ErrorKind::Io);
    let expected = "embeddings.create_all: the texts cannot be read: the disk is on fire";
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn long_texts_do_not_fill_the_memory() {
    let server = Server::default();
    let texts = (0..20).map(|number| format!("text {number} {}", "a".repeat(300 * 1024)));
    let vectors = server.embeddings().create_all("m", texts);
    assert_eq!(read_all(vectors).await, 20);
    assert!(
        server.sizes().iter().all(|size| *size <= 3),
        "{:?}",
        server.sizes()
    );
}
