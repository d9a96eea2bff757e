//! The Responses API: text and calls from the generator of chat completions.

use axum::response::Response;
use serde_json::{Value, json};

use super::spec_response::{Handlers, json};
use crate::generate::completion::prompt_tokens;
use crate::generate::reply::Reply;
use crate::generate::response_events;
use crate::generate::response_input::chat_request;
use crate::requests::spec_request::SpecRequest;
use crate::responses::ApiError;
use crate::state::AppState;

pub(super) static HANDLERS: Handlers = &[
    ("responses.create", create),
    ("responses.count_input_tokens", count_input_tokens),
];

fn create(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let chat = chat_request(&request.body);
    let model = state.store().resolve_model(&chat, "completion_chat")?;
    let effort = request
        .body
        .pointer("/reasoning/effort")
        .and_then(Value::as_str);
    let reasons = effort.map_or(model.reasons_by_default(), |effort| effort != "none");
    let reply = Reply::new(&chat, 0, reasons);
    Ok(response_events::respond(&request.body, &reply))
}

fn count_input_tokens(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let chat = chat_request(&request.body);
    state.store().resolve_model(&chat, "completion_chat")?;
    let count = prompt_tokens(&chat).len();
    Ok(json(
        request,
        &json!({ "object": "response.input_tokens", "input_tokens": count }),
    ))
}
