//! The memory of a batch while it is uploaded.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use mistral_core::batch::{ApiEndpoint, Batchable};
use mistral_core::testing::{MockReply, MockRequest};
use serde_json::{Value, json};

use crate::common::{client_with, scripted};

/// A request that counts its instances.
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

/// The observations of an upload.
#[derive(Debug, Default)]
struct Uploaded {
    lines: AtomicUsize,
    /// The number of requests that were ahead of each chunk, and the size of the chunk.
    chunks: Mutex<Vec<(usize, usize)>>,
    made: AtomicUsize,
}

impl Uploaded {
    fn observe(&self, request: &MockRequest, chunk: &[u8]) {
        if request.operation == "files.upload" {
            let lines = String::from_utf8_lossy(chunk).matches("custom_id").count();
            self.lines.fetch_add(lines, Ordering::Relaxed);
            let ahead = self.made.load(Ordering::Relaxed) - self.lines.load(Ordering::Relaxed);
            self.chunks.lock().unwrap().push((ahead, chunk.len()));
        }
    }
}

#[tokio::test]
async fn run_pulls_requests_as_they_are_uploaded() {
    const REQUESTS: usize = 200_000;
    const LIMIT: usize = 100;
    let uploaded = Arc::<Uploaded>::default();
    let observed = Arc::clone(&uploaded);
    let job = json!({ "id": "a", "status": "QUEUED" });
    let mock = scripted([MockReply::json(job)])
        .on_body_chunk(move |request, chunk| observed.observe(request, chunk));
    let client = client_with(&mock);
    let alive = Arc::<AtomicUsize>::default();
    let most = Arc::<AtomicUsize>::default();
    let requests = {
        let (alive, most, uploaded) =
            (Arc::clone(&alive), Arc::clone(&most), Arc::clone(&uploaded));
        (0..REQUESTS).map(move |number| {
            let request = Counted::new(&alive);
            most.fetch_max(alive.load(Ordering::Relaxed), Ordering::Relaxed);
            uploaded.made.fetch_add(1, Ordering::Relaxed);
            (number.to_string(), request)
        })
    };
    client
        .batch()
        .run(requests)
        .inline_limit(LIMIT)
        .await
        .unwrap();
    assert_eq!(uploaded.lines.load(Ordering::Relaxed), REQUESTS);
    assert_eq!(alive.load(Ordering::Relaxed), 0);
    // Those of the inline attempt, and the one that is written.
    let most = most.load(Ordering::Relaxed);
    assert!(most <= LIMIT + 1, "{most} requests were in memory at once");
    let pieces = uploaded.chunks.lock().unwrap();
    assert!(pieces.len() > 100, "{}", pieces.len());
    for (ahead, length) in pieces.iter() {
        // When a chunk is read, the next one has not been created.
        assert!(*ahead <= LIMIT + 1, "{ahead} requests were taken ahead");
        assert!(*length < 128 * 1024, "{length}");
    }
}

#[tokio::test]
async fn run_dropped_drops_its_requests() {
    let alive = Arc::<AtomicUsize>::default();
    let mock = scripted([MockReply::stall()]);
    let requests: Vec<_> = (0..10)
        .map(|id| (id.to_string(), Counted::new(&alive)))
        .collect();
    let run = client_with(&mock).batch().run(requests);
    assert_eq!(mock.requests().len(), 0); // nothing is sent before it is awaited
    let run = tokio::time::timeout(std::time::Duration::ZERO, run.into_future()).await;
    assert!(run.is_err());
    assert_eq!(alive.load(Ordering::Relaxed), 0);
}
