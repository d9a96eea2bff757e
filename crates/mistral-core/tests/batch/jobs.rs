//! Batch jobs: requests and responses.

use std::collections::BTreeMap;

use http::Method;
use mistral_core::ErrorKind;
use mistral_core::batch::{
    ApiEndpoint, BatchJob, BatchJobStatus, BatchJobs, BatchRequest, CreateBatchJobRequest,
    DeleteBatchJobResponse, GetBatchJobRequest, ListBatchJobsRequest, ListBatchJobsResponse,
    OrderBy,
};
use mistral_core::testing::{MockRequest, MockTransport};
use serde_json::{Map, Value, json};

use crate::common::{client_with, only, question, reply, scripted};

/// Creates a mock that replies to every request with `answer`.
fn serve(answer: &Value) -> (MockTransport, BatchJobs) {
    let mock = scripted([reply(200, &answer.to_string())]);
    let jobs = client_with(&mock).batch().jobs();
    (mock, jobs)
}

fn check(sent: &MockRequest, operation: &str, method: &Method, path: &str) {
    assert_eq!(sent.operation, operation);
    assert_eq!(sent.method, method);
    assert_eq!(sent.uri.path(), format!("/prefix{path}"));
}

fn query(sent: &MockRequest) -> Vec<(String, String)> {
    let query = sent.uri.query().unwrap_or_default();
    let mut entries: Vec<_> = url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    entries.sort();
    entries
}

fn pairs(entries: &[(&str, &str)]) -> Vec<(String, String)> {
    let entries = entries.iter();
    entries.map(|(a, b)| ((*a).into(), (*b).into())).collect()
}

fn job() -> Value {
    json!({
        "id": "job-1",
        "object": "batch",
        "input_files": ["file-1", "file-2"],
        "metadata": { "team": "search", "deep": { "a": [1, null] } },
        "endpoint": "/v1/chat/completions",
        "model": "mistral-small-latest",
        "agent_id": "agent-1",
        "output_file": "file-3",
        "error_file": "file-4",
        "errors": [{ "message": "no such model", "count": 2 }, { "message": "odd" }],
        "outputs": [{
            "id": "out-1",
            "custom_id": "a",
            "response": { "status_code": 200, "body": { "data": [] } },
            "error": null,
        }],
        "status": "RUNNING",
        "created_at": 1,
        "total_requests": 10,
        "completed_requests": 6,
        "succeeded_requests": 4,
        "failed_requests": 2,
        "started_at": 2,
        "completed_at": 3,
        "x_new": { "a": null },
    })
}

#[tokio::test]
async fn list_sends_every_parameter() {
    let page = json!({ "data": [job()], "object": "list", "total": 1, "x_new": true });
    let (mock, jobs) = serve(&page);
    let metadata = Map::from_iter([("team".into(), json!("a & b")), ("n".into(), json!(1))]);
    let request = ListBatchJobsRequest::new()
        .page(3)
        .page_size(4)
        .model("m")
        .agent_id("agent")
        .metadata(metadata)
        .created_after("2025-03-04T05:06:07Z")
        .created_by_me(true)
        .status([BatchJobStatus::Queued, "NEW".into()])
        .order_by(OrderBy::Created)
        .extra("x_new", "y");
    let answer = jobs.list(&request).await.unwrap();
    assert_eq!(serde_json::to_value(&answer).unwrap(), page);
    assert_eq!(answer.data[0].id, "job-1");
    let sent = only(&mock);
    check(&sent, "batch.jobs.list", &Method::GET, "/v1/batch/jobs");
    let expected = pairs(&[
        ("agent_id", "agent"),
        ("created_after", "2025-03-04T05:06:07Z"),
        ("created_by_me", "true"),
        ("model", "m"),
        ("n", "1"),
        ("order_by", "created"),
        ("page", "3"),
        ("page_size", "4"),
        ("status", "NEW"),
        ("status", "QUEUED"),
        ("team", "a & b"),
        ("x_new", "y"),
    ]);
    assert_eq!(query(&sent), expected);
    assert!(sent.body.is_empty());

    let (mock, jobs) = serve(&json!({ "total": 0 }));
    let answer = jobs.list(&ListBatchJobsRequest::new()).await.unwrap();
    assert_eq!((answer.data.len(), answer.total), (0, Some(0)));
    assert_eq!(only(&mock).uri.query(), None);
}

#[tokio::test]
async fn list_metadata_named_like_a_parameter_is_refused() {
    let (mock, jobs) = serve(&json!({}));
    for name in ["page", "status", "metadata"] {
        let metadata = Map::from_iter([(name.to_owned(), json!("3"))]);
        let request = ListBatchJobsRequest::new().metadata(metadata);
        let error = jobs.list(&request).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        let start = "batch.jobs.list: `metadata`";
        assert!(error.to_string().starts_with(start), "{error}");
        assert!(error.to_string().contains(name), "{error}");
    }
    assert_eq!(mock.requests().len(), 0);
}

#[tokio::test]
async fn paging_jobs_keeps_the_filters() {
    let page = |id: &str| {
        let data = json!([{ "id": id, "status": "QUEUED" }]);
        reply(200, &json!({ "data": data, "total": 2 }).to_string())
    };
    let mock = scripted([page("a"), page("b")]);
    let metadata = Map::from_iter([("team".into(), json!("x"))]);
    let request = ListBatchJobsRequest::new().page_size(1).metadata(metadata);
    let mut jobs = client_with(&mock)
        .batch()
        .jobs()
        .list(&request)
        .pages()
        .items();
    let mut ids = Vec::new();
    while let Some(job) = jobs.next().await {
        ids.push(job.unwrap().id);
    }
    assert_eq!(ids, ["a", "b"]);
    let sent = mock.requests();
    assert_eq!(sent.len(), 2);
    assert_eq!(query(&sent[0]), pairs(&[("page_size", "1"), ("team", "x")]));
    let expected = pairs(&[("page", "1"), ("page_size", "1"), ("team", "x")]);
    assert_eq!(query(&sent[1]), expected);
}

#[tokio::test]
async fn create_sends_every_field() {
    let (mock, jobs) = serve(&job());
    let request = CreateBatchJobRequest::new(ApiEndpoint::ChatCompletions)
        .input_files(["file-1"])
        .requests([BatchRequest::new("a", &question()).unwrap()])
        .model("m")
        .agent_id("agent")
        .metadata(BTreeMap::from([("team".into(), "search".into())]))
        .timeout_hours(3);
    jobs.create(&request).await.unwrap();
    let sent = only(&mock);
    check(&sent, "batch.jobs.create", &Method::POST, "/v1/batch/jobs");
    assert_eq!(sent.uri.query(), None);
    assert_eq!(sent.model.as_deref(), Some("m"));
    let body = json!({ "model": "m", "messages": [{ "role": "user", "content": "hi" }] });
    let expected = json!({
        "endpoint": "/v1/chat/completions",
        "input_files": ["file-1"],
        "requests": [{ "body": body, "custom_id": "a" }],
        "model": "m",
        "agent_id": "agent",
        "metadata": { "team": "search" },
        "timeout_hours": 3,
    });
    assert_eq!(sent.json(), expected);
    let reread: CreateBatchJobRequest = serde_json::from_value(expected).unwrap();
    assert_eq!(reread, request);

    let (mock, jobs) = serve(&job());
    let request = CreateBatchJobRequest::new("/v1/new");
    jobs.create(&request).await.unwrap();
    assert_eq!(only(&mock).body, r#"{"endpoint":"/v1/new"}"#);
}

#[tokio::test]
async fn job_round_trips_in_full() {
    let (mock, jobs) = serve(&job());
    let request = GetBatchJobRequest::new().inline(true);
    let read: BatchJob = jobs.get("a/b", &request).await.unwrap();
    let sent = only(&mock);
    check(
        &sent,
        "batch.jobs.get",
        &Method::GET,
        "/v1/batch/jobs/a%2Fb",
    );
    assert_eq!(sent.uri.query(), Some("inline=true"));

    assert_eq!(serde_json::to_value(&read).unwrap(), job());
    assert_eq!(read.extra.len(), 1, "{:?}", read.extra);
    assert_eq!(read.status, BatchJobStatus::Running);
    assert_eq!(read.endpoint.as_deref(), Some("/v1/chat/completions"));
    assert_eq!(read.errors[0].count, Some(2));
    assert_eq!((read.total_requests, read.completed_requests), (10, 6));
    assert_eq!((read.succeeded_requests, read.failed_requests), (4, 2));
    let results = read.results().unwrap();
    assert_eq!(results[0].custom_id.as_deref(), Some("a"));
    let body: Value = results[0].body().unwrap();
    assert_eq!(body, json!({ "data": [] }));
}

#[tokio::test]
async fn job_with_nulls_is_read() {
    let mut nulls = job();
    for (name, value) in nulls.as_object_mut().unwrap() {
        if !["id", "status"].contains(&name.as_str()) {
            *value = Value::Null;
        }
    }
    let (mock, jobs) = serve(&nulls);
    let read = jobs.get("a", &GetBatchJobRequest::new()).await.unwrap();
    assert_eq!(only(&mock).uri.query(), None);
    assert_eq!(read.output_file, None);
    assert_eq!(read.results().unwrap(), []);

    let (_, jobs) =
        serve(&json!({ "id": "a", "status": "QUEUED", "outputs": [{ "custom_id": [5] }] }));
    let read = jobs.get("a", &GetBatchJobRequest::new()).await.unwrap();
    let error = read.results().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("outputs[0]"), "{error}");

    let (_, jobs) = serve(&json!({ "id": "a" }));
    let error = jobs.get("a", &GetBatchJobRequest::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("status"), "{error}");
}

#[tokio::test]
async fn cancel_and_delete_send_methods_and_paths() {
    let (mock, jobs) = serve(&job());
    jobs.cancel("a").await.unwrap();
    let sent = only(&mock);
    let path = "/v1/batch/jobs/a/cancel";
    check(&sent, "batch.jobs.cancel", &Method::POST, path);
    assert!(sent.body.is_empty());

    let deleted = json!({ "id": "a", "object": "batch", "deleted": true, "x_new": [] });
    let (mock, jobs) = serve(&deleted);
    let answer: DeleteBatchJobResponse = jobs.delete("a").await.unwrap();
    assert_eq!(serde_json::to_value(&answer).unwrap(), deleted);
    assert!(answer.is_deleted());
    check(
        &only(&mock),
        "batch.jobs.delete",
        &Method::DELETE,
        "/v1/batch/jobs/a",
    );

    for (json, expected) in [
        (json!({ "id": "a" }), true),
        (json!({ "id": "a", "deleted": null }), true),
        (json!({ "id": "a", "deleted": false }), false),
        (json!({ "id": "a", "deleted": "false" }), false),
        (json!({ "id": "a", "deleted": 0 }), false),
    ] {
        let answer: DeleteBatchJobResponse = serde_json::from_value(json).unwrap();
        assert_eq!(answer.is_deleted(), expected);
    }
}

#[test]
fn job_status_and_endpoint_values_are_known_or_kept() {
    for (text, is_finished) in [
        ("QUEUED", false),
        ("RUNNING", false),
        ("SUCCESS", true),
        ("FAILED", true),
        ("TIMEOUT_EXCEEDED", true),
        ("CANCELLATION_REQUESTED", false),
        ("CANCELLED", true),
        ("NEW", false),
    ] {
        let status = BatchJobStatus::from(text);
        assert_eq!(status.is_finished(), is_finished, "{text}");
        assert_eq!(matches!(status, BatchJobStatus::Unknown(_)), text == "NEW");
        assert_eq!(status.as_str(), text);
    }
    for text in [
        "/v1/chat/completions",
        "/v1/embeddings",
        "/v1/fim/completions",
        "/v1/moderations",
        "/v1/chat/moderations",
        "/v1/ocr",
        "/v1/classifications",
        "/v1/chat/classifications",
        "/v1/conversations",
        "/v1/audio/transcriptions",
    ] {
        let endpoint = ApiEndpoint::from(text);
        assert!(!matches!(endpoint, ApiEndpoint::Unknown(_)), "{text}");
    }
    let page: ListBatchJobsResponse =
        serde_json::from_value(json!({ "data": [{ "id": "a", "status": "NEW" }] })).unwrap();
    assert_eq!(page.data[0].status, BatchJobStatus::Unknown("NEW".into()));
}

#[test]
fn batch_request_body_must_be_an_object() {
    for body in [json!("hi"), json!([1]), Value::Null] {
        let error = BatchRequest::new("a", &body).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains("`body`"), "{error}");
    }
    let unwritable = BTreeMap::from([(vec![1], 1)]);
    let error = BatchRequest::new("a", &unwritable).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    let line = json!({ "body": { "a": 1 } });
    let request: BatchRequest = serde_json::from_value(line.clone()).unwrap();
    assert_eq!(request.custom_id, None);
    assert_eq!(serde_json::to_value(&request).unwrap(), line);
}
