//! Completions by existing agents, which define the model, the instructions and the tools.
//!
//! The API offers these operations for agents of the older kind.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let emulator = mistral_emulator::Emulator::start()?;
//! # let client = mistral_sdk::Client::new(
//! #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
//! # )?;
//! use mistral_sdk::agents::AgentsCompletionRequest;
//! use mistral_sdk::chat::Message;
//!
//! let question = "Who painted Olympia?";
//! let request = AgentsCompletionRequest::new("ag:12345:20260101:painter:1", question);
//! let response = client.agents().complete(&request).await?;
//! assert!(response.text().contains("Manet"));
//! # Ok(()) }
//! ```

#[cfg(feature = "schemars")]
use schemars::JsonSchema;
#[cfg(feature = "schemars")]
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::api::chat::{
    ChatCompletionResponse, CompletionChunk, GuardrailConfig, Prediction, PromptMode, RawChunk,
    ReasoningEffort, ServiceTier, Stop, decode_raw,
};
#[cfg(feature = "schemars")]
use crate::api::chat::{Parsed, ParsedChunk, decode_parsed, set_response_schema};
use crate::call::{Call, StreamCall};
use crate::client::Client;
#[cfg(not(feature = "schemars"))]
use crate::error::Error;
use crate::json::{ApiRequest, JsonInput};
use crate::messages::outgoing::Outgoing;
use crate::messages::{IntoMessages, Message, ResponseFormat, Tool, ToolChoice};
#[cfg(not(feature = "schemars"))]
use crate::mode::misuse::NeedsSchemars;
use crate::mode::{Async, Mode};
use crate::pipeline::request::ApiRequest;
use crate::provider::Operation;

operations! {
    COMPLETE = Operation::inference("agents.complete", "/v1/agents/completions");
    STREAM = Operation::inference("agents.stream", "/v1/agents/completions").sse();
}

/// A request for a completion by an agent. Mirrors the API's `AgentsCompletionRequest`, with
/// the fields of the newest official SDK.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[api(keep_nulls)]
#[non_exhaustive]
pub struct AgentsCompletionRequest {
    /// The agent's id.
    #[api(required, into)]
    pub agent_id: String,
    /// The messages of the conversation so far.
    #[api(required, argument = IntoMessages::into_messages, write_with = Outgoing::of)]
    pub messages: Vec<Message>,
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

/// The agent completion operations. Created by [`Client::agents`](crate::Client::agents).
#[derive(Debug, Clone)]
pub struct Agents<M: Mode = Async> {
    pub(crate) client: Client<M>,
}

impl<M: Mode> Client<M> {
    /// Returns the agent completion operations.
    pub fn agents(&self) -> Agents<M> {
        Agents {
            client: self.clone(),
        }
    }
}

impl<M: Mode> Agents<M> {
    /// Creates a completion by the agent and returns the whole response.
    ///
    /// Mirrors `POST /v1/agents/completions`.
    #[doc = example!(r#"
use mistral_sdk::agents::AgentsCompletionRequest;
use mistral_sdk::messages::Message;

let question = "Who painted Olympia?";
let request = AgentsCompletionRequest::new("ag:12345:20260101:painter:1", question).n(2);
let response = client.agents().complete(&request).await?;
assert_eq!(response.choices.len(), 2);
"#)]
    pub fn complete(&self, request: &AgentsCompletionRequest) -> Call<ChatCompletionResponse, M> {
        let request = ApiRequest::new(&COMPLETE).json(request);
        self.client.call(request)
    }

    /// Creates a completion by the agent and streams it in chunks.
    ///
    /// Mirrors `POST /v1/agents/completions` with `stream`, which this method sets.
    #[doc = example!(r#"
# use mistral_sdk::agents::AgentsCompletionRequest;
# use mistral_sdk::messages::Message;
# let question = "Who painted Olympia?";
# let request = AgentsCompletionRequest::new("ag:12345:20260101:painter:1", question);
# let mut text = String::new();
let mut stream = client.agents().stream(&request).await?;
while let Some(chunk) = stream.next().await {
    let chunk = chunk?;
    print!("{}", chunk.text());
#   text += &chunk.text();
}
# assert!(text.contains("Manet"));
"#)]
    pub fn stream(&self, request: &AgentsCompletionRequest) -> StreamCall<CompletionChunk, M> {
        let request = ApiRequest::new(&STREAM).json(request);
        self.client.call_stream(request)
    }

    /// Creates a completion by the agent from a request in JSON and returns the response as JSON, as
    /// [`Chat::complete_raw`](crate::api::chat::Chat::complete_raw) does.
    ///
    /// # Errors
    /// Fails as [`Chat::complete_raw`](crate::api::chat::Chat::complete_raw) does.
    pub fn complete_raw(&self, request: impl JsonInput) -> Call<Value, M> {
        let request = ApiRequest::new(&COMPLETE).raw_json(request);
        self.client
            .call(request)
            .with_decoder(decode_raw::<ChatCompletionResponse>)
    }

    /// Creates a completion by the agent from a request in JSON and streams it as the server sends it,
    /// as [`Chat::stream_raw`](crate::api::chat::Chat::stream_raw) does.
    ///
    /// # Errors
    /// Fails as [`Chat::stream_raw`](crate::api::chat::Chat::stream_raw) does.
    pub fn stream_raw(&self, request: impl JsonInput) -> StreamCall<RawChunk, M> {
        let request = ApiRequest::new(&STREAM).raw_json(request);
        self.client.call_stream(request)
    }
}

// As those of [`Chat`](crate::api::chat::Chat): the compiler names the feature.
#[cfg(not(feature = "schemars"))]
impl<M: Mode> Agents<M> {
    #[doc(hidden)]
    pub fn parse<T: NeedsSchemars>(&self, _: &AgentsCompletionRequest) -> Call<T::Parsed, M> {
        let error = Error::config("enable the feature `schemars`");
        self.client.call(ApiRequest::invalid(&COMPLETE, error))
    }

    #[doc(hidden)]
    pub fn parse_stream<T: NeedsSchemars>(
        &self,
        _: &AgentsCompletionRequest,
    ) -> Call<T::Parsed, M> {
        let error = Error::config("enable the feature `schemars`");
        self.client.call(ApiRequest::invalid(&STREAM, error))
    }
}

#[cfg(feature = "schemars")]
impl<M: Mode> Agents<M> {
    /// Creates a completion by the agent and parses its text into a `T`.
    ///
    /// The request's `response_format` is set as [`Chat::parse`](crate::api::chat::Chat::parse)
    /// sets it.
    ///
    /// # Errors
    /// Fails as [`Chat::parse`](crate::api::chat::Chat::parse) does.
    #[doc = example!(r#"
use mistral_sdk::agents::AgentsCompletionRequest;
use mistral_sdk::messages::Message;

#[derive(schemars::JsonSchema, serde::Deserialize)]
struct Painting {
    title: String,
}

let question = "Name a painting by Manet.";
let request = AgentsCompletionRequest::new("ag:12345:20260101:painter:1", question);
let parsed = client.agents().parse::<Painting>(&request).await?;
# assert!(!parsed.value.title.is_empty());
"#)]
    pub fn parse<T>(&self, request: &AgentsCompletionRequest) -> Call<Parsed<T>, M>
    where
        T: JsonSchema + DeserializeOwned + 'static,
    {
        let mut request = request.clone();
        let request = match set_response_schema::<T>(&mut request.response_format) {
            Ok(()) => ApiRequest::new(&COMPLETE).json(&request),
            Err(error) => ApiRequest::invalid(&COMPLETE, error),
        };
        self.client.call(request).with_decoder(decode_parsed)
    }

    /// Creates a completion by the agent and parses its text into a `T` while it is streamed.
    ///
    /// The events are those of [`Chat::parse_stream`](crate::api::chat::Chat::parse_stream).
    ///
    /// # Errors
    /// Fails as [`Chat::parse`](crate::api::chat::Chat::parse) does.
    #[doc = example!(r#"
use mistral_sdk::agents::AgentsCompletionRequest;
use mistral_sdk::messages::Message;

#[derive(schemars::JsonSchema, serde::Deserialize)]
struct Painting {
    title: String,
}

let question = "Name a painting by Manet.";
let request = AgentsCompletionRequest::new("ag:12345:20260101:painter:1", question);
let stream = client.agents().parse_stream::<Painting>(&request).await?;
let parsed = stream.collect_parsed().await?;
# assert!(!parsed.value.title.is_empty());
"#)]
    pub fn parse_stream<T>(
        &self,
        request: &AgentsCompletionRequest,
    ) -> StreamCall<ParsedChunk<T>, M>
    where
        T: JsonSchema + DeserializeOwned + Send + 'static,
    {
        let mut request = request.clone();
        let request = match set_response_schema::<T>(&mut request.response_format) {
            Ok(()) => ApiRequest::new(&STREAM).json(&request),
            Err(error) => ApiRequest::invalid(&STREAM, error),
        };
        self.client.call_stream(request)
    }
}
