//! The processing of documents, for which an upload does not wait.

use mistral_core::mode::Mode;
use mistral_core::operation::{ApiRequest, Wait, WaitProgress};

use super::{Document, Documents, GET, ProcessStatus};

/// The operation that errors of waits name.
const WAIT: &str = "beta.libraries.documents.wait_until_processed";

impl<M: Mode> Documents<M> {
    /// Waits until a document has been processed, and returns it. Searches find it from then on.
    ///
    /// The document is polled immediately, then at growing intervals. The returned [`Wait`] has
    /// setters for the interval, a deadline and a progress callback.
    ///
    /// ```
    /// # use mistral_sdk::testing::MockTransport;
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let document = |status: &str| serde_json::json!({
    /// #     "id": "doc_1", "library_id": "lib_1", "name": "notes.txt", "created_at": "2026-01-01T00:00:00Z",
    /// #     "process_status": status, "processing_status": status, "uploaded_by_type": "User",
    /// #     "uploaded_by_id": null, "tokens_processing_total": 12, "hash": null, "mime_type": null,
    /// #     "extension": null, "size": 5, "number_of_pages": 1,
    /// # });
    /// # let mock = MockTransport::new()
    /// #     .json(document("todo")).json(document("in_progress")).json(document("done"));
    /// # let client = mistral_sdk::Client::builder(mistral_sdk::MistralApi::new("key")?)
    /// #     .transport(mock).build()?;
    /// use std::time::Duration;
    ///
    /// use mistral_sdk::beta::BetaExt as _;
    /// use mistral_sdk::files::FileSource;
    ///
    /// let documents = client.beta().libraries().documents();
    /// let file = FileSource::from_bytes("notes.txt", "notes");
    /// let uploaded = documents.upload("lib_1", file).await?;
    /// let document = documents
    ///     .wait_until_processed("lib_1", &uploaded.id)
    ///     .on_progress(|document| println!("{}", document.processing_status))
    ///     .deadline(Duration::from_secs(600))
    ///     .await?;
    /// println!("{:?} pages", document.number_of_pages);
    /// # assert_eq!(document.number_of_pages, Some(1));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// A document whose processing failed, or that has no content, is an error of
    /// [`ErrorKind::Failed`](mistral_core::ErrorKind::Failed) that names the state.
    /// [`Error::partial`](mistral_core::Error::partial) returns the [`Document`]. A poll fails with
    /// the errors of [`get`](Self::get). A document with a state that this version of the SDK does
    /// not declare is waited for.
    pub fn wait_until_processed(&self, library_id: &str, document_id: &str) -> Wait<Document, M> {
        let subject = format!("the document `{document_id}`");
        let (library, document) = (library_id.to_owned(), document_id.to_owned());
        let poll = move || {
            ApiRequest::new(&GET).path(&[("library_id", &library), ("document_id", &document)])
        };
        self.client.wait(WAIT, subject, poll, progress)
    }
}

fn progress(document: &Document) -> WaitProgress {
    let state = || {
        let (status, text) = (&document.process_status, &document.processing_status);
        match text.is_empty() || text == status.as_str() {
            true => format!("`{status}`"),
            false => format!("`{status}` ({text})"),
        }
    };
    match &document.process_status {
        ProcessStatus::Done | ProcessStatus::Noop | ProcessStatus::SelfManaged => {
            WaitProgress::Finished
        }
        ProcessStatus::Error | ProcessStatus::MissingContent => WaitProgress::Failed(state()),
        _ => WaitProgress::Ongoing(state()),
    }
}
