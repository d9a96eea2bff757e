//! An execution of a workflow.

use serde_json::{Value, json};

use crate::generate::random::{hash, uuid};
use crate::time::format_timestamp;

pub(crate) const RUNNING: &str = "RUNNING";
pub(crate) const COMPLETED: &str = "COMPLETED";
pub(crate) const FAILED: &str = "FAILED";
pub(crate) const CANCELED: &str = "CANCELED";
pub(crate) const TERMINATED: &str = "TERMINATED";

#[derive(Debug, Clone)]
pub(crate) struct Execution {
    pub(crate) id: String,
    pub(crate) run_id: String,
    pub(crate) workflow: String,
    /// The input as it was sent, or an encoded one.
    pub(crate) input: Value,
    pub(crate) status: &'static str,
    pub(crate) started_at: u64,
    pub(crate) ended_at: Option<u64>,
    /// Whether it was retrieved while it was running.
    pub(crate) was_retrieved: bool,
    /// The names and inputs of the signals and updates, in the order in which they came.
    pub(crate) signals: Vec<Value>,
    pub(crate) updates: Vec<Value>,
    pub(crate) schedule_id: Option<String>,
    deployment: Value,
    trace_id: String,
}

impl Execution {
    pub(super) fn new(
        id: String,
        run_id: String,
        workflow: &str,
        body: &Value,
        schedule_id: Option<&str>,
        started_at: u64,
    ) -> Self {
        let sent = |name: &str| body.get(name).filter(|value| !value.is_null()).cloned();
        let traceparent = sent("traceparent").and_then(|it| it.as_str().map(str::to_owned));
        let trace_id = traceparent.as_deref().and_then(|it| it.split('-').nth(1));
        Self {
            trace_id: trace_id.unwrap_or_default().to_owned(),
            id,
            run_id,
            workflow: workflow.to_owned(),
            input: sent("encoded_input")
                .or_else(|| sent("input"))
                .unwrap_or_default(),
            status: RUNNING,
            started_at,
            ended_at: None,
            was_retrieved: false,
            signals: Vec::new(),
            updates: Vec::new(),
            schedule_id: schedule_id.map(str::to_owned),
            deployment: sent("deployment_name").unwrap_or_default(),
        }
    }

    /// Returns the message of the failure that the input asks for with its member `fail`.
    pub(super) fn failure(&self) -> Option<&str> {
        self.input.get("fail")?.as_str()
    }

    /// Returns the result: the workflow, its input and what it received. An encoded input is
    /// returned as it is, so that the client can decode it.
    pub(crate) fn result(&self) -> Value {
        if self.input.get("b64payload").is_some() {
            return self.input.clone();
        }
        json!({
            "workflow": self.workflow,
            "input": self.input,
            "signals": self.signals,
            "updates": self.updates,
        })
    }

    /// Returns the execution as the API describes it.
    pub(crate) fn to_json(&self) -> Value {
        let is_completed = self.status == COMPLETED;
        let mut json = self.to_json_without_result();
        if let Some(members) = json.as_object_mut() {
            let result = is_completed.then(|| self.result());
            members.insert("result".into(), result.unwrap_or_default());
        }
        json
    }

    /// Returns the execution as lists describe it.
    pub(crate) fn to_json_without_result(&self) -> Value {
        let duration = self.ended_at.map(|end| end.saturating_sub(self.started_at));
        json!({
            "workflow_name": self.workflow,
            "execution_id": self.id,
            "root_execution_id": self.id,
            "parent_execution_id": null,
            "run_id": self.run_id,
            "workflow_id": uuid(hash(format!("workflow {}", self.workflow).as_bytes())),
            "deployment_name": self.deployment,
            "user_id": uuid(hash(b"user")),
            "status": self.status,
            "start_time": format_timestamp(self.started_at),
            "end_time": self.ended_at.map(format_timestamp),
            "total_duration_ms": duration.map(|seconds| seconds.saturating_mul(1000)),
        })
    }

    /// Returns the id of the trace that the client started, if it sent one.
    pub(crate) fn trace_id(&self) -> Option<&str> {
        Some(self.trace_id.as_str()).filter(|id| !id.is_empty())
    }
}
