use std::collections::{HashMap, VecDeque};

use serde_json::Value;

use super::change::ChangeLog;
use super::content::Content;
use super::content_chunk::ContentChunk;
use super::ids::normalize_tool_call_ids;
use super::lint::{is_empty, is_prefix, lint_messages, tool_call_ids};
use super::message::{AssistantMessage, Message, SystemMessage};
use super::violation::Violation;

/// The content of the tool message for a call without a result. The model reads it.
const MISSING_RESULT: &str = "This call was not carried out.";

/// The content of the assistant message between tool results and a user message. The model reads
/// it.
const MISSING_RESPONSE: &str = "The results have been received.";

/// Repairs the violations that [`lint_messages`] finds, and returns the remaining ones.
///
/// [`MessageRule::EndsWithInput`](super::MessageRule::EndsWithInput) remains: the caller has to
/// append a message. Roles, fields and values that the API does not accept remain, too, because
/// they may say something: [`import_openai`](super::import_openai) converts those of OpenAI's form.
///
/// * Messages without content are removed.
/// * All system messages are merged into one, which becomes the first message.
/// * `prefix` is cleared on all messages but the last.
/// * Tool-call ids are normalized by
///   [`normalize_tool_call_ids`](super::normalize_tool_call_ids).
/// * Tool messages are moved directly after their calls. For a call without a tool message, one
///   is added that states that the call was not carried out. A tool message without a call is
///   removed.
/// * Between a tool message and a user message, an assistant message is added that states that
///   the results have been received.
///
/// A history without violations is not changed.
///
/// ```
/// use mistral_sdk::chat::{AssistantMessage, Message, ToolCall};
/// use mistral_sdk::messages::repair_messages;
///
/// let call = ToolCall::new("call_PTLP8xhu3uwZk4l3", "get_weather", "{}");
/// let mut messages = vec![
///     Message::user("Do I need an umbrella?"),
///     AssistantMessage::new().tool_calls([call]).into(),
///     Message::user("Hello? Are you there?"), // the program was interrupted in between
/// ];
/// assert!(repair_messages(&mut messages).is_empty());
/// assert!(matches!(messages[2], Message::Tool(_)));
/// assert!(matches!(messages[3], Message::Assistant(_)));
/// assert_eq!(messages.len(), 5);
/// ```
#[inline]
pub fn repair_messages(messages: &mut Vec<Message>) -> Vec<Violation> {
    let entries = std::mem::take(messages).into_iter().enumerate().collect();
    *messages = repair(entries, &mut ChangeLog::default());
    lint_messages(messages)
}

/// A message with its index in the history before.
type Entry = (usize, Message);

/// Repairs a history as [`repair_messages`] does, and records the changes.
#[inline]
pub(super) fn repair(entries: Vec<Entry>, log: &mut ChangeLog) -> Vec<Message> {
    let entries = without_empty(entries, log);
    let entries = with_valid_ids(entries, log);
    let mut entries = with_one_system_message(entries, log);
    let last = entries.len().saturating_sub(1);
    for (at, message) in entries.iter_mut().take(last) {
        if is_prefix(message)
            && let Message::Assistant(assistant) = message
        {
            assistant.prefix = None;
            log.at = *at;
            log.removed("prefix", true.into(), "only the last message may have it");
        }
    }
    let entries = without_empty(entries, log); // an empty message is only valid with `prefix`
    let entries = with_results_after_calls(entries, log);
    with_responses(entries, log)
}

fn json(message: &Message) -> Value {
    serde_json::to_value(message).unwrap_or_default()
}

#[inline]
fn without_empty(mut entries: Vec<Entry>, log: &mut ChangeLog) -> Vec<Entry> {
    entries.retain(|(at, message)| {
        let is_empty = is_empty(message);
        if is_empty {
            log.at = *at;
            log.removed("", json(message), "the message is empty");
        }
        !is_empty
    });
    entries
}

#[inline]
fn with_valid_ids(entries: Vec<Entry>, log: &mut ChangeLog) -> Vec<Entry> {
    const REASON: &str = "a tool-call id is nine letters or digits";
    let (indices, mut messages): (Vec<_>, Vec<_>) = entries.into_iter().unzip();
    let before: Vec<Vec<Option<String>>> = messages.iter().map(ids).collect();
    normalize_tool_call_ids(&mut messages);
    for ((at, message), before) in indices.iter().zip(&messages).zip(before) {
        log.at = *at;
        for (index, (before, after)) in before.into_iter().zip(ids(message)).enumerate() {
            if before != after {
                let field = match message {
                    Message::Tool(_) => "tool_call_id".to_owned(),
                    _ => format!("tool_calls[{index}].id"),
                };
                log.converted(field, before.into(), REASON);
            }
        }
    }
    indices.into_iter().zip(messages).collect()
}

/// Returns the tool-call ids of a message as they are.
#[inline]
fn ids(message: &Message) -> Vec<Option<String>> {
    match message {
        Message::Assistant(AssistantMessage { tool_calls, .. }) => {
            let calls = tool_calls.iter().flatten();
            calls.map(|call| call.id.clone()).collect()
        }
        Message::Tool(tool) => vec![tool.tool_call_id.clone()],
        _ => Vec::new(),
    }
}

#[inline]
fn with_one_system_message(mut entries: Vec<Entry>, log: &mut ChangeLog) -> Vec<Entry> {
    let is_system = |(_, message): &Entry| matches!(message, Message::System(_));
    if !entries.iter().skip(1).any(is_system) {
        return entries;
    }
    let starts_with_system = entries.first().is_some_and(is_system);
    let mut merged: Option<(usize, SystemMessage)> = None;
    entries.retain(|(at, message)| match (message, &mut merged) {
        (Message::System(system), None) => {
            if !starts_with_system {
                log.moved(*at, json(message), "the system message is the first one");
            }
            merged = Some((*at, system.clone()));
            false
        }
        (Message::System(system), Some((_, merged))) => {
            append(&mut merged.content, &system.content);
            merged.extra.extend(system.extra.clone());
            let reason = "it is a part of the first system message, because there can be one";
            log.moved(*at, json(message), reason);
            false
        }
        _ => true,
    });
    entries.splice(..0, merged.map(|(at, system)| (at, system.into())));
    entries
}

#[inline]
fn append(content: &mut Content, more: &Content) {
    if let (Content::Text(text), Content::Text(more)) = (&mut *content, more) {
        text.push_str("\n\n");
        text.push_str(more);
        return;
    }
    let chunks = |content: &Content| match content {
        Content::Text(text) => vec![ContentChunk::text(text)],
        other => other.chunks().to_vec(),
    };
    *content = Content::Chunks([chunks(content), chunks(more)].concat());
}

/// Adds an assistant message between each tool message and a user message after it.
#[inline]
fn with_responses(entries: Vec<Entry>, log: &mut ChangeLog) -> Vec<Message> {
    let mut messages = Vec::with_capacity(entries.len());
    for (at, message) in entries {
        let is_after_tool = matches!(messages.last(), Some(Message::Tool(_)));
        if is_after_tool && matches!(message, Message::User(_)) {
            log.added(
                at,
                "an assistant message stands between tool results and this message",
            );
            messages.push(Message::assistant(MISSING_RESPONSE));
        }
        messages.push(message);
    }
    messages
}

/// Moves every tool message directly after the message with its call.
#[inline]
fn with_results_after_calls(entries: Vec<Entry>, log: &mut ChangeLog) -> Vec<Entry> {
    let mut indices: HashMap<String, VecDeque<usize>> = HashMap::new();
    let mut others = Vec::with_capacity(entries.len()); // the last message that is no result
    for (index, (_, message)) in entries.iter().enumerate() {
        let before = others.last().copied().unwrap_or_default();
        let is_result = matches!(message, Message::Tool(_));
        others.push(if is_result { before } else { index });
        for id in tool_call_ids(message) {
            indices.entry(id.to_owned()).or_default().push_back(index);
        }
    }
    let mut sorted = Vec::with_capacity(entries.len());
    let mut remaining: Vec<Option<Entry>> = entries.into_iter().map(Some).collect();
    for index in 0..remaining.len() {
        let Some(entry) = remaining.get_mut(index).and_then(Option::take) else {
            continue;
        };
        let (at, message) = &entry;
        if let Message::Tool(_) = message {
            log.at = *at;
            log.removed("", json(message), "it is the result of no tool call");
            continue; // no preceding call has claimed it
        }
        let at = *at;
        let calls: Vec<String> = tool_call_ids(message).map(str::to_owned).collect();
        sorted.push(entry);
        let mut claimed = Vec::new();
        let mut missing = Vec::new();
        for id in calls {
            let indices = indices.get_mut(&id);
            match indices.and_then(|indices| take_result_after(index, indices, &remaining)) {
                Some(result) => {
                    let entry = remaining.get_mut(result).and_then(Option::take);
                    claimed.extend(entry.map(|entry| (result, entry)));
                }
                None => missing.push((at, Message::tool(id, MISSING_RESULT))),
            }
        }
        claimed.sort_by_key(|(result, _)| *result);
        for (result, entry) in claimed {
            if others.get(result) != Some(&index) {
                log.moved(entry.0, json(&entry.1), "a result follows its tool call");
            }
            sorted.push(entry);
        }
        for _ in &missing {
            log.added(at, "every tool call has a result");
        }
        sorted.append(&mut missing);
    }
    sorted
}

/// Removes the index of the tool message for a call of the message at `at` from `indices`, the
/// indices of the messages with its id. It is the first one after `at`, unless that is another
/// call with the same id.
fn take_result_after(
    at: usize,
    indices: &mut VecDeque<usize>,
    remaining: &[Option<Entry>],
) -> Option<usize> {
    while indices.front().is_some_and(|index| *index <= at) {
        indices.pop_front();
    }
    match remaining.get(*indices.front()?) {
        Some(Some((_, Message::Tool(_)))) => indices.pop_front(),
        _ => None,
    }
}
