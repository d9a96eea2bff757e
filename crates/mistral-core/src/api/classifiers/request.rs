use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::json::{ApiRequest, ApiUnion};
use crate::messages::outgoing::{self, Outgoing};
use crate::messages::{IntoMessages, Message};

/// A request to moderate or classify texts. Mirrors the API's `ClassificationRequest`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[api(keep_nulls)]
#[non_exhaustive]
pub struct ClassificationRequest {
    /// The model's id, for example `mistral-moderation-latest`.
    #[api(required, into)]
    pub model: String,
    /// One text, or several.
    #[api(required, into)]
    pub input: ClassificationRequestInputs,
    /// Metadata to store with the request.
    pub metadata: Option<Map<String, Value>>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The texts to moderate or classify.
#[derive(Debug, Clone, PartialEq, Eq, ApiUnion)]
#[api(untagged)]
#[non_exhaustive]
pub enum ClassificationRequestInputs {
    /// One text.
    #[api(string)]
    Text(String),
    /// Several texts.
    #[api(array)]
    Texts(Vec<String>),
}

/// A request to moderate conversations. Mirrors the API's `ChatModerationRequest`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[api(keep_nulls)]
#[non_exhaustive]
pub struct ChatModerationRequest {
    /// The model's id, for example `mistral-moderation-latest`.
    #[api(required, into)]
    pub model: String,
    /// One conversation, or several.
    #[api(required, into)]
    pub input: ChatModerationRequestInputs,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The conversations to moderate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum ChatModerationRequestInputs {
    /// Several conversations.
    Conversations(#[serde(serialize_with = "outgoing::serialize_each")] Vec<Vec<Message>>),
    /// The messages of one conversation.
    Conversation(#[serde(serialize_with = "outgoing::serialize")] Vec<Message>),
}

/// Implements the conversions of one conversation.
macro_rules! from_messages {
    ($inputs:ty: $($type:ty),+) => {
        $(
            impl From<$type> for $inputs {
                fn from(messages: $type) -> Self {
                    Self::of_messages(messages.into_messages())
                }
            }
        )+

        impl<const N: usize> From<[Message; N]> for $inputs {
            fn from(messages: [Message; N]) -> Self {
                Self::of_messages(messages.into())
            }
        }
    };
    ($inputs:ty) => {
        from_messages!($inputs: &str, String, Message, Vec<Message>, &Vec<Message>, &[Message]);
    };
}

from_messages!(ChatModerationRequestInputs);
from_messages!(ChatClassificationRequestInputs);

impl ChatModerationRequestInputs {
    fn of_messages(messages: Vec<Message>) -> Self {
        Self::Conversation(messages)
    }
}

impl ChatClassificationRequestInputs {
    fn of_messages(messages: Vec<Message>) -> Self {
        Self::Conversation(InstructRequest::new(messages))
    }
}

impl From<Vec<Vec<Message>>> for ChatModerationRequestInputs {
    fn from(conversations: Vec<Vec<Message>>) -> Self {
        Self::Conversations(conversations)
    }
}

/// A request to classify conversations. Mirrors the API's `ChatClassificationRequest`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[api(keep_nulls)]
#[non_exhaustive]
pub struct ChatClassificationRequest {
    /// The model's id.
    #[api(required, into)]
    pub model: String,
    /// One conversation, or several.
    #[api(required, into)]
    pub input: ChatClassificationRequestInputs,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The conversations to classify. Mirrors the API's `ChatClassificationRequestInputs`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum ChatClassificationRequestInputs {
    /// One conversation.
    Conversation(InstructRequest),
    /// Several conversations.
    Conversations(Vec<InstructRequest>),
}

impl From<InstructRequest> for ChatClassificationRequestInputs {
    fn from(conversation: InstructRequest) -> Self {
        Self::Conversation(conversation)
    }
}

impl From<Vec<InstructRequest>> for ChatClassificationRequestInputs {
    fn from(conversations: Vec<InstructRequest>) -> Self {
        Self::Conversations(conversations)
    }
}

/// A conversation to classify. Mirrors the API's `InstructRequest`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct InstructRequest {
    /// The messages of the conversation.
    #[api(required, argument = IntoMessages::into_messages, write_with = Outgoing::of)]
    pub messages: Vec<Message>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}
