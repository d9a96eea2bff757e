//! Embeddings: vectors that represent the meaning of texts.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let emulator = mistral_emulator::Emulator::start()?;
//! # let client = mistral_sdk::Client::new(
//! #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
//! # )?;
//! use mistral_sdk::embeddings::{EmbeddingRequest, EncodingFormat};
//!
//! let request = EmbeddingRequest::new("mistral-embed", ["a cat", "a dog"])
//!     .encoding_format(EncodingFormat::Base64); // a quarter of the bytes
//! let response = client.embeddings().create(&request).await?;
//! let vectors = response.to_f32()?;
//! assert_eq!((vectors.len(), vectors[0].len()), (2, 1024));
//! # Ok(()) }
//! ```

mod chunks;
mod create_all;
mod decode;
mod request;
mod response;

use serde_json::Value;

use crate::api::chat::decode_raw;
use crate::call::Call;
use crate::client::Client;
use crate::json::JsonInput;
use crate::mode::{Async, Mode};
use crate::pipeline::request::ApiRequest;
use crate::provider::Operation;

#[cfg(feature = "blocking")]
pub(crate) use self::create_all::CREATE_ALL;
pub use self::create_all::EmbeddingStream;
pub use self::request::{EmbeddingDtype, EmbeddingInput, EmbeddingRequest, EncodingFormat};
pub use self::response::{Embedding, EmbeddingResponse, EmbeddingResponseData};

operations! {
    CREATE = Operation::inference("embeddings.create", "/v1/embeddings");
}

/// The embeddings API. Created by [`Client::embeddings`](crate::Client::embeddings).
#[derive(Debug, Clone)]
pub struct Embeddings<M: Mode = Async> {
    pub(crate) client: Client<M>,
}

impl<M: Mode> Client<M> {
    /// Returns the embeddings API: vectors of texts.
    pub fn embeddings(&self) -> Embeddings<M> {
        Embeddings {
            client: self.clone(),
        }
    }
}

impl<M: Mode> Embeddings<M> {
    /// Creates the vectors of one or more texts.
    ///
    /// Mirrors `POST /v1/embeddings`.
    #[doc = example!(r#"
use mistral_sdk::embeddings::EmbeddingRequest;

let request = EmbeddingRequest::new("codestral-embed", "fn main() {}")
    .output_dimension(256);
let response = client.embeddings().create(&request).await?;
assert_eq!(response.to_f32()?[0].len(), 256);
"#)]
    pub fn create(&self, request: &EmbeddingRequest) -> Call<EmbeddingResponse, M> {
        let request = ApiRequest::new(&CREATE)
            .model(&*request.model)
            .json(request);
        self.client
            .call(request)
            .with_decoder(decode::decode_response)
    }

    /// Creates the vectors of texts from a request in JSON and returns the response as JSON. The
    /// request and the call are those of
    /// [`Chat::complete_raw`](crate::api::chat::Chat::complete_raw).
    ///
    /// # Errors
    /// Fails as [`Chat::complete_raw`](crate::api::chat::Chat::complete_raw) does.
    #[doc = example!(r##"
let request = r#"{ "model": "mistral-embed", "input": ["a cat"] }"#;
let response = client.embeddings().create_raw(request).await?;
assert_eq!(response["data"][0]["index"], 0);
"##)]
    pub fn create_raw(&self, request: impl JsonInput) -> Call<Value, M> {
        let request = ApiRequest::new(&CREATE).raw_json(request);
        self.client
            .call(request)
            .with_decoder(decode_raw::<EmbeddingResponse>)
    }
}
