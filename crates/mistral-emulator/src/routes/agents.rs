//! Completions of agents.

use axum::response::Response;

use super::{JsonBody, chat};
use crate::errors::ApiError;
use crate::reply::set;
use crate::{catalogue, check, fields};

/// The emulator takes every id for that of an agent with this model.
const MODEL: &str = "mistral-medium-latest";

/// `POST /v1/agents/completions`
pub(crate) async fn complete(JsonBody(mut request): JsonBody) -> Result<Response, ApiError> {
    check::body(fields::AGENTS, &request)?;
    set(&mut request, "model", MODEL.into());
    let model = catalogue::able(&request, |model| model.can("completion_chat"))?;
    chat::answer(&request, model)
}
