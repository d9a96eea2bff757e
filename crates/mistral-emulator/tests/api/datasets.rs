//! Datasets of the observability API: records, imports and exports.

use mistral_emulator::Emulator;
use serde_json::{Value, json};

use crate::client::{RawResponse, anonymous_request, api_request, start};
use crate::resources;

fn send(emulator: &Emulator, method: &str, path: &str, body: &Value) -> RawResponse {
    resources::send(emulator, method, &format!("/v1/observability{path}"), body)
}

#[track_caller]
fn ok(emulator: &Emulator, method: &str, path: &str, body: &Value) -> Value {
    resources::exchange(emulator, method, &format!("/v1/observability{path}"), body)
}

fn fetch(emulator: &Emulator, path: &str) -> Value {
    ok(emulator, "GET", path, &Value::Null)
}

/// Creates a dataset and returns its path.
fn create(emulator: &Emulator) -> String {
    let body = json!({"name": "Golden Set", "description": "d"});
    let dataset = ok(emulator, "POST", "/datasets", &body);
    format!("/datasets/{}", dataset["id"].as_str().unwrap())
}

fn add_record(emulator: &Emulator, dataset: &str, number: u32) -> String {
    let body = json!({"payload": {"n": number}});
    let record = ok(emulator, "POST", &format!("{dataset}/records"), &body);
    record["id"].as_str().unwrap().to_owned()
}

#[test]
fn dataset_create_list_update_delete() {
    let emulator = start();
    let path = create(&emulator);
    let dataset = fetch(&emulator, &path);
    assert_eq!(dataset["slug"], "golden-set");
    assert_eq!(
        fetch(&emulator, "/datasets")["datasets"]["results"],
        json!([dataset])
    );
    assert_eq!(
        fetch(&emulator, "/datasets?q=silver")["datasets"]["count"],
        0
    );
    let updated = ok(&emulator, "PATCH", &path, &json!({"description": "new"}));
    assert_eq!(
        (&updated["name"], &updated["description"]),
        (&json!("Golden Set"), &json!("new"))
    );
    assert_eq!(send(&emulator, "DELETE", &path, &Value::Null).status, 204);
    let missing = send(&emulator, "GET", &path, &Value::Null);
    assert_eq!(missing.status, 404);
    assert_eq!(missing.json()["detail"]["error_code"], "DATASET_NOT_FOUND");
}

#[test]
fn dataset_records_are_listed_changed_and_deleted() {
    let emulator = start();
    let dataset = create(&emulator);
    let ids = [1, 2, 3].map(|number| add_record(&emulator, &dataset, number));
    let page =
        fetch(&emulator, &format!("{dataset}/records?page_size=2&page=2"))["records"].clone();
    assert_eq!(page["count"], 3);
    assert_eq!(page["results"][0]["payload"], json!({"n": 3}));
    assert!(page["next"].is_null());
    let record = format!("/dataset-records/{}", ids[0]);
    ok(
        &emulator,
        "PUT",
        &format!("{record}/payload"),
        &json!({"payload": {"n": 10}}),
    );
    ok(
        &emulator,
        "PUT",
        &format!("{record}/properties"),
        &json!({"properties": {"p": 1}}),
    );
    let changed = fetch(&emulator, &record);
    assert_eq!(
        (&changed["payload"], &changed["properties"]),
        (&json!({"n": 10}), &json!({"p": 1}))
    );
    let bulk = |ids: &[&str]| {
        let body = json!({"dataset_record_ids": ids});
        send(&emulator, "POST", "/dataset-records/bulk-delete", &body).status
    };
    assert_eq!(bulk(&[&ids[0], "none"]), 404);
    assert_eq!(bulk(&[&ids[0], &ids[1]]), 204);
    let left = fetch(&emulator, &format!("{dataset}/records"))["records"].clone();
    assert_eq!(left["count"], 1);
    assert_eq!(send(&emulator, "GET", &record, &Value::Null).status, 404);
}

#[test]
fn dataset_import_completes_when_task_is_fetched() {
    let emulator = start();
    let (source, target) = (create(&emulator), create(&emulator));
    let id = add_record(&emulator, &source, 7);
    let body = json!({"dataset_record_ids": [id, "none"]});
    let task = ok(
        &emulator,
        "POST",
        &format!("{target}/imports/from-dataset"),
        &body,
    );
    assert_eq!(task["status"], "RUNNING");
    let path = format!("{target}/tasks/{}", task["id"].as_str().unwrap());
    let done = fetch(&emulator, &path);
    assert_eq!(done["status"], "COMPLETED");
    assert_eq!(done["result"]["imported_record_count"], 1);
    assert_eq!(done["result"]["skipped_record_count"], 1);
    assert_eq!(fetch(&emulator, &path), done);
    let records = fetch(&emulator, &format!("{target}/records"))["records"].clone();
    assert_eq!(records["count"], 1);
    assert_eq!(records["results"][0]["payload"], json!({"n": 7}));
    let tasks = fetch(&emulator, &format!("{target}/tasks"))["tasks"].clone();
    assert_eq!(tasks["results"], json!([done]));
}

#[test]
fn dataset_import_reads_file_and_export_writes_one() {
    let emulator = start();
    let dataset = create(&emulator);
    let lines = b"{\"payload\": {\"n\": 1}, \"properties\": {\"p\": 2}}\n{\"n\": 3}\n";
    let file = api_request(&emulator, "POST", "/v1/files")
        .form(&[("purpose", "batch")], "filename=\"a.jsonl\"", lines)
        .send();
    assert_eq!(file.status, 200, "{}", file.text());
    let body = json!({"file_id": file.json()["id"]});
    let task = ok(
        &emulator,
        "POST",
        &format!("{dataset}/imports/from-file"),
        &body,
    );
    let path = format!("{dataset}/tasks/{}", task["id"].as_str().unwrap());
    let result = fetch(&emulator, &path)["result"].clone();
    assert_eq!(result["imported_record_count"], 2);
    let exported = fetch(&emulator, &format!("{dataset}/exports/to-jsonl"));
    let url = exported["file_url"].as_str().unwrap();
    let path = &url[url.find("/signed").unwrap()..];
    let text = anonymous_request(&emulator, "GET", path).send().text();
    let payloads: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["payload"].clone())
        .collect();
    assert_eq!(payloads, [json!({"n": 1}), json!({"n": 3})]);
}
