//! Agents, their versions and the aliases of versions.

mod aliases;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch};
use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::requests::conversation_fields::{CREATE_AGENT, UPDATE_AGENT};
use crate::requests::query::{PAGE, Parameter, ParameterType, Parameters, Query, invalid};
use crate::requests::{JsonBody, fields, path};
use crate::responses::{ApiError, json_response};
use crate::state::AppState;
use crate::state::agent::Agent;

const DEFAULT_PAGE_SIZE: usize = 20;

static FILTERS: &[Parameter] = &[
    PAGE,
    ("page_size", ParameterType::IntegerIn(1, 1000)),
    ("page_token", ParameterType::String),
    ("deployment_chat", ParameterType::Boolean),
    (
        "sources",
        ParameterType::Enums(&["api", "playground", "agent_builder_v1"]),
    ),
    ("name", ParameterType::String),
    ("search", ParameterType::String),
    ("id", ParameterType::String),
    ("metadata", ParameterType::String),
];

pub(crate) fn router() -> Router<Arc<AppState>> {
    Router::new()
        .route("/v1/agents", get(list).post(create))
        .route("/v1/agents/pages", get(list_pages))
        .route(
            "/v1/agents/{agent_id}",
            get(retrieve).patch(update).delete(delete),
        )
        .route("/v1/agents/{agent_id}/version", patch(switch_version))
        .route("/v1/agents/{agent_id}/versions", get(list_versions))
        .route(
            "/v1/agents/{agent_id}/versions/{version}",
            get(retrieve_version),
        )
        .route(
            "/v1/agents/{agent_id}/aliases",
            get(aliases::list)
                .put(aliases::create)
                .delete(aliases::delete),
        )
}

/// `POST /v1/agents`
async fn create(
    State(state): State<Arc<AppState>>,
    JsonBody(request): JsonBody,
) -> Result<Response, ApiError> {
    fields::validate(CREATE_AGENT, &request)?;
    let mut store = state.store();
    store.resolve_model(&request, "completion_chat")?;
    let agent = Agent::new(store.new_prefixed_id("ag"), store.tick(), &request);
    let json = agent.to_json();
    store.agents.push(agent);
    Ok(json_response(StatusCode::OK, &json))
}

/// `GET /v1/agents`, the newest first
async fn list(State(state): State<Arc<AppState>>, query: Query) -> Result<Response, ApiError> {
    let filters = query.validate(FILTERS)?;
    let agents = filtered(&state, &filters)?;
    let page = filters.page_of(agents, DEFAULT_PAGE_SIZE);
    Ok(json_response(StatusCode::OK, &page.into()))
}

/// The beginning of a page token, before the index of the first agent of the page.
const PAGE_TOKEN: &str = "agents-";

/// `GET /v1/agents/pages`, the newest first
async fn list_pages(
    State(state): State<Arc<AppState>>,
    query: Query,
) -> Result<Response, ApiError> {
    let filters = query.validate(FILTERS)?;
    let start = match filters.string("page_token") {
        None => 0,
        Some(token) => page_start(token).ok_or_else(|| {
            let message = "Value error, Invalid page token";
            invalid("page_token", "value_error", message, &token.into())
        })?,
    };
    let size = filters.unsigned("page_size").unwrap_or(DEFAULT_PAGE_SIZE);
    let agents = filtered(&state, &filters)?;
    let end = start.saturating_add(size);
    let token = (end < agents.len()).then(|| format!("{PAGE_TOKEN}{end}"));
    let page: Vec<Value> = agents.into_iter().skip(start).take(size).collect();
    let body = json!({ "object": "list", "data": page, "next_page_token": token });
    Ok(json_response(StatusCode::OK, &body))
}

fn page_start(token: &str) -> Option<usize> {
    token.strip_prefix(PAGE_TOKEN)?.parse().ok()
}

fn filtered(state: &AppState, filters: &Parameters) -> Result<Vec<Value>, ApiError> {
    let metadata = filters.object("metadata")?;
    let agents: Vec<Value> = state.store().agents.iter().map(Agent::to_json).collect();
    let newest_first = agents.into_iter().rev();
    let matching = newest_first.filter(|agent| matches_filters(agent, filters, &metadata));
    Ok(matching.collect())
}

fn matches_filters(agent: &Value, filters: &Parameters, metadata: &Map<String, Value>) -> bool {
    let text = |name: &str| agent.get(name).and_then(Value::as_str);
    let contains = |name: &str, part: &str| {
        text(name).is_some_and(|text| text.to_lowercase().contains(&part.to_lowercase()))
    };
    let flag = filters.boolean("deployment_chat");
    flag.is_none_or(|flag| agent.get("deployment_chat") == Some(&flag.into()))
        && filters.accepts("sources", text("source"))
        && filters.accepts("name", text("name"))
        && filters.accepts("id", text("id"))
        && filters
            .string("search")
            .is_none_or(|part| contains("name", part) || contains("id", part))
        && has_metadata(agent, metadata)
}

/// Whether the metadata of an object contains all of these members.
pub(super) fn has_metadata(object: &Value, expected: &Map<String, Value>) -> bool {
    let found = |name: &String| object.get("metadata").and_then(|all| all.get(name));
    expected
        .iter()
        .all(|(name, value)| found(name) == Some(value))
}

/// `GET /v1/agents/{agent_id}`
async fn retrieve(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    query: Query,
) -> Result<Response, ApiError> {
    let parameters = query.validate(&[("agent_version", ParameterType::String)])?;
    let version = parameters.string("agent_version");
    let json = find(&state, &id, version)?;
    Ok(json_response(StatusCode::OK, &json))
}

/// `PATCH /v1/agents/{agent_id}`, which adds a version
async fn update(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    JsonBody(request): JsonBody,
) -> Result<Response, ApiError> {
    fields::validate(UPDATE_AGENT, &request)?;
    if request.get("model").is_some_and(Value::is_string) {
        state.store().resolve_model(&request, "completion_chat")?;
    }
    with_agent(&state, &id, |agent, now| {
        agent.update(now, &request);
        Ok(agent.to_json())
    })
}

/// `DELETE /v1/agents/{agent_id}`
async fn delete(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    find(&state, &id, None)?;
    state.store().agents.retain(|agent| agent.id != id);
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `PATCH /v1/agents/{agent_id}/version`, which makes a version the current one
async fn switch_version(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    query: Query,
) -> Result<Response, ApiError> {
    let parameters = query.validate(&[("version", ParameterType::Integer(0))])?;
    parameters.require(&["version"])?;
    let version = parameters.integer("version").unwrap_or_default();
    with_agent(&state, &id, |agent, _| {
        match agent.switch_to(version.unsigned_abs()) {
            true => Ok(agent.to_json()),
            false => Err(version_not_found()),
        }
    })
}

/// `GET /v1/agents/{agent_id}/versions`, the newest first
async fn list_versions(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    query: Query,
) -> Result<Response, ApiError> {
    let parameters = query.validate(&[PAGE, ("page_size", ParameterType::IntegerIn(1, 100))])?;
    let store = state.store();
    let agent = store.agents.iter().find(|agent| agent.id == id);
    let versions = agent.ok_or_else(not_found)?.versions_json();
    let page = parameters.page_of(versions, DEFAULT_PAGE_SIZE);
    Ok(json_response(StatusCode::OK, &page.into()))
}

/// `GET /v1/agents/{agent_id}/versions/{version}`
async fn retrieve_version(
    State(state): State<Arc<AppState>>,
    Path((id, version)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    path::parse_number("version", &version)?;
    let json = find(&state, &id, Some(&version))?;
    Ok(json_response(StatusCode::OK, &json))
}

/// Returns the version of an agent with a number or an alias; by default, the current one.
pub(super) fn find(state: &AppState, id: &str, version: Option<&str>) -> Result<Value, ApiError> {
    let store = state.store();
    let agent = store.agents.iter().find(|agent| agent.id == id);
    let agent = agent.ok_or_else(not_found)?;
    let number = agent.find_version(version);
    let json = number.and_then(|number| agent.version_json(number));
    json.ok_or_else(version_not_found)
}

fn with_agent(
    state: &AppState,
    id: &str,
    action: impl FnOnce(&mut Agent, u64) -> Result<Value, ApiError>,
) -> Result<Response, ApiError> {
    let mut store = state.store();
    let now = store.tick();
    let agent = store.agents.iter_mut().find(|agent| agent.id == id);
    let agent = agent.ok_or_else(not_found)?;
    Ok(json_response(StatusCode::OK, &action(agent, now)?))
}

fn not_found() -> ApiError {
    ApiError::detail(StatusCode::NOT_FOUND, "Agent not found")
}

fn version_not_found() -> ApiError {
    ApiError::detail(StatusCode::NOT_FOUND, "Agent version not found")
}
