use serde_json::{Map, Value};

use super::result::BatchResult;
use crate::call::{NextPage, Page};
use crate::error::Result;
use crate::json::{ApiEnum, ApiObject};

/// How far a job is. Mirrors the API's `BatchJobStatus`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum BatchJobStatus {
    /// It waits for its turn.
    #[api("QUEUED")]
    Queued,
    /// It is being worked on.
    #[api("RUNNING")]
    Running,
    /// It is finished; single requests may have failed.
    #[api("SUCCESS")]
    Success,
    /// It has failed.
    #[api("FAILED")]
    Failed,
    /// Its time ran out.
    #[api("TIMEOUT_EXCEEDED")]
    TimeoutExceeded,
    /// It is about to be cancelled.
    #[api("CANCELLATION_REQUESTED")]
    CancellationRequested,
    /// It was cancelled.
    #[api("CANCELLED")]
    Cancelled,
    /// A value that this version of the SDK does not know, as it came.
    Unknown(String),
}

impl BatchJobStatus {
    /// Whether nothing more will happen. `false` for a status that is not known.
    pub fn is_finished(&self) -> bool {
        match self {
            Self::Success | Self::Failed | Self::TimeoutExceeded | Self::Cancelled => true,
            Self::Queued | Self::Running | Self::CancellationRequested | Self::Unknown(_) => false,
        }
    }
}

/// A batch that is worked through. Mirrors the API's `BatchJobOut`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct BatchJob {
    /// The job's id.
    #[api(required)]
    pub id: String,
    /// How far it is.
    #[api(required)]
    pub status: BatchJobStatus,
    /// The kind of object: `batch`.
    #[api(default)]
    pub object: String,
    /// The ids of the files that the requests came from.
    #[api(default, lenient)]
    pub input_files: Vec<String>,
    /// What went wrong with the job as a whole.
    #[api(default, lenient)]
    pub errors: Vec<BatchError>,
    /// How many requests it has.
    #[api(default)]
    pub total_requests: i64,
    /// How many of them are done.
    #[api(default)]
    pub completed_requests: i64,
    /// How many of them succeeded.
    #[api(default)]
    pub succeeded_requests: i64,
    /// How many of them failed.
    #[api(default)]
    pub failed_requests: i64,
    /// What the requests are for.
    pub endpoint: Option<String>,
    /// The model's id.
    pub model: Option<String>,
    /// The agent's id.
    pub agent_id: Option<String>,
    /// Facts that are kept with the job.
    #[api(lenient)]
    pub metadata: Option<Map<String, Value>>,
    /// The id of the file with the results, one [`BatchResult`] a line. A job in
    /// which every request failed may have none.
    pub output_file: Option<String>,
    /// The id of the file with the requests that failed, one [`BatchResult`] a
    /// line.
    pub error_file: Option<String>,
    /// The results as they came, if they were asked for with
    /// [`GetBatchJobRequest::inline`](super::GetBatchJobRequest::inline);
    /// [`results`](Self::results) reads them.
    pub outputs: Option<Vec<Map<String, Value>>>,
    /// When it was made, in seconds since 1970.
    pub created_at: Option<i64>,
    /// When it began, in seconds since 1970.
    pub started_at: Option<i64>,
    /// When it ended, in seconds since 1970.
    pub completed_at: Option<i64>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl BatchJob {
    /// Reads the results that came with the job: none unless they were asked for with
    /// [`GetBatchJobRequest::inline`](super::GetBatchJobRequest::inline).
    ///
    /// Their order is not that of the requests.
    ///
    /// # Errors
    /// Fails when a result is not what the API documents.
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

/// Something that went wrong in a job. Mirrors the API's `BatchError`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct BatchError {
    /// What went wrong.
    #[api(required)]
    pub message: String,
    /// How often. Default: 1.
    pub count: Option<i64>,
    /// Fields that this version of the SDK does not know, as they came.
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
    /// How many jobs there are in all.
    pub total: Option<i64>,
    /// Fields that this version of the SDK does not know, as they came.
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

/// That a job has been deleted. Mirrors the official SDK's `DeleteBatchJobResponse`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct DeleteBatchJobResponse {
    /// The job's id.
    #[api(required)]
    pub id: String,
    /// The kind of object: `batch`.
    #[api(default)]
    pub object: String,
    /// Whether it has been deleted, as the server said it; see
    /// [`is_deleted`](Self::is_deleted).
    pub deleted: Option<bool>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl DeleteBatchJobResponse {
    /// Whether it has been deleted: so it has unless the server says otherwise.
    pub fn is_deleted(&self) -> bool {
        self.deleted.unwrap_or(true)
    }
}
