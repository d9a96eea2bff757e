use serde_json::{Map, Value};

use super::guardrail::GuardrailConfig;
use crate::json::{ApiEnum, ApiObject, ApiRequest, ApiUnion};
use crate::messages::outgoing::Outgoing;
use crate::messages::{IntoMessages, Message, ResponseFormat, Tool, ToolChoice};

/// A request for a chat completion. Mirrors the API's `ChatCompletionRequest`, with the fields
/// of the newest official SDK.
///
/// ```
/// use mistral_sdk::chat::ChatCompletionRequest;
///
/// let question = "What is the best cheese?";
/// let mut request = ChatCompletionRequest::new("mistral-small-latest", question)
///     .temperature(0.2)
///     .max_tokens(256);
/// request.top_p = Some(0.9); // every field is public
/// ```
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[api(keep_nulls)]
#[non_exhaustive]
pub struct ChatCompletionRequest {
    /// The model's id, for example `mistral-small-latest`.
    #[api(required, into)]
    pub model: String,
    /// The messages of the conversation so far.
    #[api(required, argument = IntoMessages::into_messages, write_with = Outgoing::of)]
    pub messages: Vec<Message>,
    /// The sampling temperature, from 0 to 1.5; usually 0 to 0.7. Default: the model's own. Set
    /// this or `top_p`, not both.
    pub temperature: Option<f64>,
    /// The probability mass for nucleus sampling, from 0 to 1: only the most probable tokens
    /// within it are considered. Default: 1.
    pub top_p: Option<f64>,
    /// Whether to prepend a safety prompt. Default: false.
    #[deprecated(note = "the API deprecates it: use `guardrails`")]
    pub safe_prompt: Option<bool>,
    /// The number of most probable tokens to sample from.
    pub top_k: Option<u64>,
    /// The maximum number of tokens to generate. Default: as many as the model's context length
    /// leaves.
    pub max_tokens: Option<u64>,
    /// The minimum number of tokens to generate.
    pub min_tokens: Option<u64>,
    /// The stop sequences. Generation ends before the first one that occurs.
    #[api(into)]
    pub stop: Option<Stop>,
    /// The seed for random sampling. The same seed yields the same completion. Default: random.
    pub random_seed: Option<u64>,
    /// Metadata to store with the request.
    pub metadata: Option<Map<String, Value>>,
    /// The format of the response. Default: text.
    #[api(boxed)]
    pub response_format: Option<Box<ResponseFormat>>,
    /// The tools that the model may call.
    #[api(list)]
    pub tools: Option<Vec<Tool>>,
    /// Controls whether the model calls a tool, and which one. Default: the model decides.
    #[api(boxed)]
    pub tool_choice: Option<Box<ToolChoice>>,
    /// Whether the model may call several tools in parallel. Default: true.
    pub parallel_tool_calls: Option<bool>,
    /// Penalizes tokens that already occur in the text, from -2 to 2. Default: 0.
    pub presence_penalty: Option<f64>,
    /// Penalizes tokens in proportion to their frequency in the text, from -2 to 2. Default: 0.
    pub frequency_penalty: Option<f64>,
    /// Penalizes repeated tokens. 1 means no penalty.
    pub repetition_penalty: Option<f64>,
    /// The number of completions to generate, at least 1. Default: 1. The prompt is billed
    /// once.
    pub n: Option<u64>,
    /// The expected content of the response. A correct prediction reduces latency.
    #[api(boxed)]
    pub prediction: Option<Box<Prediction>>,
    /// Selects the system prompt to prepend. Default: none.
    #[deprecated(note = "the API deprecates it: use `reasoning_effort`")]
    #[api(into)]
    pub prompt_mode: Option<PromptMode>,
    /// The reasoning effort of a reasoning model.
    #[api(into)]
    pub reasoning_effort: Option<ReasoningEffort>,
    /// The guardrails to apply: moderation checks that may block the request.
    #[api(list)]
    pub guardrails: Option<Vec<GuardrailConfig>>,
    /// The prompt cache key. Requests with the same key reuse cached tokens of a shared prefix.
    #[api(into)]
    pub prompt_cache_key: Option<String>,
    /// The service tier to process the request with.
    #[api(into)]
    pub service_tier: Option<ServiceTier>,
    /// Whether to return log probabilities of the generated tokens. Default: false.
    pub logprobs: Option<bool>,
    /// The number of most probable alternatives to return for each generated token.
    pub top_logprobs: Option<u64>,
    /// Whether to return log probabilities of the prompt tokens. Default: false.
    pub prompt_logprobs: Option<bool>,
    /// The number of most probable alternatives to return for each prompt token.
    pub top_prompt_logprobs: Option<u64>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// One stop sequence, or several.
#[derive(Debug, Clone, PartialEq, Eq, ApiUnion)]
#[api(untagged)]
#[non_exhaustive]
pub enum Stop {
    /// One stop sequence.
    #[api(string)]
    Text(String),
    /// Several stop sequences. The first that occurs ends the generation.
    #[api(array)]
    Texts(Vec<String>),
}

/// The expected content of a response. Mirrors the API's `Prediction`.
#[derive(Debug, Clone, PartialEq, Default, ApiObject)]
#[non_exhaustive]
pub struct Prediction {
    /// The type of prediction. The API defines only `content`.
    #[api(rename = "type")]
    pub kind: Option<String>,
    /// The expected text.
    pub content: Option<String>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl Prediction {
    /// Creates a prediction of the text of the response.
    pub fn content(text: impl Into<String>) -> Self {
        Self {
            kind: Some("content".to_owned()),
            content: Some(text.into()),
            extra: Map::new(),
        }
    }
}

impl From<&str> for Prediction {
    fn from(text: &str) -> Self {
        Self::content(text)
    }
}

/// The system prompt to prepend. Mirrors the API's `MistralPromptMode`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum PromptMode {
    /// The system prompt for reasoning.
    #[api("reasoning")]
    Reasoning,
    /// A value that this version of the SDK does not declare.
    Unknown(String),
}

/// The reasoning effort of a reasoning model. Mirrors the API's `reasoning_effort`.
///
/// Most models accept only [`High`](Self::High) and [`None`](Self::None).
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum ReasoningEffort {
    /// No reasoning.
    #[api("none")]
    None,
    /// Minimal effort.
    #[api("minimal")]
    Minimal,
    /// Low effort.
    #[api("low")]
    Low,
    /// Medium effort.
    #[api("medium")]
    Medium,
    /// High effort.
    #[api("high")]
    High,
    /// Very high effort.
    #[api("xhigh")]
    XHigh,
    /// The maximum effort.
    #[api("max")]
    Max,
    /// A value that this version of the SDK does not declare.
    Unknown(String),
}

/// The service tier of a request. Mirrors the official SDK's `service_tier`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum ServiceTier {
    /// The server selects the tier.
    #[api("auto")]
    Auto,
    /// Only the standard tier.
    #[api("standard_only")]
    StandardOnly,
    /// A value that this version of the SDK does not declare.
    Unknown(String),
}
