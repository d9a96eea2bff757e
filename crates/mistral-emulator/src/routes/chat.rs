//! Chat and agent completions.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde_json::Value;

use super::{chat_rules, guardrails};
use crate::generate::completion::Completion;
use crate::json::{array, set_member};
use crate::requests::chat_fields::{AGENTS, CHAT};
use crate::requests::{JsonBody, fields, messages};
use crate::responses::ApiError;
use crate::state::AppState;
use crate::state::models::{self, MISTRAL_SMALL, Model};

/// The model behind every agent id.
const AGENT_MODEL: &str = "mistral-medium-latest";

/// `POST /v1/chat/completions`
pub(crate) async fn complete(
    State(state): State<Arc<AppState>>,
    JsonBody(mut request): JsonBody,
) -> Result<Response, ApiError> {
    fields::validate(CHAT, &request)?;
    models::replace_azure_name(&mut request, MISTRAL_SMALL);
    let model = state.store().resolve_model(&request, "completion_chat")?;
    respond(&request, model)
}

/// `POST /v1/agents/completions`
pub(crate) async fn complete_with_agent(
    JsonBody(mut request): JsonBody,
) -> Result<Response, ApiError> {
    fields::validate(AGENTS, &request)?;
    set_member(&mut request, "model", AGENT_MODEL.into());
    let model = models::resolve(&request, |model| model.supports("completion_chat"))?;
    respond(&request, model)
}

/// Completes a request whose fields were validated.
fn respond(request: &Value, model: &Model) -> Result<Response, ApiError> {
    let messages = array(request, "messages");
    messages::validate(messages)?;
    chat_rules::validate(request, model)?;
    let guardrails = guardrails::evaluate(array(request, "guardrails"), messages)?;
    let completion = Completion::new(request, model.reasons_by_default());
    chat_rules::check_context(completion.prompt_tokens(), model)?;
    Ok(completion.with_guardrails(guardrails).to_response(request))
}
