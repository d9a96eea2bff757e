use std::collections::{HashMap, HashSet, VecDeque};

use super::message::Message;
use super::tool_call::given;

/// How many letters or digits an id has.
const LENGTH: usize = 9;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Makes the ids of all tool calls in a history valid, on both sides.
///
/// Mistral accepts ids of nine letters or digits (`a-z`, `A-Z`, `0-9`) and refuses all
/// others with code 3280, so a history that another model has written needs other ids.
/// Valid ids stay as they are. Each of the others is replaced, in the calls and in the
/// answers to them, always by the same id; two that differ stay different. Calls without
/// an id get one. Answers without one get those of the calls before them that no answer
/// names, in their order: first of calls that had no id. A history that has been normalized
/// does not change any more.
///
/// ```
/// use mistral_core::chat::{normalize_tool_call_ids, AssistantMessage, Message, ToolCall};
///
/// let call = ToolCall::new("call_PTLP8xhu3uwZk4l3", "get_weather", "{}");
/// let mut messages = vec![
///     Message::user("Do I need an umbrella?"),
///     AssistantMessage::new().tool_calls([call]).into(),
///     Message::tool("call_PTLP8xhu3uwZk4l3", "no rain"),
/// ];
/// normalize_tool_call_ids(&mut messages);
///
/// let (Message::Assistant(question), Message::Tool(answer)) = (&messages[1], &messages[2])
/// else {
///     unreachable!()
/// };
/// let id = question.tool_calls.as_ref().and_then(|calls| calls[0].call_id());
/// assert_eq!(id.map(str::len), Some(9));
/// assert_eq!(id, answer.tool_call_id.as_deref());
/// ```
#[inline]
pub fn normalize_tool_call_ids(messages: &mut [Message]) {
    let mut ids = Ids::of(messages);
    let named = named_answers(messages);
    let mut open = VecDeque::new(); // the calls that an answer without an id may be to
    for (at, message) in messages.iter_mut().enumerate() {
        match message {
            Message::Assistant(assistant) => {
                open.clear();
                let mut unanswered = Vec::new();
                let named = named.get(&at);
                for (index, call) in assistant.tool_calls.iter_mut().flatten().enumerate() {
                    let id = match call.call_id() {
                        Some(id) => {
                            let valid = ids.valid(id);
                            if named.is_none_or(|named| !named.contains(id)) {
                                unanswered.push(valid.clone());
                            }
                            valid
                        }
                        None => {
                            let id = ids.unused(&format!("{at} {index}"));
                            open.push_back(id.clone());
                            id
                        }
                    };
                    call.id = Some(id);
                }
                open.extend(unanswered);
            }
            Message::Tool(answer) => {
                answer.tool_call_id = match given(answer.tool_call_id.as_deref()) {
                    Some(id) => Some(ids.valid(id)),
                    None => open.pop_front().or(answer.tool_call_id.take()),
                };
            }
            _ => {}
        }
    }
}

/// The ids of the calls that an answer names, by the place of the message with the calls.
#[inline]
fn named_answers(messages: &[Message]) -> HashMap<usize, HashSet<String>> {
    let mut named: HashMap<usize, HashSet<String>> = HashMap::new();
    let mut called = HashMap::new();
    for (at, message) in messages.iter().enumerate() {
        match message {
            Message::Assistant(assistant) => {
                let calls = assistant.tool_calls.iter().flatten();
                called.extend(calls.filter_map(|call| Some((call.call_id()?, at))));
            }
            Message::Tool(answer) => {
                let id = given(answer.tool_call_id.as_deref());
                if let Some((id, at)) = id.and_then(|id| Some((id, called.get(id)?))) {
                    named.entry(*at).or_default().insert(id.to_owned());
                }
            }
            _ => {}
        }
    }
    named
}

#[inline]
pub(super) fn is_valid(id: &str) -> bool {
    id.len() == LENGTH && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[derive(Default)]
struct Ids {
    /// The ids that no other call may get.
    taken: HashSet<String>,
    replaced: HashMap<String, String>,
}

impl Ids {
    /// Takes the valid ids of a history: they all stay.
    #[inline]
    fn of(messages: &[Message]) -> Self {
        let mut ids = Self::default();
        let mut take = |id: Option<&str>| {
            ids.taken
                .extend(id.filter(|id| is_valid(id)).map(str::to_owned));
        };
        for message in messages {
            match message {
                Message::Assistant(assistant) => {
                    let calls = assistant.tool_calls.iter().flatten();
                    calls.for_each(|call| take(call.call_id()));
                }
                Message::Tool(answer) => take(answer.tool_call_id.as_deref()),
                _ => {}
            }
        }
        ids
    }

    /// The valid id that stands for `id`.
    #[inline]
    fn valid(&mut self, id: &str) -> String {
        if is_valid(id) {
            return id.to_owned();
        }
        if let Some(known) = self.replaced.get(id) {
            return known.clone();
        }
        let new = self.unused(id);
        self.replaced.insert(id.to_owned(), new.clone());
        new
    }

    /// An id that depends on `seed` and that nobody has yet.
    #[inline]
    fn unused(&mut self, seed: &str) -> String {
        let mut hash = fnv1a(seed);
        let mut id = spelled(hash);
        while !self.taken.insert(id.clone()) {
            hash = hash.wrapping_add(1);
            id = spelled(hash);
        }
        id
    }
}

/// FNV-1a: unlike the hashes of the standard library, it is the same everywhere and for
/// ever, so that a history gets the same ids each time.
fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[inline]
fn spelled(hash: u64) -> String {
    let base = ALPHABET.len() as u64;
    let mut rest = hash;
    let digits = (0..LENGTH).map(|_| {
        let digit = usize::try_from(rest % base).unwrap_or_default();
        rest /= base;
        ALPHABET.get(digit).copied().map_or('0', char::from)
    });
    digits.collect()
}
