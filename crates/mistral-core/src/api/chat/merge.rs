//! Merging of the chunks of a stream into a whole response.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::chunk::{CompletionChunk, CompletionResponseStreamChoice, DeltaMessage};
use super::finish::{FinishReason, Logprobs};
use super::response::{ChatCompletionChoice, ChatCompletionResponse};
use super::tool_calls::ToolCalls;
use crate::messages::{
    AssistantMessage, Content, ContentChunk, REASONING_FIELDS, ThinkChunk, UsageInfo,
};

/// The number of choices up to which they are searched one by one.
const MAX_SEARCHED: usize = 16;

/// A response that is extended by every chunk.
#[derive(Debug, Default)]
pub(super) struct ChunkMerger {
    id: Arc<str>,
    model: Arc<str>,
    created: Option<i64>,
    usage: Option<Box<UsageInfo>>,
    /// In the order of their first chunks.
    choices: Vec<MergedChoice>,
    /// The position of each choice by its index, where there are many. Boxed: there seldom are.
    positions: Option<Box<Positions>>,
    extra: Map<String, Value>,
}

/// The positions of choices by their index.
#[derive(Debug)]
struct Positions(HashMap<i64, usize>);

#[derive(Debug, Default)]
struct MergedChoice {
    index: i64,
    content: Option<Content>,
    tool_calls: ToolCalls,
    finish_reason: Option<FinishReason>,
    /// The messages of tools that ran on the server.
    messages: Vec<DeltaMessage>,
    logprobs: Option<Logprobs>,
    prompt_logprobs: Option<Logprobs>,
    extra: Map<String, Value>,
    message_extra: Map<String, Value>,
}

impl ChunkMerger {
    pub(super) fn add(&mut self, chunk: &CompletionChunk) {
        if self.id.is_empty() {
            self.id = Arc::clone(&chunk.id);
        }
        if self.model.is_empty() {
            self.model = Arc::clone(&chunk.model);
        }
        self.created = self.created.or(chunk.created);
        match (&mut self.usage, &chunk.usage) {
            (Some(usage), Some(new)) => usage.update(new),
            (usage @ None, Some(new)) => *usage = Some(new.clone()),
            (_, None) => {}
        }
        extend(&mut self.extra, &chunk.extra);
        for choice in &chunk.choices {
            let at = self.position(choice.index);
            let at = at.unwrap_or_else(|| self.insert(choice.index));
            if let Some(merged) = self.choices.get_mut(at) {
                merged.add(choice);
            }
        }
    }

    #[inline]
    fn position(&self, index: i64) -> Option<usize> {
        match &self.positions {
            None => self.choices.iter().position(|it| it.index == index),
            Some(positions) => positions.0.get(&index).copied(),
        }
    }

    /// Adds a choice, and returns its position.
    fn insert(&mut self, index: i64) -> usize {
        let at = self.choices.len();
        if at == 0 {
            self.choices.reserve_exact(1); // most responses have a single choice
        }
        self.choices.push(MergedChoice {
            index,
            ..MergedChoice::default()
        });
        if at >= MAX_SEARCHED {
            self.remember(at, index);
        }
        at
    }

    #[cold]
    fn remember(&mut self, at: usize, index: i64) {
        let positions = self.positions.get_or_insert_with(|| {
            let choices = self.choices.iter().enumerate();
            let positions = choices.map(|(at, choice)| (choice.index, at));
            Box::new(Positions(positions.collect()))
        });
        positions.0.insert(index, at);
    }

    /// Whether the choice `index` has content or tool calls so far.
    pub(super) fn has_content(&self, index: i64) -> bool {
        let choice = self.position(index).and_then(|at| self.choices.get(at));
        choice.is_some_and(|choice| choice.content.is_some() || !choice.tool_calls.is_empty())
    }

    /// Whether every choice has a finish reason.
    pub(super) fn is_finished(&self) -> bool {
        let finished = |choice: &MergedChoice| choice.finish_reason.is_some();
        !self.choices.is_empty() && self.choices.iter().all(finished)
    }

    /// Returns the response merged so far.
    pub(super) fn response(&self) -> ChatCompletionResponse {
        let mut extra = self.extra.clone();
        // A later one that could not be read does not replace one that was read.
        if self.usage.is_some() {
            extra.remove("usage");
        }
        if self.created.is_some() {
            extra.remove("created");
        }
        let mut choices: Vec<_> = self.choices.iter().collect();
        choices.sort_unstable_by_key(|choice| choice.index);
        ChatCompletionResponse {
            choices: choices.into_iter().map(MergedChoice::to_choice).collect(),
            id: self.id.to_string(),
            object: "chat.completion".to_owned(),
            model: self.model.to_string(),
            created: self.created,
            usage: self.usage.as_deref().cloned(),
            extra,
        }
    }
}

impl MergedChoice {
    fn add(&mut self, new: &CompletionResponseStreamChoice) {
        let delta = &new.delta;
        if let Some(reason) = &new.finish_reason {
            self.finish_reason = Some(reason.clone());
        }
        add_logprobs(&mut self.logprobs, new.logprobs.as_ref());
        add_logprobs(&mut self.prompt_logprobs, new.prompt_logprobs.as_ref());
        extend(&mut self.extra, &new.extra);
        if delta.is_tool_message() {
            self.messages.push(delta.clone());
            return;
        }
        if let Some(content) = &delta.content {
            add_content(&mut self.content, content);
        }
        for call in delta.tool_calls.iter().flatten() {
            self.tool_calls.add(call);
        }
        extend_message(&mut self.message_extra, &delta.extra);
    }

    fn to_choice(&self) -> ChatCompletionChoice {
        let tool_calls = &self.tool_calls;
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

fn extend(merged: &mut Map<String, Value>, new: &Map<String, Value>) {
    if !new.is_empty() {
        merged.extend(new.clone());
    }
}

/// Extends the undeclared fields of a message. Those in which other servers stream the reasoning are
/// parts of a text.
fn extend_message(merged: &mut Map<String, Value>, new: &Map<String, Value>) {
    for (name, value) in new {
        match (merged.get_mut(name), value) {
            (Some(Value::String(text)), Value::String(part))
                if REASONING_FIELDS.contains(&name.as_str()) =>
            {
                text.push_str(part);
            }
            (Some(Value::String(_)), Value::Null) if REASONING_FIELDS.contains(&name.as_str()) => {}
            _ => drop(merged.insert(name.clone(), value.clone())),
        }
    }
}

#[inline]
fn add_logprobs(merged: &mut Option<Logprobs>, new: Option<&Logprobs>) {
    let Some(new) = new else { return };
    let merged = merged.get_or_insert_default();
    merged.content.extend_from_slice(&new.content);
    extend(&mut merged.extra, &new.extra);
}

/// Appends text to text, and chunks to chunks. Text that is followed by chunks becomes a chunk.
fn add_content(merged: &mut Option<Content>, new: &Content) {
    match (merged.as_mut(), new) {
        (_, Content::Null) => {}
        (None | Some(Content::Null), new) => *merged = Some(new.clone()),
        (Some(Content::Text(merged)), Content::Text(new)) => merged.push_str(new),
        (Some(Content::Chunks(_)), Content::Text(new)) if new.is_empty() => {}
        (Some(Content::Chunks(merged)), Content::Text(new)) => {
            add_chunk(merged, &ContentChunk::text(new.as_str()));
        }
        (Some(Content::Chunks(merged)), Content::Chunks(new)) => {
            new.iter().for_each(|chunk| add_chunk(merged, chunk));
        }
        (Some(Content::Text(text)), Content::Chunks(new)) => {
            let mut chunks = Vec::new();
            if !text.is_empty() {
                chunks.push(ContentChunk::text(std::mem::take(text)));
            }
            new.iter().for_each(|chunk| add_chunk(&mut chunks, chunk));
            *merged = Some(Content::Chunks(chunks));
        }
    }
}

/// Appends a chunk, or merges it into the last one if it continues it.
fn add_chunk(merged: &mut Vec<ContentChunk>, new: &ContentChunk) {
    match (merged.last_mut(), new) {
        (Some(ContentChunk::Text(last)), ContentChunk::Text(new)) => {
            last.text.push_str(&new.text);
            extend(&mut last.extra, &new.extra);
        }
        (Some(ContentChunk::Thinking(last)), ContentChunk::Thinking(new))
            if last.closed != Some(true) || new.thinking.is_empty() =>
        {
            add_thinking(last, new);
        }
        (_, new) => merged.push(new.clone()),
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
