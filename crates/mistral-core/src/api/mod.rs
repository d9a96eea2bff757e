//! The groups of the API's operations: one module per group, and this table of them.

#[macro_use]
mod macros;

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

use crate::client::Client;
use crate::mode::Mode;
use crate::provider::Operation;

/// The operations of each group.
static GROUPS: &[&[&Operation]] = &[
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
];

impl Operation {
    /// Returns all operations of the stable API, group by group.
    ///
    /// ```
    /// use mistral_sdk::provider::Operation;
    ///
    /// let complete = Operation::all().find(|operation| operation.name == "chat.complete");
    /// assert_eq!(complete.unwrap().path, "/v1/chat/completions");
    /// ```
    pub fn all() -> impl Iterator<Item = &'static Self> {
        GROUPS.iter().copied().flatten().copied()
    }
}

impl<M: Mode> Client<M> {
    /// Whether the provider offers an operation, by its name: `ocr.process`, `chat.stream`.
    ///
    /// A call of one that it does not offer fails with
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) before anything is sent.
    ///
    /// ```
    /// # fn main() -> mistral_sdk::Result<()> {
    /// use mistral_sdk::{Client, MistralApi};
    ///
    /// let client = Client::new(MistralApi::new("my-key")?)?;
    /// assert!(client.supports("ocr.process"));
    /// assert!(!client.supports("no.such_operation"));
    /// # Ok(()) }
    /// ```
    pub fn supports(&self, operation: &str) -> bool {
        Operation::all()
            .filter(|known| known.name == operation)
            .any(|operation| self.provider().supports(operation))
    }
}
