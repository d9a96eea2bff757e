use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::content::Content;
use super::tool_call::ToolCall;
use crate::json::wire::serialize_tagged;
use crate::json::{ApiRequest, ApiUnion};

/// One message of a conversation. Mirrors the members of the API's `messages`.
///
/// ```
/// use mistral_core::chat::Message;
///
/// let messages = [
///     Message::system("Answer in one sentence."),
///     Message::user("Who painted Olympia?"),
/// ];
/// # assert_eq!(serde_json::to_value(&messages[1])?["role"], "user");
/// # Ok::<_, serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(tag = "role")]
#[non_exhaustive]
pub enum Message {
    /// Instructions to the model.
    #[api("system")]
    System(SystemMessage),
    /// What the user says.
    #[api("user")]
    User(UserMessage),
    /// What the model said.
    #[api("assistant")]
    Assistant(AssistantMessage),
    /// What a tool answered.
    #[api("tool")]
    Tool(ToolMessage),
    /// A member that this version of the SDK does not know, as it came.
    Unknown(Value),
}

impl Message {
    /// Instructions to the model.
    pub fn system(content: impl Into<Content>) -> Self {
        SystemMessage::new(content).into()
    }

    /// What the user says.
    pub fn user(content: impl Into<Content>) -> Self {
        UserMessage::new(content).into()
    }

    /// What the model said.
    pub fn assistant(content: impl Into<Content>) -> Self {
        AssistantMessage::new().content(content).into()
    }

    /// What a tool answered to the call with this id.
    pub fn tool(tool_call_id: impl Into<String>, content: impl Into<Content>) -> Self {
        ToolMessage::new(content).tool_call_id(tool_call_id).into()
    }
}

/// Instructions to the model. Mirrors the API's `SystemMessage`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct SystemMessage {
    /// The instructions: text, or chunks of text and thinking.
    #[api(required, into)]
    pub content: Content,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// What the user says. Mirrors the API's `UserMessage`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct UserMessage {
    /// Text, or chunks.
    #[api(required, into)]
    pub content: Content,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// What the model said. Mirrors the API's `AssistantMessage`.
///
/// A response's message goes back into the history as it is: see [`Message::from`].
#[derive(Debug, Clone, PartialEq, Default, ApiRequest)]
#[non_exhaustive]
pub struct AssistantMessage {
    /// Text, or chunks.
    #[api(nullable, into)]
    pub content: Option<Content>,
    /// The tools that the model wants called.
    #[api(list)]
    pub tool_calls: Option<Vec<ToolCall>>,
    /// Whether the answer is to go on from this message, which is then the last.
    /// Default: no.
    pub prefix: Option<bool>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl AssistantMessage {
    /// The text, joined from all text chunks. Empty if there is none.
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        self.content.as_ref().map_or("".into(), Content::text)
    }

    /// The reasoning, joined from all thinking chunks. Empty if there is none.
    pub fn thinking(&self) -> std::borrow::Cow<'_, str> {
        self.content.as_ref().map_or("".into(), Content::thinking)
    }
}

/// What a tool answered. Mirrors the API's `ToolMessage`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct ToolMessage {
    /// The answer.
    #[api(required, into)]
    pub content: Content,
    /// The id of the call that this answers.
    #[api(into)]
    pub tool_call_id: Option<String>,
    /// The tool's name.
    #[api(into)]
    pub name: Option<String>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// An assistant message outside of the union of messages: there, too, it names its role.
pub(crate) struct WithRole<'a>(pub(crate) &'a AssistantMessage);

impl Serialize for WithRole<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_tagged("role", "assistant", self.0, serializer)
    }
}
