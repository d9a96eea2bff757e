//! A batch job: from the queue to its result files, one step each time it is looked at.

use serde_json::{Value, json};

use super::file::lines;
use super::store::Store;
use crate::generate::random::{hash, uuid};
use crate::json::whole_number;

#[derive(Debug, Clone)]
pub(crate) struct BatchJob {
    pub(crate) id: String,
    /// The body that created it.
    pub(crate) asked: Value,
    pub(crate) requests: Vec<BatchRequest>,
    pub(crate) status: &'static str,
    pub(crate) created_at: u64,
    started_at: Option<u64>,
    completed_at: Option<u64>,
    errors: Vec<Value>,
    succeeded: usize,
    failed: usize,
    output_file: Option<String>,
    error_file: Option<String>,
    outputs: Option<Vec<Value>>,
}

#[derive(Debug, Clone)]
pub(crate) struct BatchRequest {
    pub(crate) custom_id: Value,
    pub(crate) body: Value,
}

/// What came of one request.
#[derive(Debug)]
pub(crate) struct Outcome {
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

impl Store {
    pub(crate) fn add_batch_job(
        &mut self,
        asked: Value,
        requests: Vec<BatchRequest>,
        errors: Vec<Value>,
    ) -> Value {
        let job = BatchJob {
            id: self.new_id("batch"),
            asked,
            requests,
            status: QUEUED,
            created_at: self.tick(),
            started_at: None,
            completed_at: None,
            errors,
            succeeded: 0,
            failed: 0,
            output_file: None,
            error_file: None,
            outputs: None,
        };
        let shown = job.show(false);
        self.batch_jobs.push(job);
        shown
    }

    /// Moves a job one step on; the requests are returned when the step is to run them.
    pub(crate) fn advance_batch_job(&mut self, id: &str) -> Option<BatchJob> {
        let job = self.batch_job(id)?;
        let next = match job.status {
            QUEUED if job.errors.is_empty() => RUNNING,
            QUEUED => FAILED,
            RUNNING if whole_number(&job.asked, "timeout_hours") == Some(0) => TIMEOUT_EXCEEDED,
            RUNNING => return Some(job.clone()),
            CANCELLATION_REQUESTED => CANCELLED,
            _ => return None,
        };
        let now = self.tick();
        let job = self.batch_job(id)?;
        job.status = next;
        if next == RUNNING {
            job.started_at = Some(now);
        } else {
            job.completed_at = Some(now);
        }
        None
    }

    /// Writes down what came of the requests, unless the job was stopped meanwhile.
    pub(crate) fn finish_batch_job(&mut self, id: &str, outcomes: Vec<Outcome>) {
        if self.batch_job(id).is_none_or(|job| job.status != RUNNING) {
            return;
        }
        let mut lines: Vec<(bool, Value)> = outcomes
            .into_iter()
            .enumerate()
            .map(|(index, outcome)| (outcome.status < 400, outcome.line(id, index)))
            .collect();
        // Results do not come in the order of the requests; ids are as good as chance.
        lines.sort_by_cached_key(|(_, line)| line.get("id").map(Value::to_string));
        let (good, bad): (Vec<_>, Vec<_>) = lines.iter().cloned().partition(|(good, _)| *good);
        let mut write = |sample_type, name: &str, lines: &[(bool, Value)]| {
            let lines: Vec<Value> = lines.iter().map(|(_, line)| line.clone()).collect();
            let name = format!("{id}_{name}.jsonl");
            (!lines.is_empty()).then(|| self.add_lines(name, sample_type, &lines))
        };
        let output_file = write("batch_result", "results", &good);
        let error_file = write("batch_error", "errors", &bad);
        let now = self.tick();
        if let Some(job) = self.batch_job(id) {
            job.status = SUCCESS;
            job.completed_at = Some(now);
            job.succeeded = good.len();
            job.failed = bad.len();
            job.output_file = output_file;
            job.error_file = error_file;
            job.outputs = Some(lines.into_iter().map(|(_, line)| line).collect());
        }
    }
}

impl BatchJob {
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.status, SUCCESS | FAILED | TIMEOUT_EXCEEDED | CANCELLED)
    }

    /// The job as the server shows it, with its results where they are asked for.
    pub(crate) fn show(&self, inline: bool) -> Value {
        json!({
            "id": self.id,
            "object": "batch",
            "input_files": self.asked.get("input_files").filter(|files| files.is_array())
                .unwrap_or(&json!([])),
            "metadata": self.asked.get("metadata"),
            "endpoint": self.asked.get("endpoint"),
            "model": self.asked.get("model"),
            "agent_id": self.asked.get("agent_id"),
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
    /// One request, in a list or on a line of a file.
    pub(crate) fn read(value: &Value) -> Option<Self> {
        let body = value.get("body").filter(|body| body.is_object())?;
        let custom_id = value.get("custom_id").cloned().unwrap_or_default();
        (custom_id.is_null() || custom_id.is_string()).then(|| Self {
            custom_id,
            body: body.clone(),
        })
    }

    /// The requests of a file, and an error when some lines are none.
    pub(crate) fn of_lines(content: &[u8]) -> (Vec<Self>, Option<Value>) {
        let read: Vec<Option<Self>> = lines(content)
            .map(|(_, line)| Self::read(&serde_json::from_slice(line).ok()?))
            .collect();
        let wrong = read.iter().filter(|request| request.is_none()).count();
        let error = (wrong > 0).then(
            || json!({ "message": "A line needs a \"body\" that is an object", "count": wrong }),
        );
        (read.into_iter().flatten().collect(), error)
    }
}

impl Outcome {
    fn line(self, job: &str, index: usize) -> Value {
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
