//! The responses of scripted replies.

use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::{Completion, Content, Reply};
use crate::faults::filter::RequestView;
use crate::generate::completion::{self, Completion as GeneratedCompletion};
use crate::generate::random::{Rng, hash};
use crate::generate::reply::Reply as GeneratedReply;
use crate::generate::response_events;
use crate::generate::response_input::chat_request;
use crate::generate::tokenizer;
use crate::json::{set_member, unsigned};
use crate::operations;
use crate::responses::{json_response, sse};

impl Reply {
    /// Creates the response. Its status and headers are set afterwards.
    pub(crate) fn to_response(&self, request: &RequestView<'_>) -> Response {
        match &self.content {
            Content::Json(value) => json_response(StatusCode::OK, value),
            Content::Body(text) => {
                let mut response = Response::new(text.clone().into());
                let plain = HeaderValue::from_static("text/plain; charset=utf-8");
                response.headers_mut().insert(header::CONTENT_TYPE, plain);
                response
            }
            Content::Events(events) => {
                sse::event_stream(events.iter().map(|data| sse::data_event(data)))
            }
            Content::Completion(completion) => completion.to_response(request),
        }
    }
}

impl Reply {
    /// Returns the completion as if it were generated; `None` for a reply with a whole body.
    pub(crate) fn generated(&self, request: &Value) -> Option<GeneratedReply> {
        match &self.content {
            Content::Completion(completion) => Some(completion.reply(request, 0)),
            _ => None,
        }
    }
}

impl Completion {
    fn to_response(&self, view: &RequestView<'_>) -> Response {
        let mut request = view.json().cloned().unwrap_or_default();
        if let Some(model) = view.model() {
            set_member(&mut request, "model", model.into());
        }
        if view.operation() == Some(operations::RESPONSES) {
            let chat = chat_request(&request);
            return response_events::respond(&request, &self.reply(&chat, 0));
        }
        let choices = unsigned(&request, "n").unwrap_or(1);
        let replies = (0..choices)
            .map(|index| self.reply(&request, index))
            .collect();
        let prompt = completion::prompt_tokens(&request);
        GeneratedCompletion::from_replies(&request, replies, prompt).to_response(&request)
    }

    fn reply(&self, request: &Value, choice: usize) -> GeneratedReply {
        let mut reply = GeneratedReply::from_text(request, self.text.clone());
        reply.thinking = tokenizer::tokenize(&self.thinking);
        if reply.finish_reason == "stop" && !self.tool_calls.is_empty() {
            let seed = hash(request.to_string().as_bytes()).wrapping_add(choice as u64);
            let mut ids = Rng::new(seed);
            let calls = self.tool_calls.iter().enumerate();
            reply.tool_calls = calls
                .map(|(index, (name, arguments))| {
                    tool_call(index, &ids.alphanumeric(9), name, arguments)
                })
                .collect();
            reply.finish_reason = "tool_calls";
        }
        if let Some(reason) = self.finish_reason {
            reply.finish_reason = reason;
        }
        reply
    }
}

fn tool_call(index: usize, id: &str, name: &str, arguments: &Value) -> Value {
    let arguments = match arguments {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    json!({
        "id": id,
        "type": "function",
        "index": index,
        "function": { "name": name, "arguments": arguments },
    })
}
