//! Libraries: uploads of documents, and waits until they are processed.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // helpers may panic as tests do

use std::sync::{Arc, Mutex};
use std::time::Duration;

use mistral_sdk::beta::BetaExt as _;
use mistral_sdk::beta::libraries::documents::{Document, ProcessStatus};
use mistral_sdk::files::FileSource;
use mistral_sdk::operation::Wait;
use mistral_sdk::testing::{MockReply, MockTransport};
use mistral_sdk::{Client, ErrorKind, MistralApi, RetryPolicy};
use serde_json::{Value, json};
use tokio::time::Instant;

fn client(mock: &MockTransport) -> Client {
    Client::builder(MistralApi::new("key").unwrap())
        .transport(mock.clone())
        .retry(RetryPolicy::none())
        .build()
        .unwrap()
}

fn document(status: &str, text: &str) -> Value {
    json!({
        "id": "doc_1", "library_id": "lib_1", "name": "notes.txt", "size": 5, "hash": null,
        "mime_type": null, "extension": null, "uploaded_by_id": null, "uploaded_by_type": "User",
        "created_at": "2026-01-01T00:00:00Z", "tokens_processing_total": 12,
        "process_status": status, "processing_status": text
    })
}

fn wait(mock: &MockTransport) -> Wait<Document> {
    client(mock)
        .beta()
        .libraries()
        .documents()
        .wait_until_processed("lib_1", "doc_1")
}

async fn upload(file: FileSource) -> (Document, String) {
    let mock = MockTransport::new().json(document("todo", "Pending"));
    let documents = client(&mock).beta().libraries().documents();
    let document = documents.upload("lib_1", file).await.unwrap();
    let request = &mock.requests()[0];
    assert_eq!(request.uri.path(), "/v1/libraries/lib_1/documents");
    let body = String::from_utf8(request.body.to_vec()).unwrap();
    (document, body)
}

#[tokio::test]
async fn upload_from_path_bytes_and_stream_sends_the_file() {
    let path = std::env::temp_dir().join(format!("notes-{}.txt", std::process::id()));
    std::fs::write(&path, "notes").unwrap();
    let files = [
        FileSource::from_path(&path).with_file_name("notes.txt"),
        FileSource::from_bytes("notes.txt", "notes"),
        FileSource::from_blocking_reader("notes.txt", std::io::Cursor::new("notes"), 5),
    ];
    for file in files {
        let (document, body) = upload(file).await;
        assert_eq!(document.id, "doc_1");
        assert!(
            body.contains("name=\"file\"; filename=\"notes.txt\""),
            "{body}"
        );
        assert!(body.contains("\r\n\r\nnotes\r\n"), "{body}");
    }
    std::fs::remove_file(path).unwrap();
}

#[tokio::test]
async fn upload_reports_its_progress() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let report = Arc::clone(&seen);
    let file = FileSource::from_bytes("notes.txt", "notes")
        .on_progress(move |sent, all| report.lock().unwrap().push((sent, all)));
    upload(file).await;
    assert_eq!(seen.lock().unwrap().last(), Some(&(5, Some(5))));
}

#[tokio::test(start_paused = true)]
async fn wait_polls_at_growing_intervals_until_done() {
    let states = [
        "todo",
        "waiting_for_capacity",
        "in_progress",
        "later",
        "done",
    ];
    let replies = states.map(|status| MockReply::json(document(status, status)));
    let mock = MockTransport::new().replies(replies);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let report = Arc::clone(&seen);
    let start = Instant::now();
    let document = wait(&mock)
        .poll_interval(Duration::from_secs(2), Duration::from_secs(5))
        .on_progress(move |it| report.lock().unwrap().push(it.process_status.to_string()))
        .await
        .unwrap();
    assert_eq!(document.process_status, ProcessStatus::Done);
    assert_eq!(*seen.lock().unwrap(), states);
    assert_eq!(start.elapsed().as_secs(), 2 + 4 + 5 + 5);
    for request in mock.requests() {
        assert_eq!(request.uri.path(), "/v1/libraries/lib_1/documents/doc_1");
    }
}

#[tokio::test(start_paused = true)]
async fn wait_ends_where_there_is_nothing_to_process() {
    for status in ["noop", "self_managed"] {
        let mock = MockTransport::new().json(document(status, status));
        assert_eq!(
            wait(&mock).await.unwrap().process_status.to_string(),
            status
        );
    }
}

#[tokio::test(start_paused = true)]
async fn wait_for_failed_document_names_its_state() {
    let mock = MockTransport::new()
        .json(document("in_progress", "Running"))
        .json(document("error", "File is encrypted"));
    let error = wait(&mock).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Failed);
    let text = error.to_string();
    assert!(
        text.contains("the document `doc_1` is `error` (File is encrypted)"),
        "{text}"
    );
    assert!(
        text.contains("beta.libraries.documents.wait_until_processed"),
        "{text}"
    );
    assert_eq!(
        error.partial::<Document>().unwrap().processing_status,
        "File is encrypted"
    );

    let mock = MockTransport::new().json(document("missing_content", ""));
    let error = wait(&mock).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Failed);
    assert!(
        error.to_string().contains("is `missing_content`"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn wait_beyond_its_deadline_is_a_timeout_with_the_state() {
    let running = MockReply::json(document("in_progress", "Running")).always();
    let mock = MockTransport::new().reply(running);
    let error = wait(&mock)
        .deadline(Duration::from_secs(10))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(
        error.to_string().contains("`in_progress` (Running)"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn wait_passes_over_retryable_failures() {
    let mock = MockTransport::new()
        .reply(MockReply::status(503))
        .reply(MockReply::status(500))
        .json(document("done", "Completed"));
    assert_eq!(
        wait(&mock).await.unwrap().process_status,
        ProcessStatus::Done
    );
}

#[tokio::test(start_paused = true)]
async fn wait_for_unknown_document_fails_at_once() {
    let mock = MockTransport::new().reply(MockReply::status(404));
    let error = wait(&mock).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(mock.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn wait_with_invalid_id_sends_nothing() {
    let mock = MockTransport::new();
    let documents = client(&mock).beta().libraries().documents();
    for id in ["", "..", "."] {
        let error = documents
            .wait_until_processed("lib_1", id)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    }
    assert!(mock.requests().is_empty());
}

#[test]
fn blocking_wait_returns_the_document() {
    let mock = MockTransport::new()
        .json(document("todo", "Pending"))
        .json(document("done", "Completed"));
    let api = MistralApi::new("key").unwrap();
    let client = Client::builder(api)
        .transport(mock)
        .build_blocking()
        .unwrap();
    let documents = client.beta().libraries().documents();
    let pause = Duration::from_millis(1);
    let document = documents
        .wait_until_processed("lib_1", "doc_1")
        .poll_interval(pause, pause)
        .send()
        .unwrap();
    assert_eq!(document.process_status, ProcessStatus::Done);
}
