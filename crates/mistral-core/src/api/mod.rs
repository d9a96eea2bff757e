//! The groups of the API's operations.

pub mod agents;
pub mod audio;
pub mod batch;
pub mod chat;
pub mod classifiers;
pub mod embeddings;
pub mod files;
pub mod fim;
pub mod fine_tuning;
pub mod models;
pub mod ocr;

use crate::provider::Endpoint;

impl Endpoint {
    /// All operations that the SDK models, group by group.
    ///
    /// ```
    /// use mistral_core::provider::Endpoint;
    ///
    /// let complete = Endpoint::all().find(|endpoint| endpoint.name == "chat.complete");
    /// assert_eq!(complete.unwrap().path, "/v1/chat/completions");
    /// ```
    pub fn all() -> impl Iterator<Item = &'static Self> {
        [
            agents::ENDPOINTS,
            audio::ENDPOINTS,
            batch::ENDPOINTS,
            chat::ENDPOINTS,
            classifiers::ENDPOINTS,
            embeddings::ENDPOINTS,
            files::ENDPOINTS,
            fim::ENDPOINTS,
            fine_tuning::ENDPOINTS,
            models::ENDPOINTS,
            ocr::ENDPOINTS,
        ]
        .into_iter()
        .flatten()
        .copied()
    }
}
