//! Reading and extending the output items of responses.

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{
    ContentPart, CountResponseInputTokensRequest, CreateResponseRequest, InputMessageRole,
    ModelResponse, ReasoningContent, ResponseInputItem, ResponseInputMessage, ResponseOutputItem,
    ResponseStreamEvent, ResponsesFunctionCallOutput, ResponsesFunctionToolCall,
    ResponsesOutputMessage, ResponsesOutputMessageContent, ResponsesOutputText,
    ResponsesReasoningItem, TextAnnotation,
};

impl ModelResponse {
    /// Returns the text of the messages. Several messages are separated by line feeds.
    ///
    /// ```
    /// # let json = serde_json::json!({
    /// #     "id": "resp_1", "created_at": 1.0, "model": "m", "parallel_tool_calls": true,
    /// #     "tool_choice": "auto", "tools": [], "output": [{
    /// #         "type": "message", "id": "msg_1", "status": "completed", "content": [
    /// #             {"type": "output_text", "text": "Manet.", "annotations": []}]}],
    /// # });
    /// # let response: mistral_sdk::beta::responses::ModelResponse = serde_json::from_value(json)?;
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
    pub fn messages(&self) -> impl Iterator<Item = &ResponsesOutputMessage> {
        self.output.iter().filter_map(|item| match item {
            ResponseOutputItem::Message(message) => Some(message),
            _ => None,
        })
    }

    /// Returns the calls of functions that the application answers.
    pub fn function_calls(&self) -> impl Iterator<Item = &ResponsesFunctionToolCall> {
        self.output.iter().filter_map(|item| match item {
            ResponseOutputItem::FunctionCall(call) => Some(call),
            _ => None,
        })
    }

    /// Returns the reasoning of the model.
    pub fn reasoning_items(&self) -> impl Iterator<Item = &ResponsesReasoningItem> {
        self.output.iter().filter_map(|item| match item {
            ResponseOutputItem::Reasoning(reasoning) => Some(reasoning),
            _ => None,
        })
    }

    /// Returns the model's explanation, if it refused to answer.
    pub fn refusal(&self) -> Option<&str> {
        let mut parts = self.messages().flat_map(|message| &message.content);
        parts.find_map(|part| match part {
            ResponsesOutputMessageContent::Refusal(refusal) => Some(refusal.refusal.as_str()),
            _ => None,
        })
    }
}

impl ResponsesOutputMessage {
    /// Returns the text of the message, without refusals.
    pub fn text(&self) -> Cow<'_, str> {
        let mut texts = self.content.iter().filter_map(|part| match part {
            ResponsesOutputMessageContent::OutputText(text) => Some(text.text.as_str()),
            _ => None,
        });
        let mut text = Cow::Borrowed(texts.next().unwrap_or_default());
        for more in texts {
            text.to_mut().push_str(more);
        }
        text
    }
}

impl ResponsesFunctionToolCall {
    /// Parses the arguments. Empty text is parsed as an empty object.
    ///
    /// ```
    /// use mistral_sdk::beta::responses::ResponsesFunctionToolCall;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Weather { city: String }
    ///
    /// let call = ResponsesFunctionToolCall::new(r#"{"city": "Paris"}"#, "call_1", "weather");
    /// assert_eq!(call.parse_arguments::<Weather>()?.city, "Paris");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// # Errors
    /// Fails if they are cut off, are not JSON, or do not match `T`.
    pub fn parse_arguments<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        match self.arguments.trim() {
            "" => serde_json::from_str("{}"),
            arguments => serde_json::from_str(arguments),
        }
    }
}

impl ResponsesFunctionToolCall {
    /// Returns the item that answers this call with `output`, a text for the model to read.
    ///
    /// ```
    /// use mistral_sdk::beta::responses::{CreateResponseRequest, ModelResponse, ResponseInputItem};
    ///
    /// /// Runs the functions of a response, and returns the next request.
    /// fn answer(question: &str, response: ModelResponse) -> CreateResponseRequest {
    ///     let calls: Vec<_> = response.function_calls().cloned().collect();
    ///     let mut input = vec![ResponseInputItem::user(question)];
    ///     input.extend(response.output.into_iter().map(ResponseInputItem::from));
    ///     input.extend(calls.iter().map(|call| call.output("noon")));
    ///     CreateResponseRequest::new("mistral-medium-latest", input)
    /// }
    /// # let json = serde_json::json!({
    /// #     "id": "resp_1", "created_at": 1.0, "model": "m", "parallel_tool_calls": true,
    /// #     "tool_choice": "auto", "tools": [], "output": [{
    /// #         "type": "function_call", "call_id": "call_1", "name": "now", "arguments": "{}"}],
    /// # });
    /// # let request = serde_json::to_value(answer("When?", serde_json::from_value(json)?))?;
    /// # assert_eq!(request["input"][0]["role"], "user");
    /// # assert_eq!(request["input"][1]["name"], "now");
    /// # assert_eq!(request["input"][2]["type"], "function_call_output");
    /// # assert_eq!(request["input"][2]["call_id"], "call_1");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn output(&self, output: impl Into<String>) -> ResponseInputItem {
        ResponsesFunctionCallOutput::new(&*self.call_id, output.into()).into()
    }
}

impl ResponseInputItem {
    /// Creates a message of the user.
    pub fn user(text: impl Into<String>) -> Self {
        ResponseInputMessage::new(text.into(), InputMessageRole::User).into()
    }
}

/// An item of a response as an item of the next request.
impl From<ResponseOutputItem> for ResponseInputItem {
    fn from(item: ResponseOutputItem) -> Self {
        // The items of a request are not told apart by their type, so that it is no part of them.
        let add_type = |extra: &mut Map<String, Value>, name: &str| {
            extra.insert("type".to_owned(), name.into());
        };
        match item {
            ResponseOutputItem::Message(mut message) => {
                add_type(&mut message.extra, "message");
                message.into()
            }
            ResponseOutputItem::FunctionCall(mut call) => {
                add_type(&mut call.extra, "function_call");
                call.into()
            }
            ResponseOutputItem::Reasoning(mut reasoning) => {
                add_type(&mut reasoning.extra, "reasoning");
                reasoning.into()
            }
            ResponseOutputItem::Unknown(value) => Self::Unknown(value),
        }
    }
}

impl ResponseStreamEvent {
    /// Returns the text that the event adds to a message. Empty for all other events.
    ///
    /// ```no_run
    /// # async fn example(client: mistral_sdk::Client) -> mistral_sdk::Result<()> {
    /// use mistral_sdk::beta::BetaExt as _;
    /// use mistral_sdk::beta::responses::CreateResponseRequest;
    ///
    /// let request = CreateResponseRequest::new("mistral-medium-latest", "Who painted Olympia?");
    /// let mut stream = client.responses().stream(&request).await?;
    /// while let Some(event) = stream.next().await {
    ///     print!("{}", event?.text());
    /// }
    /// let response = stream.collect_response().await?;
    /// println!("{:?}", response.usage);
    /// # Ok(()) }
    /// ```
    pub fn text(&self) -> &str {
        match self {
            Self::ResponseOutputTextDelta(event) => &event.delta,
            _ => "",
        }
    }

    /// Returns the number of the event in its stream. `None` for an event that this version of the
    /// SDK does not declare, if it has no number.
    pub fn sequence_number(&self) -> Option<i64> {
        Some(match self {
            Self::ResponseCreated(event) => event.sequence_number,
            Self::ResponseInProgress(event) => event.sequence_number,
            Self::ResponseCompleted(event) => event.sequence_number,
            Self::ResponseIncomplete(event) => event.sequence_number,
            Self::ResponseFailed(event) => event.sequence_number,
            Self::Error(event) => event.sequence_number,
            Self::ResponseOutputItemAdded(event) => event.sequence_number,
            Self::ResponseOutputItemDone(event) => event.sequence_number,
            Self::ResponseContentPartAdded(event) => event.sequence_number,
            Self::ResponseContentPartDone(event) => event.sequence_number,
            Self::ResponseOutputTextDelta(event) => event.sequence_number,
            Self::ResponseOutputTextDone(event) => event.sequence_number,
            Self::ResponseReasoningTextDelta(event) => event.sequence_number,
            Self::ResponseReasoningTextDone(event) => event.sequence_number,
            Self::ResponseFunctionCallArgumentsDelta(event) => event.sequence_number,
            Self::ResponseFunctionCallArgumentsDone(event) => event.sequence_number,
            Self::Unknown(event) => return event.get("sequence_number")?.as_i64(),
        })
    }
}

/// The request whose input tokens are counted is the one that
/// [`create`](super::Responses::create) is to send.
///
/// ```no_run
/// # async fn example(client: mistral_sdk::Client) -> mistral_sdk::Result<()> {
/// use mistral_sdk::beta::BetaExt as _;
/// use mistral_sdk::beta::responses::CreateResponseRequest;
///
/// let request = CreateResponseRequest::new("mistral-medium-latest", "Who painted Olympia?");
/// let count = client.responses().count_input_tokens(&(&request).into()).await?;
/// if count.input_tokens < 1000 {
///     println!("{}", client.responses().create(&request).await?.text());
/// }
/// # Ok(()) }
/// ```
impl From<&CreateResponseRequest> for CountResponseInputTokensRequest {
    fn from(request: &CreateResponseRequest) -> Self {
        Self {
            model: request.model.clone(),
            input: request.input.clone(),
            instructions: request.instructions.clone(),
            parallel_tool_calls: request.parallel_tool_calls,
            previous_response_id: request.previous_response_id.clone(),
            truncation: request.truncation.clone(),
            tools: request.tools.clone(),
            tool_choice: request.tool_choice.clone(),
            reasoning: request.reasoning.clone(),
            conversation: request.conversation.clone(),
            prompt: request.prompt.clone(),
            text: request.text.clone(),
            extra: request.extra.clone(),
        }
    }
}

/// Returns the part at an index, or adds `new` at the end.
fn at<T>(parts: &mut Vec<T>, index: i64, new: impl FnOnce() -> T) -> Option<&mut T> {
    let index = usize::try_from(index).unwrap_or(parts.len());
    if index >= parts.len() {
        parts.push(new());
        return parts.last_mut();
    }
    parts.get_mut(index)
}

/// Sets a part of a message or of reasoning.
pub(super) fn add_part(item: Option<&mut ResponseOutputItem>, index: i64, part: &ContentPart) {
    let part = part.clone();
    match item {
        Some(ResponseOutputItem::Message(message)) => {
            let part = match part {
                ContentPart::OutputText(text) => ResponsesOutputMessageContent::OutputText(text),
                ContentPart::Refusal(refusal) => ResponsesOutputMessageContent::Refusal(refusal),
                ContentPart::ReasoningText(_) => return,
                ContentPart::Unknown(value) => ResponsesOutputMessageContent::Unknown(value),
            };
            if let Some(old) = at(&mut message.content, index, || part.clone()) {
                *old = part;
            }
        }
        Some(ResponseOutputItem::Reasoning(_)) => {
            if let ContentPart::ReasoningText(part) = part {
                set_reasoning(item, index, &part.text);
            }
        }
        _ => {}
    }
}

fn text_at(item: Option<&mut ResponseOutputItem>, index: i64) -> Option<&mut String> {
    let ResponseOutputItem::Message(message) = item? else {
        return None;
    };
    let new = || ResponsesOutputText::new(Vec::<TextAnnotation>::new(), "").into();
    match at(&mut message.content, index, new)? {
        ResponsesOutputMessageContent::OutputText(text) => Some(&mut text.text),
        _ => None,
    }
}

pub(super) fn append_text(item: Option<&mut ResponseOutputItem>, index: i64, delta: &str) {
    if let Some(text) = text_at(item, index) {
        text.push_str(delta);
    }
}

pub(super) fn set_text(item: Option<&mut ResponseOutputItem>, index: i64, whole: &str) {
    if let Some(text) = text_at(item, index) {
        whole.clone_into(text);
    }
}

fn reasoning_at(item: Option<&mut ResponseOutputItem>, index: i64) -> Option<&mut String> {
    let ResponseOutputItem::Reasoning(reasoning) = item? else {
        return None;
    };
    let content = reasoning.content.get_or_insert_default();
    at(content, index, || ReasoningContent::new("")).map(|part| &mut part.text)
}

pub(super) fn append_reasoning(item: Option<&mut ResponseOutputItem>, index: i64, delta: &str) {
    if let Some(text) = reasoning_at(item, index) {
        text.push_str(delta);
    }
}

pub(super) fn set_reasoning(item: Option<&mut ResponseOutputItem>, index: i64, whole: &str) {
    if let Some(text) = reasoning_at(item, index) {
        whole.clone_into(text);
    }
}
