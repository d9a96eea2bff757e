//! Waits for executions.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use mistral_sdk::ErrorKind;
use mistral_sdk::beta::BetaExt;
use mistral_sdk::beta::workflows::{
    ExecuteWorkflowRequest, WorkflowExecution, WorkflowExecutionStatus,
};
use mistral_sdk::error::TimeoutPhase;
use mistral_sdk::testing::MockReply;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::common::{client, execution, scripted};

#[derive(Debug, PartialEq, Deserialize)]
struct Report {
    pages: u32,
}

#[tokio::test(start_paused = true)]
async fn wait_polls_until_the_execution_has_completed() {
    let mut replies: Vec<_> = ["RUNNING", "RETRYING_AFTER_ERROR", "CONTINUED_AS_NEW", "NEW"]
        .map(|status| execution(status, Value::Null))
        .into();
    replies.push(execution("COMPLETED", json!({"pages": 12})));
    let mock = scripted(replies);
    let started = Instant::now();
    let polls = Arc::<Mutex<Vec<_>>>::default();
    let seen = Arc::clone(&polls);
    let wait = client(&mock).workflows().executions().wait("exec-1");
    let execution = wait
        .on_progress(move |_| seen.lock().unwrap().push(started.elapsed().as_secs()))
        .await
        .unwrap();
    assert_eq!(execution.status, Some(WorkflowExecutionStatus::Completed));
    assert_eq!(execution.result, Some(json!({"pages": 12})));
    assert_eq!(*polls.lock().unwrap(), [0, 1, 3, 7, 15]);
    let paths: Vec<_> = mock
        .requests()
        .iter()
        .map(|it| it.uri.path().to_owned())
        .collect();
    assert_eq!(paths, ["/v1/workflows/executions/exec-1"; 5]);
}

#[tokio::test(start_paused = true)]
async fn wait_for_an_unsuccessful_execution_names_its_status() {
    for status in ["FAILED", "CANCELED", "TERMINATED", "TIMED_OUT"] {
        let mock = scripted([execution(status, Value::Null)]);
        let wait = client(&mock).workflows().executions().wait("exec-1");
        let error = wait.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Failed);
        assert!(!error.is_retryable());
        let expected = format!("workflows.executions.wait: the execution `exec-1` is {status}");
        assert_eq!(error.to_string(), expected);
        let last = error.partial::<WorkflowExecution>().unwrap();
        assert_eq!(last.status.as_ref().unwrap().as_str(), status);
        assert_eq!(mock.requests().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn wait_deadline_is_a_timeout_that_names_the_status() {
    let mock = scripted([execution("RUNNING", Value::Null)]);
    let started = Instant::now();
    let second = Duration::from_secs(1);
    let wait = client(&mock).workflows().executions().wait("exec-1");
    let wait = wait
        .poll_interval(second * 4, second * 4)
        .deadline(second * 10);
    let error = wait.await.unwrap_err();
    // The time before the first poll counts on the clock of the system.
    assert_eq!(started.elapsed().as_secs_f64().round(), 10.0);
    assert_eq!(error.timeout_phase(), Some(TimeoutPhase::Total));
    let text = error.to_string();
    assert!(
        text.contains("the execution `exec-1` is RUNNING, and it goes on"),
        "{text}"
    );
    assert_eq!(mock.requests().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn wait_parse_returns_the_type_or_an_error_with_its_path() {
    let mock = scripted([execution("COMPLETED", json!({"pages": 12}))]);
    let executions = client(&mock).workflows().executions();
    let report: Report = executions.wait("exec-1").parse().await.unwrap();
    assert_eq!(report, Report { pages: 12 });

    let mock = scripted([execution("COMPLETED", json!({"pages": "many"}))]);
    let executions = client(&mock).workflows().executions();
    let error = executions
        .wait("exec-1")
        .parse::<Report>()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("`result.pages`"), "{error}");

    let mock = scripted([execution("COMPLETED", Value::Null)]);
    let executions = client(&mock).workflows().executions();
    executions.wait("exec-1").parse::<()>().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn execute_and_wait_starts_once_and_polls_the_new_execution() {
    let mock = scripted([
        execution("RUNNING", Value::Null),
        execution("RUNNING", Value::Null),
        execution("COMPLETED", json!({"pages": 3})),
    ]);
    let request = ExecuteWorkflowRequest::new().input(json!({"topic": "cheese"}));
    let wait = client(&mock)
        .workflows()
        .execute_and_wait("report", &request);
    assert_eq!(wait.await.unwrap(), json!({"pages": 3}));
    let requests = mock.requests();
    let calls: Vec<_> = requests.iter().map(|it| it.operation.as_str()).collect();
    let get = "workflows.executions.get_workflow_execution";
    assert_eq!(calls, ["workflows.execute_workflow", get, get]);
    assert_eq!(requests[0].json()["input"], json!({"topic": "cheese"}));
}

#[tokio::test(start_paused = true)]
async fn execute_and_wait_with_the_result_in_the_response_polls_nothing() {
    let result = json!({
        "workflow_name": "report", "execution_id": "exec-1", "result": {"pages": 3}
    });
    let mock = scripted([MockReply::json(result)]);
    let request = ExecuteWorkflowRequest::new().wait_for_result(true);
    let wait = client(&mock)
        .workflows()
        .execute_and_wait("report", &request);
    let report: Report = wait.parse().await.unwrap();
    assert_eq!(report, Report { pages: 3 });
    assert_eq!(mock.requests().len(), 1);
    assert_eq!(mock.requests()[0].json()["wait_for_result"], true);
}

#[tokio::test(start_paused = true)]
async fn execute_and_wait_that_cannot_start_fails_with_the_error_of_the_start() {
    let mock = scripted([MockReply::status(500)]);
    let request = ExecuteWorkflowRequest::new();
    let wait = client(&mock)
        .workflows()
        .execute_and_wait("report", &request);
    let error = wait.await.unwrap_err();
    assert_eq!(error.operation(), "workflows.execute_workflow");
    assert_eq!(mock.requests().len(), 1, "the workflow may run already");

    let mock = scripted([MockReply::stall()]);
    let started = Instant::now();
    let wait = client(&mock)
        .workflows()
        .execute_and_wait("report", &request);
    let error = wait.deadline(Duration::from_secs(5)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(started.elapsed().as_secs(), 5);
}
