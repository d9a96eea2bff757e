use serde_json::{Map, Value};

use super::result::BatchResult;
use crate::call::{NextPage, Page};
use crate::error::Result;
use crate::json::{ApiEnum, ApiObject};

/// The status of a job. Mirrors the API's `BatchJobStatus`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum BatchJobStatus {
    /// The job is waiting to start.
    #[api("QUEUED")]
    Queued,
    /// The job is being processed.
    #[api("RUNNING")]
    Running,
    /// The job has finished. Individual requests may have failed.
    #[api("SUCCESS")]
    Success,
    /// The job has failed.
    #[api("FAILED")]
    Failed,
    /// The job did not finish within its `timeout_hours`.
    #[api("TIMEOUT_EXCEEDED")]
    TimeoutExceeded,
    /// Cancellation was requested but has not taken effect yet.
    #[api("CANCELLATION_REQUESTED")]
    CancellationRequested,
    /// The job was cancelled.
    #[api("CANCELLED")]
    Cancelled,
    /// A value that this version of the SDK does not declare.
    Unknown(String),
}

impl BatchJobStatus {
    /// Returns whether the status is final. `false` for [`Unknown`](Self::Unknown).
    pub fn is_finished(&self) -> bool {
        match self {
            Self::Success | Self::Failed | Self::TimeoutExceeded | Self::Cancelled => true,
            Self::Queued | Self::Running | Self::CancellationRequested | Self::Unknown(_) => false,
        }
    }
}

/// A batch job. Mirrors the API's `BatchJobOut`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct BatchJob {
    /// The job's id.
    #[api(required)]
    pub id: String,
    /// The kind of object: `batch`.
    #[api(default)]
    pub object: String,
    /// The ids of the input files with the requests.
    #[api(default, lenient)]
    pub input_files: Vec<String>,
    /// The metadata stored with the job.
    #[api(lenient)]
    pub metadata: Option<Map<String, Value>>,
    /// The endpoint that the requests are for, for example `/v1/chat/completions`.
    pub endpoint: Option<String>,
    /// The model's id.
    pub model: Option<String>,
    /// The agent's id.
    pub agent_id: Option<String>,
    /// The id of the output file, with one [`BatchResult`] per line. May be `None`
    /// if every request failed.
    pub output_file: Option<String>,
    /// The id of the error file, with one [`BatchResult`] per failed request.
    pub error_file: Option<String>,
    /// The errors of the job as a whole.
    #[api(default, lenient)]
    pub errors: Vec<BatchError>,
    /// The results as JSON, if they were requested with
    /// [`GetBatchJobRequest::inline`](super::GetBatchJobRequest::inline).
    /// [`results`](Self::results) decodes them.
    pub outputs: Option<Vec<Map<String, Value>>>,
    /// The job's status.
    #[api(required)]
    pub status: BatchJobStatus,
    /// The time of creation, in Unix seconds.
    pub created_at: Option<i64>,
    /// The number of requests.
    #[api(default)]
    pub total_requests: i64,
    /// The number of requests that are done, successfully or not.
    #[api(default)]
    pub completed_requests: i64,
    /// The number of requests that succeeded.
    #[api(default)]
    pub succeeded_requests: i64,
    /// The number of requests that failed.
    #[api(default)]
    pub failed_requests: i64,
    /// The time of the start, in Unix seconds.
    pub started_at: Option<i64>,
    /// The time of completion, in Unix seconds.
    pub completed_at: Option<i64>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl BatchJob {
    /// Decodes the results that are inlined in the job. Empty unless they were requested with
    /// [`GetBatchJobRequest::inline`](super::GetBatchJobRequest::inline).
    ///
    /// Their order is not that of the requests.
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Decode`](crate::ErrorKind::Decode) if a result is not a
    /// [`BatchResult`].
    #[inline]
    pub fn results(&self) -> Result<Vec<BatchResult>> {
        let outputs = self.outputs.iter().flatten().enumerate();
        outputs
            .map(|(index, output)| {
                let json = Value::Object(output.clone()).to_string();
                BatchResult::read(json.as_bytes(), || format!("outputs[{index}]"))
            })
            .collect()
    }
}

/// An error of a job. Mirrors the API's `BatchError`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct BatchError {
    /// The error message.
    #[api(required)]
    pub message: String,
    /// The number of occurrences. Default: 1.
    pub count: Option<i64>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A page of jobs. Mirrors the API's `BatchJobsOut`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct ListBatchJobsResponse {
    /// The jobs.
    #[api(default)]
    pub data: Vec<BatchJob>,
    /// The kind of object: `list`.
    #[api(default)]
    pub object: String,
    /// The number of jobs on all pages.
    pub total: Option<i64>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl Page for ListBatchJobsResponse {
    type Item = BatchJob;

    fn into_items(self) -> Vec<BatchJob> {
        self.data
    }

    fn len(&self) -> usize {
        self.data.len()
    }

    fn next(&self) -> Option<NextPage> {
        NextPage::number(self.total)
    }
}

/// The confirmation that a job was deleted. Mirrors the official SDK's
/// `DeleteBatchJobResponse`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct DeleteBatchJobResponse {
    /// The job's id.
    #[api(required)]
    pub id: String,
    /// The kind of object: `batch`.
    #[api(default)]
    pub object: String,
    /// Whether the job was deleted, as reported by the server; see
    /// [`is_deleted`](Self::is_deleted).
    pub deleted: Option<bool>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl DeleteBatchJobResponse {
    /// Returns whether the job was deleted: `true` unless the server reports `false`, or a value
    /// that this version of the SDK cannot read.
    pub fn is_deleted(&self) -> bool {
        self.deleted
            .unwrap_or_else(|| !self.extra.contains_key("deleted"))
    }
}
