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

use crate::provider::Operation;

impl Operation {
    /// All operations that the SDK models, group by group.
    ///
    /// ```
    /// use mistral_core::provider::Operation;
    ///
    /// let complete = Operation::all().find(|operation| operation.name == "chat.complete");
    /// assert_eq!(complete.unwrap().path, "/v1/chat/completions");
    /// ```
    pub fn all() -> impl Iterator<Item = &'static Self> {
        [
            agents::OPERATIONS,
            audio::OPERATIONS,
            batch::OPERATIONS,
            chat::OPERATIONS,
            classifiers::OPERATIONS,
            embeddings::OPERATIONS,
            files::OPERATIONS,
            fim::OPERATIONS,
            fine_tuning::OPERATIONS,
            models::OPERATIONS,
            ocr::OPERATIONS,
        ]
        .into_iter()
        .flatten()
        .copied()
    }
}
