//! Waits and streams of a blocking client.

use mistral_sdk::beta::BetaExt;
use mistral_sdk::beta::workflows::ExecuteWorkflowRequest;
use mistral_sdk::testing::{MockReply, MockTransport};
use mistral_sdk::{ErrorKind, blocking};
use serde_json::{Value, json};

use crate::common::{builder, event, execution, scripted};

fn client(mock: &MockTransport) -> blocking::Client {
    builder(mock).build_blocking().unwrap()
}

#[test]
fn blocking_wait_returns_the_result() {
    let mock = scripted([execution("COMPLETED", json!(7))]);
    let workflows = client(&mock).workflows();
    let result: u32 = workflows
        .executions()
        .wait("exec-1")
        .parse()
        .send()
        .unwrap();
    assert_eq!(result, 7);
    let request = ExecuteWorkflowRequest::new();
    let result = workflows
        .execute_and_wait("report", &request)
        .send()
        .unwrap();
    assert_eq!(result, json!(7));
}

#[test]
fn blocking_stream_reconnects() {
    let mock = scripted([
        MockReply::sse([event(1, "A_NEW_TYPE", "exec-1")]),
        MockReply::sse([event(2, "WORKFLOW_EXECUTION_COMPLETED", "exec-1")]),
    ]);
    let events = client(&mock).workflows().executions().follow("exec-1");
    let sequences: Vec<_> = events.map(|event| event.unwrap().broker_sequence).collect();
    assert_eq!(sequences, [1, 2]);
}

#[tokio::test]
async fn blocking_stream_in_an_async_context_fails_once() {
    let mock = scripted([execution("RUNNING", Value::Null)]);
    let mut events = {
        let client = std::thread::spawn({
            let mock = mock.clone();
            move || client(&mock)
        });
        client
            .join()
            .unwrap()
            .workflows()
            .executions()
            .follow("exec-1")
    };
    assert_eq!(
        events.next().unwrap().unwrap_err().kind(),
        ErrorKind::Config
    );
    assert!(events.next().is_none());
    assert!(mock.requests().is_empty());
}
