//! How little of a batch is held while it is sent.

// Helpers outside of test functions may panic as tests do.
#![allow(clippy::unwrap_used)]

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use common::{Open, Script, Step};
use futures::StreamExt;
use http::{Request, Response};
use mistral_core::Client;
use mistral_core::batch::{ApiEndpoint, Batchable};
use mistral_core::transport::{Body, RequestContext, Transport, TransportError};
use serde_json::{Value, json};

/// A request that counts how many of its kind there are.
#[derive(serde::Serialize)]
struct Counted {
    input: String,
    #[serde(skip)]
    alive: Arc<AtomicUsize>,
}

impl Counted {
    fn new(alive: &Arc<AtomicUsize>) -> Self {
        alive.fetch_add(1, Ordering::Relaxed);
        let (input, alive) = ("a".repeat(100), Arc::clone(alive));
        Self { input, alive }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Batchable for Counted {
    type Response = Value;

    fn endpoint() -> ApiEndpoint {
        ApiEndpoint::Embeddings
    }

    fn model(&self) -> Option<&str> {
        Some("m")
    }
}

/// Reads what is uploaded piece by piece, and keeps none of it.
#[derive(Debug, Clone, Default)]
struct Reader {
    lines: Arc<AtomicUsize>,
    /// With each piece: how many lines there have been, and the largest piece.
    on_piece: Arc<Mutex<Vec<(usize, usize)>>>,
    made: Arc<AtomicUsize>,
}

#[async_trait]
impl Transport for Reader {
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        let operation = request
            .extensions()
            .get::<RequestContext>()
            .unwrap()
            .name()
            .to_owned();
        let mut body = request.into_body();
        while let Some(piece) = body.next().await {
            let piece = piece?;
            let lines = String::from_utf8_lossy(&piece).matches("custom_id").count();
            if operation == "files.upload" {
                self.lines.fetch_add(lines, Ordering::Relaxed);
                let ahead = self.made.load(Ordering::Relaxed) - self.lines.load(Ordering::Relaxed);
                self.on_piece.lock().unwrap().push((ahead, piece.len()));
            }
            tokio::task::yield_now().await;
        }
        let answer = json!({ "id": "a", "status": "QUEUED" }).to_string();
        Ok(Response::new(answer.into()))
    }
}

#[tokio::test]
async fn requests_are_taken_when_they_are_sent_and_none_is_kept() {
    const REQUESTS: usize = 200_000;
    const LIMIT: usize = 100;
    let reader = Reader::default();
    let client = Client::builder(Open)
        .transport(reader.clone())
        .build()
        .unwrap();
    let alive = Arc::<AtomicUsize>::default();
    let most = Arc::<AtomicUsize>::default();
    let requests = {
        let (alive, most, made) = (
            Arc::clone(&alive),
            Arc::clone(&most),
            Arc::clone(&reader.made),
        );
        (0..REQUESTS).map(move |number| {
            let request = Counted::new(&alive);
            most.fetch_max(alive.load(Ordering::Relaxed), Ordering::Relaxed);
            made.fetch_add(1, Ordering::Relaxed);
            (number.to_string(), request)
        })
    };
    client
        .batch()
        .run(requests)
        .inline_limit(LIMIT)
        .await
        .unwrap();
    assert_eq!(reader.lines.load(Ordering::Relaxed), REQUESTS);
    assert_eq!(alive.load(Ordering::Relaxed), 0);
    // Those of the beginning, and the one that is written.
    let most = most.load(Ordering::Relaxed);
    assert!(most <= LIMIT + 1, "{most} requests were in memory at once");
    let pieces = reader.on_piece.lock().unwrap();
    assert!(pieces.len() > 100, "{}", pieces.len());
    for (ahead, length) in pieces.iter() {
        // When a piece is read, the one after it has not been made.
        assert!(*ahead <= LIMIT + 1, "{ahead} requests were taken ahead");
        assert!(*length < 128 * 1024, "{length}");
    }
}

#[tokio::test]
async fn dropping_a_run_drops_the_requests_with_it() {
    let alive = Arc::<AtomicUsize>::default();
    let script = Script::new([Step::Silence]);
    let requests: Vec<_> = (0..10)
        .map(|id| (id.to_string(), Counted::new(&alive)))
        .collect();
    let run = script.client().batch().run(requests);
    assert_eq!(script.count(), 0); // nothing is sent before it is awaited
    let run = tokio::time::timeout(std::time::Duration::ZERO, run.into_future()).await;
    assert!(run.is_err());
    assert_eq!(alive.load(Ordering::Relaxed), 0);
}
