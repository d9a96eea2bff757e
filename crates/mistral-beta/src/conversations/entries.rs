//! Reading of responses and entries.

use std::borrow::Cow;

use mistral_core::messages::{Arguments, ToolReferenceChunk};
use serde::de::DeserializeOwned;

use super::{
    AgentHandoffEntry, ConfirmationDecision, ConfirmationStatus, ConversationEvent,
    ConversationOutput, ConversationResponse, FunctionCallArguments, FunctionCallEntry,
    FunctionResultEntry, MessageOutputChunk, MessageOutputContent, MessageOutputDelta,
    MessageOutputEntry, ToolCallConfirmation, ToolExecutionEntry, ToolFileChunk,
};

impl ConversationResponse {
    /// Returns the text of the messages. Several messages are separated by line feeds.
    ///
    /// ```
    /// # let json = r#"{"conversation_id": "conv_1", "usage": {}, "outputs": [
    /// #     {"type": "message.output", "content": "Manet."}]}"#;
    /// # let response: mistral_sdk::beta::conversations::ConversationResponse = serde_json::from_str(json)?;
    /// assert_eq!(response.text(), "Manet.");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn text(&self) -> Cow<'_, str> {
        let mut messages = self.messages();
        let Some(first) = messages.next() else {
            return Cow::Borrowed("");
        };
        let mut text = first.text();
        for message in messages {
            let text = text.to_mut();
            text.push('\n');
            text.push_str(&message.text());
        }
        text
    }

    /// Returns the messages of the model.
    pub fn messages(&self) -> impl Iterator<Item = &MessageOutputEntry> {
        self.outputs.iter().filter_map(|output| match output {
            ConversationOutput::MessageOutput(message) => Some(message),
            _ => None,
        })
    }

    /// Returns the calls of functions that the application answers, and the calls of tools that wait
    /// for its confirmation.
    ///
    /// ```
    /// use mistral_sdk::beta::conversations::{ConversationAppendRequest, ConversationResponse};
    ///
    /// /// Runs the functions of a response, and returns the request with their results.
    /// fn answer(response: &ConversationResponse) -> ConversationAppendRequest {
    ///     let calls = response.function_calls();
    ///     let results: Vec<_> = calls.map(|call| call.result(run(&call.name))).collect();
    ///     ConversationAppendRequest::new().inputs(results)
    /// }
    ///
    /// fn run(name: &str) -> String {
    ///     format!("the result of {name}")
    /// }
    /// # let json = r#"{"conversation_id": "conv_1", "usage": {}, "outputs": [{
    /// #     "type": "function.call", "tool_call_id": "a", "name": "now", "arguments": "{}"}]}"#;
    /// # let request = answer(&serde_json::from_str(json)?);
    /// # let request = serde_json::to_value(request)?;
    /// # assert_eq!(request["inputs"][0]["tool_call_id"], "a");
    /// # assert_eq!(request["inputs"][0]["result"], "the result of now");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn function_calls(&self) -> impl Iterator<Item = &FunctionCallEntry> {
        self.outputs.iter().filter_map(|output| match output {
            ConversationOutput::FunctionCall(call) => Some(call),
            _ => None,
        })
    }

    /// Returns the executions of tools on the server.
    pub fn tool_executions(&self) -> impl Iterator<Item = &ToolExecutionEntry> {
        self.outputs.iter().filter_map(|output| match output {
            ConversationOutput::ToolExecution(execution) => Some(execution),
            _ => None,
        })
    }

    /// Returns the handoffs from one agent to another.
    pub fn handoffs(&self) -> impl Iterator<Item = &AgentHandoffEntry> {
        self.outputs.iter().filter_map(|output| match output {
            ConversationOutput::AgentHandoff(handoff) => Some(handoff),
            _ => None,
        })
    }

    /// Returns the sources that the messages refer to.
    pub fn references(&self) -> impl Iterator<Item = &ToolReferenceChunk> {
        self.chunks().filter_map(|chunk| match chunk {
            MessageOutputChunk::ToolReference(reference) => Some(reference),
            _ => None,
        })
    }

    /// Returns the files that tools created, for example images. `client.files().download` downloads
    /// one by its `file_id`.
    pub fn files(&self) -> impl Iterator<Item = &ToolFileChunk> {
        self.chunks().filter_map(|chunk| match chunk {
            MessageOutputChunk::ToolFile(file) => Some(file),
            _ => None,
        })
    }

    fn chunks(&self) -> impl Iterator<Item = &MessageOutputChunk> {
        self.messages().flat_map(|message| message.content.chunks())
    }
}

impl MessageOutputEntry {
    /// Returns the text of the message, without its other chunks.
    pub fn text(&self) -> Cow<'_, str> {
        self.content.text()
    }
}

impl MessageOutputContent {
    /// Returns the text, without the other chunks.
    pub fn text(&self) -> Cow<'_, str> {
        if let Self::Text(text) = self {
            return Cow::Borrowed(text);
        }
        let mut texts = self.chunks().iter().filter_map(|chunk| match chunk {
            MessageOutputChunk::Text(chunk) => Some(chunk.text.as_str()),
            _ => None,
        });
        let mut text = Cow::Borrowed(texts.next().unwrap_or_default());
        for more in texts {
            text.to_mut().push_str(more);
        }
        text
    }

    /// Returns the chunks. Empty if the content is a single text.
    pub fn chunks(&self) -> &[MessageOutputChunk] {
        match self {
            Self::List(chunks) => chunks,
            _ => &[],
        }
    }
}

impl ConversationEvent {
    /// Returns the text that the event adds to a message. Empty for all other events.
    ///
    /// ```no_run
    /// # async fn example(client: mistral_sdk::Client) -> mistral_sdk::Result<()> {
    /// use mistral_sdk::beta::BetaExt as _;
    /// use mistral_sdk::beta::conversations::ConversationRequest;
    ///
    /// let request = ConversationRequest::new("Who painted Olympia?").model("mistral-medium-latest");
    /// let mut stream = client.beta().conversations().start_stream(&request).await?;
    /// while let Some(event) = stream.next().await {
    ///     print!("{}", event?.text());
    /// }
    /// # Ok(()) }
    /// ```
    pub fn text(&self) -> &str {
        let Self::MessageOutputDelta(event) = self else {
            return "";
        };
        match &event.content {
            MessageOutputDelta::Text(text) => text,
            MessageOutputDelta::MessageOutputChunk(MessageOutputChunk::Text(chunk)) => &chunk.text,
            _ => "",
        }
    }
}

impl FunctionCallEntry {
    /// Returns the entry that answers this call with `result`, a text for the model to read. It is
    /// sent with [`append`](super::Conversations::append).
    pub fn result(&self, result: impl Into<String>) -> FunctionResultEntry {
        FunctionResultEntry::new(&*self.tool_call_id, result)
    }

    /// Whether the call waits for [`allow`](Self::allow) or [`deny`](Self::deny).
    pub fn is_pending(&self) -> bool {
        self.confirmation_status == Some(ConfirmationStatus::Pending)
    }

    /// Returns the decision that the call may run, for the `tool_confirmations` of an append.
    ///
    /// ```
    /// use mistral_sdk::beta::conversations::{ConversationAppendRequest, ConversationResponse};
    ///
    /// # fn example(response: ConversationResponse) {
    /// let pending = response.function_calls().filter(|call| call.is_pending());
    /// let allowed: Vec<_> = pending.map(|call| call.allow()).collect();
    /// let request = ConversationAppendRequest::new().tool_confirmations(allowed);
    /// # let _ = request;
    /// # }
    /// ```
    pub fn allow(&self) -> ToolCallConfirmation {
        ToolCallConfirmation::new(&*self.tool_call_id, ConfirmationDecision::Allow)
    }

    /// Returns the decision that the call may not run, for the `tool_confirmations` of an append.
    pub fn deny(&self) -> ToolCallConfirmation {
        ToolCallConfirmation::new(&*self.tool_call_id, ConfirmationDecision::Deny)
    }
}

impl FunctionCallArguments {
    /// Parses the arguments. Empty text and `null` are parsed as an empty object.
    ///
    /// ```
    /// use mistral_sdk::beta::conversations::FunctionCallEntry;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Weather { city: String }
    ///
    /// let call = FunctionCallEntry::new("call_1", "weather", r#"{"city": "Paris"}"#.to_owned());
    /// assert_eq!(call.arguments.parse::<Weather>()?.city, "Paris");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// # Errors
    /// Fails if they are cut off, are not JSON, or do not match `T`.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        match self {
            Self::Text(text) => Arguments::Text(text.clone()).parse(),
            Self::Object(object) => Arguments::Object(object.clone()).parse(),
            Self::Unknown(value) => T::deserialize(value),
        }
    }
}
