use std::borrow::Cow;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::content::Content;
use super::tool_call::ToolCall;
use crate::json::wire::serialize_tagged;
use crate::json::{ApiRequest, ApiUnion};

/// A message of a conversation. Mirrors the members of the API's `messages`.
///
/// ```
/// use mistral_sdk::chat::Message;
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
    /// A message from the user.
    #[api("user")]
    User(UserMessage),
    /// A message from the model.
    #[api("assistant")]
    Assistant(AssistantMessage),
    /// The result of a tool call.
    #[api("tool")]
    Tool(ToolMessage),
    /// A value that this version of the SDK does not declare.
    Unknown(Value),
}

impl Message {
    /// Creates a system message: instructions to the model.
    pub fn system(content: impl Into<Content>) -> Self {
        SystemMessage::new(content).into()
    }

    /// Creates a message from the user.
    pub fn user(content: impl Into<Content>) -> Self {
        UserMessage::new(content).into()
    }

    /// Creates a message from the model.
    pub fn assistant(content: impl Into<Content>) -> Self {
        AssistantMessage::new().content(content).into()
    }

    /// Creates a tool message with the result of the tool call `tool_call_id`.
    pub fn tool(tool_call_id: impl Into<String>, content: impl Into<Content>) -> Self {
        ToolMessage::new(content).tool_call_id(tool_call_id).into()
    }

    /// Returns the role: `system`, `user`, `assistant` or `tool`. For a message that this version of
    /// the SDK does not declare, it is the one in the JSON, or empty.
    pub fn role(&self) -> &str {
        match self {
            Self::System(_) => "system",
            Self::User(_) => "user",
            Self::Assistant(_) => "assistant",
            Self::Tool(_) => "tool",
            Self::Unknown(json) => json.get("role").and_then(Value::as_str).unwrap_or_default(),
        }
    }

    /// Returns the content. `None` for a message from the model that has none, and for one that
    /// this version of the SDK does not declare.
    pub fn content(&self) -> Option<&Content> {
        match self {
            Self::System(message) => Some(&message.content),
            Self::User(message) => Some(&message.content),
            Self::Assistant(message) => message.content.as_ref(),
            Self::Tool(message) => Some(&message.content),
            Self::Unknown(_) => None,
        }
    }

    /// Returns the text, joined from all text chunks, without reasoning. Empty if there is none.
    ///
    /// ```
    /// use mistral_sdk::chat::{ContentChunk, Message};
    ///
    /// let message = Message::user([
    ///     ContentChunk::text("Describe this image."),
    ///     ContentChunk::image_url("https://example.com/cat.png"),
    /// ]);
    /// assert_eq!(message.text(), "Describe this image.");
    /// assert_eq!(message.role(), "user");
    /// ```
    pub fn text(&self) -> Cow<'_, str> {
        self.content().map_or("".into(), Content::text)
    }
}

/// Instructions to the model. Mirrors the API's `SystemMessage`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct SystemMessage {
    /// The instructions: text, or chunks of text and thinking.
    #[api(required, into)]
    pub content: Content,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A message from the user. Mirrors the API's `UserMessage`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct UserMessage {
    /// The content: text, or content chunks.
    #[api(required, into)]
    pub content: Content,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A message from the model. Mirrors the API's `AssistantMessage`.
///
/// The message of a response can be appended to the history unchanged: see [`Message::from`].
/// Fields that this version of the SDK does not declare are sent with the history if they say
/// something. Those that another host has left empty (`null`, `""`, `[]`, `{}`) are not: the API
/// rejects a history with unknown fields.
#[derive(Debug, Clone, PartialEq, Default, ApiRequest)]
#[non_exhaustive]
pub struct AssistantMessage {
    /// The content: text, or content chunks.
    #[api(nullable, into)]
    pub content: Option<Content>,
    /// The tool calls that the model requests.
    #[api(list)]
    pub tool_calls: Option<Vec<ToolCall>>,
    /// Whether the response continues this message, which must then be the last. Default:
    /// false.
    pub prefix: Option<bool>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl AssistantMessage {
    /// Returns the text, joined from all text chunks. Empty if there is none.
    pub fn text(&self) -> Cow<'_, str> {
        self.content.as_ref().map_or("".into(), Content::text)
    }

    /// Returns the reasoning, joined from all thinking chunks. Empty if there is none.
    ///
    /// vLLM, SGLang, llama.cpp, Ollama and others send the reasoning beside the content, in the
    /// field `reasoning_content` or `reasoning`, which [`extra`](Self::extra) keeps and which is
    /// sent with the history. Where the content has no thinking chunks, the text of that field is
    /// returned.
    pub fn thinking(&self) -> Cow<'_, str> {
        reasoning(self.content.as_ref(), &self.extra)
    }
}

/// The undeclared fields of a message in which other servers send the reasoning of the model. A
/// server may send both with the same text.
pub(crate) const REASONING_FIELDS: [&str; 2] = ["reasoning_content", "reasoning"];

/// Returns the reasoning of a message: that of its content or, where the content has none, that of
/// the first of [`REASONING_FIELDS`] that has a text. Empty if there is none.
pub(crate) fn reasoning<'a>(
    content: Option<&'a Content>,
    extra: &'a Map<String, Value>,
) -> Cow<'a, str> {
    let in_content = content.map_or("".into(), Content::thinking);
    if !in_content.is_empty() || extra.is_empty() {
        return in_content;
    }
    let beside = REASONING_FIELDS
        .into_iter()
        .filter_map(|name| extra.get(name)?.as_str())
        .find(|text| !text.is_empty());
    beside.map_or(in_content, Cow::Borrowed)
}

/// The result of a tool call. Mirrors the API's `ToolMessage`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct ToolMessage {
    /// The result of the tool.
    #[api(required, into)]
    pub content: Content,
    /// The id of the tool call that this message is the result of.
    #[api(into)]
    pub tool_call_id: Option<String>,
    /// The tool's name.
    #[api(into)]
    pub name: Option<String>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// An assistant message that is serialized with its role outside of the union of messages.
pub(crate) struct WithRole<'a>(pub(crate) &'a AssistantMessage);

impl Serialize for WithRole<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_tagged("role", "assistant", self.0, serializer)
    }
}

impl ToolCall {
    /// Creates the tool message with the result of this call, which refers to its id and its
    /// function.
    ///
    /// ```
    /// use mistral_sdk::chat::{Message, ToolCall};
    ///
    /// let call = ToolCall::new("D681PevKs", "get_weather", r#"{"city": "Paris"}"#);
    /// let mut messages = vec![Message::user("What is the weather in Paris?")];
    /// messages.push(call.answer("21 °C, sunny"));
    /// # assert_eq!(serde_json::to_value(&messages[1])?["tool_call_id"], "D681PevKs");
    /// # Ok::<_, serde_json::Error>(())
    /// ```
    pub fn answer(&self, content: impl Into<Content>) -> Message {
        let mut message = ToolMessage::new(content).name(&*self.function.name);
        message.tool_call_id = self.call_id().map(str::to_owned);
        message.into()
    }
}
