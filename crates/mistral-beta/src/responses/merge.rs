//! Merging of the events of a stream into a whole response.

use std::any::Any;

use mistral_core::call::{MergedEvent, StreamEvent};
use serde_json::{Map, Value, json};

use crate::stream_event;

use super::items::{add_part, append_reasoning, append_text, set_reasoning, set_text};
use super::{
    ModelResponse, ReasoningSummary, ResponseItemStatus, ResponseOutputItem, ResponseStreamEvent,
    ResponseToolChoice, ResponseToolChoiceMode, ResponsesFunctionToolCall, ResponsesOutputMessage,
    ResponsesOutputMessageContent, ResponsesReasoningItem,
};

/// The response merged so far from the events of a stream.
#[derive(Debug, Default)]
pub struct ResponseState {
    /// The last response that an event has carried.
    response: Option<Box<ModelResponse>>,
    /// The output items by their position, in the order of their first events.
    items: Vec<(i64, ResponseOutputItem)>,
    is_complete: bool,
    /// The error that an event has reported, as JSON.
    failure: Option<String>,
}

impl StreamEvent for ResponseStreamEvent {
    type State = ResponseState;

    const IS_MERGED: bool = true;
    const SCALARS_KEEP_ALIVE: bool = false;
    const HAS_ERROR_EVENTS: bool = true;

    fn decode_named(
        event_type: &str,
        data: &str,
        state: &mut ResponseState,
    ) -> serde_json::Result<Self> {
        let event: Self = stream_event::decode_with_errors(event_type, data)?;
        state.add(&event, event_type, data);
        Ok(event)
    }

    /// Output after a start is cut without an end. A stream that has not both loses nothing.
    fn may_end(state: &ResponseState) -> bool {
        let has_begun = state.response.is_some() && !state.items.is_empty();
        !has_begun || Self::is_complete(state)
    }

    fn is_complete(state: &ResponseState) -> bool {
        state.is_complete || state.failure.is_some()
    }

    fn snapshot(state: &ResponseState) -> Option<Value> {
        serde_json::to_value(state.response()).ok()
    }

    fn partial(state: &ResponseState) -> Option<Box<dyn Any + Send + Sync>> {
        Some(Box::new(state.response()))
    }
}

impl MergedEvent for ResponseStreamEvent {
    type Response = ModelResponse;

    fn response(state: &ResponseState) -> ModelResponse {
        state.response()
    }

    fn failure(state: &ResponseState) -> Option<&str> {
        state.failure.as_deref()
    }
}

impl ResponseState {
    fn add(&mut self, event: &ResponseStreamEvent, event_type: &str, data: &str) {
        match event {
            ResponseStreamEvent::ResponseCreated(event) => self.start(&event.response),
            ResponseStreamEvent::ResponseInProgress(event) => self.start(&event.response),
            ResponseStreamEvent::ResponseCompleted(event) => self.end(&event.response),
            ResponseStreamEvent::ResponseIncomplete(event) => self.end(&event.response),
            ResponseStreamEvent::ResponseFailed(event) => {
                self.end(&event.response);
                let error = event.response.error.as_ref();
                let failure = match error {
                    Some(error) => json!({ "error": error }),
                    None => json!({ "message": "the response failed" }),
                };
                self.failure.get_or_insert_with(|| failure.to_string());
            }
            ResponseStreamEvent::Error(_) => self.fail(data),
            ResponseStreamEvent::ResponseOutputItemAdded(event) => {
                self.set_item(event.output_index, &event.item);
            }
            ResponseStreamEvent::ResponseOutputItemDone(event) => {
                self.set_item(event.output_index, &event.item);
            }
            ResponseStreamEvent::Unknown(value) => self.add_unreadable(value, event_type, data),
            event => self.add_part(event),
        }
    }

    /// Adds an event about a part of an output item.
    fn add_part(&mut self, event: &ResponseStreamEvent) {
        match event {
            ResponseStreamEvent::ResponseContentPartAdded(event) => {
                let item = self.item(event.output_index, || message(&event.item_id));
                add_part(item, event.content_index, &event.part);
            }
            ResponseStreamEvent::ResponseContentPartDone(event) => {
                let item = self.item(event.output_index, || message(&event.item_id));
                add_part(item, event.content_index, &event.part);
            }
            ResponseStreamEvent::ResponseOutputTextDelta(event) => {
                let item = self.item(event.output_index, || message(&event.item_id));
                append_text(item, event.content_index, &event.delta);
            }
            ResponseStreamEvent::ResponseOutputTextDone(event) => {
                let item = self.item(event.output_index, || message(&event.item_id));
                set_text(item, event.content_index, &event.text);
            }
            ResponseStreamEvent::ResponseReasoningTextDelta(event) => {
                let item = self.item(event.output_index, || reasoning(&event.item_id));
                append_reasoning(item, event.content_index, &event.delta);
            }
            ResponseStreamEvent::ResponseReasoningTextDone(event) => {
                let item = self.item(event.output_index, || reasoning(&event.item_id));
                set_reasoning(item, event.content_index, &event.text);
            }
            ResponseStreamEvent::ResponseFunctionCallArgumentsDelta(event) => {
                let item = self.item(event.output_index, || call(&event.item_id));
                if let Some(ResponseOutputItem::FunctionCall(call)) = item {
                    call.arguments.push_str(&event.delta);
                }
            }
            ResponseStreamEvent::ResponseFunctionCallArgumentsDone(event) => {
                let item = self.item(event.output_index, || call(&event.item_id));
                if let Some(ResponseOutputItem::FunctionCall(call)) = item {
                    call.arguments.clone_from(&event.arguments);
                    call.name.clone_from(&event.name);
                }
            }
            _ => {}
        }
    }

    fn start(&mut self, response: &ModelResponse) {
        self.response = Some(Box::new(response.clone()));
    }

    fn end(&mut self, response: &ModelResponse) {
        self.is_complete = true;
        self.start(response);
    }

    fn fail(&mut self, data: &str) {
        self.failure.get_or_insert_with(|| data.to_owned());
    }

    /// Notes the end of a response whose last event could not be read.
    #[cold]
    fn add_unreadable(&mut self, event: &Value, event_type: &str, data: &str) {
        match event.get("type").and_then(Value::as_str) {
            Some("response.completed" | "response.incomplete") => self.is_complete = true,
            Some("response.failed" | "error") => self.fail(data),
            _ if event_type == "error" => self.fail(data),
            _ => {}
        }
    }

    fn set_item(&mut self, index: i64, item: &ResponseOutputItem) {
        match self.items.iter_mut().rfind(|(at, _)| *at == index) {
            Some((_, old)) => old.clone_from(item),
            None => self.items.push((index, item.clone())),
        }
    }

    /// Returns the output item at an index, or adds `new`.
    fn item(
        &mut self,
        index: i64,
        new: impl FnOnce() -> ResponseOutputItem,
    ) -> Option<&mut ResponseOutputItem> {
        let found = self.items.iter().rposition(|(at, _)| *at == index);
        let at = found.unwrap_or(self.items.len());
        if found.is_none() {
            self.items.push((index, new()));
        }
        self.items.get_mut(at).map(|(_, item)| item)
    }

    fn response(&self) -> ModelResponse {
        let response = self.response.as_deref().cloned();
        let mut response = response.unwrap_or_else(empty);
        // The last event has all items.
        if response.output.is_empty() {
            let mut items: Vec<_> = self.items.iter().collect();
            items.sort_by_key(|(index, _)| *index);
            response.output = items.into_iter().map(|(_, item)| item.clone()).collect();
        }
        response
    }
}

fn message(id: &str) -> ResponseOutputItem {
    let content = Vec::<ResponsesOutputMessageContent>::new();
    ResponsesOutputMessage::new(id, content, ResponseItemStatus::InProgress).into()
}

fn reasoning(id: &str) -> ResponseOutputItem {
    ResponsesReasoningItem::new(id, Vec::<ReasoningSummary>::new()).into()
}

fn call(id: &str) -> ResponseOutputItem {
    ResponsesFunctionToolCall::new("", "", "").id(id).into()
}

/// Returns the response of a stream without events.
fn empty() -> ModelResponse {
    ModelResponse {
        id: String::new(),
        created_at: 0.0,
        model: String::new(),
        output: Vec::new(),
        parallel_tool_calls: false,
        tool_choice: ResponseToolChoice::ResponseToolChoiceMode(ResponseToolChoiceMode::Auto),
        tools: Vec::new(),
        error: None,
        incomplete_details: None,
        instructions: None,
        metadata: None,
        object: Some("response".to_owned()),
        temperature: None,
        top_p: None,
        background: None,
        completed_at: None,
        max_output_tokens: None,
        max_tool_calls: None,
        previous_response_id: None,
        prompt_cache_key: None,
        prompt_cache_retention: None,
        reasoning: None,
        safety_identifier: None,
        service_tier: None,
        status: None,
        text: None,
        top_logprobs: None,
        truncation: None,
        usage: None,
        user: None,
        extra: Map::new(),
    }
}
