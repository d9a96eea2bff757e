//! Prompts and skills, each with versions and the aliases of versions.

mod fields;
mod kind;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;
use serde_json::{Map, Value, json};

use self::kind::{Kind, Prompts, Skills};
use crate::generate::random::{hash, uuid};
use crate::requests::query::{Parameter, ParameterType, Parameters, Query, invalid};
use crate::requests::{JsonBody, fields as validation, path};
use crate::responses::{ApiError, json_response};
use crate::state::AppState;
use crate::state::registry::Entry;

const DEFAULT_PAGE_SIZE: usize = 20;

static FILTERS: &[Parameter] = &[
    ("pageSize", ParameterType::Integer(0)),
    ("pageToken", ParameterType::String),
    ("alias", ParameterType::String),
    FIELDS,
    (
        "sort.field",
        ParameterType::Enum(&[
            "list_sort_field_unspecified",
            "list_sort_field_created_at",
            "list_sort_field_last_modified_at",
            "list_sort_field_name",
            "list_sort_field_title",
        ]),
    ),
    (
        "sort.direction",
        ParameterType::Enum(&[
            "list_sort_direction_unspecified",
            "list_sort_direction_asc",
            "list_sort_direction_desc",
        ]),
    ),
    ("sort_by", ParameterType::String),
    ("sort_direction", ParameterType::String),
];

const FIELDS: Parameter = ("fields", ParameterType::Strings);

pub(crate) fn router() -> Router<Arc<AppState>> {
    Router::new()
        .route("/v2/prompts", get(list::<Prompts>).post(create::<Prompts>))
        .route(
            "/v2/prompts/{id}",
            get(retrieve::<Prompts>)
                .patch(update::<Prompts>)
                .delete(delete::<Prompts>),
        )
        .route(
            "/v2/prompts/{id}/versions",
            get(list_versions::<Prompts>).post(create_version::<Prompts>),
        )
        .route(
            "/v2/prompts/{id}/versions/{version}",
            get(retrieve_version::<Prompts>).patch(update_version::<Prompts>),
        )
        .route("/v2/skills", get(list::<Skills>).post(create::<Skills>))
        .route(
            "/v2/skills/{id}",
            get(retrieve::<Skills>)
                .patch(update::<Skills>)
                .delete(delete::<Skills>),
        )
        .route(
            "/v2/skills/{id}/versions",
            get(list_versions::<Skills>).post(create_version::<Skills>),
        )
        .route(
            "/v2/skills/{id}/versions/{version}",
            get(retrieve_version::<Skills>).patch(update_version::<Skills>),
        )
}

async fn create<K: Kind>(
    State(state): State<Arc<AppState>>,
    JsonBody(request): JsonBody,
) -> Result<Response, ApiError> {
    validation::validate_open(K::CREATE, &request)?;
    let mut store = state.store();
    let (id, now) = (store.new_id(K::NAME), store.tick());
    let mut entry = Entry::new(id, now, &request, K::SHARED);
    if let Some(name) = request.get("name") {
        entry.metadata.insert("name".to_owned(), name.clone());
    }
    if K::HAS_AUTHOR {
        let author = uuid(hash(b"user"));
        entry.metadata.insert("createdBy".to_owned(), author.into());
    }
    let json = entry.to_json(1).unwrap_or_default();
    K::registry(&mut store).entries.push(entry);
    Ok(json_response(StatusCode::OK, &json))
}

async fn list<K: Kind>(
    State(state): State<Arc<AppState>>,
    query: Query,
) -> Result<Response, ApiError> {
    let filters = query.validate(FILTERS)?;
    let start = match filters.string("pageToken") {
        None => 0,
        Some(token) => page_start(K::NAME, token).ok_or_else(|| {
            let message = "Value error, Invalid page token";
            invalid("pageToken", "value_error", message, &token.into())
        })?,
    };
    let size = filters.unsigned("pageSize").filter(|size| *size > 0);
    let size = size.unwrap_or(DEFAULT_PAGE_SIZE);
    let mut entries: Vec<Value> = {
        let mut store = state.store();
        let entries = K::registry(&mut store).entries.iter();
        let alias = filters.string("alias");
        let found = entries.filter_map(|entry| entry.to_json(entry.find_version(None, alias)?));
        found.collect()
    };
    sort(&mut entries, &filters);
    let end = start.saturating_add(size);
    let is_last = end >= entries.len();
    let page = entries.iter().skip(start).take(size);
    let page: Vec<Value> = page.map(|entry| selected(entry, &filters)).collect();
    let mut body = json!({ "data": page });
    if !is_last {
        body = json!({ "data": page, "nextPageToken": format!("{}-{end}", K::NAME) });
    }
    Ok(json_response(StatusCode::OK, &body))
}

fn page_start(kind: &str, token: &str) -> Option<usize> {
    token.strip_prefix(kind)?.strip_prefix('-')?.parse().ok()
}

/// Sorts entries, by default with the newest first.
fn sort(entries: &mut [Value], filters: &Parameters) {
    let field = filters.string("sort.field").or(filters.string("sort_by"));
    let field = field.unwrap_or_default();
    let field = field.strip_prefix("list_sort_field_").unwrap_or(field);
    let direction = filters
        .string("sort.direction")
        .or(filters.string("sort_direction"));
    let direction = direction.unwrap_or_default().to_lowercase();
    let member = match field {
        "name" => "name",
        "title" => "title",
        "last_modified_at" | "updated_at" => "updatedAt",
        _ => "createdAt",
    };
    let key = |entry: &Value| {
        let text = entry.get(member).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    entries.sort_by_cached_key(key);
    let is_named = matches!(member, "name" | "title");
    let is_ascending = match direction.rsplit('_').next() {
        Some("asc") => true,
        Some("desc") => false,
        _ => is_named,
    };
    if !is_ascending {
        entries.reverse();
    }
}

/// Returns the members that `fields` names, and the id; all of them by default.
fn selected(entry: &Value, parameters: &Parameters) -> Value {
    if parameters.accepts("fields", None) {
        return entry.clone();
    }
    let members = entry.as_object().into_iter().flatten();
    let is_selected = |name: &str| name == "id" || parameters.accepts("fields", Some(name));
    let members: Map<String, Value> = members
        .filter(|(name, _)| is_selected(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    members.into()
}

async fn retrieve<K: Kind>(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    query: Query,
) -> Result<Response, ApiError> {
    let parameters = query.validate(&[
        ("version", ParameterType::Integer(0)),
        ("alias", ParameterType::String),
        FIELDS,
    ])?;
    let number = parameters.integer("version").map(i64::unsigned_abs);
    let entry = find::<K>(&state, &id, number, parameters.string("alias"))?;
    Ok(json_response(
        StatusCode::OK,
        &selected(&entry, &parameters),
    ))
}

async fn retrieve_version<K: Kind>(
    State(state): State<Arc<AppState>>,
    Path((id, version)): Path<(String, String)>,
    query: Query,
) -> Result<Response, ApiError> {
    let parameters = query.validate(&[FIELDS])?;
    let number = path::parse_number("version", &version)?;
    let entry = find::<K>(&state, &id, Some(number), None)?;
    Ok(json_response(
        StatusCode::OK,
        &selected(&entry, &parameters),
    ))
}

async fn update<K: Kind>(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    JsonBody(request): JsonBody,
) -> Result<Response, ApiError> {
    validation::validate_open(K::UPDATE, &request)?;
    with_entry::<K>(&state, &id, |entry, now| {
        entry.update(now, &request, K::SHARED);
        let latest = entry.find_version(None, None);
        latest.and_then(|number| entry.to_json(number))
    })
}

async fn delete<K: Kind>(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let mut store = state.store();
    let registry = K::registry(&mut store);
    registry.find(&id).ok_or_else(not_found::<K>)?;
    registry.entries.retain(|entry| entry.id != id);
    Ok(json_response(StatusCode::OK, &json!({})))
}

async fn list_versions<K: Kind>(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let mut store = state.store();
    let entry = K::registry(&mut store).find(&id);
    let versions = entry.ok_or_else(not_found::<K>)?.versions_json();
    Ok(json_response(StatusCode::OK, &json!({ "data": versions })))
}

async fn create_version<K: Kind>(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    JsonBody(request): JsonBody,
) -> Result<Response, ApiError> {
    validation::validate_open(K::CREATE_VERSION, &request)?;
    with_entry::<K>(&state, &id, |entry, now| {
        let (number, is_known) = entry.add_version(now, &request);
        Some(json!({ "version": number, "deduplicated": is_known }))
    })
}

async fn update_version<K: Kind>(
    State(state): State<Arc<AppState>>,
    Path((id, version)): Path<(String, String)>,
    JsonBody(request): JsonBody,
) -> Result<Response, ApiError> {
    let number = path::parse_number("version", &version)?;
    validation::validate_open(fields::UPDATE_VERSION, &request)?;
    with_entry::<K>(&state, &id, |entry, now| {
        let is_found = entry.update_version(now, number, &request);
        entry.to_json(number).filter(|_| is_found)
    })
}

fn find<K: Kind>(
    state: &AppState,
    id: &str,
    number: Option<u64>,
    alias: Option<&str>,
) -> Result<Value, ApiError> {
    let mut store = state.store();
    let entry = K::registry(&mut store).find(id);
    let entry = entry.ok_or_else(not_found::<K>)?;
    let number = entry.find_version(number, alias);
    let json = number.and_then(|number| entry.to_json(number));
    json.ok_or_else(version_not_found::<K>)
}

/// Changes an entry. `None` from the action means that there is no such version.
fn with_entry<K: Kind>(
    state: &AppState,
    id: &str,
    action: impl FnOnce(&mut Entry, u64) -> Option<Value>,
) -> Result<Response, ApiError> {
    let mut store = state.store();
    let now = store.tick();
    let entry = K::registry(&mut store).find_mut(id);
    let entry = entry.ok_or_else(not_found::<K>)?;
    let json = action(entry, now).ok_or_else(version_not_found::<K>)?;
    Ok(json_response(StatusCode::OK, &json))
}

fn not_found<K: Kind>() -> ApiError {
    ApiError::detail(StatusCode::NOT_FOUND, &format!("{} not found", K::TITLE))
}

fn version_not_found<K: Kind>() -> ApiError {
    let message = format!("{} version not found", K::TITLE);
    ApiError::detail(StatusCode::NOT_FOUND, &message)
}
