//! Fine-tuning jobs, from the upload to the model.

use mistral_emulator::Emulator;
use serde_json::{Value, json};

use crate::client::{RawResponse, api_request, chat_request_with, get, post_chat, start, upload};

const JOBS: &str = "/v1/fine_tuning/jobs";
const DEMO: &str = "ft:ministral-3b-latest:emulator:20250101:demo";
const SAMPLES: &[u8] = b"{\"messages\": [{\"role\": \"user\", \"content\": \"Hello\"}]}\n";

fn upload_training_data(emulator: &Emulator, content: &[u8]) -> Value {
    upload(emulator, "fine-tune", "data.jsonl", content)["id"].clone()
}

/// Creates the body of a job with further fields.
fn job_request(file: &Value, members: &Value) -> Value {
    let mut job = json!({
        "model": "ministral-3b-latest",
        "training_files": [{"file_id": file}],
        "hyperparameters": {"training_steps": 10, "learning_rate": 0.001},
    });
    for (name, value) in members.as_object().unwrap() {
        job[name] = value.clone();
    }
    job
}

fn create(emulator: &Emulator, job: &Value) -> RawResponse {
    api_request(emulator, "POST", JOBS).json(job).send()
}

#[track_caller]
fn create_job(emulator: &Emulator, job: &Value) -> Value {
    let response = create(emulator, job);
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()
}

fn job_path(job: &Value) -> String {
    format!("{JOBS}/{}", job["id"].as_str().unwrap())
}

fn statuses(emulator: &Emulator, path: &str, times: usize) -> Vec<Value> {
    (0..times)
        .map(|_| get(emulator, path)["status"].clone())
        .collect()
}

#[test]
fn fine_tuning_job_creates_model_that_completes() {
    let emulator = start();
    let file = upload_training_data(&emulator, SAMPLES);
    let members = json!({
        "suffix": "mine", "validation_files": [file],
        "integrations": [{"type": "wandb", "project": "p", "api_key": "k".repeat(40)}],
        "repositories": [{"type": "github", "name": "n", "owner": "o", "token": "secret-token"}],
    });
    let queued = create_job(&emulator, &job_request(&file, &members));
    let id = queued["id"].as_str().unwrap();
    assert_eq!(
        queued,
        json!({
            "id": id, "object": "job", "auto_start": true, "model": "ministral-3b-latest",
            "status": "QUEUED", "created_at": queued["created_at"],
            "modified_at": queued["created_at"], "training_files": [file],
            "validation_files": [file], "fine_tuned_model": null, "suffix": "mine",
            "integrations": [{
                "type": "wandb", "project": "p", "name": id, "run_name": null,
                "url": format!("https://wandb.ai/emulator/p/runs/{id}"),
            }],
            "trained_tokens": null,
            "metadata": {
                "expected_duration_seconds": 200, "cost": 5.24, "cost_currency": "EUR",
                "train_tokens_per_step": 131_072, "train_tokens": 1_310_720,
                "data_tokens": queued["metadata"]["data_tokens"], "estimated_start_time": null,
            },
            "job_type": "completion",
            "hyperparameters": {
                "training_steps": 10, "learning_rate": 0.001, "weight_decay": 0.1,
                "warmup_fraction": 0.05, "epochs": null, "seq_len": null, "fim_ratio": 0.9,
            },
            "repositories": [{
                "type": "github", "name": "n", "owner": "o", "ref": null, "weight": 1.0,
                "commit_id": queued["repositories"][0]["commit_id"],
            }],
        })
    );
    assert_eq!(
        queued["repositories"][0]["commit_id"]
            .as_str()
            .unwrap()
            .len(),
        40
    );

    let path = job_path(&queued);
    assert_eq!(statuses(&emulator, &path, 2), ["VALIDATING", "RUNNING"]);
    assert_eq!(
        get(&emulator, "/v1/models?provider=emulator")["data"][2],
        Value::Null
    );
    let done = get(&emulator, &path);
    assert_eq!(done["status"], "SUCCESS");
    assert_eq!(done["trained_tokens"], 1_310_720);
    assert!(done["modified_at"].as_u64() > done["created_at"].as_u64());
    let events: Vec<&Value> = done["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| &event["data"]["status"])
        .collect();
    assert_eq!(events, ["SUCCESS", "RUNNING", "VALIDATING", "QUEUED"]);
    let checkpoints = done["checkpoints"].as_array().unwrap();
    assert_eq!(checkpoints.len(), 10);
    assert_eq!(checkpoints[0]["step_number"], 10);
    assert!(checkpoints[0]["metrics"]["valid_loss"].is_number());
    let loss = |index: usize| {
        checkpoints[index]["metrics"]["train_loss"]
            .as_f64()
            .unwrap()
    };
    assert!(loss(0) < loss(9));
    assert_eq!(get(&emulator, &path), done);

    let model = done["fine_tuned_model"].as_str().unwrap();
    assert!(
        model.starts_with("ft:ministral-3b-latest:mine:20260101:"),
        "{model}"
    );
    let card = get(&emulator, &format!("/v1/models/{model}"));
    assert_eq!(card["type"], "fine-tuned");
    assert_eq!(card["job"], id);
    assert_eq!(card["root"], "ministral-3b-latest");
    assert_eq!(card["archived"], false);
    assert_eq!(
        get(&emulator, "/v1/models?provider=emulator")["data"][2],
        card
    );
    let response = post_chat(
        &emulator,
        &chat_request_with("Hello", &json!({"model": model})),
    );
    assert_eq!(response.status, 200, "{}", response.text());
    assert_eq!(response.json()["model"], model);
}

#[test]
fn fine_tuning_job_without_auto_start_waits_for_start() {
    let emulator = start();
    let file = upload_training_data(&emulator, SAMPLES);
    let path = job_path(&create_job(
        &emulator,
        &job_request(&file, &json!({"auto_start": false})),
    ));
    let start_job = || api_request(&emulator, "POST", &format!("{path}/start")).send();
    assert_eq!(start_job().status, 400);
    assert_eq!(
        statuses(&emulator, &path, 3),
        ["VALIDATING", "VALIDATED", "VALIDATED"]
    );
    let response = start_job();
    assert_eq!(response.status, 200, "{}", response.text());
    assert_eq!(response.json()["status"], "STARTED");
    assert!(response.json()["events"].is_array());
    assert_eq!(start_job().status, 400);
    assert_eq!(statuses(&emulator, &path, 2), ["RUNNING", "SUCCESS"]);
}

#[test]
fn fine_tuning_cancel_creates_no_model() {
    let emulator = start();
    let file = upload_training_data(&emulator, SAMPLES);
    let path = job_path(&create_job(&emulator, &job_request(&file, &json!({}))));
    statuses(&emulator, &path, 2);
    let cancel = || api_request(&emulator, "POST", &format!("{path}/cancel")).send();
    assert_eq!(cancel().json()["status"], "CANCELLATION_REQUESTED");
    assert_eq!(statuses(&emulator, &path, 2), ["CANCELLED", "CANCELLED"]);
    assert_eq!(cancel().status, 400);
    assert_eq!(get(&emulator, &path)["fine_tuned_model"], Value::Null);
    assert_eq!(get(&emulator, &path)["checkpoints"], json!([]));
}

#[test]
fn fine_tuning_invalid_samples_beyond_tolerance_fail_validation() {
    let emulator = start();
    let file = upload_training_data(
        &emulator,
        b"{\"messages\": []}\n{\"mesages\": []}\n{\"text\": \"a\"}",
    );
    for (members, last) in [
        (json!({}), "FAILED_VALIDATION"),
        (
            json!({"invalid_sample_skip_percentage": 0.3}),
            "FAILED_VALIDATION",
        ),
        (json!({"invalid_sample_skip_percentage": 0.4}), "RUNNING"),
        (
            json!({"invalid_sample_skip_percentage": 0.4, "job_type": "classifier"}),
            "FAILED_VALIDATION",
        ),
    ] {
        let path = job_path(&create_job(&emulator, &job_request(&file, &members)));
        assert_eq!(statuses(&emulator, &path, 2)[1], last, "{members}");
    }
}

#[test]
fn fine_tuning_classifier_classifies_and_rejects_chat() {
    let emulator = start();
    let file = upload_training_data(
        &emulator,
        b"{\"text\": \"a\", \"labels\": {\"mood\": \"good\"}}",
    );
    let members = json!({
        "job_type": "classifier",
        "classifier_targets": [{"name": "mood", "labels": ["good", "bad"]}],
    });
    let queued = create_job(&emulator, &job_request(&file, &members));
    assert_eq!(queued["job_type"], "classifier");
    assert_eq!(queued["hyperparameters"].get("fim_ratio"), None);
    statuses(&emulator, &job_path(&queued), 3);
    let done = get(&emulator, &job_path(&queued));
    let targets = json!([{
        "name": "mood", "labels": ["good", "bad"], "weight": 1.0, "loss_function": "single_class",
    }]);
    assert_eq!(done["classifier_targets"], targets);
    let model = done["fine_tuned_model"].as_str().unwrap();
    let response = post_chat(
        &emulator,
        &chat_request_with("Hello", &json!({"model": model})),
    );
    assert_eq!(response.status, 400);
    let details = api_request(
        &emulator,
        "PATCH",
        &format!("/v1/fine_tuning/models/{model}"),
    )
    .json(&json!({}))
    .send()
    .json();
    assert_eq!(details["model_type"], "classifier");
    assert_eq!(details["classifier_targets"], targets);
    assert_eq!(details["capabilities"]["completion_chat"], false);
    assert_eq!(details["capabilities"]["classification"], true);
}

#[test]
fn fine_tuning_dry_run_estimates_cost_and_creates_nothing() {
    let emulator = start();
    let file = upload_training_data(&emulator, SAMPLES);
    let mut request = job_request(&file, &json!({}));
    request["hyperparameters"] = json!({"epochs": 2.5});
    let response = api_request(&emulator, "POST", &format!("{JOBS}?dry_run=true"))
        .json(&request)
        .send();
    assert_eq!(response.status, 200, "{}", response.text());
    let estimate = response.json();
    assert_eq!(estimate["object"], "job.metadata");
    assert_eq!(estimate["deprecated"], true);
    assert!(estimate["details"].is_string());
    assert_eq!(estimate["epochs"], 2.5);
    assert_eq!(estimate["training_steps"], 1);
    assert_eq!(get(&emulator, JOBS)["total"], 0);
}

#[test]
fn fine_tuning_list_supports_filters_and_paging() {
    let emulator = start();
    let file = upload_training_data(&emulator, SAMPLES);
    let wandb = json!([{"project": "p", "name": "run", "api_key": "k".repeat(40)}]);
    let jobs = [
        json!({}),
        json!({"suffix": "mine"}),
        json!({"model": "ministral-8b-latest", "integrations": wandb}),
    ]
    .map(|members| create_job(&emulator, &job_request(&file, &members)));
    get(&emulator, &job_path(&jobs[0]));
    let second = jobs[1]["created_at"].as_u64().unwrap();
    for (query, expected) in [
        (String::new(), &[2, 1, 0][..]),
        ("?page_size=2&page=1".to_owned(), &[0]),
        ("?model=ministral-8b-latest".to_owned(), &[2]),
        ("?suffix=mine".to_owned(), &[1]),
        ("?status=VALIDATING".to_owned(), &[0]),
        ("?wandb_project=p".to_owned(), &[2]),
        ("?wandb_name=other".to_owned(), &[]),
        ("?created_by_me=true&wandb_name=run".to_owned(), &[2]),
        (format!("?created_after={second}"), &[2]),
        (format!("?created_before={second}"), &[0]),
        ("?created_before=2026-01-01T00:00:00Z".to_owned(), &[]),
    ] {
        let list = get(&emulator, &format!("{JOBS}{query}"));
        let ids: Vec<&Value> = list["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|job| &job["id"])
            .collect();
        let expected: Vec<&Value> = expected.iter().map(|index| &jobs[*index]["id"]).collect();
        assert_eq!(ids, expected, "{query}");
    }
    assert_eq!(get(&emulator, &format!("{JOBS}?page_size=1"))["total"], 3);
    let bad = api_request(
        &emulator,
        "GET",
        &format!("{JOBS}?status=DONE&created_after=soon"),
    )
    .send();
    assert_eq!(bad.status, 422);
    assert_eq!(bad.json()["detail"].as_array().unwrap().len(), 2);
}

#[test]
fn fine_tuning_invalid_job_is_rejected() {
    let emulator = start();
    let file = upload_training_data(&emulator, SAMPLES);
    let other = upload(&emulator, "batch", "b.jsonl", b"{}")["id"].clone();
    for (members, status) in [
        (json!({"suffix": "a suffix that is too long"}), 422),
        (json!({"hyperparameters": {"learning_rate": 2}}), 422),
        (json!({"hyperparameters": {"epochs": 0}}), 422),
        (json!({"hyperparameters": {"steps": 1}}), 422),
        (
            json!({"integrations": [{"project": "p", "api_key": "short"}]}),
            422,
        ),
        (json!({"training_files": []}), 422),
        (json!({"training_files": [{"file_id": other}]}), 422),
        (json!({"validation_files": ["nothing"]}), 404),
        (json!({"model": "mistral-embed"}), 400),
        (json!({"model": "nothing"}), 400),
    ] {
        let response = create(&emulator, &job_request(&file, &members));
        assert_eq!(response.status, status, "{members}: {}", response.text());
    }
    assert_eq!(get(&emulator, JOBS)["total"], 0);
    for (method, end) in [("GET", ""), ("POST", "/cancel"), ("POST", "/start")] {
        let response = api_request(&emulator, method, &format!("{JOBS}/nothing{end}")).send();
        assert_eq!(response.status, 404, "{method} {end}");
    }
}

#[test]
fn fine_tuning_gone_is_410_for_jobs_only() {
    let emulator = Emulator::builder().fine_tuning_gone(true).start().unwrap();
    for (method, path) in [
        ("GET", JOBS.to_owned()),
        ("POST", JOBS.to_owned()),
        ("GET", format!("{JOBS}/1")),
        ("POST", format!("{JOBS}/1/cancel")),
        ("POST", format!("{JOBS}/1/start")),
    ] {
        let response = api_request(&emulator, method, &path)
            .json(&json!({}))
            .send();
        assert_eq!(response.status, 410, "{method} {path}");
        assert!(response.json()["detail"].is_string());
        let without_key = crate::client::anonymous_request(&emulator, method, &path).send();
        assert_eq!(without_key.status, 401, "{method} {path}");
    }
    get(&emulator, &format!("/v1/models/{DEMO}"));
    let archived = api_request(
        &emulator,
        "POST",
        &format!("/v1/fine_tuning/models/{DEMO}/archive"),
    );
    assert_eq!(archived.send().status, 200);
}
