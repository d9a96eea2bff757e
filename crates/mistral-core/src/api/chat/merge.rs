//! The whole answer, put together from the chunks of a stream.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::chunk::{CompletionChunk, CompletionResponseStreamChoice, DeltaMessage};
use super::finish::{FinishReason, Logprobs};
use super::response::{ChatCompletionChoice, ChatCompletionResponse};
use super::tool_calls::ToolCalls;
use crate::messages::{AssistantMessage, Content, ContentChunk, ThinkChunk, UsageInfo};

/// An answer that grows with every chunk.
#[derive(Debug, Default)]
pub(super) struct Merge {
    id: Arc<str>,
    model: Arc<str>,
    created: Option<i64>,
    usage: Option<Box<UsageInfo>>,
    choices: Vec<Choice>,
    extra: Map<String, Value>,
}

#[derive(Debug, Default)]
struct Choice {
    index: i64,
    content: Option<Content>,
    tool_calls: ToolCalls,
    finish_reason: Option<FinishReason>,
    /// Messages of tools that ran on the server: not the model's own words.
    messages: Vec<DeltaMessage>,
    logprobs: Option<Logprobs>,
    prompt_logprobs: Option<Logprobs>,
    extra: Map<String, Value>,
    message_extra: Map<String, Value>,
}

impl Merge {
    pub(super) fn add(&mut self, chunk: &CompletionChunk) {
        if self.id.is_empty() {
            self.id = Arc::clone(&chunk.id);
        }
        if self.model.is_empty() {
            self.model = Arc::clone(&chunk.model);
        }
        self.created = self.created.or(chunk.created);
        if let Some(usage) = &chunk.usage {
            self.usage = Some(usage.clone());
        }
        extend(&mut self.extra, &chunk.extra);
        for choice in &chunk.choices {
            let known = self
                .choices
                .binary_search_by_key(&choice.index, |known| known.index);
            let at = known.unwrap_or_else(|at| {
                let new = Choice {
                    index: choice.index,
                    ..Choice::default()
                };
                self.choices.reserve_exact(1); // mostly there is no other
                self.choices.insert(at, new);
                at
            });
            if let Some(known) = self.choices.get_mut(at) {
                known.add(choice);
            }
        }
    }

    /// Whether every choice says why the model stopped.
    pub(super) fn is_finished(&self) -> bool {
        let finished = |choice: &Choice| choice.finish_reason.is_some();
        !self.choices.is_empty() && self.choices.iter().all(finished)
    }

    /// The answer as far as it has come.
    pub(super) fn response(&self) -> ChatCompletionResponse {
        ChatCompletionResponse {
            choices: self.choices.iter().map(Choice::whole).collect(),
            id: self.id.to_string(),
            object: "chat.completion".to_owned(),
            model: self.model.to_string(),
            created: self.created,
            usage: self.usage.as_deref().cloned(),
            extra: self.extra.clone(),
        }
    }
}

impl Choice {
    fn add(&mut self, new: &CompletionResponseStreamChoice) {
        let delta = &new.delta;
        if let Some(reason) = &new.finish_reason {
            self.finish_reason = Some(reason.clone());
        }
        add_logprobs(&mut self.logprobs, new.logprobs.as_ref());
        add_logprobs(&mut self.prompt_logprobs, new.prompt_logprobs.as_ref());
        extend(&mut self.extra, &new.extra);
        if delta.tool_call_id.is_some() || delta.role.as_deref() == Some("tool") {
            self.messages.push(delta.clone());
            return;
        }
        if let Some(content) = &delta.content {
            add_content(&mut self.content, content);
        }
        for call in delta.tool_calls.iter().flatten() {
            self.tool_calls.add(call);
        }
        extend(&mut self.message_extra, &delta.extra);
    }

    fn whole(&self) -> ChatCompletionChoice {
        let tool_calls = self.tool_calls.as_slice();
        ChatCompletionChoice {
            index: self.index,
            message: AssistantMessage {
                content: self.content.clone(),
                tool_calls: (!tool_calls.is_empty()).then(|| tool_calls.to_vec()),
                prefix: None,
                extra: self.message_extra.clone(),
            },
            finish_reason: self.finish_reason.clone(),
            messages: (!self.messages.is_empty()).then(|| self.messages.clone()),
            logprobs: self.logprobs.clone(),
            prompt_logprobs: self.prompt_logprobs.clone(),
            extra: self.extra.clone(),
        }
    }
}

fn extend(known: &mut Map<String, Value>, new: &Map<String, Value>) {
    if !new.is_empty() {
        known.extend(new.clone());
    }
}

fn add_logprobs(known: &mut Option<Logprobs>, new: Option<&Logprobs>) {
    let Some(new) = new else { return };
    let known = known.get_or_insert_default();
    known.content.extend_from_slice(&new.content);
    extend(&mut known.extra, &new.extra);
}

/// Adds text to text, and chunks to chunks. What starts as text and goes on in chunks
/// becomes chunks.
fn add_content(known: &mut Option<Content>, new: &Content) {
    match (known.as_mut(), new) {
        (_, Content::Null) => {}
        (None | Some(Content::Null), new) => *known = Some(new.clone()),
        (Some(Content::Text(known)), Content::Text(new)) => known.push_str(new),
        (Some(Content::Chunks(_)), Content::Text(new)) if new.is_empty() => {}
        (Some(Content::Chunks(known)), Content::Text(new)) => {
            add_chunk(known, &ContentChunk::text(new.as_str()));
        }
        (Some(Content::Chunks(known)), Content::Chunks(new)) => {
            new.iter().for_each(|chunk| add_chunk(known, chunk));
        }
        (Some(Content::Text(text)), Content::Chunks(new)) => {
            let mut chunks = Vec::new();
            if !text.is_empty() {
                chunks.push(ContentChunk::text(std::mem::take(text)));
            }
            new.iter().for_each(|chunk| add_chunk(&mut chunks, chunk));
            *known = Some(Content::Chunks(chunks));
        }
    }
}

/// Adds a chunk: to the last one, where it goes on with it.
fn add_chunk(known: &mut Vec<ContentChunk>, new: &ContentChunk) {
    match (known.last_mut(), new) {
        (Some(ContentChunk::Text(last)), ContentChunk::Text(new)) => {
            last.text.push_str(&new.text);
            extend(&mut last.extra, &new.extra);
        }
        (Some(ContentChunk::Thinking(last)), ContentChunk::Thinking(new))
            if last.closed != Some(true) || new.thinking.is_empty() =>
        {
            add_thinking(last, new);
        }
        (_, new) => known.push(new.clone()),
    }
}

fn add_thinking(last: &mut ThinkChunk, new: &ThinkChunk) {
    for part in &new.thinking {
        add_chunk(&mut last.thinking, part);
    }
    last.closed = new.closed.or(last.closed);
    if new.signature.is_some() {
        last.signature.clone_from(&new.signature);
    }
    extend(&mut last.extra, &new.extra);
}
