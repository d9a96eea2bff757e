//! The rules for the messages of a history.

use std::fmt;

/// A violation of a rule that the API, or some of its models, enforce on a history.
///
/// [`Display`](fmt::Display) prints the index of the message and the problem.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// The index of the message in the history, from 0.
    pub at: usize,
    /// The rule that the message violates.
    pub rule: MessageRule,
    /// The path of the field within the message, for example `content[0].input_audio`. `None` if
    /// the violation is about the whole message.
    pub field: Option<String>,
}

impl fmt::Display for Violation {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "message {}: ", self.at)?;
        if let Some(field) = &self.field {
            write!(f, "`{field}`: ")?;
        }
        self.rule.fmt(f)
    }
}

/// A rule for the messages of a history.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MessageRule {
    /// A system or user message has content. An assistant message has content or calls tools.
    HasContent,
    /// There is at most one system message, and it is the first message.
    SystemIsFirst,
    /// An assistant message with `prefix` is the last message.
    PrefixIsLast,
    /// A tool-call id is nine letters or digits.
    ToolCallIdIsValid,
    /// Each tool call has its result, a tool message, directly after the message with the call.
    CallHasResult,
    /// A tool message follows the message with its tool call, and is the only one for that
    /// call.
    ResultHasCall,
    /// An assistant message stands between tool messages and the next user message.
    ResultsHaveResponse,
    /// The role is `system`, `user`, `assistant` or `tool`.
    RoleIsKnown,
    /// The API declares the field. It rejects requests with others.
    FieldIsKnown,
    /// The value has a form that the API declares: a message has its required fields, the kind of a
    /// chunk is known and allowed in its place, and audio is text.
    ValueIsValid,
    /// The last message is a user message, a tool message, or an assistant message with
    /// `prefix`.
    EndsWithInput,
}

impl fmt::Display for MessageRule {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HasContent => "the message is empty",
            Self::SystemIsFirst => "a system message is not the first message",
            Self::PrefixIsLast => "a message with `prefix` is not the last message",
            Self::ToolCallIdIsValid => "a tool-call id is not nine letters or digits",
            Self::CallHasResult => "a tool call has no result directly after it",
            Self::ResultHasCall => "a tool result belongs to no open call of the message before it",
            Self::ResultsHaveResponse => {
                "a user message follows a tool result without an assistant message between them"
            }
            Self::RoleIsKnown => "the API does not know this role",
            Self::FieldIsKnown => "the API does not know this field",
            Self::ValueIsValid => "the API does not accept this value",
            Self::EndsWithInput => "the history ends without a message to respond to",
        })
    }
}
