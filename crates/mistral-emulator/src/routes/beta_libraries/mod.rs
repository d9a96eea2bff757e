//! Libraries, their documents and the entities that they are shared with.

mod access;
mod documents;
mod signed;
mod upload;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use http::StatusCode;
use serde_json::{Value, json};

use crate::requests::fields::{self, Field, Type, optional, required};
use crate::requests::query::{PAGE, Parameter, ParameterType, Parameters, Query, invalid};
use crate::requests::{JsonBody, path};
use crate::responses::{ApiError, json_response};
use crate::state::AppState;
use crate::state::library::Library;

static CREATE_FIELDS: &[Field] = &[
    required("name", Type::String),
    optional("description", Type::String),
    optional("chunk_size", Type::Integer(256, 32_768)),
    optional("owner_type", Type::Enum(&["User", "Workspace"])),
];

static UPDATE_FIELDS: &[Field] = &[
    optional("name", Type::String),
    optional("description", Type::String),
];

const PAGE_SIZE: Parameter = ("page_size", ParameterType::IntegerIn(1, 100));
const DEFAULT_PAGE_SIZE: usize = 100;

static FILTERS: &[Parameter] = &[
    PAGE,
    PAGE_SIZE,
    ("page_token", ParameterType::String),
    ("search", ParameterType::String),
    ("filter_owned_by_me", ParameterType::Boolean),
];

pub(crate) fn router() -> Router<Arc<AppState>> {
    Router::new()
        .route("/v1/libraries", get(list).post(create))
        .route(
            "/v1/libraries/{library_id}",
            get(retrieve).patch(update).put(update).delete(delete),
        )
        .route(
            "/v1/libraries/{library_id}/share",
            get(access::list).put(access::share).delete(access::unshare),
        )
        .route(
            "/v1/libraries/{library_id}/documents",
            get(documents::list).post(upload::upload),
        )
        .route(
            "/v1/libraries/{library_id}/documents/{document_id}",
            get(documents::retrieve)
                .patch(documents::update)
                .put(documents::update)
                .delete(documents::delete),
        )
        .route(
            "/v1/libraries/{library_id}/documents/{document_id}/status",
            get(documents::status),
        )
        .route(
            "/v1/libraries/{library_id}/documents/{document_id}/text_content",
            get(documents::text_content),
        )
        .route(
            "/v1/libraries/{library_id}/documents/{document_id}/reprocess",
            post(documents::reprocess),
        )
        .route(
            "/v1/libraries/{library_id}/documents/{document_id}/signed-url",
            get(signed::url),
        )
        .route(
            "/v1/libraries/{library_id}/documents/{document_id}/extracted-text-signed-url",
            get(signed::text_url),
        )
}

/// Returns the routes that need no key.
pub(crate) fn signed_router() -> Router<Arc<AppState>> {
    Router::new()
        .route("/signed/documents/{document_id}", get(signed::download))
        .route("/signed/documents/{document_id}/text", get(signed::text))
}

/// `POST /v1/libraries`
async fn create(
    State(state): State<Arc<AppState>>,
    JsonBody(request): JsonBody,
) -> Result<Response, ApiError> {
    fields::validate_open(CREATE_FIELDS, &request)?;
    let mut store = state.store();
    let library = Library::new(store.new_id("library"), store.tick(), &request);
    let json = library.to_json();
    store.libraries.push(library);
    Ok(json_response(StatusCode::CREATED, &json))
}

/// The beginning of a page token, before the index of the first library of the page.
const PAGE_TOKEN: &str = "libraries-";

/// `GET /v1/libraries`, the newest first
async fn list(State(state): State<Arc<AppState>>, query: Query) -> Result<Response, ApiError> {
    let filters = query.validate(FILTERS)?;
    let size = filters.unsigned("page_size").unwrap_or(DEFAULT_PAGE_SIZE);
    let by_number = filters.unsigned("page").unwrap_or(0).saturating_mul(size);
    let start = match filters.string("page_token") {
        None => by_number,
        Some(token) => page_start(token).ok_or_else(|| {
            let message = "Value error, Invalid page token";
            invalid("page_token", "value_error", message, &token.into())
        })?,
    };
    let libraries: Vec<Value> = {
        let store = state.store();
        let newest_first = store.libraries.iter().rev().map(Library::to_json);
        newest_first
            .filter(|library| matches_search(library, &filters))
            .collect()
    };
    let (total, end) = (libraries.len(), start.saturating_add(size));
    let page: Vec<Value> = libraries.into_iter().skip(start).take(size).collect();
    let token = (end < total).then(|| format!("{PAGE_TOKEN}{end}"));
    let body = json!({
        "data": page,
        "pagination": pagination(total, start, size),
        "next_page_token": token,
    });
    Ok(json_response(StatusCode::OK, &body))
}

fn page_start(token: &str) -> Option<usize> {
    token.strip_prefix(PAGE_TOKEN)?.parse().ok()
}

/// Describes the page that starts at an index.
fn pagination(total: usize, start: usize, size: usize) -> Value {
    json!({
        "total_items": total,
        "total_pages": total.div_ceil(size),
        "current_page": start / size,
        "page_size": size,
        "has_more": start.saturating_add(size) < total,
    })
}

/// Whether the name or the description contains the text of `search`.
fn matches_search(object: &Value, filters: &Parameters) -> bool {
    filters.string("search").is_none_or(|part| {
        let part = part.to_lowercase();
        ["name", "description"].iter().any(|member| {
            let text = object.get(member).and_then(Value::as_str);
            text.is_some_and(|text| text.to_lowercase().contains(&part))
        })
    })
}

/// `GET /v1/libraries/{library_id}`
async fn retrieve(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let json = with_library(&state, &id, |library| Ok(library.to_json()))?;
    Ok(json_response(StatusCode::OK, &json))
}

/// `PATCH /v1/libraries/{library_id}`, which the API accepts as a PUT as well
async fn update(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    JsonBody(request): JsonBody,
) -> Result<Response, ApiError> {
    fields::validate_open(UPDATE_FIELDS, &request)?;
    let now = state.store().tick();
    let json = with_library(&state, &id, |library| {
        library.updated_at = now;
        if let Some(name) = request.get("name").filter(|name| name.is_string()) {
            library.name = name.clone();
        }
        if let Some(description) = request.get("description") {
            library.description = description.clone();
        }
        Ok(library.to_json())
    })?;
    Ok(json_response(StatusCode::OK, &json))
}

/// `DELETE /v1/libraries/{library_id}`, with its documents
async fn delete(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let json = with_library(&state, &id, |library| Ok(library.to_json()))?;
    state.store().libraries.retain(|library| library.id != id);
    Ok(json_response(StatusCode::OK, &json))
}

/// Calls a function with a library.
fn with_library<T>(
    state: &AppState,
    id: &str,
    action: impl FnOnce(&mut Library) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    path::validate_uuid("library_id", id)?;
    let mut store = state.store();
    let library = store.libraries.iter_mut().find(|library| library.id == id);
    action(library.ok_or_else(not_found)?)
}

pub(super) fn not_found() -> ApiError {
    ApiError::detail(StatusCode::NOT_FOUND, "Library not found")
}
