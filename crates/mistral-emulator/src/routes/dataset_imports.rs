//! Imports of records into datasets. A task completes when it is fetched.

use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use super::datasets::{add_record, find, record};
use super::spec_response::{Handlers, json, list};
use crate::generate::random::{hash, uuid};
use crate::json::{array, set_member};
use crate::requests::spec_request::SpecRequest;
use crate::responses::ApiError;
use crate::state::AppState;
use crate::state::resources::has;

const TASK: &str = "dataset import";

pub(super) static HANDLERS: Handlers = &[
    (
        "beta.observability.datasets.import_from_dataset_records",
        from_records,
    ),
    ("beta.observability.datasets.import_from_file", from_file),
    (
        "beta.observability.datasets.import_from_playground",
        from_playground,
    ),
    ("beta.observability.datasets.import_from_spans", from_spans),
    ("beta.observability.datasets.fetch_task", fetch_task),
    ("beta.observability.datasets.list_tasks", list_tasks),
];

/// Copies the records that exist; the others are skipped.
fn from_records(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let ids = array(&request.body, "dataset_record_ids");
    let records: Vec<Value> = {
        let resources = state.resources();
        let found = ids.iter().filter_map(|id| record(&resources, id.as_str()?));
        found.collect()
    };
    start(state, request, &records, ids.len(), "EXPLORER")
}

/// Imports the lines of a file: records with a `payload`, or payloads alone.
fn from_file(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let id = request.body_text("file_id").unwrap_or_default();
    let file = state.store().file(id).cloned();
    let file = file.ok_or_else(|| request.not_found("File not found", "UNKNOWN_ERROR"))?;
    let lines: Vec<&[u8]> = file.lines().map(|(_, line)| line).collect();
    let parsed = lines
        .iter()
        .filter_map(|line| serde_json::from_slice::<Value>(line).ok());
    let records: Vec<Value> = parsed
        .filter(Value::is_object)
        .map(|line| match line.get("payload") {
            Some(_) => line,
            None => json!({ "payload": line }),
        })
        .collect();
    start(state, request, &records, lines.len(), "UPLOADED_FILE")
}

fn from_playground(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let ids = array(&request.body, "conversation_ids").iter();
    let records: Vec<Value> = ids
        .map(|id| json!({ "payload": { "conversation_id": id } }))
        .collect();
    start(state, request, &records, records.len(), "PLAYGROUND")
}

fn from_spans(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let spans = array(&request.body, "span_references").iter();
    let records: Vec<Value> = spans.map(|span| json!({ "payload": span })).collect();
    start(state, request, &records, records.len(), "TELEMETRY_SPAN")
}

fn start(
    state: &AppState,
    request: &SpecRequest,
    records: &[Value],
    requested: usize,
    source: &str,
) -> Result<Response, ApiError> {
    find(state, request)?;
    if requested == 0 {
        let message = "There is nothing to import";
        let status = StatusCode::BAD_REQUEST;
        return Err(request.error(status, message, "DATASET_RECORD_FORMAT_ERROR"));
    }
    let mut resources = state.resources();
    let now = resources.tick();
    let task = json!({
        "id": resources.new_id(TASK),
        "dataset_id": request.in_path("dataset_id"),
        "creator_id": uuid(hash(b"user")),
        "workspace_id": uuid(hash(b"workspace")),
        "status": "RUNNING",
        "progress": 0,
        "message": null,
        "result": null,
        "created_at": now,
        "updated_at": now,
        "deleted_at": null,
    });
    resources.add(
        TASK,
        json!({
            "id": task.get("id"),
            "dataset_id": request.in_path("dataset_id"),
            "task": task,
            "records": records,
            "requested": requested,
            "source": source,
        }),
    );
    Ok(json(request, &task))
}

/// Imports the records of a task that is running, and responds with the task.
fn fetch_task(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let (dataset_id, id) = (request.in_path("dataset_id"), request.in_path("task_id"));
    let mut resources = state.resources();
    let is_wanted = |it: &Value| has(it, "id", id) && has(it, "dataset_id", dataset_id);
    let Some(entry) = resources.find(TASK, is_wanted).cloned() else {
        return Err(request.not_found("Dataset task not found", "DATASET_TASK_NOT_FOUND"));
    };
    if entry.pointer("/task/status") == Some(&"RUNNING".into()) {
        let source = entry
            .get("source")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let empty = json!({});
        for record in array(&entry, "records") {
            let payload = record.get("payload").unwrap_or(&empty);
            let properties = record.get("properties").unwrap_or(&empty);
            add_record(&mut resources, dataset_id, payload, properties, source);
        }
        let now = resources.tick();
        resources.change(TASK, is_wanted, |entry| complete(entry, &now));
    }
    let task = resources
        .find(TASK, is_wanted)
        .and_then(|it| it.get("task"))
        .cloned();
    Ok(json(request, &task.unwrap_or_default()))
}

fn complete(entry: &mut Value, now: &str) {
    let imported = array(entry, "records").len();
    let requested = entry.get("requested").and_then(Value::as_u64).unwrap_or(0);
    let skipped = requested.saturating_sub(imported as u64);
    let Some(task) = entry.get_mut("task") else {
        return;
    };
    let result = json!({
        "requested_record_count": requested,
        "imported_record_count": imported,
        "skipped_record_count": skipped,
    });
    for (name, value) in [
        ("status", "COMPLETED".into()),
        ("progress", 100.into()),
        ("updated_at", now.into()),
        ("result", result),
    ] {
        set_member(task, name, value);
    }
}

fn list_tasks(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    find(state, request)?;
    let id = request.in_path("dataset_id");
    let resources = state.resources();
    let entries = resources
        .all(TASK)
        .iter()
        .filter(|it| has(it, "dataset_id", id));
    let tasks = entries.filter_map(|it| it.get("task").cloned());
    Ok(list(request, tasks.collect()))
}
