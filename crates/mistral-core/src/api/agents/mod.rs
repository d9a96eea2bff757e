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

#[cfg(feature = "schemars")]
use schemars::JsonSchema;
#[cfg(feature = "schemars")]
use serde::de::DeserializeOwned;

use crate::api::chat::{ChatCompletionResponse, CompletionChunk, completion_request};
#[cfg(feature = "schemars")]
use crate::api::chat::{Parsed, ParsedChunk, ask_for, read_parsed};
use crate::call::{Call, StreamCall};
use crate::client::Client;
use crate::mode::{Async, Mode};
use crate::pipeline::request::ApiRequest;
use crate::provider::Operation;

operations! {
    COMPLETE = Operation::inference("agents.complete", "/v1/agents/completions");
    STREAM = Operation::inference("agents.stream", "/v1/agents/completions").sse();
}

completion_request! {
    /// Asks an agent to go on with a conversation. Mirrors the API's
    /// `AgentsCompletionRequest`, with the fields of the newest official SDK.
    AgentsCompletionRequest {
        required: {
            /// The agent's id.
            agent_id: String => into,
        }
        optional: {}
    }
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
        self.client.call(request).decoded_by(read_parsed)
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
