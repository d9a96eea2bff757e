//! Chat and agent completions.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};

use super::beta_conversations::apply_completion_args;
use super::{beta_agents, chat_rules, guardrails};
use crate::generate::completion::Completion;
use crate::json::{array, role, set_member};
use crate::requests::chat_fields::{AGENTS, CHAT};
use crate::requests::{JsonBody, fields, messages};
use crate::responses::ApiError;
use crate::state::AppState;
use crate::state::models::{self, MISTRAL_SMALL, Model};

/// The model behind the id of every agent that was not created here.
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
    State(state): State<Arc<AppState>>,
    JsonBody(mut request): JsonBody,
) -> Result<Response, ApiError> {
    fields::validate(AGENTS, &request)?;
    let id = request.get("agent_id").and_then(Value::as_str);
    match beta_agents::find(&state, id.unwrap_or_default(), None) {
        Ok(agent) => apply_agent(&mut request, &agent),
        Err(_) => set_member(&mut request, "model", AGENT_MODEL.into()),
    }
    let model = state.store().resolve_model(&request, "completion_chat")?;
    respond(&request, model)
}

/// Sets the model and the instructions of an agent, and what else the request lacks.
fn apply_agent(request: &mut Value, agent: &Value) {
    let member = |name: &str| agent.get(name).cloned().unwrap_or_default();
    set_member(request, "model", member("model"));
    let messages = array(request, "messages");
    let instructions = member("instructions");
    if instructions.is_string() && messages.first().is_none_or(|first| role(first) != "system") {
        let system = json!({ "role": "system", "content": instructions });
        let messages: Vec<Value> = std::iter::once(&system).chain(messages).cloned().collect();
        set_member(request, "messages", messages.into());
    }
    let defaults = json!({ "tools": member("tools"), "guardrails": member("guardrails") });
    apply_completion_args(request, &defaults);
    apply_completion_args(request, &member("completion_args"));
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
