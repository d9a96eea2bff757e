//! The routes that steer the emulator. They need no key, and neither faults nor replies apply to
//! them.

mod overview;
mod requests;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::middleware;
use axum::response::Response;
use axum::routing::{delete, get, post};
use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

pub(crate) use self::overview::help_text;
use self::overview::overview;
use crate::clouds;
use crate::faults::Fault;
use crate::replies::Reply;
use crate::responses::{ApiError, json_response};
use crate::state::AppState;

const PREFIX: &str = "/_emulator";

/// The maximum size of a list of replies, whose bodies may be whole files.
const MAX_BODY_BYTES: usize = 64 * 1024 * 1024;

/// Whether a path is that of a control route.
pub(crate) fn is_control(path: &str) -> bool {
    let below_prefix = path.strip_prefix(PREFIX);
    matches!(path, "/" | "/health")
        || below_prefix.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

pub(crate) fn router(state: &Arc<AppState>) -> Router {
    Router::new()
        .route("/", get(show_overview))
        .route("/health", get(health))
        .route("/_emulator", get(show_overview))
        .route("/_emulator/", get(show_overview))
        .route("/_emulator/health", get(health))
        .route(
            "/_emulator/replies",
            get(list_replies).post(add_replies).delete(clear_replies),
        )
        .route(
            "/_emulator/faults",
            get(list_faults).post(add_faults).delete(clear_faults),
        )
        .route(
            "/_emulator/requests",
            get(requests::list).delete(clear_requests),
        )
        .route("/_emulator/tokens", delete(revoke_tokens))
        .route("/_emulator/reset", post(reset).delete(reset))
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(not_found)
        .layer(middleware::from_fn(clouds::metadata_flavor))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(Arc::clone(state))
}

async fn show_overview(State(state): State<Arc<AppState>>) -> Response {
    json_response(StatusCode::OK, &overview(&state))
}

async fn health() -> Response {
    let version = env!("CARGO_PKG_VERSION");
    json_response(
        StatusCode::OK,
        &json!({ "status": "ok", "version": version }),
    )
}

async fn list_replies(State(state): State<Arc<AppState>>) -> Response {
    let replies = state.replies().entries();
    let replies: Vec<Value> = replies.iter().map(Reply::to_json).collect();
    json_response(StatusCode::OK, &json!({ "replies": replies }))
}

async fn add_replies(state: State<Arc<AppState>>, body: Bytes) -> Result<Response, ApiError> {
    let replies = parse_list(&body, "reply", "replies", Reply::from_json)?;
    replies
        .into_iter()
        .for_each(|reply| state.replies().push(reply));
    Ok(list_replies(state).await)
}

async fn clear_replies(state: State<Arc<AppState>>) -> Response {
    state.replies().clear();
    list_replies(state).await
}

async fn list_faults(State(state): State<Arc<AppState>>) -> Response {
    let faults = state.faults().entries();
    let faults: Vec<Value> = faults.iter().map(|fault| fault.to_json().into()).collect();
    json_response(StatusCode::OK, &json!({ "faults": faults }))
}

async fn add_faults(state: State<Arc<AppState>>, body: Bytes) -> Result<Response, ApiError> {
    let faults = parse_list(&body, "fault", "faults", Fault::from_json)?;
    faults
        .into_iter()
        .for_each(|fault| state.faults().push(fault));
    Ok(list_faults(state).await)
}

async fn clear_faults(state: State<Arc<AppState>>) -> Response {
    state.faults().clear();
    list_faults(state).await
}

async fn clear_requests(State(state): State<Arc<AppState>>) -> Response {
    state.clear_requests();
    json_response(StatusCode::OK, &json!({ "requests": [] }))
}

async fn revoke_tokens(State(state): State<Arc<AppState>>) -> Response {
    state.revoke_tokens();
    json_response(StatusCode::OK, &json!({}))
}

async fn reset(State(state): State<Arc<AppState>>) -> Response {
    state.reset();
    json_response(StatusCode::OK, &json!({}))
}

async fn method_not_allowed() -> ApiError {
    ApiError::detail(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
}

async fn not_found() -> ApiError {
    ApiError::detail(
        StatusCode::NOT_FOUND,
        "The emulator has no such control route; GET /_emulator lists them",
    )
}

/// Reads the entries of a body.
fn parse_list<T>(
    body: &[u8],
    one: &str,
    many: &str,
    parse: impl Fn(&Value) -> Result<T, String>,
) -> Result<Vec<T>, ApiError> {
    entries(body, one, many, parse)
        .map_err(|reason| ApiError::detail(StatusCode::BAD_REQUEST, &reason))
}

/// Reads one entry, an array of them, or an object with an array of them. An error is a sentence
/// that names the entry and the member.
pub(crate) fn entries<T>(
    text: &[u8],
    one: &str,
    many: &str,
    parse: impl Fn(&Value) -> Result<T, String>,
) -> Result<Vec<T>, String> {
    let value: Value = serde_json::from_slice(text)
        .map_err(|error| format!("The {many} cannot be read: the text is not JSON: {error}"))?;
    let list = match value.get(many) {
        Some(Value::Array(items)) if value.as_object().is_some_and(|all| all.len() == 1) => {
            Some(items)
        }
        _ => value.as_array(),
    };
    let Some(items) = list else {
        let entry = parse(&value).map_err(|reason| format!("The {one} cannot be used: {reason}"));
        return Ok(vec![entry?]);
    };
    let parsed = items.iter().enumerate().map(|(index, item)| {
        parse(item).map_err(|reason| format!("The {one} {} cannot be used: {reason}", index + 1))
    });
    parsed.collect()
}
