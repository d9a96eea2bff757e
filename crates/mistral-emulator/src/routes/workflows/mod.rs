//! Workflows: executions, events, schedules, definitions and deployments.

use axum::response::Response;
use http::StatusCode;
use serde_json::json;

use crate::responses::json_response;
use crate::state::workflows::NAMESPACE;

pub(super) mod definitions;
pub(super) mod deployments;
pub(super) mod events;
pub(super) mod executions;
pub(super) mod schedules;

/// `GET /v1/workflows/workers/whoami`, which names the namespace that payloads are encoded for.
pub(crate) async fn whoami() -> Response {
    let body = json!({ "scheduler_url": "http://127.0.0.1:7233", "namespace": NAMESPACE });
    json_response(StatusCode::OK, &body)
}
