use std::collections::{HashMap, VecDeque};

use super::content::{Content, ContentChunk};
use super::ids::normalize_tool_call_ids;
use super::lint::{Violation, ids, is_empty, is_prefix, lint_messages};
use super::message::{Message, SystemMessage};

/// What stands for the answer to a call that has none.
const NOT_CARRIED_OUT: &str = "This call was not carried out.";

/// Mends what [`lint_messages`] finds, and gives what is left of it: that the history ends
/// without anything to answer, which only its author can mend.
///
/// * Messages without content are left out.
/// * All messages of the system become one, which is the first.
/// * `prefix` is taken from all messages but the last.
/// * Tool-call ids become valid, as
///   [`normalize_tool_call_ids`](super::normalize_tool_call_ids) makes them.
/// * Answers to calls are moved to their calls. A call without an answer gets one that says
///   that it was not carried out; an answer without a call is left out.
///
/// A history in which nothing is found stays as it is.
///
/// ```
/// use mistral_core::chat::{repair_messages, AssistantMessage, Message, ToolCall};
///
/// let call = ToolCall::new("call_PTLP8xhu3uwZk4l3", "get_weather", "{}");
/// let mut messages = vec![
///     Message::user("Do I need an umbrella?"),
///     AssistantMessage::new().tool_calls([call]).into(),
///     Message::user("Hello? Are you there?"), // the program was stopped in between
/// ];
/// assert!(repair_messages(&mut messages).is_empty());
/// assert!(matches!(messages[2], Message::Tool(_)));
/// assert_eq!(messages.len(), 4);
/// ```
#[inline]
pub fn repair_messages(messages: &mut Vec<Message>) -> Vec<Violation> {
    messages.retain(|message| !is_empty(message));
    normalize_tool_call_ids(messages);
    unite_systems(messages);
    let last = messages.len().saturating_sub(1);
    for message in messages.iter_mut().take(last) {
        if is_prefix(message)
            && let Message::Assistant(assistant) = message
        {
            assistant.prefix = None;
        }
    }
    messages.retain(|message| !is_empty(message)); // an empty prefix is nothing without its mark
    join_answers(messages);
    lint_messages(messages)
}

#[inline]
fn unite_systems(messages: &mut Vec<Message>) {
    let is_system = |message: &Message| matches!(message, Message::System(_));
    if !messages.iter().skip(1).any(is_system) {
        return;
    }
    let mut united: Option<SystemMessage> = None;
    messages.retain(|message| match (message, &mut united) {
        (Message::System(system), None) => {
            united = Some(system.clone());
            false
        }
        (Message::System(system), Some(united)) => {
            append(&mut united.content, &system.content);
            united.extra.extend(system.extra.clone());
            false
        }
        _ => true,
    });
    messages.splice(..0, united.map(Message::from));
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

/// Puts every answer directly after the message that has its call.
#[inline]
fn join_answers(messages: &mut Vec<Message>) {
    let mut places: HashMap<String, VecDeque<usize>> = HashMap::new();
    for (at, message) in messages.iter().enumerate() {
        for id in ids(message) {
            places.entry(id.to_owned()).or_default().push_back(at);
        }
    }
    let mut left: Vec<Option<Message>> = messages.drain(..).map(Some).collect();
    for at in 0..left.len() {
        let Some(message) = left.get_mut(at).and_then(Option::take) else {
            continue;
        };
        let calls: Vec<String> = match &message {
            Message::Tool(_) => continue, // no call before it has claimed it
            message => ids(message).map(str::to_owned).collect(),
        };
        messages.push(message);
        let mut claimed = Vec::new();
        let mut missing = Vec::new();
        for id in calls {
            let places = places.get_mut(&id);
            match places.and_then(|places| answer_after(at, places, &left)) {
                Some(place) => {
                    let answer = left.get_mut(place).and_then(Option::take);
                    claimed.extend(answer.map(|answer| (place, answer)));
                }
                None => missing.push(Message::tool(id, NOT_CARRIED_OUT)),
            }
        }
        claimed.sort_by_key(|(place, _)| *place);
        messages.extend(claimed.into_iter().map(|(_, answer)| answer));
        messages.append(&mut missing);
    }
}

/// Takes the place of the answer to a call in the message at `at` out of the `places` that have
/// its id: the first one after it, unless there the id is that of another call.
fn answer_after(
    at: usize,
    places: &mut VecDeque<usize>,
    left: &[Option<Message>],
) -> Option<usize> {
    while places.front().is_some_and(|place| *place <= at) {
        places.pop_front();
    }
    match left.get(*places.front()?) {
        Some(Some(Message::Tool(_))) => places.pop_front(),
        _ => None,
    }
}
