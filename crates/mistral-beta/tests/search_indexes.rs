//! Search indexes: waits until they are ready.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // helpers may panic as tests do

use std::sync::{Arc, Mutex};
use std::time::Duration;

use mistral_sdk::beta::BetaExt as _;
use mistral_sdk::beta::context::search_indexes::{ManagedIndex, ManagedIndexStatus};
use mistral_sdk::operation::Wait;
use mistral_sdk::testing::{MockReply, MockTransport};
use mistral_sdk::{Client, ErrorKind, MistralApi};
use serde_json::{Value, json};
use tokio::time::Instant;

fn index(status: &str, message: Value) -> Value {
    let embedding = json!({"type": "mistral", "name": "mistral-embed", "dimensions": 1024});
    json!({
        "id": "i1", "name": "museum", "creator_id": "u1", "status": status,
        "status_message": message, "schema": {}, "config": {"embedding": embedding}
    })
}

fn wait(mock: &MockTransport) -> Wait<ManagedIndex> {
    let api = MistralApi::new("key").unwrap();
    let client = Client::builder(api).transport(mock.clone()).build();
    let indexes = client.unwrap().beta().context().search_indexes();
    indexes.wait_until_ready("museum/2026")
}

#[tokio::test(start_paused = true)]
async fn wait_polls_a_search_index_until_it_is_ready() {
    let mock = MockTransport::new()
        .json(index("provisioning", Value::Null))
        .json(index("resharding", Value::Null)) // a state that the server adds tomorrow
        .json(index("ready", Value::Null));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let states = Arc::clone(&seen);
    let start = Instant::now();
    let ready = wait(&mock)
        .on_progress(move |it| states.lock().unwrap().push(it.status.to_string()))
        .await
        .unwrap();
    assert_eq!(ready.status, ManagedIndexStatus::Ready);
    assert_eq!(start.elapsed(), Duration::from_secs(3));
    assert_eq!(
        *seen.lock().unwrap(),
        ["provisioning", "resharding", "ready"]
    );
    let requests = mock.requests();
    assert_eq!(requests.len(), 3);
    let path = "/v1/context/search-indexes/museum%2F2026";
    assert!(requests.iter().all(|it| it.uri.path() == path));
}

#[tokio::test]
async fn wait_for_a_search_index_that_failed_or_is_deleted_is_an_error_with_its_state() {
    for (status, message, expected) in [
        ("failed", json!("no room"), "`failed` (no room)"),
        ("failed", json!(""), "`failed`"),
        ("deleting", Value::Null, "`deleting`"),
    ] {
        let mock = MockTransport::new().json(index(status, message));
        let error = wait(&mock).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Failed);
        let text = error.to_string();
        assert!(text.contains("the search index `museum/2026`"), "{text}");
        assert!(text.contains(expected), "{text}");
        assert!(text.contains("search_indexes.wait_until_ready"), "{text}");
        let partial = error.partial::<ManagedIndex>().unwrap();
        assert_eq!(partial.status.as_str(), status);
    }
}

#[tokio::test(start_paused = true)]
async fn wait_for_a_search_index_ends_at_its_deadline() {
    let running = MockReply::json(index("provisioning", Value::Null)).always();
    let mock = MockTransport::new().reply(running);
    let error = wait(&mock).deadline(Duration::from_secs(10)).await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.to_string().contains("`provisioning`"), "{error}");
}
