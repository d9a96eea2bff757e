//! The provisioning of search indexes, for which a creation does not wait.

use mistral_core::mode::Mode;
use mistral_core::operation::{ApiRequest, Wait, WaitProgress};

use super::{GET, ManagedIndex, ManagedIndexStatus, SearchIndexes};

/// The operation that errors of waits name.
const WAIT: &str = "beta.context.search_indexes.wait_until_ready";

impl<M: Mode> SearchIndexes<M> {
    /// Waits until a search index is ready, after its creation or an update of its schema, and
    /// returns it.
    ///
    /// The index is polled immediately, then at growing intervals. The returned [`Wait`] has
    /// setters for the interval, a deadline and a progress callback.
    ///
    /// ```
    /// # use mistral_sdk::testing::MockTransport;
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let embedding = serde_json::json!({
    /// #     "type": "mistral", "name": "mistral-embed", "dimensions": 1024,
    /// # });
    /// # let index = |status: &str| serde_json::json!({
    /// #     "id": "i1", "name": "museum", "creator_id": "u1", "status": status, "schema": {},
    /// #     "config": { "embedding": embedding },
    /// # });
    /// # let mock = MockTransport::new()
    /// #     .json(index("provisioning")).json(index("provisioning")).json(index("ready"));
    /// # let client = mistral_sdk::Client::builder(mistral_sdk::MistralApi::new("key")?)
    /// #     .transport(mock).build()?;
    /// use std::time::Duration;
    ///
    /// use mistral_sdk::beta::BetaExt as _;
    /// use mistral_sdk::beta::context::search_indexes::{
    ///     CreateManagedIndexRequest, ManagedIndexConfig, ManagedIndexStatus, MistralEmbeddingModel,
    /// };
    ///
    /// let indexes = client.beta().context().search_indexes();
    /// let config = ManagedIndexConfig::new(MistralEmbeddingModel::new("mistral-embed", 1024));
    /// indexes.create(&CreateManagedIndexRequest::new("museum", config)).await?;
    /// let index = indexes
    ///     .wait_until_ready("museum")
    ///     .deadline(Duration::from_secs(600))
    ///     .await?;
    /// assert_eq!(index.status, ManagedIndexStatus::Ready);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// An index whose storage could not be created, or that is being deleted, is an error of
    /// [`ErrorKind::Failed`](mistral_core::ErrorKind::Failed) that names the state.
    /// [`Error::partial`](mistral_core::Error::partial) returns the [`ManagedIndex`]. A poll fails
    /// with the errors of [`get`](Self::get). An index with a state that this version of the SDK
    /// does not declare is waited for.
    pub fn wait_until_ready(&self, index_name: &str) -> Wait<ManagedIndex, M> {
        let subject = format!("the search index `{index_name}`");
        let name = index_name.to_owned();
        let poll = move || ApiRequest::new(&GET).path(&[("index_name", &name)]);
        self.client.wait(WAIT, subject, poll, progress)
    }
}

fn progress(index: &ManagedIndex) -> WaitProgress {
    let state = || match index.status_message.as_deref() {
        None | Some("") => format!("`{}`", index.status),
        Some(message) => format!("`{}` ({message})", index.status),
    };
    match &index.status {
        ManagedIndexStatus::Ready => WaitProgress::Finished,
        ManagedIndexStatus::Failed | ManagedIndexStatus::Deleting => WaitProgress::Failed(state()),
        _ => WaitProgress::Ongoing(state()),
    }
}
