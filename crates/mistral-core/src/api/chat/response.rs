use std::borrow::Cow;

use serde_json::{Map, Value};

use super::chunk::DeltaMessage;
use super::finish::{FinishReason, Logprobs};
use crate::json::ApiObject;
use crate::json::unions::without_tag;
use crate::json::wire::mostly_one;
use crate::messages::{AssistantMessage, Message, ToolCall, UsageInfo, WithRole};

/// A model's answer. Mirrors the API's `ChatCompletionResponse`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct ChatCompletionResponse {
    /// The answers: one, unless the request asks for `n`.
    #[api(required, read_with = mostly_one)]
    pub choices: Vec<ChatCompletionChoice>,
    /// The answer's id. Empty if the server gave none.
    #[api(default)]
    pub id: String,
    /// The kind of object: `chat.completion`.
    #[api(default)]
    pub object: String,
    /// The model that answered.
    #[api(default)]
    pub model: String,
    /// When the answer was made, in seconds since 1970.
    pub created: Option<i64>,
    /// What the call consumed.
    #[api(lenient_object)]
    pub usage: Option<UsageInfo>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl ChatCompletionResponse {
    /// The first choice's text, without reasoning. Empty if there is none.
    pub fn text(&self) -> Cow<'_, str> {
        self.choices
            .first()
            .map_or("".into(), |choice| choice.message.text())
    }

    /// The first choice's tool calls. Empty if there are none.
    pub fn tool_calls(&self) -> &[ToolCall] {
        self.choices
            .first()
            .and_then(|choice| choice.message.tool_calls.as_deref())
            .unwrap_or_default()
    }
}

/// One of a model's answers. Mirrors the API's `ChatCompletionChoice`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct ChatCompletionChoice {
    /// What the model said. It goes back into a history as it is.
    #[api(default, read_with = without_tag::<Message, _, _>, write_with = WithRole)]
    pub message: AssistantMessage,
    /// Which of the answers this is.
    #[api(default)]
    pub index: i64,
    /// Why the model stopped.
    pub finish_reason: Option<FinishReason>,
    /// What the model said, piece by piece, where tools ran on the server.
    pub messages: Option<Vec<DeltaMessage>>,
    /// The probabilities of the answer's tokens.
    #[api(lenient)]
    pub logprobs: Option<Logprobs>,
    /// The probabilities of the prompt's tokens.
    #[api(lenient)]
    pub prompt_logprobs: Option<Logprobs>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}
