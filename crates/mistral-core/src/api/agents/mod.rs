//! Completions by agents that were made before: an agent's model, instructions and tools.
//!
//! The API has these operations for agents of the older kind.
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
//! let question = [Message::user("Who painted Olympia?")];
//! let request = AgentsCompletionRequest::new("ag:12345:20260101:painter:1", question);
//! let response = client.agents().complete(&request).await?;
//! assert!(response.text().contains("Manet"));
//! # Ok(()) }
//! ```

use schemars::JsonSchema;
#[cfg(feature = "schemars")]
use serde::de::DeserializeOwned;
#[cfg(feature = "schemars")]
use serde_json::{Map, Value};

use crate::api::chat::{ChatCompletionResponse, CompletionChunk};
#[cfg(feature = "schemars")]
use crate::api::chat::{Parsed, ParsedChunk, ask_for, read_parsed};
use crate::call::{Call, StreamCall};
use crate::client::Client;
use crate::json::ApiRequest;
use crate::messages::{Message, ResponseFormat, Tool, ToolChoice};
use crate::mode::{Async, Mode};
use crate::pipeline::request::ApiRequest;
use crate::provider::Operation;

operations! {
    COMPLETE = Operation::inference("agents.complete", "/v1/agents/completions");
    STREAM = Operation::inference("agents.stream", "/v1/agents/completions").sse();
}

/// Asks an agent to go on with a conversation. Mirrors the API's
/// `AgentsCompletionRequest`, with the fields of the newest official SDK.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[api(keep_nulls)]
#[non_exhaustive]
pub struct AgentsCompletionRequest {
    /// The agent's id.
    #[api(required, into)]
    pub agent_id: String,
    /// The conversation so far.
    #[api(required, list)]
    pub messages: Vec<Message>,
    /// Choose only among this many most probable tokens.
    pub top_k: Option<u64>,
    /// The largest number of tokens in the answer. Default: what the context leaves.
    pub max_tokens: Option<u64>,
    /// The smallest number of tokens in the answer.
    pub min_tokens: Option<u64>,
    /// Stop before this text, or before the first of these.
    #[api(into)]
    pub stop: Option<crate::api::chat::Stop>,
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
    pub prediction: Option<Box<crate::api::chat::Prediction>>,
    /// Whether to prepend the system prompt for reasoning.
    #[deprecated(note = "the API deprecates it: use `reasoning_effort`")]
    #[api(into)]
    pub prompt_mode: Option<crate::api::chat::PromptMode>,
    /// How thoroughly a reasoning model reasons.
    #[api(into)]
    pub reasoning_effort: Option<crate::api::chat::ReasoningEffort>,
    /// Checks of the conversation that may block it.
    #[api(list)]
    pub guardrails: Option<Vec<crate::api::chat::GuardrailConfig>>,
    /// Requests with the same key and the same beginning share a cache.
    #[api(into)]
    pub prompt_cache_key: Option<String>,
    /// The service tier to be served by.
    #[api(into)]
    pub service_tier: Option<crate::api::chat::ServiceTier>,
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

/// Completions by agents. Made by [`Client::agents`](crate::Client::agents).
#[derive(Debug, Clone)]
pub struct Agents<M: Mode = Async> {
    pub(crate) client: Client<M>,
}

impl<M: Mode> Client<M> {
    /// Returns the completions by agents.
    pub fn agents(&self) -> Agents<M> {
        Agents {
            client: self.clone(),
        }
    }
}

impl<M: Mode> Agents<M> {
    /// Asks the agent and waits for its whole answer.
    ///
    /// Mirrors `POST /v1/agents/completions`.
    #[doc = example!(r#"
use mistral_sdk::agents::AgentsCompletionRequest;
use mistral_sdk::messages::Message;

let question = [Message::user("Who painted Olympia?")];
let request = AgentsCompletionRequest::new("ag:12345:20260101:painter:1", question).n(2);
let response = client.agents().complete(&request).await?;
assert_eq!(response.choices.len(), 2);
"#)]
    pub fn complete(&self, request: &AgentsCompletionRequest) -> Call<ChatCompletionResponse, M> {
        let request = ApiRequest::new(&COMPLETE).json(request);
        self.client.call(request)
    }

    /// Asks the agent and reads its answer as it is written.
    ///
    /// Mirrors `POST /v1/agents/completions` with `stream`, which this sets.
    #[doc = example!(r#"
# use mistral_sdk::agents::AgentsCompletionRequest;
# use mistral_sdk::messages::Message;
# let question = [Message::user("Who painted Olympia?")];
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
}

#[cfg(feature = "schemars")]
impl<M: Mode> Agents<M> {
    /// Asks the agent for a value of the type `T`, and waits for it.
    ///
    /// As [`Chat::parse`](crate::api::chat::Chat::parse) does with a model.
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

let question = [Message::user("Name a painting by Manet.")];
let request = AgentsCompletionRequest::new("ag:12345:20260101:painter:1", question);
let parsed = client.agents().parse::<Painting>(&request).await?;
# assert!(!parsed.value.title.is_empty());
"#)]
    pub fn parse<T>(&self, request: &AgentsCompletionRequest) -> Call<Parsed<T>, M>
    where
        T: JsonSchema + DeserializeOwned + 'static,
    {
        let mut request = request.clone();
        let request = match ask_for::<T>(&mut request.response_format) {
            Ok(()) => ApiRequest::new(&COMPLETE).json(&request),
            Err(error) => ApiRequest::invalid(&COMPLETE, error),
        };
        self.client.call(request).with_decoder(read_parsed)
    }

    /// Asks the agent for a value of the type `T`, and reads it as it is written.
    ///
    /// As [`Chat::parse_stream`](crate::api::chat::Chat::parse_stream) does with a model.
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

let question = [Message::user("Name a painting by Manet.")];
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
        let request = match ask_for::<T>(&mut request.response_format) {
            Ok(()) => ApiRequest::new(&STREAM).json(&request),
            Err(error) => ApiRequest::invalid(&STREAM, error),
        };
        self.client.call_stream(request)
    }
}
