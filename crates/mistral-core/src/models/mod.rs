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

use crate::call::Call;
use crate::mode::Mode;
use crate::prepared::Prepared;
use crate::provider::Endpoint;

pub use self::card::{
    AudioSpeechCapabilities, AudioTranscriptionCapabilities, BaseModelCard, FtModelCard,
    ModelCapabilities, ModelCard, ModelList, StreamingDelayRange,
};

endpoints! {
    LIST = Endpoint::get("models.list", "/v1/models").query(&["provider", "model"]);
    RETRIEVE = Endpoint::get("models.retrieve", "/v1/models/{model_id}");
}

group! {
    /// The models that can be used. Made by [`Client::models`](crate::Client::models).
    Models
}

impl<M: Mode> Models<M> {
    /// Lists the models that the key may use.
    ///
    /// Mirrors `GET /v1/models`; its filters `provider` and `model` are set with
    /// [`Call::query`].
    pub fn list(&self) -> Call<ModelList, M> {
        Call::new(&self.engine, &self.mode, Ok(Prepared::new(&LIST)))
    }

    /// Gives one model's card.
    ///
    /// Mirrors `GET /v1/models/{model_id}`.
    pub fn retrieve(&self, model_id: &str) -> Call<ModelCard, M> {
        let request = Prepared::new(&RETRIEVE).path(&[("model_id", model_id)]);
        Call::new(&self.engine, &self.mode, request)
    }
}
