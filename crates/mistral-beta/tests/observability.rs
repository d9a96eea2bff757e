//! Behavior of observability: waits for import tasks, downloads of exports.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // helpers may panic as tests do

use http::{HeaderMap, HeaderValue};
use mistral_sdk::beta::BetaExt;
use mistral_sdk::beta::observability::datasets::{DatasetImportTask, ExportDatasetResponse};
use mistral_sdk::testing::{MockReply, MockTransport};
use mistral_sdk::transport::TransportErrorKind;
use mistral_sdk::{Client, ErrorKind, MistralApi};
use serde_json::{Value, json};

const URL: &str = "https://storage.test/a/export.jsonl?X-Amz-Signature=secret&part=1";

fn client(mock: &MockTransport) -> Client {
    let propagate = |headers: &mut HeaderMap| {
        headers.insert("traceparent", HeaderValue::from_static("00-1-1-01"));
    };
    Client::builder(MistralApi::new("my-key").unwrap())
        .transport(mock.clone())
        .header("x-team", "search")
        .propagate(propagate)
        .build()
        .unwrap()
}

fn task(status: &str, message: Value) -> MockReply {
    MockReply::json(json!({
        "id": "task-1", "created_at": "2026-01-01T00:00:00Z", "deleted_at": null,
        "updated_at": "2026-01-01T00:00:00Z", "creator_id": "c", "dataset_id": "dataset-1",
        "workspace_id": "w", "status": status, "progress": 50, "message": message
    }))
}

fn export(url: &str) -> ExportDatasetResponse {
    serde_json::from_value(json!({"file_url": url})).unwrap()
}

#[tokio::test(start_paused = true)]
async fn wait_for_a_task_polls_until_it_has_completed() {
    let statuses = ["RUNNING", "UNKNOWN", "CONTINUED_AS_NEW", "NEW", "COMPLETED"];
    let mock = MockTransport::new().replies(statuses.map(|status| task(status, Value::Null)));
    let datasets = client(&mock).beta().observability().datasets();
    let task = datasets.wait_for_task("dataset-1", "task-1").await.unwrap();
    assert_eq!(task.status.as_str(), "COMPLETED");
    let requests = mock.requests();
    assert_eq!(requests.len(), 5);
    let path = "/v1/observability/datasets/dataset-1/tasks/task-1";
    assert!(requests.iter().all(|it| it.uri.path() == path));
}

#[tokio::test(start_paused = true)]
async fn wait_for_an_unsuccessful_task_names_its_status_and_message() {
    for (status, message, expected) in [
        ("FAILED", json!("no such file"), "is FAILED: no such file"),
        ("CANCELED", Value::Null, "is CANCELED"),
        ("TERMINATED", json!(""), "is TERMINATED"),
        ("TIMED_OUT", Value::Null, "is TIMED_OUT"),
    ] {
        let mock = MockTransport::new().reply(task(status, message));
        let datasets = client(&mock).beta().observability().datasets();
        let error = datasets
            .wait_for_task("dataset-1", "task-1")
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Failed);
        assert!(error.to_string().ends_with(expected), "{error}");
        assert!(error.partial::<DatasetImportTask>().is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn wait_for_a_task_deadline_names_its_progress() {
    let mock = MockTransport::new().reply(task("RUNNING", Value::Null).always());
    let datasets = client(&mock).beta().observability().datasets();
    let wait = datasets.wait_for_task("dataset-1", "task-1");
    let error = wait
        .deadline(std::time::Duration::from_secs(2))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    let text = error.to_string();
    let expected = "the import task `task-1` is RUNNING, 50 % are done, and it goes on";
    assert!(text.contains(expected), "{text}");
}

#[tokio::test(start_paused = true)]
async fn export_is_downloaded_without_the_credentials_and_headers_of_the_client() {
    let mock = MockTransport::new()
        .reply(MockReply::error(TransportErrorKind::Connect))
        .reply(MockReply::bytes("application/jsonl", ["{}\n", "{}\n"]));
    let datasets = client(&mock).beta().observability().datasets();
    let file = datasets.download_export(&export(URL)).await.unwrap();
    assert_eq!(file.bytes().await.unwrap(), "{}\n{}\n");
    let requests = mock.requests();
    assert_eq!(requests.len(), 2, "it is retried like every call");
    for request in requests {
        assert_eq!(request.uri.to_string(), URL);
        for name in ["authorization", "x-team", "traceparent"] {
            assert_eq!(request.header(name), None, "{name}");
        }
    }
}

#[tokio::test]
async fn export_whose_url_has_expired_is_an_error_without_the_signature() {
    let mock = MockTransport::new().reply(MockReply::status(403));
    let datasets = client(&mock).beta().observability().datasets();
    let error = datasets.download_export(&export(URL)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    for text in [
        error.to_string(),
        format!("{error:#}"),
        format!("{error:?}"),
        format!("{error:#?}"),
    ] {
        assert!(!text.contains("secret"), "{text}");
    }
}

#[tokio::test]
async fn export_with_a_url_that_is_none_fails_before_it_is_sent() {
    for url in ["", "/export.jsonl", "file:///etc/passwd"] {
        let mock = MockTransport::new();
        let datasets = client(&mock).beta().observability().datasets();
        let error = datasets.download_export(&export(url)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(mock.requests().is_empty());
    }
}
