use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::messages::Message;

request! {
    /// Texts to be judged or sorted. Mirrors the API's `ClassificationRequest`.
    ClassificationRequest with nulls {
        required: {
            /// The model's id, for example `mistral-moderation-latest`.
            model: String => into,
            /// One text, or several.
            input: ClassificationRequestInputs => into,
        }
        optional: {
            /// Facts that are kept with the request.
            metadata: Map<String, Value>,
        }
    }
}

text_or_texts! {
    /// The text, or the texts, to be judged or sorted.
    ClassificationRequestInputs {
        /// One text.
        Text,
        /// Several texts.
        Texts,
    }
}

request! {
    /// Conversations to be judged. Mirrors the API's `ChatModerationRequest`.
    ChatModerationRequest with nulls {
        required: {
            /// The model's id, for example `mistral-moderation-latest`.
            model: String => into,
            /// One conversation, or several.
            input: ChatModerationRequestInputs => into,
        }
    }
}

/// The conversation, or the conversations, to be judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum ChatModerationRequestInputs {
    /// Several conversations.
    Conversations(Vec<Vec<Message>>),
    /// The messages of one conversation.
    Conversation(Vec<Message>),
}

impl From<Vec<Message>> for ChatModerationRequestInputs {
    fn from(messages: Vec<Message>) -> Self {
        Self::Conversation(messages)
    }
}

impl<const N: usize> From<[Message; N]> for ChatModerationRequestInputs {
    fn from(messages: [Message; N]) -> Self {
        Self::Conversation(messages.into())
    }
}

impl From<Vec<Vec<Message>>> for ChatModerationRequestInputs {
    fn from(conversations: Vec<Vec<Message>>) -> Self {
        Self::Conversations(conversations)
    }
}

request! {
    /// Conversations to be sorted. Mirrors the API's `ChatClassificationRequest`.
    ChatClassificationRequest with nulls {
        required: {
            /// The model's id.
            model: String => into,
            /// One conversation, or several.
            input: ChatClassificationRequestInputs => into,
        }
    }
}

/// The conversation, or the conversations, to be sorted. Mirrors the API's
/// `ChatClassificationRequestInputs`.
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

request! {
    /// A conversation. Mirrors the API's `InstructRequest`.
    InstructRequest {
        required: {
            /// The messages.
            messages: Vec<Message> => list Message,
        }
    }
}
