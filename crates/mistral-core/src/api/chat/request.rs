use serde_json::Map;

/// Declares a request that goes on with a conversation: the fields that models and agents
/// have in common come after its own.
macro_rules! completion_request {
    (
        $(#[$meta:meta])*
        $name:ident {
            required: { $($required:tt)* }
            optional: { $($own:tt)* }
        }
    ) => {
        request! {
            $(#[$meta])*
            $name with nulls {
                required: {
                    $($required)*
                    /// The conversation so far.
                    messages: Vec<$crate::messages::Message> => list $crate::messages::Message,
                }
                optional: {
                    $($own)*
                    /// Choose only among this many most probable tokens.
                    top_k: u64,
                    /// The largest number of tokens in the answer. Default: what the context leaves.
                    max_tokens: u64,
                    /// The smallest number of tokens in the answer.
                    min_tokens: u64,
                    /// Stop before this text, or before the first of these.
                    stop: $crate::api::chat::Stop => into,
                    /// The same seed gives the same answer. Default: a random one.
                    random_seed: u64,
                    /// Facts that are kept with the request.
                    metadata: serde_json::Map<String, serde_json::Value>,
                    /// The form of the answer. Default: text.
                    response_format: Box<$crate::messages::ResponseFormat> => boxed $crate::messages::ResponseFormat,
                    /// What the model may use.
                    tools: Vec<$crate::messages::Tool> => list $crate::messages::Tool,
                    /// Whether the model uses a tool, and which. Default: as it sees fit.
                    tool_choice: Box<$crate::messages::ToolChoice> => boxed $crate::messages::ToolChoice,
                    /// Whether the model may call several tools at once. Default: yes.
                    parallel_tool_calls: bool,
                    /// How much to shun words that have occurred: -2 to 2. Default: 0.
                    presence_penalty: f64,
                    /// How much to shun words that have occurred often: -2 to 2. Default: 0.
                    frequency_penalty: f64,
                    /// How much to shun repetition; 1 is not at all.
                    repetition_penalty: f64,
                    /// How many answers to give. Default: 1. The prompt is billed once.
                    n: u64,
                    /// What the answer will probably be, so that it comes sooner.
                    prediction: Box<$crate::api::chat::Prediction> => boxed $crate::api::chat::Prediction,
                    /// Whether to put the system prompt for reasoning in front. Deprecated by the
                    /// API in favour of `reasoning_effort`.
                    prompt_mode: $crate::api::chat::PromptMode => into,
                    /// How thoroughly a reasoning model reasons.
                    reasoning_effort: $crate::api::chat::ReasoningEffort => into,
                    /// Checks of the conversation that may block it.
                    guardrails: Vec<$crate::api::chat::GuardrailConfig> => list $crate::api::chat::GuardrailConfig,
                    /// Requests with the same key and the same beginning share a cache.
                    prompt_cache_key: String => into,
                    /// The service tier to be served by.
                    service_tier: $crate::api::chat::ServiceTier => into,
                    /// Whether to give the probabilities of the answer's tokens. Default: no.
                    logprobs: bool,
                    /// For how many alternatives of each of the answer's tokens.
                    top_logprobs: u64,
                    /// Whether to give the probabilities of the prompt's tokens. Default: no.
                    prompt_logprobs: bool,
                    /// For how many alternatives of each of the prompt's tokens.
                    top_prompt_logprobs: u64,
                }
            }
        }
    };
}
pub(crate) use completion_request;

completion_request! {
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
    ChatCompletionRequest {
        required: {
            /// The model's id, for example `mistral-small-latest`.
            model: String => into,
        }
        optional: {
            /// How freely to choose words: 0 to 1.5; 0 to 0.7 is usual. Default: the
            /// model's own. Change this or `top_p`, not both.
            temperature: f64,
            /// Choose only among the most probable tokens that make up this probability:
            /// 0 to 1. Default: 1.
            top_p: f64,
            /// Whether to put a safety prompt in front. Default: no. Deprecated by the API
            /// in favour of `guardrails`.
            safe_prompt: bool,
        }
    }
}

text_or_texts! {
    /// The text, or the texts, before which the model stops.
    Stop {
        /// One text.
        Text,
        /// The first of these.
        Texts,
    }
}

object! {
    /// What the answer will probably be. Mirrors the API's `Prediction`.
    #[derive(Default)]
    Prediction {
        optional: {
            /// The kind of prediction. The API knows `content` alone.
            #[rename("type")]
            kind: String,
            /// The text.
            content: String,
        }
    }
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

string_enum! {
    /// Which system prompt is put in front. Mirrors the API's `MistralPromptMode`.
    PromptMode {
        /// The one for reasoning.
        Reasoning = "reasoning",
    }
}

string_enum! {
    /// How thoroughly a reasoning model reasons. Mirrors the API's `reasoning_effort`.
    ///
    /// Most models take [`High`](Self::High) and [`None`](Self::None) alone.
    ReasoningEffort {
        /// Not at all.
        None = "none",
        /// Barely.
        Minimal = "minimal",
        /// A little.
        Low = "low",
        /// Somewhat.
        Medium = "medium",
        /// Thoroughly.
        High = "high",
        /// Very thoroughly.
        XHigh = "xhigh",
        /// As thoroughly as possible.
        Max = "max",
    }
}

string_enum! {
    /// The service tier that a request asks for. Mirrors the official SDK's `service_tier`.
    ServiceTier {
        /// As the server sees fit.
        Auto = "auto",
        /// The standard tier.
        StandardOnly = "standard_only",
    }
}
