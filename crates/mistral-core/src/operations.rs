//! All operations that the SDK models.

use crate::endpoint::Endpoint;
use crate::{
    agents, audio, batch, chat, classifiers, embeddings, files, fim, fine_tuning, models, ocr,
};

impl Endpoint {
    /// All operations that the SDK models, group by group.
    ///
    /// ```
    /// use mistral_core::Endpoint;
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
