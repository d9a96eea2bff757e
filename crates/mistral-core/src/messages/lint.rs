use std::fmt;

use super::content::Content;
use super::ids::is_valid;
use super::message::{AssistantMessage, Message};
use super::tool_call::given;

/// Something about a history that the API, or some models on it, refuse.
///
/// `{}` prints it for a person: where it is, and what is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// The message's place in the history, from 0.
    pub at: usize,
    /// What is wrong with it.
    pub rule: MessageRule,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "message {}: {}", self.at, self.rule)
    }
}

/// What is asked of the messages of a history.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MessageRule {
    /// A message of the system or the user has content; one of the assistant has content or
    /// calls tools.
    HasContent,
    /// There is one message of the system, and it is the first.
    SystemIsFirst,
    /// An assistant message with `prefix` is the last.
    PrefixIsLast,
    /// The id of a tool call is nine letters or digits.
    ToolCallIdIsValid,
    /// Each call of a message is answered by a tool message directly after it.
    CallIsAnswered,
    /// A tool message follows a message that has the call with its id, and is the only one for
    /// that call.
    AnswerHasCall,
    /// The last message is one of the user, of a tool, or an assistant message with `prefix`.
    EndsWithInput,
}

impl fmt::Display for MessageRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HasContent => "it is empty",
            Self::SystemIsFirst => "it is of the system, but not the first message",
            Self::PrefixIsLast => "it has `prefix`, but is not the last message",
            Self::ToolCallIdIsValid => "a tool-call id is not nine letters or digits",
            Self::CallIsAnswered => "a tool call is not answered directly after it",
            Self::AnswerHasCall => "it answers no call of the message before it, or one twice",
            Self::EndsWithInput => "the history ends without anything to answer",
        })
    }
}

/// Finds what the API, or some models on it, would refuse about a history.
///
/// The SDK itself refuses none of this: which rules hold depends on the model and the day.
/// [`repair_messages`](super::repair_messages) mends all but the end of a history.
///
/// ```
/// use mistral_core::chat::{lint_messages, Message, MessageRule};
///
/// let messages = [Message::user("Hello"), Message::tool("D681PevKs", "no rain")];
/// let violations = lint_messages(&messages);
/// assert_eq!(violations[0].rule, MessageRule::AnswerHasCall);
/// assert!(violations[0].to_string().starts_with("message 1: it answers no call"));
/// ```
#[inline]
pub fn lint_messages(messages: &[Message]) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut open = Vec::new(); // the calls of the last assistant message, and its place
    for (at, message) in messages.iter().enumerate() {
        let mut violates = |rule| found.push(Violation { at, rule });
        if is_empty(message) {
            violates(MessageRule::HasContent);
        }
        if at > 0 && matches!(message, Message::System(_)) {
            violates(MessageRule::SystemIsFirst);
        }
        if is_prefix(message) && at + 1 < messages.len() {
            violates(MessageRule::PrefixIsLast);
        }
        if !ids(message).all(is_valid) {
            violates(MessageRule::ToolCallIdIsValid);
        }
        if let Message::Tool(_) = message {
            let id = ids(message).next();
            match open.iter().position(|(_, call)| Some(*call) == id) {
                Some(answered) => {
                    open.remove(answered);
                }
                None => violates(MessageRule::AnswerHasCall),
            }
            continue;
        }
        report(&mut found, &mut open);
        open.extend(ids(message).map(|id| (at, id)));
    }
    report(&mut found, &mut open);
    if !messages.last().is_some_and(is_input) {
        found.push(Violation {
            at: messages.len().saturating_sub(1),
            rule: MessageRule::EndsWithInput,
        });
    }
    found.sort_by_key(|violation| violation.at);
    found
}

/// Says which calls are still open: nothing that follows can answer them.
#[inline]
fn report(found: &mut Vec<Violation>, open: &mut Vec<(usize, &str)>) {
    found.extend(open.drain(..).map(|(at, _)| Violation {
        at,
        rule: MessageRule::CallIsAnswered,
    }));
}

/// The ids that a message has: of its calls, or of the call that it answers. Empty for none.
pub(super) fn ids(message: &Message) -> impl Iterator<Item = &str> {
    let (calls, answered) = match message {
        Message::Assistant(assistant) => (assistant.tool_calls.as_deref(), None),
        Message::Tool(answer) => (None, Some(answer.tool_call_id.as_deref())),
        _ => (None, None),
    };
    let of_calls = calls.into_iter().flatten().map(|call| call.call_id());
    let ids = of_calls.chain(answered.map(given));
    ids.map(Option::unwrap_or_default)
}

pub(super) fn is_empty(message: &Message) -> bool {
    let nothing = |content: &Content| match content {
        Content::Text(text) => text.is_empty(),
        Content::Chunks(chunks) => chunks.is_empty(),
        Content::Null => true,
    };
    match message {
        Message::System(system) => nothing(&system.content),
        Message::User(user) => nothing(&user.content),
        Message::Assistant(assistant) => {
            let calls = assistant.tool_calls.as_deref().unwrap_or_default();
            let is_silent = assistant.content.as_ref().is_none_or(nothing);
            is_silent && calls.is_empty() && !is_prefix(message)
        }
        _ => false,
    }
}

pub(super) fn is_prefix(message: &Message) -> bool {
    let prefix = |assistant: &AssistantMessage| assistant.prefix == Some(true);
    matches!(message, Message::Assistant(assistant) if prefix(assistant))
}

fn is_input(message: &Message) -> bool {
    match message {
        Message::System(_) => false,
        Message::Assistant(_) => is_prefix(message),
        _ => true,
    }
}
