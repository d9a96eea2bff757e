use std::collections::{HashMap, VecDeque};

use super::content::Content;
use super::content_chunk::ContentChunk;
use super::ids::normalize_tool_call_ids;
use super::lint::{
    Violation, is_empty, is_prefix, is_user_after_tool, lint_messages, tool_call_ids,
};
use super::message::{Message, SystemMessage};

/// The content of the tool message for a call without a result. The model reads it.
const MISSING_RESULT: &str = "This call was not carried out.";

/// The content of the assistant message between tool results and a user message. The model reads
/// it.
const MISSING_RESPONSE: &str = "The results have been received.";

/// Repairs the violations that [`lint_messages`] finds, and returns the remaining ones. Only
/// [`MessageRule::EndsWithInput`](super::MessageRule::EndsWithInput) can remain: the caller has
/// to append a message.
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
    messages.retain(|message| !is_empty(message));
    normalize_tool_call_ids(messages);
    merge_system_messages(messages);
    let last = messages.len().saturating_sub(1);
    for message in messages.iter_mut().take(last) {
        if is_prefix(message)
            && let Message::Assistant(assistant) = message
        {
            assistant.prefix = None;
        }
    }
    messages.retain(|message| !is_empty(message)); // an empty message is only valid with `prefix`
    move_results_to_calls(messages);
    add_missing_responses(messages);
    lint_messages(messages)
}

#[inline]
fn add_missing_responses(messages: &mut Vec<Message>) {
    let is_missing = |at: &usize| is_user_after_tool(messages, *at);
    let places: Vec<_> = (0..messages.len()).filter(is_missing).collect();
    if places.is_empty() {
        return;
    }
    let before = std::mem::take(messages);
    let mut places = places.into_iter().peekable();
    for (at, message) in before.into_iter().enumerate() {
        if places.next_if_eq(&at).is_some() {
            messages.push(Message::assistant(MISSING_RESPONSE));
        }
        messages.push(message);
    }
}

#[inline]
fn merge_system_messages(messages: &mut Vec<Message>) {
    let is_system = |message: &Message| matches!(message, Message::System(_));
    if !messages.iter().skip(1).any(is_system) {
        return;
    }
    let mut merged: Option<SystemMessage> = None;
    messages.retain(|message| match (message, &mut merged) {
        (Message::System(system), None) => {
            merged = Some(system.clone());
            false
        }
        (Message::System(system), Some(merged)) => {
            append(&mut merged.content, &system.content);
            merged.extra.extend(system.extra.clone());
            false
        }
        _ => true,
    });
    messages.splice(..0, merged.map(Message::from));
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

/// Moves every tool message directly after the message with its call.
#[inline]
fn move_results_to_calls(messages: &mut Vec<Message>) {
    let mut indices: HashMap<String, VecDeque<usize>> = HashMap::new();
    for (at, message) in messages.iter().enumerate() {
        for id in tool_call_ids(message) {
            indices.entry(id.to_owned()).or_default().push_back(at);
        }
    }
    let mut remaining: Vec<Option<Message>> = messages.drain(..).map(Some).collect();
    for at in 0..remaining.len() {
        let Some(message) = remaining.get_mut(at).and_then(Option::take) else {
            continue;
        };
        let calls: Vec<String> = match &message {
            Message::Tool(_) => continue, // no preceding call has claimed it
            message => tool_call_ids(message).map(str::to_owned).collect(),
        };
        messages.push(message);
        let mut claimed = Vec::new();
        let mut missing = Vec::new();
        for id in calls {
            let indices = indices.get_mut(&id);
            match indices.and_then(|indices| take_result_after(at, indices, &remaining)) {
                Some(index) => {
                    let result = remaining.get_mut(index).and_then(Option::take);
                    claimed.extend(result.map(|result| (index, result)));
                }
                None => missing.push(Message::tool(id, MISSING_RESULT)),
            }
        }
        claimed.sort_by_key(|(index, _)| *index);
        messages.extend(claimed.into_iter().map(|(_, result)| result));
        messages.append(&mut missing);
    }
}

/// Removes the index of the tool message for a call of the message at `at` from `indices`, the
/// indices of the messages with its id. It is the first one after `at`, unless that is another
/// call with the same id.
fn take_result_after(
    at: usize,
    indices: &mut VecDeque<usize>,
    remaining: &[Option<Message>],
) -> Option<usize> {
    while indices.front().is_some_and(|index| *index <= at) {
        indices.pop_front();
    }
    match remaining.get(*indices.front()?) {
        Some(Some(Message::Tool(_))) => indices.pop_front(),
        _ => None,
    }
}
