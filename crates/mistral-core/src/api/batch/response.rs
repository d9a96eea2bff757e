use serde_json::{Map, Value};

use super::result::BatchResult;
use crate::call::{NextPage, Page};
use crate::error::Result;

string_enum! {
    /// How far a job is. Mirrors the API's `BatchJobStatus`.
    BatchJobStatus {
        /// It waits for its turn.
        Queued = "QUEUED",
        /// It is being worked on.
        Running = "RUNNING",
        /// It is finished; single requests may have failed.
        Success = "SUCCESS",
        /// It has failed.
        Failed = "FAILED",
        /// Its time ran out.
        TimeoutExceeded = "TIMEOUT_EXCEEDED",
        /// It is about to be cancelled.
        CancellationRequested = "CANCELLATION_REQUESTED",
        /// It was cancelled.
        Cancelled = "CANCELLED",
    }
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

object! {
    /// A batch that is worked through. Mirrors the API's `BatchJobOut`.
    BatchJob {
        required: {
            /// The job's id.
            id: String,
            /// How far it is.
            status: BatchJobStatus,
        }
        defaulted: {
            /// The kind of object: `batch`.
            object: String,
            /// The ids of the files that the requests came from.
            input_files: Vec<String>,
            /// What went wrong with the job as a whole.
            errors: Vec<BatchError>,
            /// How many requests it has.
            total_requests: i64,
            /// How many of them are done.
            completed_requests: i64,
            /// How many of them succeeded.
            succeeded_requests: i64,
            /// How many of them failed.
            failed_requests: i64,
        }
        optional: {
            /// What the requests are for.
            endpoint: String,
            /// The model's id.
            model: String,
            /// The agent's id.
            agent_id: String,
            /// Facts that are kept with the job.
            metadata: Map<String, Value>,
            /// The id of the file with the results, one [`BatchResult`] a line. A job in
            /// which every request failed may have none.
            output_file: String,
            /// The id of the file with the requests that failed, one [`BatchResult`] a
            /// line.
            error_file: String,
            /// The results as they came, if they were asked for with
            /// [`GetBatchJobRequest::inline`](super::GetBatchJobRequest::inline);
            /// [`results`](Self::results) reads them.
            outputs: Vec<Map<String, Value>>,
            /// When it was made, in seconds since 1970.
            created_at: i64,
            /// When it began, in seconds since 1970.
            started_at: i64,
            /// When it ended, in seconds since 1970.
            completed_at: i64,
        }
    }
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

object! {
    /// Something that went wrong in a job. Mirrors the API's `BatchError`.
    BatchError {
        required: {
            /// What went wrong.
            message: String,
        }
        optional: {
            /// How often. Default: 1.
            count: i64,
        }
    }
}

object! {
    /// A page of jobs. Mirrors the API's `BatchJobsOut`.
    ListBatchJobsResponse {
        defaulted: {
            /// The jobs.
            data: Vec<BatchJob>,
            /// The kind of object: `list`.
            object: String,
        }
        optional: {
            /// How many jobs there are in all.
            total: i64,
        }
    }
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

object! {
    /// That a job has been deleted. Mirrors the official SDK's `DeleteBatchJobResponse`.
    DeleteBatchJobResponse {
        required: {
            /// The job's id.
            id: String,
        }
        defaulted: {
            /// The kind of object: `batch`.
            object: String,
        }
        optional: {
            /// Whether it has been deleted, as the server said it; see
            /// [`is_deleted`](Self::is_deleted).
            deleted: bool,
        }
    }
}

impl DeleteBatchJobResponse {
    /// Whether it has been deleted: so it has unless the server says otherwise.
    pub fn is_deleted(&self) -> bool {
        self.deleted.unwrap_or(true)
    }
}
