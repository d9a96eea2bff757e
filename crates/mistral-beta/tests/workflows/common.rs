//! A client of a scripted mock, executions and events.

use mistral_sdk::testing::{MockReply, MockTransport};
use mistral_sdk::{Client, ClientBuilder, MistralApi};
use serde_json::{Value, json};

/// Creates a mock with these replies in a row. The last one is for every further request as well.
pub(crate) fn scripted(replies: impl IntoIterator<Item = MockReply>) -> MockTransport {
    let mut replies: Vec<_> = replies.into_iter().collect();
    let last = replies.pop().map(MockReply::always);
    MockTransport::new().replies(replies.into_iter().chain(last))
}

pub(crate) fn builder(mock: &MockTransport) -> ClientBuilder {
    Client::builder(MistralApi::new("key").unwrap()).transport(mock.clone())
}

pub(crate) fn client(mock: &MockTransport) -> Client {
    builder(mock).build().unwrap()
}

pub(crate) fn execution(status: &str, result: Value) -> MockReply {
    MockReply::json(json!({
        "workflow_name": "report", "execution_id": "exec-1", "root_execution_id": "exec-1",
        "status": status, "start_time": "2026-01-01T00:00:00Z", "end_time": null, "result": result
    }))
}

/// An event of `execution` that has no attributes of interest.
pub(crate) fn event(sequence: i64, event_type: &str, execution: &str) -> Value {
    json!({
        "stream": "s", "broker_sequence": sequence,
        "workflow_context": {
            "namespace": "n", "workflow_name": "report", "workflow_exec_id": execution,
            "root_workflow_exec_id": "exec-1"
        },
        "data": {
            "event_type": event_type, "event_id": format!("event-{sequence}"),
            "event_timestamp": 1, "root_workflow_exec_id": "exec-1",
            "workflow_exec_id": execution, "workflow_run_id": "run-1", "workflow_name": "report",
            "attributes": {
                "task_id": "task-1", "result": {"type": "json", "value": 1},
                "failure": {"message": "no cheese"}
            }
        }
    })
}
