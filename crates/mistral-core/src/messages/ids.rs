use std::collections::{HashMap, HashSet, VecDeque};

use super::message::Message;
use super::tool_call::present_id;

/// The number of letters and digits in an id.
const ID_LENGTH: usize = 9;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Replaces invalid tool-call ids in a history, in tool calls and in tool messages.
///
/// Mistral accepts ids of nine letters or digits (`a-z`, `A-Z`, `0-9`) and rejects all others
/// with code 3280, so a history from another model needs new ids.
///
/// * Valid ids are kept.
/// * An invalid id is replaced by the same new id in the tool call and in the tool message.
///   Different ids stay different.
/// * A tool call without an id is assigned one.
/// * A tool message without an id is assigned the id of a preceding call that no tool message
///   refers to, in order, starting with the calls that had no id.
///
/// Normalizing a history twice has no further effect.
///
/// ```
/// use mistral_sdk::chat::{AssistantMessage, Message, ToolCall};
/// use mistral_sdk::messages::normalize_tool_call_ids;
///
/// let call = ToolCall::new("call_PTLP8xhu3uwZk4l3", "get_weather", "{}");
/// let mut messages = vec![
///     Message::user("Do I need an umbrella?"),
///     AssistantMessage::new().tool_calls([call]).into(),
///     Message::tool("call_PTLP8xhu3uwZk4l3", "no rain"),
/// ];
/// normalize_tool_call_ids(&mut messages);
///
/// let (Message::Assistant(question), Message::Tool(tool)) = (&messages[1], &messages[2])
/// else {
///     unreachable!()
/// };
/// let id = question.tool_calls.as_ref().and_then(|calls| calls[0].call_id());
/// assert_eq!(id.map(str::len), Some(9));
/// assert_eq!(id, tool.tool_call_id.as_deref());
/// ```
#[inline]
pub fn normalize_tool_call_ids(messages: &mut [Message]) {
    let mut ids = IdReplacements::for_history(messages);
    let answered = answered_calls(messages);
    let mut open = VecDeque::new(); // ids for tool messages that have none
    for (at, message) in messages.iter_mut().enumerate() {
        match message {
            Message::Assistant(assistant) => {
                open.clear();
                let mut unanswered = Vec::new();
                let answered = answered.get(&at);
                for (index, call) in assistant.tool_calls.iter_mut().flatten().enumerate() {
                    let id = match call.call_id() {
                        Some(id) => {
                            let new = ids.replace(id);
                            if answered.is_none_or(|answered| !answered.contains(id)) {
                                unanswered.push(new.clone());
                            }
                            new
                        }
                        None => {
                            let id = ids.generate(&format!("{at} {index}"));
                            open.push_back(id.clone());
                            id
                        }
                    };
                    call.id = Some(id);
                }
                open.extend(unanswered);
            }
            Message::Tool(tool) => {
                tool.tool_call_id = match present_id(tool.tool_call_id.as_deref()) {
                    Some(id) => Some(ids.replace(id)),
                    None => open.pop_front().or(tool.tool_call_id.take()),
                };
            }
            _ => {}
        }
    }
}

/// Returns the ids of the calls that a tool message refers to, by the index of the message with
/// the calls.
#[inline]
fn answered_calls(messages: &[Message]) -> HashMap<usize, HashSet<String>> {
    let mut answered: HashMap<usize, HashSet<String>> = HashMap::new();
    let mut calls_at = HashMap::new();
    for (at, message) in messages.iter().enumerate() {
        match message {
            Message::Assistant(assistant) => {
                let calls = assistant.tool_calls.iter().flatten();
                calls_at.extend(calls.filter_map(|call| Some((call.call_id()?, at))));
            }
            Message::Tool(tool) => {
                let id = present_id(tool.tool_call_id.as_deref());
                if let Some((id, at)) = id.and_then(|id| Some((id, calls_at.get(id)?))) {
                    answered.entry(*at).or_default().insert(id.to_owned());
                }
            }
            _ => {}
        }
    }
    answered
}

#[inline]
pub(super) fn is_valid(id: &str) -> bool {
    id.len() == ID_LENGTH && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[derive(Default)]
struct IdReplacements {
    /// The ids that are in use.
    used: HashSet<String>,
    replacements: HashMap<String, String>,
}

impl IdReplacements {
    /// Reserves all valid ids of a history, which are kept.
    #[inline]
    fn for_history(messages: &[Message]) -> Self {
        let mut ids = Self::default();
        let mut reserve = |id: Option<&str>| {
            ids.used
                .extend(id.filter(|id| is_valid(id)).map(str::to_owned));
        };
        for message in messages {
            match message {
                Message::Assistant(assistant) => {
                    let calls = assistant.tool_calls.iter().flatten();
                    calls.for_each(|call| reserve(call.call_id()));
                }
                Message::Tool(tool) => reserve(tool.tool_call_id.as_deref()),
                _ => {}
            }
        }
        ids
    }

    /// Returns `id` if it is valid, or its replacement.
    #[inline]
    fn replace(&mut self, id: &str) -> String {
        if is_valid(id) {
            return id.to_owned();
        }
        if let Some(replacement) = self.replacements.get(id) {
            return replacement.clone();
        }
        let new = self.generate(id);
        self.replacements.insert(id.to_owned(), new.clone());
        new
    }

    /// Generates an unused id from `seed`.
    #[inline]
    fn generate(&mut self, seed: &str) -> String {
        let mut hash = fnv1a(seed);
        let mut id = encode_base62(hash);
        while !self.used.insert(id.clone()) {
            hash = hash.wrapping_add(1);
            id = encode_base62(hash);
        }
        id
    }
}

/// Hashes a text with FNV-1a. Unlike the hashes of the standard library, it is stable across
/// platforms and versions, so that a history is always assigned the same ids.
fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[inline]
fn encode_base62(hash: u64) -> String {
    let base = ALPHABET.len() as u64;
    let mut remainder = hash;
    let digits = (0..ID_LENGTH).map(|_| {
        let digit = usize::try_from(remainder % base).unwrap_or_default();
        remainder /= base;
        ALPHABET.get(digit).copied().map_or('0', char::from)
    });
    digits.collect()
}
