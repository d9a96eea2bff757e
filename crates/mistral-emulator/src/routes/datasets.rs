//! Datasets of the observability API, and their records.

use axum::response::Response;
use serde_json::{Value, json};

use super::files;
use super::spec_response::{self, Handlers, done, json, list};
use crate::generate::random::{hash, uuid};
use crate::json::{array, set_member};
use crate::requests::spec_request::SpecRequest;
use crate::responses::ApiError;
use crate::state::AppState;
use crate::state::file::{JSONL, NewFile};
use crate::state::resources::{Resources, has};

const DATASET: &str = "dataset";
const RECORD: &str = "dataset record";

pub(super) static HANDLERS: Handlers = &[
    ("beta.observability.datasets.create", create),
    ("beta.observability.datasets.list", list_datasets),
    ("beta.observability.datasets.fetch", fetch),
    ("beta.observability.datasets.update", update),
    ("beta.observability.datasets.delete", delete),
    ("beta.observability.datasets.export_to_jsonl", export),
    ("beta.observability.datasets.create_record", create_record),
    ("beta.observability.datasets.list_records", list_records),
    ("beta.observability.datasets.records.fetch", fetch_record),
    ("beta.observability.datasets.records.delete", delete_record),
    (
        "beta.observability.datasets.records.bulk_delete",
        delete_records,
    ),
    (
        "beta.observability.datasets.records.update_payload",
        update_payload,
    ),
    (
        "beta.observability.datasets.records.update_properties",
        update_properties,
    ),
    ("beta.observability.datasets.records.judge", judge),
];

fn create(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let name = request.body_text("name").unwrap_or_default();
    let mut resources = state.resources();
    let now = resources.tick();
    let dataset = json!({
        "id": resources.new_id(DATASET),
        "name": name,
        "slug": slug(name),
        "description": request.in_body("description"),
        "owner_id": uuid(hash(b"user")),
        "workspace_id": uuid(hash(b"workspace")),
        "created_at": now,
        "updated_at": now,
        "deleted_at": null,
    });
    resources.add(DATASET, dataset.clone());
    Ok(json(request, &dataset))
}

fn slug(name: &str) -> String {
    let letters = name.chars().map(|letter| {
        let is_kept = letter.is_ascii_alphanumeric();
        if is_kept {
            letter.to_ascii_lowercase()
        } else {
            '-'
        }
    });
    letters.collect()
}

fn not_found(request: &SpecRequest) -> ApiError {
    request.not_found("Dataset not found", "DATASET_NOT_FOUND")
}

fn record_not_found(request: &SpecRequest) -> ApiError {
    request.not_found("Dataset record not found", "DATASET_RECORD_NOT_FOUND")
}

/// Returns the dataset that a request names.
pub(super) fn find(state: &AppState, request: &SpecRequest) -> Result<Value, ApiError> {
    let id = request.in_path("dataset_id");
    let resources = state.resources();
    let found = resources.find(DATASET, |it| has(it, "id", id));
    found.cloned().ok_or_else(|| not_found(request))
}

fn list_datasets(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let wanted = request.query_text("q").unwrap_or_default().to_lowercase();
    let resources = state.resources();
    let is_wanted = |it: &&Value| {
        let name = it.get("name").and_then(Value::as_str).unwrap_or_default();
        name.to_lowercase().contains(&wanted)
    };
    let datasets = resources.all(DATASET).iter().filter(is_wanted).cloned();
    Ok(list(request, datasets.collect()))
}

fn fetch(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    Ok(json(request, &find(state, request)?))
}

fn update(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let id = request.in_path("dataset_id");
    let mut resources = state.resources();
    let now = resources.tick();
    let changed = resources.change(
        DATASET,
        |it| has(it, "id", id),
        |dataset| {
            for name in ["name", "description"] {
                if let Some(value) = request.in_body(name) {
                    set_member(dataset, name, value.clone());
                }
            }
            set_member(dataset, "updated_at", now.into());
        },
    );
    let dataset = changed.ok_or_else(|| not_found(request))?;
    Ok(json(request, &dataset))
}

fn delete(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    find(state, request)?;
    let id = request.in_path("dataset_id");
    let mut resources = state.resources();
    resources.remove(DATASET, |it| has(it, "id", id));
    resources.remove(RECORD, |it| has(it, "dataset_id", id));
    Ok(done(request))
}

/// Writes the records to a file and responds with its signed URL.
fn export(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let dataset = find(state, request)?;
    let lines: String = {
        let resources = state.resources();
        let id = request.in_path("dataset_id");
        let records = resources
            .all(RECORD)
            .iter()
            .filter(|it| has(it, "dataset_id", id));
        records.map(|record| format!("{record}\n")).collect()
    };
    let name = dataset
        .get("slug")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let file = state.store().add_file(NewFile {
        name: format!("{name}.jsonl"),
        content: lines.into(),
        mimetype: JSONL.to_owned(),
        purpose: "batch".to_owned(),
        sample_type: "batch_result",
        source: "mistral",
        visibility: "workspace".to_owned(),
        expiry_hours: None,
    });
    let url = files::signed_url(state, &request.uri, &request.headers, &file.id, 24);
    Ok(json(request, &json!({ "file_url": url })))
}

/// Adds a record to a dataset and returns it.
pub(super) fn add_record(
    resources: &mut Resources,
    dataset_id: &str,
    payload: &Value,
    properties: &Value,
    source: &str,
) -> Value {
    let now = resources.tick();
    let record = json!({
        "id": resources.new_id(RECORD),
        "dataset_id": dataset_id,
        "payload": payload,
        "properties": properties,
        "source": source,
        "created_at": now,
        "updated_at": now,
        "deleted_at": null,
    });
    resources.add(RECORD, record.clone());
    record
}

/// Returns the record with an id.
pub(super) fn record(resources: &Resources, id: &str) -> Option<Value> {
    resources.find(RECORD, |it| has(it, "id", id)).cloned()
}

fn create_record(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    find(state, request)?;
    let empty = json!({});
    let record = add_record(
        &mut state.resources(),
        request.in_path("dataset_id"),
        request.in_body("payload").unwrap_or(&empty),
        request.in_body("properties").unwrap_or(&empty),
        request.body_text("source").unwrap_or("DIRECT_INPUT"),
    );
    Ok(json(request, &record))
}

fn list_records(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    find(state, request)?;
    let id = request.in_path("dataset_id");
    let resources = state.resources();
    let records = resources
        .all(RECORD)
        .iter()
        .filter(|it| has(it, "dataset_id", id));
    Ok(list(request, records.cloned().collect()))
}

fn fetch_record(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let found = record(&state.resources(), request.in_path("dataset_record_id"));
    Ok(json(
        request,
        &found.ok_or_else(|| record_not_found(request))?,
    ))
}

fn delete_record(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let id = request.in_path("dataset_record_id");
    match state
        .resources()
        .remove(RECORD, |it| has(it, "id", id))
        .is_empty()
    {
        true => Err(record_not_found(request)),
        false => Ok(done(request)),
    }
}

/// Deletes all records or, if one of them does not exist, none.
fn delete_records(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let ids = array(&request.body, "dataset_record_ids");
    let mut resources = state.resources();
    let exists = |id: &Value| record(&resources, id.as_str().unwrap_or_default()).is_some();
    if !ids.iter().all(exists) {
        return Err(record_not_found(request));
    }
    resources.remove(RECORD, |it| it.get("id").is_some_and(|id| ids.contains(id)));
    Ok(done(request))
}

fn update_payload(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    update_record(state, request, "payload")
}

fn update_properties(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    update_record(state, request, "properties")
}

fn update_record(
    state: &AppState,
    request: &SpecRequest,
    member: &str,
) -> Result<Response, ApiError> {
    let id = request.in_path("dataset_record_id");
    let mut resources = state.resources();
    let now = resources.tick();
    let changed = resources.change(
        RECORD,
        |it| has(it, "id", id),
        |record| {
            set_member(
                record,
                member,
                request.in_body(member).cloned().unwrap_or_default(),
            );
            set_member(record, "updated_at", now.into());
        },
    );
    changed.ok_or_else(|| record_not_found(request))?;
    Ok(done(request))
}

/// Judges a record that exists; the output is an instance of its schema.
fn judge(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let found = record(&state.resources(), request.in_path("dataset_record_id"));
    found.ok_or_else(|| record_not_found(request))?;
    Ok(spec_response::generated(request, false))
}
