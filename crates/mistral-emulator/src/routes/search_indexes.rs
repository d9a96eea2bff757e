//! Managed search indexes. The operations on the documents of an index are served from the schemas.

use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use super::spec_response::{self, Handlers, json, list};
use crate::generate::random::{hash, uuid};
use crate::json::set_member;
use crate::requests::spec_request::SpecRequest;
use crate::responses::ApiError;
use crate::state::AppState;
use crate::state::resources::has;

const INDEX: &str = "search index";

pub(super) static HANDLERS: Handlers = &[
    ("beta.context.search_indexes.create", create),
    ("beta.context.search_indexes.list", list_indexes),
    ("beta.context.search_indexes.get", get),
    ("beta.context.search_indexes.update", update),
    ("beta.context.search_indexes.delete", delete),
    ("beta.context.search_indexes.ingest_documents", existing),
    ("beta.context.search_indexes.delete_documents", existing),
    ("beta.context.search_indexes.search", existing),
    ("beta.context.search_indexes.read", existing),
    ("beta.context.search_indexes.navigate", existing),
    ("beta.context.search_indexes.grep", existing),
    ("beta.context.search_indexes.get_chunk", existing),
    ("beta.context.search_indexes.get_index_summary", existing),
    (
        "beta.context.search_indexes.generate_index_summary",
        existing,
    ),
    ("beta.context.search_indexes.set_index_summary", existing),
];

/// Creates an index, whose storage is ready when it is retrieved.
fn create(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let name = request.body_text("name").unwrap_or_default();
    let mut resources = state.resources();
    if resources.find(INDEX, |it| has(it, "name", name)).is_some() {
        let message = "A search index with this name exists";
        return Err(ApiError::detail(StatusCode::CONFLICT, message));
    }
    let now = resources.tick();
    let index = json!({
        "id": resources.new_id(INDEX),
        "name": name,
        "creator_id": uuid(hash(b"user")),
        "status": "provisioning",
        "status_message": null,
        "schema": schema(request),
        "config": request.in_body("config"),
        "created_at": now,
        "modified_at": now,
    });
    resources.add(INDEX, index.clone());
    Ok(json(request, &index))
}

fn schema(request: &SpecRequest) -> Value {
    let mut schema = json!({ "document_fields": {}, "chunk_fields": {} });
    for name in ["document_fields", "chunk_fields"] {
        let fields = request.in_body("schema").and_then(|it| it.get(name));
        if let Some(fields) = fields.filter(|fields| fields.is_object()) {
            set_member(&mut schema, name, fields.clone());
        }
    }
    schema
}

fn not_found() -> ApiError {
    ApiError::detail(StatusCode::NOT_FOUND, "Search index not found")
}

fn list_indexes(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let part = request
        .query_text("name")
        .unwrap_or_default()
        .to_lowercase();
    let is_wanted = |it: &&Value| {
        let name = it.get("name").and_then(Value::as_str).unwrap_or_default();
        let members = ["status", "creator_id"];
        let wanted = |member: &&str| {
            let value = request.query_text(member);
            value.is_none_or(|value| has(it, member, value))
        };
        name.to_lowercase().contains(&part) && members.iter().all(wanted)
    };
    let resources = state.resources();
    let indexes = resources.all(INDEX).iter().filter(is_wanted).cloned();
    Ok(list(request, indexes.collect()))
}

fn get(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    change(state, request, |index| {
        set_member(index, "status", "ready".into());
    })
}

fn update(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let now = state.resources().tick();
    change(state, request, |index| {
        set_member(index, "status", "provisioning".into());
        set_member(index, "schema", schema(request));
        set_member(index, "modified_at", now.into());
    })
}

fn change(
    state: &AppState,
    request: &SpecRequest,
    change: impl FnOnce(&mut Value),
) -> Result<Response, ApiError> {
    let name = request.in_path("index_name");
    let mut resources = state.resources();
    let changed = resources.change(INDEX, |it| has(it, "name", name), change);
    let index = changed.ok_or_else(not_found)?;
    Ok(json(request, &index))
}

fn delete(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let name = request.in_path("index_name");
    let removed = state.resources().remove(INDEX, |it| has(it, "name", name));
    let index = removed.first().ok_or_else(not_found)?;
    let id = index.get("id");
    Ok(json(
        request,
        &json!({ "id": id, "name": name, "status": "deleting" }),
    ))
}

/// Responds with an instance of the schema if the index exists.
fn existing(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let name = request.in_path("index_name");
    let resources = state.resources();
    let found = resources.find(INDEX, |it| has(it, "name", name));
    found.ok_or_else(not_found)?;
    Ok(spec_response::generated(request, false))
}
