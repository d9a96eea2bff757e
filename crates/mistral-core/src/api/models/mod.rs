//! The available models and their capabilities, and management of fine-tuned models.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let emulator = mistral_emulator::Emulator::start()?;
//! # let client = mistral_sdk::Client::new(
//! #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
//! # )?;
//! let models = client.models().list().await?;
//! for model in &models.data {
//!     println!("{}", model.id());
//! }
//! let model = client.models().retrieve("mistral-embed").await?;
//! assert_eq!(model.id(), "mistral-embed");
//! # Ok(()) }
//! ```

mod card;
mod fine_tuned;

use crate::call::Call;
use crate::client::Client;
use crate::json::unions::decode_member;
use crate::mode::{Async, Mode};
use crate::pipeline::request::ApiRequest;
use crate::provider::Operation;

pub use self::card::{
    AudioSpeechCapabilities, AudioTranscriptionCapabilities, BaseModelCard, FtModelCard,
    ModelCapabilities, ModelCard, ModelList, StreamingDelayRange,
};
pub use self::fine_tuned::{
    ArchiveModelResponse, ClassifierFineTunedModel, CompletionFineTunedModel, DeleteModelResponse,
    FineTunedModel, FineTunedModelCapabilities, UnarchiveModelResponse, UpdateModelRequest,
};

operations! {
    LIST = Operation::get("models.list", "/v1/models");
    RETRIEVE = Operation::get("models.retrieve", "/v1/models/{model_id}");
    DELETE = Operation::delete("models.delete", "/v1/models/{model_id}");
    UPDATE = Operation::patch("models.update", "/v1/fine_tuning/models/{model_id}");
    ARCHIVE = Operation::post("models.archive", "/v1/fine_tuning/models/{model_id}/archive");
    UNARCHIVE = Operation::delete("models.unarchive", "/v1/fine_tuning/models/{model_id}/archive");
}

/// The model operations. Created by [`Client::models`](crate::Client::models).
#[derive(Debug, Clone)]
pub struct Models<M: Mode = Async> {
    pub(crate) client: Client<M>,
}

impl<M: Mode> Client<M> {
    /// Returns the model operations.
    pub fn models(&self) -> Models<M> {
        Models {
            client: self.clone(),
        }
    }
}

impl<M: Mode> Models<M> {
    /// Lists the models that the API key has access to.
    ///
    /// Mirrors `GET /v1/models`. Its filters `provider` and `model` can be set with
    /// [`Call::query`].
    #[doc = example!(r#"
let models = client.models().list().query("provider", "mistralai").await?;
for model in &models.data {
    println!("{}: {:?}", model.id(), model.capabilities());
}
# assert!(!models.data.is_empty());
"#)]
    pub fn list(&self) -> Call<ModelList, M> {
        self.client.call(ApiRequest::new(&LIST))
    }

    /// Retrieves a model.
    ///
    /// Mirrors `GET /v1/models/{model_id}`.
    #[doc = example!(r#"
let model = client.models().retrieve("mistral-small-latest").await?;
assert!(model.capabilities().is_some_and(|capabilities| capabilities.function_calling));
"#)]
    pub fn retrieve(&self, model_id: &str) -> Call<ModelCard, M> {
        let request = ApiRequest::new(&RETRIEVE).path(&[("model_id", model_id)]);
        self.client.call(request).with_decoder(decode_member)
    }

    /// Deletes a fine-tuned model.
    ///
    /// Mirrors `DELETE /v1/models/{model_id}`.
    #[doc = example!(r#"
# let model_id = "ft:ministral-3b-latest:emulator:20250101:demo";
let response = client.models().delete(model_id).await?;
assert!(response.is_deleted());
"#)]
    pub fn delete(&self, model_id: &str) -> Call<DeleteModelResponse, M> {
        let request = ApiRequest::new(&DELETE).path(&[("model_id", model_id)]);
        self.client.call(request)
    }

    /// Updates the name or the description of a fine-tuned model.
    ///
    /// Mirrors `PATCH /v1/fine_tuning/models/{model_id}`.
    #[doc = example!(r#"
# let model_id = "ft:ministral-3b-latest:emulator:20250101:demo";
use mistral_sdk::models::UpdateModelRequest;

let request = UpdateModelRequest::new().name("tuned-for-cheese");
let model = client.models().update(model_id, &request).await?;
assert_eq!(model.id(), model_id);
"#)]
    pub fn update(&self, model_id: &str, request: &UpdateModelRequest) -> Call<FineTunedModel, M> {
        let api_request = ApiRequest::new(&UPDATE)
            .path(&[("model_id", model_id)])
            .json(request);
        self.client.call(api_request).with_decoder(decode_member)
    }

    /// Archives a fine-tuned model. An archived model cannot be used.
    ///
    /// Mirrors `POST /v1/fine_tuning/models/{model_id}/archive`.
    #[doc = example!(r#"
# let model_id = "ft:ministral-3b-latest:emulator:20250101:demo";
let response = client.models().archive(model_id).await?;
assert!(response.is_archived());
"#)]
    pub fn archive(&self, model_id: &str) -> Call<ArchiveModelResponse, M> {
        let request = ApiRequest::new(&ARCHIVE).path(&[("model_id", model_id)]);
        self.client.call(request)
    }

    /// Restores an archived fine-tuned model, which can then be used again.
    ///
    /// Mirrors `DELETE /v1/fine_tuning/models/{model_id}/archive`.
    #[doc = example!(r#"
# let model_id = "ft:ministral-3b-latest:emulator:20250101:demo";
# client.models().archive(model_id).await?;
let response = client.models().unarchive(model_id).await?;
assert!(!response.archived);
"#)]
    pub fn unarchive(&self, model_id: &str) -> Call<UnarchiveModelResponse, M> {
        let request = ApiRequest::new(&UNARCHIVE).path(&[("model_id", model_id)]);
        self.client.call(request)
    }
}
