//! Merging of the events of a stream into a whole response.

use std::any::Any;

use mistral_core::call::{MergedEvent, StreamEvent};
use mistral_core::messages::{ContentChunk, TextChunk, ThinkChunk};
use serde_json::{Map, Value};

use crate::stream_event;

use super::{
    AgentHandoffDoneEvent, AgentHandoffEntry, AgentHandoffStartedEvent, ConversationEvent,
    ConversationOutput, ConversationResponse, ConversationUsageInfo, FunctionCallArguments,
    FunctionCallEntry, FunctionCallEvent, MessageOutputChunk, MessageOutputContent,
    MessageOutputDelta, MessageOutputEntry, MessageOutputEvent, ToolExecutionDeltaEvent,
    ToolExecutionDoneEvent, ToolExecutionEntry, ToolExecutionStartedEvent,
};

const OBJECT: &str = "conversation.response";
const ENTRY: &str = "entry";

/// The response merged so far from the events of a stream.
#[derive(Debug, Default)]
pub struct ConversationState {
    conversation_id: String,
    outputs: Vec<MergedOutput>,
    usage: Option<ConversationUsageInfo>,
    has_started: bool,
    is_done: bool,
    /// The data of the event that reports an error.
    failure: Option<String>,
}

#[derive(Debug)]
struct MergedOutput {
    id: String,
    /// The position among the outputs.
    index: i64,
    /// The position of the last chunk in the content of a message.
    content_index: Option<i64>,
    output: ConversationOutput,
}

impl StreamEvent for ConversationEvent {
    type State = ConversationState;

    const IS_MERGED: bool = true;
    const SCALARS_KEEP_ALIVE: bool = false;

    fn decode(data: &str, state: &mut ConversationState) -> serde_json::Result<Self> {
        let event: Self = stream_event::decode(data)?;
        state.add(&event, data);
        Ok(event)
    }

    /// Output after a start is cut without an end. A stream that has not both loses nothing.
    fn may_end(state: &ConversationState) -> bool {
        let has_begun = state.has_started && !state.outputs.is_empty();
        !has_begun || Self::is_complete(state)
    }

    fn is_complete(state: &ConversationState) -> bool {
        state.is_done || state.failure.is_some()
    }

    fn snapshot(state: &ConversationState) -> Option<Value> {
        serde_json::to_value(state.response()).ok()
    }

    fn partial(state: &ConversationState) -> Option<Box<dyn Any + Send + Sync>> {
        Some(Box::new(state.response()))
    }
}

impl MergedEvent for ConversationEvent {
    type Response = ConversationResponse;

    fn response(state: &ConversationState) -> ConversationResponse {
        state.response()
    }

    fn failure(state: &ConversationState) -> Option<&str> {
        state.failure.as_deref()
    }
}

impl ConversationState {
    fn add(&mut self, event: &ConversationEvent, data: &str) {
        match event {
            ConversationEvent::ConversationResponseStarted(event) => {
                self.has_started = true;
                if self.conversation_id.is_empty() {
                    self.conversation_id.clone_from(&event.conversation_id);
                }
            }
            ConversationEvent::ConversationResponseDone(event) => {
                self.is_done = true;
                self.usage = Some(event.usage.clone());
            }
            ConversationEvent::ConversationResponseError(_) => self.fail(data),
            ConversationEvent::MessageOutputDelta(event) => self.add_message(event),
            ConversationEvent::FunctionCallDelta(event) => self.add_call(event),
            ConversationEvent::ToolExecutionStarted(event) => self.start_execution(event),
            ConversationEvent::ToolExecutionDelta(event) => self.add_arguments(event),
            ConversationEvent::ToolExecutionDone(event) => self.end_execution(event),
            ConversationEvent::AgentHandoffStarted(event) => self.start_handoff(event),
            ConversationEvent::AgentHandoffDone(event) => self.end_handoff(event),
            ConversationEvent::Unknown(value) => self.add_unreadable(value, data),
        }
    }

    /// Notes the end of a response whose last event could not be read.
    #[cold]
    fn add_unreadable(&mut self, event: &Value, data: &str) {
        match event.get("type").and_then(Value::as_str) {
            Some("conversation.response.done") => self.is_done = true,
            Some("conversation.response.error") => self.fail(data),
            _ => {}
        }
    }

    fn fail(&mut self, data: &str) {
        self.failure.get_or_insert_with(|| data.to_owned());
    }

    /// Returns the output with this id of those that `is_kind` selects, or adds `new`.
    fn entry(
        &mut self,
        id: &str,
        index: Option<i64>,
        is_kind: fn(&ConversationOutput) -> bool,
        new: impl FnOnce() -> ConversationOutput,
    ) -> Option<&mut MergedOutput> {
        let found = self
            .outputs
            .iter()
            .rposition(|it| it.id == id && is_kind(&it.output));
        let at = found.unwrap_or(self.outputs.len());
        if found.is_none() {
            // An event without an index belongs where it came.
            let last = self.outputs.last().map_or(0, |it| it.index);
            self.outputs.push(MergedOutput {
                id: id.to_owned(),
                index: index.unwrap_or(last),
                content_index: None,
                output: new(),
            });
        }
        self.outputs.get_mut(at)
    }

    fn add_message(&mut self, event: &MessageOutputEvent) {
        let is_message =
            |it: &ConversationOutput| matches!(it, ConversationOutput::MessageOutput(_));
        let entry = self.entry(&event.id, event.output_index, is_message, || {
            ConversationOutput::MessageOutput(MessageOutputEntry {
                content: MessageOutputContent::Text(String::new()),
                object: Some(ENTRY.to_owned()),
                created_at: event.created_at.clone(),
                completed_at: None,
                agent_id: event.agent_id.clone(),
                model: event.model.clone(),
                id: Some(event.id.clone()),
                role: event.role.clone(),
                extra: Map::new(),
            })
        });
        let Some(entry) = entry else { return };
        let last = std::mem::replace(&mut entry.content_index, event.content_index);
        let continues =
            last.is_none() || event.content_index.is_none() || last == event.content_index;
        if let ConversationOutput::MessageOutput(message) = &mut entry.output {
            extend(&mut message.extra, &event.extra);
            add_content(&mut message.content, &event.content, continues);
        }
    }

    fn add_call(&mut self, event: &FunctionCallEvent) {
        let is_call = |it: &ConversationOutput| matches!(it, ConversationOutput::FunctionCall(_));
        let entry = self.entry(&event.id, event.output_index, is_call, || {
            ConversationOutput::FunctionCall(FunctionCallEntry {
                tool_call_id: event.tool_call_id.clone(),
                name: event.name.clone(),
                arguments: FunctionCallArguments::Text(String::new()),
                object: Some(ENTRY.to_owned()),
                created_at: event.created_at.clone(),
                completed_at: None,
                agent_id: event.agent_id.clone(),
                model: event.model.clone(),
                id: Some(event.id.clone()),
                confirmation_status: None,
                extra: Map::new(),
            })
        });
        if let Some(ConversationOutput::FunctionCall(call)) = entry.map(|it| &mut it.output) {
            if let FunctionCallArguments::Text(arguments) = &mut call.arguments {
                arguments.push_str(&event.arguments);
            }
            if event.confirmation_status.is_some() {
                call.confirmation_status
                    .clone_from(&event.confirmation_status);
            }
            extend(&mut call.extra, &event.extra);
        }
    }

    fn execution(
        &mut self,
        id: &str,
        index: Option<i64>,
        new: impl FnOnce() -> ToolExecutionEntry,
    ) -> Option<&mut ToolExecutionEntry> {
        let is_execution =
            |it: &ConversationOutput| matches!(it, ConversationOutput::ToolExecution(_));
        let entry = self.entry(id, index, is_execution, || {
            ConversationOutput::ToolExecution(ToolExecutionEntry {
                object: Some(ENTRY.to_owned()),
                id: Some(id.to_owned()),
                ..new()
            })
        });
        match &mut entry?.output {
            ConversationOutput::ToolExecution(execution) => Some(execution),
            _ => None,
        }
    }

    fn start_execution(&mut self, event: &ToolExecutionStartedEvent) {
        let execution = self.execution(&event.id, event.output_index, || ToolExecutionEntry {
            created_at: event.created_at.clone(),
            ..ToolExecutionEntry::new(event.name.clone(), "")
        });
        if let Some(execution) = execution {
            execution.arguments.push_str(&event.arguments);
            execution.agent_id.clone_from(&event.agent_id);
            execution.model.clone_from(&event.model);
            extend(&mut execution.extra, &event.extra);
        }
    }

    fn add_arguments(&mut self, event: &ToolExecutionDeltaEvent) {
        let execution = self.execution(&event.id, event.output_index, || ToolExecutionEntry {
            created_at: event.created_at.clone(),
            ..ToolExecutionEntry::new(event.name.clone(), "")
        });
        if let Some(execution) = execution {
            execution.arguments.push_str(&event.arguments);
            extend(&mut execution.extra, &event.extra);
        }
    }

    fn end_execution(&mut self, event: &ToolExecutionDoneEvent) {
        let execution = self.execution(&event.id, event.output_index, || {
            ToolExecutionEntry::new(event.name.clone(), "")
        });
        if let Some(execution) = execution {
            execution.completed_at.clone_from(&event.created_at);
            execution.info.clone_from(&event.info);
            extend(&mut execution.extra, &event.extra);
        }
    }

    fn handoff(&mut self, id: &str, index: Option<i64>) -> Option<&mut AgentHandoffEntry> {
        let is_handoff =
            |it: &ConversationOutput| matches!(it, ConversationOutput::AgentHandoff(_));
        let entry = self.entry(id, index, is_handoff, || {
            ConversationOutput::AgentHandoff(AgentHandoffEntry {
                object: Some(ENTRY.to_owned()),
                id: Some(id.to_owned()),
                ..AgentHandoffEntry::new("", "", "", "")
            })
        });
        match &mut entry?.output {
            ConversationOutput::AgentHandoff(handoff) => Some(handoff),
            _ => None,
        }
    }

    fn start_handoff(&mut self, event: &AgentHandoffStartedEvent) {
        if let Some(handoff) = self.handoff(&event.id, event.output_index) {
            handoff.created_at.clone_from(&event.created_at);
            handoff
                .previous_agent_id
                .clone_from(&event.previous_agent_id);
            handoff
                .previous_agent_name
                .clone_from(&event.previous_agent_name);
            extend(&mut handoff.extra, &event.extra);
        }
    }

    fn end_handoff(&mut self, event: &AgentHandoffDoneEvent) {
        if let Some(handoff) = self.handoff(&event.id, event.output_index) {
            handoff.completed_at.clone_from(&event.created_at);
            handoff.next_agent_id.clone_from(&event.next_agent_id);
            handoff.next_agent_name.clone_from(&event.next_agent_name);
            extend(&mut handoff.extra, &event.extra);
        }
    }

    fn response(&self) -> ConversationResponse {
        let mut outputs: Vec<_> = self.outputs.iter().collect();
        outputs.sort_by_key(|it| it.index);
        ConversationResponse {
            conversation_id: self.conversation_id.clone(),
            outputs: outputs.into_iter().map(|it| it.output.clone()).collect(),
            usage: self.usage.clone().unwrap_or(ConversationUsageInfo {
                prompt_tokens: None,
                completion_tokens: None,
                total_tokens: None,
                connector_tokens: None,
                connectors: None,
                extra: Map::new(),
            }),
            object: Some(OBJECT.to_owned()),
            guardrails: None,
            extra: Map::new(),
        }
    }
}

fn extend(merged: &mut Map<String, Value>, new: &Map<String, Value>) {
    if !new.is_empty() {
        merged.extend(new.clone());
    }
}

/// Appends to the content of a message. `continues` tells whether the chunk may be a part of the
/// last one.
fn add_content(content: &mut MessageOutputContent, new: &MessageOutputDelta, continues: bool) {
    let new = match new {
        MessageOutputDelta::Text(new) => match content {
            MessageOutputContent::Text(text) if continues || text.is_empty() => {
                text.push_str(new);
                return;
            }
            _ => MessageOutputChunk::Text(TextChunk::new(new.as_str())),
        },
        MessageOutputDelta::MessageOutputChunk(chunk) => chunk.clone(),
        MessageOutputDelta::Unknown(value) => MessageOutputChunk::Unknown(value.clone()),
    };
    if let MessageOutputContent::Text(text) = content {
        let text = std::mem::take(text);
        let first = (!text.is_empty()).then(|| MessageOutputChunk::Text(TextChunk::new(text)));
        *content = MessageOutputContent::List(first.into_iter().collect());
    }
    let MessageOutputContent::List(chunks) = content else {
        return;
    };
    match (chunks.last_mut(), new) {
        (Some(MessageOutputChunk::Text(last)), MessageOutputChunk::Text(new)) if continues => {
            last.text.push_str(&new.text);
            extend(&mut last.extra, &new.extra);
        }
        (Some(MessageOutputChunk::Thinking(last)), MessageOutputChunk::Thinking(new))
            if continues && last.closed != Some(true) =>
        {
            add_thinking(last, new);
        }
        (_, new) => chunks.push(new),
    }
}

fn add_thinking(last: &mut ThinkChunk, new: ThinkChunk) {
    for part in new.thinking {
        match (last.thinking.last_mut(), part) {
            (Some(ContentChunk::Text(last)), ContentChunk::Text(part)) => {
                last.text.push_str(&part.text);
                extend(&mut last.extra, &part.extra);
            }
            (_, part) => last.thinking.push(part),
        }
    }
    last.closed = new.closed.or(last.closed);
    last.signature = new.signature.or(last.signature.take());
    extend(&mut last.extra, &new.extra);
}
