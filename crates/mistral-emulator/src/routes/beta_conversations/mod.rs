//! Conversations, whose history the server keeps.

mod inputs;
mod participant;
mod respond;
mod turn;
mod turn_request;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::StatusCode;
use serde_json::{Value, json};

pub(super) use self::participant::apply_completion_args;
use self::respond::respond;
use self::turn_request::TurnRequest;
use super::beta_agents::has_metadata;
use crate::generate::conversation::messages::{kind, text};
use crate::requests::conversation_fields::{
    APPEND_TO_CONVERSATION, RESTART_CONVERSATION, START_CONVERSATION,
};
use crate::requests::fields::{self, error_detail};
use crate::requests::query::{PAGE, Parameter, ParameterType, Query};
use crate::responses::{ApiError, json_response};
use crate::state::AppState;
use crate::state::conversation::Conversation;

static FILTERS: &[Parameter] = &[
    PAGE,
    ("page_size", ParameterType::Integer(0)),
    ("metadata", ParameterType::String),
];

pub(crate) fn router() -> Router<Arc<AppState>> {
    Router::new()
        .route("/v1/conversations", get(list).post(start))
        .route(
            "/v1/conversations/{conversation_id}",
            get(retrieve).post(append).delete(delete),
        )
        .route("/v1/conversations/{conversation_id}/history", get(history))
        .route(
            "/v1/conversations/{conversation_id}/messages",
            get(messages),
        )
        .route("/v1/conversations/{conversation_id}/restart", post(restart))
}

/// `POST /v1/conversations`
async fn start(
    State(state): State<Arc<AppState>>,
    request: TurnRequest,
) -> Result<Response, ApiError> {
    let body = &request.body;
    fields::validate(START_CONVERSATION, body)?;
    let has = |name: &str| body.get(name).is_some_and(Value::is_string);
    if has("model") == has("agent_id") {
        let message = "Value error, Either model or agent_id must be given, and not both";
        return Err(value_error(message, body));
    }
    let conversation = {
        let mut store = state.store();
        Conversation::new(store.new_prefixed_id("conv"), store.tick(), body)
    };
    respond(&state, &request, conversation)
}

/// `POST /v1/conversations/{conversation_id}`
async fn append(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    request: TurnRequest,
) -> Result<Response, ApiError> {
    fields::validate(APPEND_TO_CONVERSATION, &request.body)?;
    let conversation = find(&state, &id)?;
    respond(&state, &request, conversation)
}

/// `POST /v1/conversations/{conversation_id}/restart`, which leaves the conversation as it is
async fn restart(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    request: TurnRequest,
) -> Result<Response, ApiError> {
    fields::validate(RESTART_CONVERSATION, &request.body)?;
    let conversation = find(&state, &id)?;
    let entry = text(&request.body, "from_entry_id");
    let mut restarted = {
        let mut store = state.store();
        let (id, now) = (store.new_prefixed_id("conv"), store.tick());
        let restarted = conversation.restart(id, now, entry);
        restarted.ok_or_else(|| ApiError::detail(StatusCode::NOT_FOUND, "Entry not found"))?
    };
    restarted.override_with(&request.body);
    respond(&state, &request, restarted)
}

fn value_error(message: &str, input: &Value) -> ApiError {
    let location = ["body".into()];
    let error = error_detail("value_error", &location, message, input);
    ApiError::validation(vec![error])
}

/// `GET /v1/conversations`, the newest first
async fn list(State(state): State<Arc<AppState>>, query: Query) -> Result<Response, ApiError> {
    let filters = query.validate(FILTERS)?;
    let metadata = filters.object("metadata")?;
    let conversations: Vec<Value> = {
        let store = state.store();
        let newest_first = store.conversations.iter().rev();
        newest_first
            .map(|conversation| conversation.card.clone())
            .filter(|card| has_metadata(card, &metadata))
            .collect()
    };
    let page = filters.page(conversations);
    Ok(json_response(StatusCode::OK, &page.into()))
}

/// `GET /v1/conversations/{conversation_id}`
async fn retrieve(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let conversation = find(&state, &id)?;
    Ok(json_response(StatusCode::OK, &conversation.card))
}

/// `DELETE /v1/conversations/{conversation_id}`
async fn delete(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    find(&state, &id)?;
    state.store().conversations.retain(|it| it.id != id);
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `GET /v1/conversations/{conversation_id}/history`, the oldest entry first
async fn history(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let conversation = find(&state, &id)?;
    let body = json!({
        "object": "conversation.history",
        "conversation_id": id,
        "entries": conversation.entries,
    });
    Ok(json_response(StatusCode::OK, &body))
}

/// `GET /v1/conversations/{conversation_id}/messages`, the oldest message first
async fn messages(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let conversation = find(&state, &id)?;
    let entries = conversation.entries.into_iter();
    let messages =
        entries.filter(|entry| matches!(kind(entry), "message.input" | "message.output"));
    let body = json!({
        "object": "conversation.messages",
        "conversation_id": id,
        "messages": messages.collect::<Vec<Value>>(),
    });
    Ok(json_response(StatusCode::OK, &body))
}

fn find(state: &AppState, id: &str) -> Result<Conversation, ApiError> {
    let store = state.store();
    let mut conversations = store.conversations.iter();
    let found = conversations.find(|conversation| conversation.id == id);
    let not_found = || ApiError::detail(StatusCode::NOT_FOUND, "Conversation not found");
    found.cloned().ok_or_else(not_found)
}
