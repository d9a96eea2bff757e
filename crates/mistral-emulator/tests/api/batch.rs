//! Batch jobs, from the requests to the result files.

use mistral_emulator::Emulator;
use serde_json::{Value, json};

use crate::client::{RawResponse, api_request, chat_request, get, start, upload};

const CHAT: &str = "/v1/chat/completions";

fn create(emulator: &Emulator, job: &Value) -> RawResponse {
    api_request(emulator, "POST", "/v1/batch/jobs")
        .json(job)
        .send()
}

/// Creates a job with inline requests and returns its path.
fn create_with_bodies(emulator: &Emulator, bodies: &[Value]) -> String {
    let requests: Vec<Value> = bodies
        .iter()
        .enumerate()
        .map(|(index, body)| json!({"custom_id": index.to_string(), "body": body}))
        .collect();
    let response = create(
        emulator,
        &json!({"endpoint": CHAT, "model": "mistral-small-latest", "requests": requests}),
    );
    assert_eq!(response.status, 200, "{}", response.text());
    job_path(&response.json())
}

fn job_path(job: &Value) -> String {
    format!("/v1/batch/jobs/{}", job["id"].as_str().unwrap())
}

fn statuses(emulator: &Emulator, path: &str, times: usize) -> Vec<Value> {
    (0..times)
        .map(|_| get(emulator, path)["status"].clone())
        .collect()
}

fn result_lines(emulator: &Emulator, file: &Value) -> Vec<Value> {
    let path = format!("/v1/files/{}/content", file.as_str().unwrap());
    let text = api_request(emulator, "GET", &path).send().text();
    assert!(text.ends_with('\n'));
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn chat_body(text: &str) -> Value {
    json!({"messages": [{"role": "user", "content": text}]})
}

#[test]
fn batch_job_runs_every_line_of_input_file() {
    let emulator = start();
    let content = format!(
        "{}\n{}\n{}\n",
        json!({"custom_id": "good", "body": chat_body("Who painted Olympia?")}),
        json!({"custom_id": "bad", "body": {"messages": [], "temperature": 9}}),
        json!({"custom_id": "also good", "body": chat_body("Hello")}),
    );
    let input = upload(&emulator, "batch", "in.jsonl", content.as_bytes());
    let response = create(
        &emulator,
        &json!({
            "input_files": [input["id"]], "endpoint": CHAT, "model": "mistral-small-latest",
            "metadata": {"team": "a"}, "timeout_hours": 1,
        }),
    );
    assert_eq!(response.status, 200, "{}", response.text());
    let queued = response.json();
    assert_eq!(
        queued,
        json!({
            "id": queued["id"], "object": "batch", "input_files": [input["id"]],
            "metadata": {"team": "a"}, "endpoint": CHAT, "model": "mistral-small-latest",
            "agent_id": null, "output_file": null, "error_file": null, "errors": [],
            "outputs": null, "status": "QUEUED", "created_at": queued["created_at"],
            "started_at": null, "completed_at": null, "total_requests": 3,
            "completed_requests": 0, "succeeded_requests": 0, "failed_requests": 0,
        })
    );
    let path = job_path(&queued);
    let running = get(&emulator, &path);
    assert_eq!(running["status"], "RUNNING");
    assert!(running["started_at"].as_u64() > running["created_at"].as_u64());
    assert_eq!(running["output_file"], Value::Null);

    let done = get(&emulator, &path);
    assert_eq!(done["status"], "SUCCESS");
    assert!(done["completed_at"].as_u64() > done["started_at"].as_u64());
    for (name, count) in [
        ("total_requests", 3),
        ("completed_requests", 3),
        ("succeeded_requests", 2),
        ("failed_requests", 1),
    ] {
        assert_eq!(done[name], count, "{name}");
    }
    assert_eq!(get(&emulator, &path), done);

    let results = result_lines(&emulator, &done["output_file"]);
    assert_eq!(results.len(), 2);
    let good = results.iter().find(|line| line["custom_id"] == "good");
    let good = good.unwrap();
    assert_eq!(good["error"], Value::Null);
    assert_eq!(good["response"]["status_code"], 200);
    assert_eq!(
        good["response"]["body"]["choices"][0]["message"]["content"],
        "Édouard Manet painted Olympia in 1863."
    );
    let errors = result_lines(&emulator, &done["error_file"]);
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0]["custom_id"], "bad");
    assert_eq!(errors[0]["response"]["status_code"], 422);
    assert!(errors[0]["error"].is_object());

    let files = get(&emulator, "/v1/files?source=mistral");
    let kinds: Vec<&Value> = files["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| &file["sample_type"])
        .collect();
    assert_eq!(kinds, ["batch_error", "batch_result"]);
}

#[test]
fn batch_results_equal_responses_of_endpoint() {
    let emulator = start();
    let alone = api_request(&emulator, "POST", CHAT)
        .json(&chat_request("Hello"))
        .send();
    let path = create_with_bodies(&emulator, &[chat_body("Hello")]);
    statuses(&emulator, &path, 2);
    let job = get(&emulator, &format!("{path}?inline=true"));
    let (mut alone, body) = (alone.json(), &job["outputs"][0]["response"]["body"]);
    alone["created"] = body["created"].clone(); // the job's changes have advanced the clock
    assert_eq!(*body, alone);
    assert_eq!(get(&emulator, &path)["outputs"], Value::Null);
    assert_eq!(
        get(&emulator, &format!("{path}?inline=false"))["outputs"],
        Value::Null
    );
}

#[test]
fn batch_job_writes_output_and_error_files_only_if_not_empty() {
    let emulator = start();
    let good = create_with_bodies(&emulator, &[chat_body("Hello")]);
    let bad = create_with_bodies(&emulator, &[json!({}), json!({"messages": 1})]);
    for path in [&good, &bad] {
        assert_eq!(
            statuses(&emulator, path, 3),
            ["RUNNING", "SUCCESS", "SUCCESS"]
        );
    }
    let (good, bad) = (get(&emulator, &good), get(&emulator, &bad));
    assert_eq!(good["error_file"], Value::Null);
    assert_eq!(result_lines(&emulator, &good["output_file"]).len(), 1);
    assert_eq!(bad["output_file"], Value::Null);
    assert_eq!(result_lines(&emulator, &bad["error_file"]).len(), 2);
}

#[test]
fn batch_results_are_not_in_request_order() {
    let emulator = start();
    let bodies: Vec<Value> = (0..20).map(|index| chat_body(&index.to_string())).collect();
    let path = create_with_bodies(&emulator, &bodies);
    statuses(&emulator, &path, 2);
    let job = get(&emulator, &path);
    let mut ids: Vec<u64> = result_lines(&emulator, &job["output_file"])
        .iter()
        .map(|line| line["custom_id"].as_str().unwrap().parse().unwrap())
        .collect();
    assert!(!ids.is_sorted(), "{ids:?}");
    ids.sort_unstable();
    assert!(ids.iter().copied().eq(0..20), "{ids:?}");
}

#[test]
fn batch_embeddings_succeed_and_unserved_endpoint_fails() {
    let emulator = start();
    for (endpoint, model, succeeded) in [
        ("/v1/embeddings", "mistral-embed", 1),
        ("/v1/audio/transcriptions", "voxtral-mini-latest", 0),
    ] {
        let job = json!({
            "endpoint": endpoint, "model": model, "requests": [{"body": {"input": "Hello"}}],
        });
        let path = job_path(&create(&emulator, &job).json());
        statuses(&emulator, &path, 2);
        let done = get(&emulator, &path);
        assert_eq!(done["succeeded_requests"], succeeded, "{endpoint}");
        assert_eq!(done["failed_requests"], 1 - succeeded, "{endpoint}");
    }
}

#[test]
fn batch_cancel_stops_job_for_good() {
    let emulator = start();
    let path = create_with_bodies(&emulator, &[chat_body("Hello")]);
    get(&emulator, &path);
    let response = api_request(&emulator, "POST", &format!("{path}/cancel")).send();
    assert_eq!(response.status, 200);
    assert_eq!(response.json()["status"], "CANCELLATION_REQUESTED");
    assert_eq!(statuses(&emulator, &path, 2), ["CANCELLED", "CANCELLED"]);
    assert_eq!(get(&emulator, &path)["completed_requests"], 0);
    let again = api_request(&emulator, "POST", &format!("{path}/cancel")).send();
    assert_eq!(again.status, 400);
}

#[test]
fn batch_timeout_or_invalid_lines_end_in_failure() {
    let emulator = start();
    let job = json!({
        "endpoint": CHAT, "model": "mistral-small-latest", "timeout_hours": 0,
        "requests": [{"body": chat_body("Hello")}],
    });
    let timed_out = job_path(&create(&emulator, &job).json());
    assert_eq!(
        statuses(&emulator, &timed_out, 3),
        ["RUNNING", "TIMEOUT_EXCEEDED", "TIMEOUT_EXCEEDED"]
    );
    let input = upload(
        &emulator,
        "batch",
        "in.jsonl",
        b"{}\n{\"body\": {}}\n{\"body\": 1}",
    );
    let job = json!({
        "endpoint": CHAT, "model": "mistral-small-latest", "input_files": [input["id"]],
    });
    let invalid = job_path(&create(&emulator, &job).json());
    assert_eq!(statuses(&emulator, &invalid, 2), ["FAILED", "FAILED"]);
    assert_eq!(get(&emulator, &invalid)["errors"][0]["count"], 2);
}

#[test]
fn batch_deleted_job_is_not_found() {
    let emulator = start();
    let path = create_with_bodies(&emulator, &[chat_body("Hello")]);
    let id = path.rsplit('/').next().unwrap();
    let response = api_request(&emulator, "DELETE", &path).send();
    assert_eq!(response.status, 200);
    assert_eq!(
        response.json(),
        json!({"id": id, "object": "batch", "deleted": true})
    );
    for (method, path) in [
        ("GET", path.clone()),
        ("DELETE", path.clone()),
        ("POST", format!("{path}/cancel")),
    ] {
        assert_eq!(api_request(&emulator, method, &path).send().status, 404);
    }
}

#[test]
fn batch_list_supports_filters_order_and_paging() {
    let emulator = start();
    let mut created = Vec::new();
    for (model, team) in [("mistral-small-latest", "a"), ("mistral-large-latest", "b")] {
        let job = create(
            &emulator,
            &json!({
                "endpoint": CHAT, "model": model, "metadata": {"team": team},
                "requests": [{"body": chat_body("Hello")}],
            }),
        );
        created.push(job.json());
    }
    let agent = json!({
        "endpoint": CHAT, "agent_id": "ag:1", "requests": [{"body": chat_body("Hello")}],
    });
    created.push(create(&emulator, &agent).json());
    get(&emulator, &job_path(&created[0]));
    let after = created[0]["created_at"].as_u64().unwrap();
    for (query, expected) in [
        (String::new(), &[2, 1, 0][..]),
        ("?order_by=created".to_owned(), &[0, 1, 2]),
        ("?page_size=2&page=1".to_owned(), &[0]),
        ("?model=mistral-large-latest".to_owned(), &[1]),
        ("?agent_id=ag:1".to_owned(), &[2]),
        ("?status=RUNNING".to_owned(), &[0]),
        ("?status=RUNNING&status=QUEUED".to_owned(), &[2, 1, 0]),
        (format!("?created_after={after}"), &[2, 1]),
        ("?created_after=2027-01-01T00:00:00Z".to_owned(), &[]),
        ("?created_by_me=true".to_owned(), &[2, 1, 0]),
        ("?team=b".to_owned(), &[1]),
        ("?metadata=%7B%22team%22:%22a%22%7D".to_owned(), &[0]),
    ] {
        let list = get(&emulator, &format!("/v1/batch/jobs{query}"));
        let ids: Vec<&Value> = list["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|job| &job["id"])
            .collect();
        let expected: Vec<&Value> = expected
            .iter()
            .map(|index| &created[*index]["id"])
            .collect();
        assert_eq!(ids, expected, "{query}");
    }
    assert_eq!(get(&emulator, "/v1/batch/jobs?page_size=1")["total"], 3);
    let bad = api_request(
        &emulator,
        "GET",
        "/v1/batch/jobs?status=DONE&page=-1&metadata=x",
    )
    .send();
    assert_eq!(bad.status, 422);
    assert_eq!(bad.json()["detail"].as_array().unwrap().len(), 2);
}

#[test]
fn batch_invalid_job_is_rejected() {
    let emulator = start();
    let text = upload(&emulator, "fine-tune", "a.jsonl", b"{}");
    let requests = json!([{"body": {}}]);
    for (job, status, location) in [
        (
            json!({"requests": requests}),
            422,
            json!(["body", "endpoint"]),
        ),
        (
            json!({"endpoint": "/v1/models", "requests": requests}),
            422,
            json!(["body", "endpoint"]),
        ),
        (json!({"endpoint": CHAT}), 422, json!(["body"])),
        (
            json!({"endpoint": CHAT, "requests": requests, "input_files": [text["id"]]}),
            422,
            json!(["body"]),
        ),
        (
            json!({"endpoint": CHAT, "requests": [{"custom_id": "1"}]}),
            422,
            json!(["body", "requests", 0, "body"]),
        ),
        (
            json!({"endpoint": CHAT, "requests": requests, "metadata": {"a": ""}}),
            422,
            json!(["body", "metadata", "a"]),
        ),
        (
            json!({"endpoint": CHAT, "input_files": [text["id"]]}),
            422,
            json!(["body"]),
        ),
        (
            json!({"endpoint": CHAT, "input_files": ["nothing"]}),
            404,
            Value::Null,
        ),
    ] {
        let response = create(&emulator, &job);
        assert_eq!(response.status, status, "{job}");
        let body = response.json();
        assert_eq!(
            body["detail"]
                .get(0)
                .map_or(Value::Null, |error| error["loc"].clone()),
            location
        );
    }
    assert_eq!(get(&emulator, "/v1/batch/jobs")["total"], 0);
}

#[test]
fn batch_transcriptions_take_urls_as_json() {
    let emulator = start();
    let lines = [
        json!({"custom_id": "0", "body": {"file_url": "https://example.com/a.mp3"}}),
        json!({"custom_id": "1", "body": {
            "file_url": "https://example.com/b.mp3", "timestamp_granularities": ["segment"],
        }}),
        json!({"custom_id": "2", "body": {"file_url": 1}}),
    ];
    let response = create(
        &emulator,
        &json!({
            "endpoint": "/v1/audio/transcriptions", "model": "voxtral-mini-latest",
            "requests": lines,
        }),
    );
    let path = job_path(&response.json());
    statuses(&emulator, &path, 2);
    let job = get(&emulator, &format!("{path}?inline=true"));
    assert_eq!(job["succeeded_requests"], 2, "{job}");
    assert_eq!(job["failed_requests"], 1);
    let outputs = job["outputs"].as_array().unwrap();
    let output = |id: &str| {
        outputs
            .iter()
            .find(|output| output["custom_id"] == id)
            .unwrap()
    };
    let text = &output("0")["response"]["body"]["text"];
    assert!(text.as_str().unwrap().contains("given a.mp3."), "{text}");
    let segments = &output("1")["response"]["body"]["segments"];
    assert!(!segments.as_array().unwrap().is_empty());
    assert_eq!(output("2")["response"]["status_code"], 422);
}
