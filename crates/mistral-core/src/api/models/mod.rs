//! The models that can be used: what there is, and what each can do.
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

/// The models that can be used. Made by [`Client::models`](crate::Client::models).
#[derive(Debug, Clone)]
pub struct Models<M: Mode = Async> {
    pub(crate) client: Client<M>,
}

impl<M: Mode> Client<M> {
    /// Returns the models of the workspace.
    pub fn models(&self) -> Models<M> {
        Models {
            client: self.clone(),
        }
    }
}

impl<M: Mode> Models<M> {
    /// Lists the models that the key may use.
    ///
    /// Mirrors `GET /v1/models`; its filters `provider` and `model` are set with
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

    /// Gives one model's card.
    ///
    /// Mirrors `GET /v1/models/{model_id}`.
    #[doc = example!(r#"
let model = client.models().retrieve("mistral-small-latest").await?;
assert!(model.capabilities().is_some_and(|can| can.function_calling));
"#)]
    pub fn retrieve(&self, model_id: &str) -> Call<ModelCard, M> {
        let request = ApiRequest::new(&RETRIEVE).path(&[("model_id", model_id)]);
        self.client.call(request)
    }

    /// Deletes a model that was fine-tuned.
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

    /// Changes the name or the description of a model that was fine-tuned.
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
        let prepared = ApiRequest::new(&UPDATE)
            .path(&[("model_id", model_id)])
            .json(request);
        self.client.call(prepared)
    }

    /// Archives a model that was fine-tuned: it cannot be used any more.
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

    /// Takes a model that was fine-tuned out of the archive: it can be used again.
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
