//! How a choice ends, and how sure the model was: in whole answers and in chunks.

use serde_json::{Map, Value};

use crate::json::{ApiEnum, ApiObject};

/// Why a model stopped. Mirrors the API's `finish_reason`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum FinishReason {
    /// A natural end, or a stop text.
    #[api("stop")]
    Stop,
    /// The request's `max_tokens`.
    #[api("length")]
    Length,
    /// The model's context length.
    #[api("model_length")]
    ModelLength,
    /// A failure of the server.
    #[api("error")]
    Error,
    /// The model wants tools called.
    #[api("tool_calls")]
    ToolCalls,
    /// A value that this version of the SDK does not know, as it came.
    Unknown(String),
}

impl FinishReason {
    /// Whether the answer is cut off.
    pub fn is_truncated(&self) -> bool {
        matches!(self, Self::Length | Self::ModelLength)
    }
}

/// Probabilities of tokens. Mirrors the official SDK's
/// `ChatCompletionResponseChoiceLogprobs`.
#[derive(Debug, Clone, PartialEq, Default, ApiObject)]
#[non_exhaustive]
pub struct Logprobs {
    /// Token by token.
    #[api(default)]
    pub content: Vec<TokenLogprobs>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A token's probability, and that of its alternatives. Mirrors the official SDK's
/// `ChatCompletionResponseTokenLogprobsTopK`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct TokenLogprobs {
    /// The token's text.
    #[api(required)]
    pub token: String,
    /// The natural logarithm of its probability.
    #[api(required)]
    pub logprob: f64,
    /// The token's number.
    pub token_id: Option<i64>,
    /// The token's bytes.
    #[api(lenient)]
    pub bytes: Option<Vec<u8>>,
    /// The most probable alternatives.
    #[api(lenient)]
    pub top_logprobs: Option<Vec<TopTokenLogprobs>>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// An alternative token's probability. Mirrors the official SDK's
/// `ChatCompletionResponseTokenLogprobs`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct TopTokenLogprobs {
    /// The token's text.
    #[api(required)]
    pub token: String,
    /// The natural logarithm of its probability.
    #[api(required)]
    pub logprob: f64,
    /// The token's number.
    pub token_id: Option<i64>,
    /// The token's bytes.
    #[api(lenient)]
    pub bytes: Option<Vec<u8>>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}
