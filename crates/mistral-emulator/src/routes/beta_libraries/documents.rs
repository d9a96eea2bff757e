//! The documents of a library.

use std::cmp::Ordering;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Value, json};

use super::{DEFAULT_PAGE_SIZE, PAGE_SIZE, matches_search, pagination, with_library};
use crate::requests::fields::{self, Field, NUMBER, Type, optional};
use crate::requests::query::{PAGE, Parameter, ParameterType, Query};
use crate::requests::{JsonBody, path};
use crate::responses::{ApiError, json_response};
use crate::state::AppState;
use crate::state::library::Document;

static UPDATE_FIELDS: &[Field] = &[
    optional("name", Type::String),
    optional("attributes", Type::Map(&ATTRIBUTE)),
    optional("expires_at", Type::DateTime),
];

static ATTRIBUTE: Type = Type::AnyOf(&[
    Type::Boolean,
    Type::String,
    NUMBER,
    Type::Array(0, &Type::AnyOf(&[Type::Boolean, Type::String, NUMBER])),
]);

static FILTERS: &[Parameter] = &[
    PAGE,
    PAGE_SIZE,
    ("search", ParameterType::String),
    ("filters_attributes", ParameterType::String),
    ("sort_by", ParameterType::String),
    ("sort_order", ParameterType::String),
];

/// `GET /v1/libraries/{library_id}/documents`, by default the newest first
pub(super) async fn list(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    query: Query,
) -> Result<Response, ApiError> {
    let filters = query.validate(FILTERS)?;
    let attributes = filters.object("filters_attributes")?;
    let mut documents = with_library(&state, &id, |library| {
        let documents = library.documents.iter();
        let documents = documents.map(|document| document.to_json(&library.id));
        Ok(documents.collect::<Vec<Value>>())
    })?;
    documents.retain(|document| {
        let found = |name: &String| document.get("attributes").and_then(|all| all.get(name));
        matches_search(document, &filters)
            && attributes
                .iter()
                .all(|(name, value)| found(name) == Some(value))
    });
    let member = filters.string("sort_by").unwrap_or("created_at");
    documents.sort_by(|one, other| compare(one.get(member), other.get(member)));
    if filters.string("sort_order") != Some("asc") {
        documents.reverse();
    }
    let size = filters.unsigned("page_size").unwrap_or(DEFAULT_PAGE_SIZE);
    let start = filters.unsigned("page").unwrap_or(0).saturating_mul(size);
    let page = pagination(documents.len(), start, size);
    let data = filters.page(documents);
    let body = json!({ "pagination": page, "data": data });
    Ok(json_response(StatusCode::OK, &body))
}

/// Compares numbers by their value and everything else as text.
fn compare(one: Option<&Value>, other: Option<&Value>) -> Ordering {
    let number = |value: Option<&Value>| value.and_then(Value::as_f64);
    match (number(one), number(other)) {
        (Some(one), Some(other)) => one.total_cmp(&other),
        _ => {
            let text = |value: Option<&Value>| value.map(Value::to_string);
            text(one).cmp(&text(other))
        }
    }
}

/// `GET /v1/libraries/{library_id}/documents/{document_id}`, which advances the processing
pub(super) async fn retrieve(
    state: State<Arc<AppState>>,
    Path(ids): Path<(String, String)>,
) -> Result<Response, ApiError> {
    advance(&state, &ids, |document, library| document.to_json(library))
}

/// `GET …/{document_id}/status`, which advances the processing
pub(super) async fn status(
    state: State<Arc<AppState>>,
    Path(ids): Path<(String, String)>,
) -> Result<Response, ApiError> {
    advance(&state, &ids, |document, _| document.status_json())
}

/// Moves a document to the next step of its processing and returns a view of it.
fn advance(
    state: &AppState,
    ids: &(String, String),
    view: impl FnOnce(&Document, &str) -> Value,
) -> Result<Response, ApiError> {
    let is_running = with_document(state, ids, |document, _| Ok(document.is_running()))?;
    let now = is_running.then(|| state.store().tick());
    let json = with_document(state, ids, |document, library| {
        if let Some(now) = now {
            document.advance(now);
        }
        Ok(view(document, library))
    })?;
    Ok(json_response(StatusCode::OK, &json))
}

/// `PATCH /v1/libraries/{library_id}/documents/{document_id}`, which the API accepts as a PUT as
/// well
pub(super) async fn update(
    State(state): State<Arc<AppState>>,
    Path(ids): Path<(String, String)>,
    JsonBody(request): JsonBody,
) -> Result<Response, ApiError> {
    fields::validate_open(UPDATE_FIELDS, &request)?;
    let json = with_document(&state, &ids, |document, library| {
        if let Some(name) = request.get("name").and_then(Value::as_str) {
            document.name = name.to_owned();
        }
        if let Some(attributes) = request.get("attributes") {
            document.attributes = attributes.clone();
        }
        if let Some(expires_at) = request.get("expires_at") {
            document.expires_at = expires_at.clone();
        }
        Ok(document.to_json(library))
    })?;
    Ok(json_response(StatusCode::OK, &json))
}

/// `DELETE /v1/libraries/{library_id}/documents/{document_id}`
pub(super) async fn delete(
    State(state): State<Arc<AppState>>,
    Path(ids): Path<(String, String)>,
) -> Result<Response, ApiError> {
    with_document(&state, &ids, |_, _| Ok(()))?;
    with_library(&state, &ids.0, |library| {
        library.documents.retain(|document| document.id != ids.1);
        Ok(StatusCode::NO_CONTENT.into_response())
    })
}

/// `POST …/{document_id}/reprocess`
pub(super) async fn reprocess(
    State(state): State<Arc<AppState>>,
    Path(ids): Path<(String, String)>,
) -> Result<Response, ApiError> {
    with_document(&state, &ids, |document, _| {
        document.reprocess();
        Ok(StatusCode::NO_CONTENT.into_response())
    })
}

/// `GET …/{document_id}/text_content`, of all pages or of a range with both ends
pub(super) async fn text_content(
    State(state): State<Arc<AppState>>,
    Path(ids): Path<(String, String)>,
    query: Query,
) -> Result<Response, ApiError> {
    let range = query.validate(&[
        ("page_start", ParameterType::Integer(0)),
        ("page_end", ParameterType::Integer(0)),
    ])?;
    let first = range.unsigned("page_start").unwrap_or(0);
    let last = range.unsigned("page_end").unwrap_or(usize::MAX);
    let text = with_document(&state, &ids, |document, _| {
        let pages = document.pages().iter().enumerate();
        let pages = pages.filter(|(index, _)| (first..=last).contains(index));
        let pages: Vec<&str> = pages.map(|(_, page)| page.as_str()).collect();
        Ok(pages.join("\n\n"))
    })?;
    Ok(json_response(StatusCode::OK, &json!({ "text": text })))
}

/// Calls a function with a document and the id of its library.
pub(super) fn with_document<T>(
    state: &AppState,
    (library, id): &(String, String),
    action: impl FnOnce(&mut Document, &str) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    path::validate_uuid("document_id", id)?;
    with_library(state, library, |found| {
        let document = found.document(id);
        action(document.ok_or_else(not_found)?, library)
    })
}

pub(super) fn not_found() -> ApiError {
    ApiError::detail(StatusCode::NOT_FOUND, "Document not found")
}
