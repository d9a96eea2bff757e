use std::borrow::Cow;

use serde::de::{self, MapAccess};
use serde_json::{Map, Value};

use super::adopt::{report, take_delta};
use super::chunk::DeltaMessage;
use super::finish::{FinishReason, Logprobs};
use crate::json::ApiObject;
use crate::json::open_enum::optional_enum;
use crate::json::placeholder::says_something;
use crate::json::unions::without_tag;
use crate::json::wire::mostly_one;
use crate::messages::{AssistantMessage, Content, Message, ToolCall, UsageInfo, WithRole};

/// A chat completion. Mirrors the API's `ChatCompletionResponse`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct ChatCompletionResponse {
    /// The response's id. Empty if the server sent none.
    #[api(default)]
    pub id: String,
    /// The object type: `chat.completion`.
    #[api(default)]
    pub object: String,
    /// The model that generated the response.
    #[api(default)]
    pub model: String,
    /// The token usage of the call.
    #[api(lenient_object)]
    pub usage: Option<UsageInfo>,
    /// The creation time, as a Unix timestamp in seconds.
    pub created: Option<i64>,
    /// The generated completions: one, unless the request sets `n`.
    #[api(required, read_with = read_choices)]
    pub choices: Vec<ChatCompletionChoice>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The accessors are about the first choice. There are others only if the request sets `n`: read
/// them from [`choices`](Self::choices).
impl ChatCompletionResponse {
    /// Returns the message of the first choice. `None` if there are no choices.
    pub fn message(&self) -> Option<&AssistantMessage> {
        self.choices.first().map(|choice| &choice.message)
    }

    /// Returns the message of the first choice, to be appended to the history. `None` if there are
    /// no choices.
    ///
    /// ```
    /// use mistral_sdk::chat::{ChatCompletionResponse, Message};
    /// # use serde_json::json;
    ///
    /// # let response: ChatCompletionResponse = serde_json::from_value(json!({
    /// #     "choices": [{ "message": { "role": "assistant", "content": "Hi!" } }],
    /// # }))?;
    /// let mut history = vec![Message::user("Hello")];
    /// history.extend(response.into_message());
    /// assert_eq!(history[1], Message::assistant("Hi!"));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[inline]
    pub fn into_message(self) -> Option<Message> {
        let first = self.choices.into_iter().next();
        first.map(|choice| choice.message.into())
    }

    /// Returns the reason that the model stopped the first choice. `None` if the server sent none.
    pub fn finish_reason(&self) -> Option<&FinishReason> {
        self.choices.first()?.finish_reason.as_ref()
    }

    /// Returns the text of the first choice, without reasoning. Empty if there is none.
    pub fn text(&self) -> Cow<'_, str> {
        self.choices
            .first()
            .map_or("".into(), |choice| choice.message.text())
    }

    /// Returns the reasoning of the first choice. Empty if there is none. See
    /// [`AssistantMessage::thinking`].
    pub fn thinking(&self) -> Cow<'_, str> {
        self.choices
            .first()
            .map_or("".into(), |choice| choice.message.thinking())
    }

    /// Returns the tool calls of the first choice. Empty if there are none.
    pub fn tool_calls(&self) -> &[ToolCall] {
        self.choices
            .first()
            .and_then(|choice| choice.message.tool_calls.as_deref())
            .unwrap_or_default()
    }
}

/// Moves the text of a choice without a message into its message.
#[cold]
fn adopt_message(choice: &mut ChatCompletionChoice) {
    if choice.message != AssistantMessage::default() {
        return;
    }
    if let Some(delta) = take_delta(&mut choice.extra, "delta") {
        choice.message = AssistantMessage {
            content: delta.content,
            tool_calls: delta.tool_calls,
            prefix: None,
            extra: delta.extra,
        };
        report();
    }
}

/// Reads the choices, also where the text is not in `message`.
fn read_choices<'de, A>(map: &mut A) -> Result<Vec<ChatCompletionChoice>, A::Error>
where
    A: MapAccess<'de>,
{
    let mut choices: Vec<ChatCompletionChoice> = mostly_one(map)?;
    let is_odd = |choice: &&mut ChatCompletionChoice| !choice.extra.is_empty();
    choices.iter_mut().filter(is_odd).for_each(adopt_message);
    if !choices.is_empty() && choices.iter().all(has_only_error) {
        return Err(de::Error::custom("every choice is an error"));
    }
    Ok(choices)
}

/// Whether a choice has an error in place of a message.
fn has_only_error(choice: &ChatCompletionChoice) -> bool {
    let message = &choice.message;
    !choice.extra.is_empty()
        && choice.extra.get("error").is_some_and(says_something)
        && message.content.as_ref().is_none_or(Content::is_empty)
        && message.tool_calls.is_none()
}

/// One of the generated completions. Mirrors the API's `ChatCompletionChoice`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct ChatCompletionChoice {
    /// The index of the choice within the response.
    #[api(default)]
    pub index: i64,
    /// The generated message. It can be appended to the history unchanged.
    #[api(default, read_with = without_tag::<Message, _, _>, write_with = WithRole)]
    pub message: AssistantMessage,
    /// The reason that the model stopped.
    #[api(read_with = optional_enum)]
    pub finish_reason: Option<FinishReason>,
    /// The messages of the turn in order, if tools ran on the server.
    #[api(lenient)]
    pub messages: Option<Vec<DeltaMessage>>,
    /// The log probabilities of the generated tokens.
    #[api(lenient)]
    pub logprobs: Option<Logprobs>,
    /// The log probabilities of the prompt tokens.
    #[api(lenient)]
    pub prompt_logprobs: Option<Logprobs>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}
