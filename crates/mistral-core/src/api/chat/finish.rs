//! Finish reasons and log probabilities, shared by whole responses and chunks.

use serde_json::{Map, Value};

use crate::json::{ApiEnum, ApiObject};

/// The reason that a model stopped. Mirrors the API's `finish_reason`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum FinishReason {
    /// The model reached a natural end or a stop sequence.
    #[api("stop")]
    Stop,
    /// The request's `max_tokens` was reached.
    #[api("length")]
    Length,
    /// The model's context length was reached.
    #[api("model_length")]
    ModelLength,
    /// The server failed during generation.
    #[api("error")]
    Error,
    /// The model requests tool calls.
    #[api("tool_calls")]
    ToolCalls,
    /// A value that this version of the SDK does not declare.
    Unknown(String),
}

impl FinishReason {
    /// Whether the completion is truncated.
    pub fn is_truncated(&self) -> bool {
        matches!(self, Self::Length | Self::ModelLength)
    }
}

/// Log probabilities of tokens. Mirrors the official SDK's
/// `ChatCompletionResponseChoiceLogprobs`.
#[derive(Debug, Clone, PartialEq, Default, ApiObject)]
#[non_exhaustive]
pub struct Logprobs {
    /// The log probabilities, one entry per token.
    #[api(default)]
    pub content: Vec<TokenLogprobs>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The log probability of a token and of its alternatives. Mirrors the official SDK's
/// `ChatCompletionResponseTokenLogprobsTopK`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct TokenLogprobs {
    /// The token's text.
    #[api(required)]
    pub token: String,
    /// The natural logarithm of the token's probability.
    #[api(required)]
    pub logprob: f64,
    /// The token's id in the vocabulary.
    pub token_id: Option<i64>,
    /// The UTF-8 bytes of the token.
    #[api(lenient)]
    pub bytes: Option<Vec<u8>>,
    /// The most probable alternatives.
    #[api(lenient)]
    pub top_logprobs: Option<Vec<TopTokenLogprobs>>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The log probability of an alternative token. Mirrors the official SDK's
/// `ChatCompletionResponseTokenLogprobs`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct TopTokenLogprobs {
    /// The token's text.
    #[api(required)]
    pub token: String,
    /// The natural logarithm of the token's probability.
    #[api(required)]
    pub logprob: f64,
    /// The token's id in the vocabulary.
    pub token_id: Option<i64>,
    /// The UTF-8 bytes of the token.
    #[api(lenient)]
    pub bytes: Option<Vec<u8>>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}
