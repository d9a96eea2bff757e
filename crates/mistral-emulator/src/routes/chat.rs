//! Chat and agent completions.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde_json::Value;

use crate::generate::completion::Completion;
use crate::json::{array, set_member};
use crate::requests::chat_fields::{AGENTS, CHAT};
use crate::requests::{JsonBody, fields, messages};
use crate::responses::ApiError;
use crate::state::AppState;
use crate::state::models::{self, Model};

/// The model behind every agent id.
const AGENT_MODEL: &str = "mistral-medium-latest";

/// `POST /v1/chat/completions`
pub(crate) async fn complete(
    State(state): State<Arc<AppState>>,
    JsonBody(request): JsonBody,
) -> Result<Response, ApiError> {
    fields::validate(CHAT, &request)?;
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
    messages::validate(array(request, "messages"))?;
    check_format(request)?;
    check_tool_choice(request)?;
    check_prompt_mode(request, model)?;
    Ok(Completion::new(request, model.reasons_by_default()).to_response(request))
}

fn invalid_arguments(message: impl Into<String>) -> ApiError {
    ApiError::bad_request("invalid_request_invalid_args", Some("3051"), message.into())
}

fn check_format(request: &Value) -> Result<(), ApiError> {
    let Some(format) = request.get("response_format") else {
        return Ok(());
    };
    if format.get("type").and_then(Value::as_str) != Some("json_schema") {
        return Ok(());
    }
    if format.get("json_schema").is_none_or(Value::is_null) {
        let location = [
            "body".into(),
            "response_format".into(),
            "json_schema".into(),
        ];
        let error = fields::error_detail("missing", &location, "Field required", format);
        return Err(ApiError::validation(vec![error]));
    }
    let choice = request
        .get("tool_choice")
        .filter(|choice| !choice.is_null());
    let is_auto = choice.is_none_or(|choice| choice == "auto");
    if !is_auto && !array(request, "tools").is_empty() {
        return Err(invalid_arguments(
            "Response format json_schema can only be used with tools when tool_choice is auto",
        ));
    }
    Ok(())
}

fn check_tool_choice(request: &Value) -> Result<(), ApiError> {
    let Some(choice) = request.get("tool_choice") else {
        return Ok(());
    };
    let tools = array(request, "tools");
    if matches!(choice.as_str(), Some("any" | "required")) && tools.is_empty() {
        return Err(invalid_arguments("Tool choice cannot be set without tools"));
    }
    if let Some(name) = choice.pointer("/function/name").and_then(Value::as_str) {
        let named =
            |tool: &Value| tool.pointer("/function/name").and_then(Value::as_str) == Some(name);
        if !tools.iter().any(named) {
            return Err(invalid_arguments(format!(
                "Tool choice names an unknown tool: {name}"
            )));
        }
    }
    Ok(())
}

fn check_prompt_mode(request: &Value, model: &Model) -> Result<(), ApiError> {
    let is_set = request
        .get("prompt_mode")
        .is_some_and(|mode| !mode.is_null());
    if is_set && !model.reasons_by_default() {
        return Err(invalid_arguments(
            "Reasoning prompt mode is not enabled for this model",
        ));
    }
    Ok(())
}
