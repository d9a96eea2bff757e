//! Fill-in-the-middle (FIM) completions: code between a prefix and a suffix.
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

use crate::api::chat::{ChatCompletionResponse, CompletionChunk, RawChunk, Stop, decode_raw};
use crate::call::{Call, StreamCall};
use crate::client::Client;
use crate::json::{ApiRequest, JsonInput};
use crate::mode::{Async, Mode};
use crate::pipeline::request::ApiRequest;
use crate::provider::Operation;

/// A completion of code. Mirrors the API's `FIMCompletionResponse`, which has the fields of a
/// chat completion.
pub type FimCompletionResponse = ChatCompletionResponse;

operations! {
    COMPLETE = Operation::inference("fim.complete", "/v1/fim/completions");
    STREAM = Operation::inference("fim.stream", "/v1/fim/completions").sse();
}

/// A request for the code between a prefix and a suffix. Mirrors the API's
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
    /// The code after the gap. Default: none; the completion then continues the prompt.
    #[api(into)]
    pub suffix: Option<String>,
    /// The sampling temperature, from 0 to 1.5; usually 0 to 0.7. Default: the model's own. Set
    /// this or `top_p`, not both.
    pub temperature: Option<f64>,
    /// The probability mass for nucleus sampling, from 0 to 1: only the most probable tokens
    /// within it are considered. Default: 1.
    pub top_p: Option<f64>,
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
    /// The prompt cache key. Requests with the same key reuse cached tokens of a shared prefix.
    #[api(into)]
    pub prompt_cache_key: Option<String>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The fill-in-the-middle operations. Created by [`Client::fim`](crate::Client::fim).
#[derive(Debug, Clone)]
pub struct Fim<M: Mode = Async> {
    pub(crate) client: Client<M>,
}

impl<M: Mode> Client<M> {
    /// Returns the fill-in-the-middle operations.
    pub fn fim(&self) -> Fim<M> {
        Fim {
            client: self.clone(),
        }
    }
}

impl<M: Mode> Fim<M> {
    /// Creates a completion of code and returns the whole response.
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

    /// Creates a completion of code and streams it in chunks.
    ///
    /// Mirrors `POST /v1/fim/completions` with `stream`, which this method sets.
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

    /// Creates a completion of code from a request in JSON and returns the response as JSON, as
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

    /// Creates a completion of code from a request in JSON and streams it as the server sends it,
    /// as [`Chat::stream_raw`](crate::api::chat::Chat::stream_raw) does.
    ///
    /// # Errors
    /// Fails as [`Chat::stream_raw`](crate::api::chat::Chat::stream_raw) does.
    pub fn stream_raw(&self, request: impl JsonInput) -> StreamCall<RawChunk, M> {
        let request = ApiRequest::new(&STREAM).raw_json(request);
        self.client.call_stream(request)
    }
}
