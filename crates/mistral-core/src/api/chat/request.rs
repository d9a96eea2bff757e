use serde_json::{Map, Value};

use super::guardrail::GuardrailConfig;
use crate::json::{ApiEnum, ApiObject, ApiRequest, ApiUnion};
use crate::messages::{Message, ResponseFormat, Tool, ToolChoice};

/// Asks a model to go on with a conversation. Mirrors the API's `ChatCompletionRequest`,
/// with the fields of the newest official SDK.
///
/// ```
/// use mistral_core::chat::ChatCompletionRequest;
/// use mistral_core::chat::Message;
///
/// let question = [Message::user("What is the best cheese?")];
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
    /// The conversation so far.
    #[api(required, list)]
    pub messages: Vec<Message>,
    /// How freely to choose words: 0 to 1.5; 0 to 0.7 is usual. Default: the
    /// model's own. Change this or `top_p`, not both.
    pub temperature: Option<f64>,
    /// Choose only among the most probable tokens that make up this probability:
    /// 0 to 1. Default: 1.
    pub top_p: Option<f64>,
    /// Whether to prepend a safety prompt. Default: no.
    #[deprecated(note = "the API deprecates it: use `guardrails`")]
    pub safe_prompt: Option<bool>,
    /// Choose only among this many most probable tokens.
    pub top_k: Option<u64>,
    /// The largest number of tokens in the answer. Default: what the context leaves.
    pub max_tokens: Option<u64>,
    /// The smallest number of tokens in the answer.
    pub min_tokens: Option<u64>,
    /// Stop before this text, or before the first of these.
    #[api(into)]
    pub stop: Option<Stop>,
    /// The same seed gives the same answer. Default: a random one.
    pub random_seed: Option<u64>,
    /// Facts that are kept with the request.
    pub metadata: Option<Map<String, Value>>,
    /// The form of the answer. Default: text.
    #[api(boxed)]
    pub response_format: Option<Box<ResponseFormat>>,
    /// What the model may use.
    #[api(list)]
    pub tools: Option<Vec<Tool>>,
    /// Whether the model uses a tool, and which. Default: as it sees fit.
    #[api(boxed)]
    pub tool_choice: Option<Box<ToolChoice>>,
    /// Whether the model may call several tools at once. Default: yes.
    pub parallel_tool_calls: Option<bool>,
    /// How much to shun words that have occurred: -2 to 2. Default: 0.
    pub presence_penalty: Option<f64>,
    /// How much to shun words that have occurred often: -2 to 2. Default: 0.
    pub frequency_penalty: Option<f64>,
    /// How much to shun repetition; 1 is not at all.
    pub repetition_penalty: Option<f64>,
    /// How many answers to give. Default: 1. The prompt is billed once.
    pub n: Option<u64>,
    /// What the answer will probably be, so that it comes sooner.
    #[api(boxed)]
    pub prediction: Option<Box<Prediction>>,
    /// Whether to prepend the system prompt for reasoning.
    #[deprecated(note = "the API deprecates it: use `reasoning_effort`")]
    #[api(into)]
    pub prompt_mode: Option<PromptMode>,
    /// How thoroughly a reasoning model reasons.
    #[api(into)]
    pub reasoning_effort: Option<ReasoningEffort>,
    /// Checks of the conversation that may block it.
    #[api(list)]
    pub guardrails: Option<Vec<GuardrailConfig>>,
    /// Requests with the same key and the same beginning share a cache.
    #[api(into)]
    pub prompt_cache_key: Option<String>,
    /// The service tier to be served by.
    #[api(into)]
    pub service_tier: Option<ServiceTier>,
    /// Whether to give the probabilities of the answer's tokens. Default: no.
    pub logprobs: Option<bool>,
    /// For how many alternatives of each of the answer's tokens.
    pub top_logprobs: Option<u64>,
    /// Whether to give the probabilities of the prompt's tokens. Default: no.
    pub prompt_logprobs: Option<bool>,
    /// For how many alternatives of each of the prompt's tokens.
    pub top_prompt_logprobs: Option<u64>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The text, or the texts, before which the model stops.
#[derive(Debug, Clone, PartialEq, Eq, ApiUnion)]
#[api(untagged)]
#[non_exhaustive]
pub enum Stop {
    /// One text.
    #[api(string)]
    Text(String),
    /// The first of these.
    #[api(array)]
    Texts(Vec<String>),
}

/// What the answer will probably be. Mirrors the API's `Prediction`.
#[derive(Debug, Clone, PartialEq, Default, ApiObject)]
#[non_exhaustive]
pub struct Prediction {
    /// The kind of prediction. The API knows `content` alone.
    #[api(rename = "type")]
    pub kind: Option<String>,
    /// The text.
    pub content: Option<String>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl Prediction {
    /// Predicts this text.
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

/// Which system prompt is put in front. Mirrors the API's `MistralPromptMode`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum PromptMode {
    /// The one for reasoning.
    #[api("reasoning")]
    Reasoning,
    /// A value that this version of the SDK does not know, as it came.
    Unknown(String),
}

/// How thoroughly a reasoning model reasons. Mirrors the API's `reasoning_effort`.
///
/// Most models take [`High`](Self::High) and [`None`](Self::None) alone.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum ReasoningEffort {
    /// Not at all.
    #[api("none")]
    None,
    /// Barely.
    #[api("minimal")]
    Minimal,
    /// A little.
    #[api("low")]
    Low,
    /// Somewhat.
    #[api("medium")]
    Medium,
    /// Thoroughly.
    #[api("high")]
    High,
    /// Very thoroughly.
    #[api("xhigh")]
    XHigh,
    /// As thoroughly as possible.
    #[api("max")]
    Max,
    /// A value that this version of the SDK does not know, as it came.
    Unknown(String),
}

/// The service tier that a request asks for. Mirrors the official SDK's `service_tier`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum ServiceTier {
    /// As the server sees fit.
    #[api("auto")]
    Auto,
    /// The standard tier.
    #[api("standard_only")]
    StandardOnly,
    /// A value that this version of the SDK does not know, as it came.
    Unknown(String),
}
