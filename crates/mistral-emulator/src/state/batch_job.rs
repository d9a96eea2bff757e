//! Batch jobs, which advance by one status each time they are retrieved.

use serde_json::{Value, json};

use super::file::lines;
use crate::generate::random::{hash, uuid};
use crate::json::unsigned;

#[derive(Debug, Clone)]
pub(crate) struct BatchJob {
    pub(crate) id: String,
    /// The body of the request that created the job.
    pub(crate) request: Value,
    pub(crate) requests: Vec<BatchRequest>,
    pub(crate) status: &'static str,
    pub(crate) created_at: u64,
    started_at: Option<u64>,
    completed_at: Option<u64>,
    errors: Vec<Value>,
    succeeded: usize,
    failed: usize,
    pub(super) output_file: Option<String>,
    pub(super) error_file: Option<String>,
    outputs: Option<Vec<Value>>,
}

#[derive(Debug, Clone)]
pub(crate) struct BatchRequest {
    pub(crate) custom_id: Value,
    pub(crate) body: Value,
}

/// The response to one request of a job.
#[derive(Debug)]
pub(crate) struct BatchResult {
    pub(crate) custom_id: Value,
    pub(crate) status: u16,
    pub(crate) body: Value,
}

pub(crate) const QUEUED: &str = "QUEUED";
pub(crate) const RUNNING: &str = "RUNNING";
pub(crate) const SUCCESS: &str = "SUCCESS";
pub(crate) const FAILED: &str = "FAILED";
pub(crate) const TIMEOUT_EXCEEDED: &str = "TIMEOUT_EXCEEDED";
pub(crate) const CANCELLATION_REQUESTED: &str = "CANCELLATION_REQUESTED";
pub(crate) const CANCELLED: &str = "CANCELLED";

impl BatchJob {
    pub(super) fn new(
        id: String,
        created_at: u64,
        request: Value,
        requests: Vec<BatchRequest>,
        errors: Vec<Value>,
    ) -> Self {
        Self {
            id,
            request,
            requests,
            status: QUEUED,
            created_at,
            started_at: None,
            completed_at: None,
            errors,
            succeeded: 0,
            failed: 0,
            output_file: None,
            error_file: None,
            outputs: None,
        }
    }

    /// Whether the next step is to run the requests.
    pub(super) fn is_ready_to_run(&self) -> bool {
        self.status == RUNNING && !self.is_out_of_time()
    }

    fn is_out_of_time(&self) -> bool {
        unsigned(&self.request, "timeout_hours") == Some(0)
    }

    /// Returns the status that follows, unless it depends on results or there is none.
    pub(super) fn next_status(&self) -> Option<&'static str> {
        match self.status {
            QUEUED if self.errors.is_empty() => Some(RUNNING),
            QUEUED => Some(FAILED),
            RUNNING if self.is_out_of_time() => Some(TIMEOUT_EXCEEDED),
            CANCELLATION_REQUESTED => Some(CANCELLED),
            _ => None,
        }
    }

    pub(super) fn set_status(&mut self, status: &'static str, now: u64) {
        self.status = status;
        if status == RUNNING {
            self.started_at = Some(now);
        } else {
            self.completed_at = Some(now);
        }
    }

    pub(super) fn succeed(
        &mut self,
        now: u64,
        (succeeded, failed): (usize, usize),
        outputs: Vec<Value>,
    ) {
        self.set_status(SUCCESS, now);
        self.succeeded = succeeded;
        self.failed = failed;
        self.outputs = Some(outputs);
    }

    pub(crate) fn is_finished(&self) -> bool {
        matches!(self.status, SUCCESS | FAILED | TIMEOUT_EXCEEDED | CANCELLED)
    }

    /// Returns the job as the API describes it, with its results if `inline` is set.
    pub(crate) fn to_json(&self, inline: bool) -> Value {
        json!({
            "id": self.id,
            "object": "batch",
            "input_files": self.request.get("input_files").filter(|files| files.is_array())
                .unwrap_or(&json!([])),
            "metadata": self.request.get("metadata"),
            "endpoint": self.request.get("endpoint"),
            "model": self.request.get("model"),
            "agent_id": self.request.get("agent_id"),
            "output_file": self.output_file,
            "error_file": self.error_file,
            "errors": self.errors,
            "outputs": self.outputs.as_ref().filter(|_| inline),
            "status": self.status,
            "created_at": self.created_at,
            "started_at": self.started_at,
            "completed_at": self.completed_at,
            "total_requests": self.requests.len(),
            "completed_requests": self.succeeded + self.failed,
            "succeeded_requests": self.succeeded,
            "failed_requests": self.failed,
        })
    }
}

impl BatchRequest {
    /// Parses a request that is an item of `requests` or a line of a file.
    pub(crate) fn parse(value: &Value) -> Option<Self> {
        let body = value.get("body").filter(|body| body.is_object())?;
        let custom_id = value.get("custom_id").cloned().unwrap_or_default();
        (custom_id.is_null() || custom_id.is_string()).then(|| Self {
            custom_id,
            body: body.clone(),
        })
    }

    /// Parses the lines of a file. Returns an error in addition if some lines are invalid.
    pub(crate) fn parse_lines(content: &[u8]) -> (Vec<Self>, Option<Value>) {
        let parsed: Vec<Option<Self>> = lines(content)
            .map(|(_, line)| Self::parse(&serde_json::from_slice(line).ok()?))
            .collect();
        let invalid = parsed.iter().filter(|request| request.is_none()).count();
        let error = (invalid > 0).then(
            || json!({ "message": "A line needs a \"body\" that is an object", "count": invalid }),
        );
        (parsed.into_iter().flatten().collect(), error)
    }
}

impl BatchResult {
    /// Returns the line of the result file.
    pub(super) fn to_json(&self, job: &str, index: usize) -> Value {
        let error = (self.status >= 400)
            .then(|| json!({ "message": format!("The request failed with {}", self.status) }));
        json!({
            "id": uuid(hash(format!("{job} {index}").as_bytes())),
            "custom_id": self.custom_id,
            "response": { "status_code": self.status, "body": self.body },
            "error": error,
        })
    }
}
