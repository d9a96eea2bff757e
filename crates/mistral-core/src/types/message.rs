use serde::{Serialize, Serializer};

use super::content::Content;
use super::tool_call::ToolCall;
use crate::json::wire::{nullable, serialize_tagged};

tagged_union! {
    /// One message of a conversation. Mirrors the members of the API's `messages`.
    ///
    /// ```
    /// use mistral_core::types::Message;
    ///
    /// let messages = [
    ///     Message::system("Answer in one sentence."),
    ///     Message::user("Who painted Olympia?"),
    /// ];
    /// # assert_eq!(serde_json::to_value(&messages[1])?["role"], "user");
    /// # Ok::<_, serde_json::Error>(())
    /// ```
    Message by "role" {
        /// Instructions to the model.
        System(SystemMessage) = "system",
        /// What the user says.
        User(UserMessage) = "user",
        /// What the model said.
        Assistant(AssistantMessage) = "assistant",
        /// What a tool answered.
        Tool(ToolMessage) = "tool",
    }
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

request! {
    /// Instructions to the model. Mirrors the API's `SystemMessage`.
    SystemMessage {
        required: {
            /// The instructions: text, or chunks of text and thinking.
            content: Content => into,
        }
    }
}

request! {
    /// What the user says. Mirrors the API's `UserMessage`.
    UserMessage {
        required: {
            /// Text, or chunks.
            content: Content => into,
        }
    }
}

request! {
    /// What the model said. Mirrors the API's `AssistantMessage`.
    ///
    /// A response's message goes back into the history as it is: see [`Message::from`].
    #[derive(Default)]
    AssistantMessage {
        optional: {
            /// Text, or chunks.
            #[read_with(nullable)]
            content: Content => into,
            /// The tools that the model wants called.
            tool_calls: Vec<ToolCall> => list ToolCall,
            /// Whether the answer is to go on from this message, which is then the last.
            /// Default: no.
            prefix: bool,
        }
    }
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

request! {
    /// What a tool answered. Mirrors the API's `ToolMessage`.
    ToolMessage {
        required: {
            /// The answer.
            content: Content => into,
        }
        optional: {
            /// The id of the call that this answers.
            tool_call_id: String => into,
            /// The tool's name.
            name: String => into,
        }
    }
}

/// An assistant message outside of the union of messages: there, too, it names its role.
pub(crate) struct WithRole<'a>(pub(crate) &'a AssistantMessage);

impl Serialize for WithRole<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_tagged("role", "assistant", self.0, serializer)
    }
}
