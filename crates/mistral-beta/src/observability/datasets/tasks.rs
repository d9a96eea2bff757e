//! Waits for import tasks.

use mistral_core::mode::Mode;
use mistral_core::operation::{ApiRequest, Wait, WaitProgress};

use super::{DatasetImportTask, DatasetTaskStatus, Datasets, FETCH_TASK};

/// The operation that errors of waits name.
const WAIT: &str = "beta.observability.datasets.wait_for_task";

impl<M: Mode> Datasets<M> {
    /// Waits until an import task of a dataset has completed, and returns it with the numbers of
    /// imported and skipped records.
    ///
    /// A task that failed, was canceled, was terminated or timed out is an error of
    /// [`ErrorKind::Failed`](mistral_core::ErrorKind::Failed) that names the status and the message
    /// of the task. [`Error::partial`](mistral_core::Error::partial) returns the
    /// [`DatasetImportTask`].
    ///
    /// ```
    /// # use mistral_sdk::beta::BetaExt;
    /// # use mistral_sdk::testing::MockTransport;
    /// # use serde_json::{Value, json};
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let task = |status: &str, result: Value| json!({
    /// #     "id": "task-1", "created_at": "2026-01-01T00:00:00Z", "deleted_at": null,
    /// #     "updated_at": "2026-01-01T00:00:00Z", "creator_id": "c", "dataset_id": "dataset-1",
    /// #     "workspace_id": "w", "status": status, "progress": 50, "result": result
    /// # });
    /// # let mock = MockTransport::new()
    /// #     .json(task("RUNNING", Value::Null))
    /// #     .json(task("RUNNING", Value::Null))
    /// #     .json(task("COMPLETED", json!({
    /// #         "requested_record_count": 3, "imported_record_count": 3, "skipped_record_count": 0
    /// #     })));
    /// # let client = mistral_sdk::Client::builder(mistral_sdk::MistralApi::new("key")?)
    /// #     .transport(mock)
    /// #     .build()?;
    /// use std::time::Duration;
    /// use mistral_sdk::beta::observability::datasets::ImportDatasetFromFileRequest;
    ///
    /// let datasets = client.beta().observability().datasets();
    /// let request = ImportDatasetFromFileRequest::new("file-1");
    /// let task = datasets.import_from_file("dataset-1", &request).await?;
    /// let task = datasets
    ///     .wait_for_task("dataset-1", &task.id)
    ///     .deadline(Duration::from_secs(600))
    ///     .on_progress(|task| println!("{:?} %", task.progress))
    ///     .await?;
    /// println!("{:?}", task.result);
    /// # assert!(task.result.is_some());
    /// # Ok(()) }
    /// ```
    pub fn wait_for_task(&self, dataset_id: &str, task_id: &str) -> Wait<DatasetImportTask, M> {
        let (dataset_id, task_id) = (dataset_id.to_owned(), task_id.to_owned());
        let subject = format!("the import task `{task_id}`");
        let poll = move || {
            ApiRequest::new(&FETCH_TASK).path(&[("dataset_id", &dataset_id), ("task_id", &task_id)])
        };
        self.client.wait(WAIT, subject, poll, progress)
    }
}

fn progress(task: &DatasetImportTask) -> WaitProgress {
    use DatasetTaskStatus as Status;

    let status = &task.status;
    match status {
        Status::Completed => WaitProgress::Finished,
        Status::Failed | Status::Canceled | Status::Terminated | Status::TimedOut => {
            let message = task.message.as_deref().filter(|text| !text.is_empty());
            WaitProgress::Failed(match message {
                Some(message) => format!("{status}: {message}"),
                None => status.to_string(),
            })
        }
        _ => WaitProgress::Ongoing(match task.progress {
            Some(percent) => format!("{status}, {percent} % are done"),
            None => status.to_string(),
        }),
    }
}
