//! The response to a turn: JSON, or a stream of events.

use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use super::inputs;
use super::participant::Participant;
use super::turn::{Outcome, Turn};
use super::turn_request::TurnRequest;
use crate::generate::conversation::events;
use crate::replies::AppliedReply;
use crate::responses::{ApiError, TokenCost, json_response, sse};
use crate::state::AppState;
use crate::state::conversation::Conversation;
use crate::time::format_timestamp;

/// Adds the inputs of a validated request to a conversation, and the entries that respond to them.
/// The conversation is stored, unless the request says not to.
///
/// # Errors
/// Fails for an invalid request. A failure while a stream is generated is an event of the stream.
pub(super) fn respond(
    state: &AppState,
    request: &TurnRequest,
    mut conversation: Conversation,
) -> Result<Response, ApiError> {
    let confirmed = inputs::confirm(&mut conversation.entries, &request.body)?;
    let now = {
        let mut store = state.store();
        let now = store.tick();
        let inputs = inputs::entries(&mut store, now, &request.body);
        conversation.entries.extend(inputs);
        now
    };
    let turn = Turn {
        state,
        participant: Participant::of(state, &conversation)?,
        history: &conversation.entries,
        request: &request.body,
        confirmed,
        now,
    };
    let prepared = turn.prepare()?;
    let is_streamed = request.flag("stream") == Some(true);
    let failure = |error| match is_streamed {
        true => Ok(error_stream(&conversation.id, &error, now)),
        false => Err(error),
    };
    let guardrails = match turn.check(&prepared) {
        Ok(guardrails) => guardrails,
        Err(error) => return failure(error),
    };
    // A rejected request leaves the reply to another one.
    let reply = request.take_reply(state);
    let mut outcome = match turn.run(prepared, reply.as_ref()) {
        Ok(outcome) => outcome,
        Err(error) => return failure(error),
    };
    outcome.guardrails = guardrails;
    let mut response = match is_streamed {
        true => stream(&conversation.id, &outcome, now),
        false => whole(&conversation.id, &outcome),
    };
    if request.flag("store") != Some(false) {
        store(state, conversation, outcome, now);
    }
    if let Some(reply) = reply {
        response.extensions_mut().insert(AppliedReply(reply));
    }
    Ok(response)
}

fn whole(id: &str, outcome: &Outcome) -> Response {
    let body = json!({
        "object": "conversation.response",
        "conversation_id": id,
        "outputs": outcome.outputs,
        "usage": outcome.usage,
        "guardrails": outcome.guardrails,
    });
    with_cost(json_response(StatusCode::OK, &body), outcome)
}

fn stream(id: &str, outcome: &Outcome, now: u64) -> Response {
    let now = format_timestamp(now);
    let outputs = outcome.outputs.iter().enumerate();
    let outputs = outputs.flat_map(|(index, entry)| events::of_output(index, entry));
    let all = std::iter::once(events::started(id, &now))
        .chain(outputs)
        .chain(std::iter::once(events::done(&outcome.usage, &now)));
    let response = sse::event_stream(all.map(|event| events::frame(&event)));
    with_cost(response, outcome)
}

fn with_cost(mut response: Response, outcome: &Outcome) -> Response {
    let total = outcome.usage.get("total_tokens").and_then(Value::as_u64);
    let cost = TokenCost(total.unwrap_or(0));
    response.extensions_mut().insert(cost);
    response
}

fn error_stream(id: &str, error: &ApiError, now: u64) -> Response {
    let now = format_timestamp(now);
    let text = |pointer: &str| error.body.pointer(pointer).and_then(Value::as_str);
    let message = text("/message").or_else(|| text("/error/message"));
    let message = message.or_else(|| text("/detail"));
    let code = text("/code").and_then(|code| code.parse().ok());
    let code = code.unwrap_or_else(|| error.status.as_u16().into());
    let failed = events::failed(message.unwrap_or("The response failed"), code, &now);
    let both = [events::started(id, &now), failed];
    sse::event_stream(both.iter().map(events::frame))
}

fn store(state: &AppState, mut conversation: Conversation, outcome: Outcome, now: u64) {
    conversation.entries.extend(outcome.outputs);
    conversation.touch(now);
    if let Some(agent) = outcome.next_agent {
        conversation.agent = Some((agent, None));
        // The settings are those of the request for the agent before.
        conversation.settings = json!({});
    }
    let mut store = state.store();
    let known = store
        .conversations
        .iter_mut()
        .find(|known| known.id == conversation.id);
    match known {
        Some(known) => *known = conversation,
        None => store.conversations.push(conversation),
    }
}
