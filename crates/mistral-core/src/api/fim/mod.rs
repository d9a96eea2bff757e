//! Fill in the middle: code between a beginning and an end.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let emulator = mistral_emulator::Emulator::start()?;
//! # let client = mistral_sdk::Client::new(
//! #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
//! # )?;
//! use mistral_sdk::fim::FimCompletionRequest;
//!
//! let request = FimCompletionRequest::new("codestral-latest", "fn add(a: i32, b: i32) -> i32 {")
//!     .suffix("}")
//!     .max_tokens(64);
//! let response = client.fim().complete(&request).await?;
//! println!("{}", response.text());
//! # Ok(()) }
//! ```

use serde_json::{Map, Value};

use crate::api::chat::{ChatCompletionResponse, CompletionChunk, Stop};
use crate::call::{Call, StreamCall};
use crate::client::Client;
use crate::json::ApiRequest;
use crate::mode::{Async, Mode};
use crate::pipeline::request::ApiRequest;
use crate::provider::Operation;

/// A completion of code. Mirrors the API's `FIMCompletionResponse`, which has the fields of a
/// chat's answer.
pub type FimCompletionResponse = ChatCompletionResponse;

operations! {
    COMPLETE = Operation::inference("fim.complete", "/v1/fim/completions");
    STREAM = Operation::inference("fim.stream", "/v1/fim/completions").sse();
}

/// Asks for the code between a beginning and an end. Mirrors the API's
/// `FIMCompletionRequest`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[api(keep_nulls)]
#[non_exhaustive]
pub struct FimCompletionRequest {
    /// The model's id, for example `codestral-latest`.
    #[api(required, into)]
    pub model: String,
    /// The code before the gap.
    #[api(required, into)]
    pub prompt: String,
    /// The code after the gap. Default: none, and the completion goes on freely.
    #[api(into)]
    pub suffix: Option<String>,
    /// How freely to choose words: 0 to 1.5. Default: the model's own. Change this or
    /// `top_p`, not both.
    pub temperature: Option<f64>,
    /// Choose only among the most probable tokens that make up this probability: 0
    /// to 1. Default: 1.
    pub top_p: Option<f64>,
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
    /// Requests with the same key and the same beginning share a cache.
    #[api(into)]
    pub prompt_cache_key: Option<String>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// Completions of code. Made by [`Client::fim`](crate::Client::fim).
#[derive(Debug, Clone)]
pub struct Fim<M: Mode = Async> {
    pub(crate) client: Client<M>,
}

impl<M: Mode> Client<M> {
    /// Returns completions of code between a prefix and a suffix.
    pub fn fim(&self) -> Fim<M> {
        Fim {
            client: self.clone(),
        }
    }
}

impl<M: Mode> Fim<M> {
    /// Asks for a completion and waits for all of it.
    ///
    /// Mirrors `POST /v1/fim/completions`.
    #[doc = example!(r#"
use mistral_sdk::fim::FimCompletionRequest;

let request = FimCompletionRequest::new("codestral-latest", "let primes = [").stop("]");
let response = client.fim().complete(&request).await?;
println!("{}{}]", request.prompt, response.text());
# assert!(!response.text().contains(']'));
"#)]
    pub fn complete(&self, request: &FimCompletionRequest) -> Call<FimCompletionResponse, M> {
        let request = ApiRequest::new(&COMPLETE)
            .model(&*request.model)
            .json(request);
        self.client.call(request)
    }

    /// Asks for a completion and reads it as it is written.
    ///
    /// Mirrors `POST /v1/fim/completions` with `stream`, which this sets.
    #[doc = example!(r#"
use mistral_sdk::fim::FimCompletionRequest;

let request = FimCompletionRequest::new("codestral-latest", "fn main() {").suffix("}");
# let mut text = String::new();
let mut stream = client.fim().stream(&request).await?;
while let Some(chunk) = stream.next().await {
    let chunk = chunk?;
    print!("{}", chunk.text());
#   text += &chunk.text();
}
# assert!(!text.is_empty());
"#)]
    pub fn stream(&self, request: &FimCompletionRequest) -> StreamCall<CompletionChunk, M> {
        let request = ApiRequest::new(&STREAM)
            .model(&*request.model)
            .json(request);
        self.client.call_stream(request)
    }
}
