//! Entries that requests add to a conversation.
//!
//! `ConversationInputs` is created from a text, from entries, or from arrays and vectors of them.

use super::{
    ConversationEntry, ConversationInputs, ConversationOutput, FunctionResultEntry,
    MessageInputContent, MessageInputEntry, MessageInputRole,
};

impl From<ConversationEntry> for ConversationInputs {
    fn from(entry: ConversationEntry) -> Self {
        Self::List(vec![entry])
    }
}

impl From<MessageInputEntry> for ConversationInputs {
    fn from(message: MessageInputEntry) -> Self {
        Self::List(vec![message.into()])
    }
}

impl From<FunctionResultEntry> for ConversationInputs {
    fn from(result: FunctionResultEntry) -> Self {
        Self::List(vec![result.into()])
    }
}

/// Entries of one kind, or of several as [`ConversationEntry`].
impl<T: Into<ConversationEntry>> FromIterator<T> for ConversationInputs {
    fn from_iter<I: IntoIterator<Item = T>>(entries: I) -> Self {
        Self::List(entries.into_iter().map(Into::into).collect())
    }
}

/// A message of the user.
impl From<&str> for ConversationEntry {
    fn from(text: &str) -> Self {
        MessageInputEntry::user(text).into()
    }
}

/// An entry of a response as an entry of the next request, for a conversation that the server does
/// not store.
///
/// ```
/// # let json = r#"{"conversation_id": "conv_1", "usage": {}, "outputs": [
/// #     {"type": "message.output", "content": "Manet."}]}"#;
/// # let response: mistral_sdk::beta::conversations::ConversationResponse = serde_json::from_str(json)?;
/// use mistral_sdk::beta::conversations::{ConversationEntry, ConversationRequest};
///
/// let mut history = vec![ConversationEntry::from("Who painted Olympia?")];
/// history.extend(response.outputs.into_iter().map(ConversationEntry::from));
/// history.push("When?".into());
/// let request = ConversationRequest::new(history).model("mistral-medium-latest").store(false);
/// # let request = serde_json::to_value(request)?;
/// # assert_eq!(request["inputs"][1]["content"], "Manet.");
/// # assert_eq!(request["inputs"][2]["role"], "user");
/// # Ok::<(), serde_json::Error>(())
/// ```
impl From<ConversationOutput> for ConversationEntry {
    fn from(output: ConversationOutput) -> Self {
        match output {
            ConversationOutput::MessageOutput(message) => Self::MessageOutput(message),
            ConversationOutput::AgentHandoff(handoff) => Self::AgentHandoff(handoff),
            ConversationOutput::ToolExecution(execution) => Self::ToolExecution(execution),
            ConversationOutput::FunctionCall(call) => Self::FunctionCall(call),
            ConversationOutput::Unknown(value) => Self::Unknown(value),
        }
    }
}

impl MessageInputEntry {
    /// Creates a message of the user.
    ///
    /// ```
    /// use mistral_sdk::beta::conversations::{MessageInputChunk, MessageInputEntry};
    /// use mistral_sdk::chat::{ImageUrlChunk, ImageUrlUnion, TextChunk};
    ///
    /// let url = "https://example.com/olympia.jpg".to_owned();
    /// let message = MessageInputEntry::user([
    ///     MessageInputChunk::from(TextChunk::new("Who painted this?")),
    ///     ImageUrlChunk::new(ImageUrlUnion::Url(url)).into(),
    /// ]);
    /// # assert_eq!(serde_json::to_value(&message)?["content"][0]["text"], "Who painted this?");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn user(content: impl Into<MessageInputContent>) -> Self {
        Self::new(MessageInputRole::User, content)
    }

    /// Creates a message of the model. With `prefix`, the response continues it.
    ///
    /// ```
    /// use mistral_sdk::beta::conversations::{ConversationRequest, MessageInputEntry};
    ///
    /// let messages = [
    ///     MessageInputEntry::user("Who painted Olympia?"),
    ///     MessageInputEntry::assistant("It was").prefix(true),
    /// ];
    /// let request = ConversationRequest::new(messages).model("mistral-medium-latest");
    /// # assert_eq!(serde_json::to_value(&request)?["inputs"][1]["content"], "It was");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn assistant(content: impl Into<MessageInputContent>) -> Self {
        Self::new(MessageInputRole::Assistant, content)
    }
}
