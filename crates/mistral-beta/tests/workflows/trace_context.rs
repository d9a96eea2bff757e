//! The trace context of executions.

use http::{HeaderMap, HeaderValue};
use mistral_sdk::ErrorKind;
use mistral_sdk::beta::BetaExt;
use mistral_sdk::beta::workflows::ExecuteWorkflowRequest;
use mistral_sdk::testing::{MockReply, MockTransport};
use serde_json::{Value, json};

use crate::common::{builder, client, execution, scripted};

const SAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const OTHER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

fn running() -> MockTransport {
    scripted([execution("RUNNING", Value::Null)])
}

/// The trace context of the last request, which its header and its body agree on.
fn sent(mock: &MockTransport) -> String {
    let requests = mock.requests();
    let request = requests.last().unwrap();
    let header = request.header("traceparent").unwrap();
    assert_eq!(request.json()["traceparent"], header);
    header.to_owned()
}

/// Calls `execute` with a client whose trace context is `current`.
async fn execute(current: &'static str, request: &ExecuteWorkflowRequest) -> MockTransport {
    let mock = running();
    let propagate = move |headers: &mut HeaderMap| {
        headers.insert("traceparent", HeaderValue::from_static(current));
    };
    let client = builder(&mock).propagate(propagate).build().unwrap();
    client.workflows().execute("report", request).await.unwrap();
    mock
}

#[tokio::test]
async fn traceparent_of_an_execution_without_any_is_a_new_one() {
    let mock = running();
    let client = client(&mock);
    let request = ExecuteWorkflowRequest::new().input(json!({"n": 18446744073709551615_u64}));
    client
        .workflows()
        .execute("report", &request)
        .await
        .unwrap();
    let first = sent(&mock);
    assert_eq!(mock.requests()[0].json()["input"]["n"], json!(u64::MAX));
    #[allow(deprecated)]
    let call = client
        .workflows()
        .execute_registration("registration-1", &request);
    call.await.unwrap();
    let second = sent(&mock);
    assert_ne!(first, second);
    for traceparent in [first, second] {
        let parts: Vec<_> = traceparent.split('-').collect();
        let lengths: Vec<_> = parts.iter().map(|part| part.len()).collect();
        assert_eq!(lengths, [2, 32, 16, 2]);
        assert_eq!((parts[0], parts[3]), ("00", "01"));
    }
}

#[tokio::test]
async fn traceparent_of_the_current_trace_is_used_if_it_is_sampled() {
    let request = ExecuteWorkflowRequest::new();
    assert_eq!(sent(&execute(SAMPLED, &request).await), SAMPLED);
    assert_ne!(sent(&execute(OTHER, &request).await), OTHER);
    assert_ne!(sent(&execute("nonsense", &request).await), "nonsense");
}

#[tokio::test]
async fn traceparent_of_the_caller_takes_precedence() {
    let request = ExecuteWorkflowRequest::new().traceparent(OTHER);
    assert_eq!(sent(&execute(SAMPLED, &request).await), OTHER);

    // The body takes precedence over the header, and the header over the current trace.
    let mock = running();
    let workflows = client(&mock).workflows();
    let call = workflows
        .execute("report", &request)
        .header("traceparent", SAMPLED);
    call.await.unwrap();
    assert_eq!(sent(&mock), OTHER);
    let request = ExecuteWorkflowRequest::new();
    let call = workflows
        .execute("report", &request)
        .header("traceparent", SAMPLED);
    call.await.unwrap();
    assert_eq!(sent(&mock), SAMPLED);
    let call = workflows
        .execute("report", &request)
        .extra_body("traceparent", OTHER);
    call.await.unwrap();
    assert_eq!(sent(&mock), OTHER);
}

#[tokio::test]
async fn traceparent_that_is_empty_is_replaced() {
    let request = ExecuteWorkflowRequest::new().traceparent("");
    assert_eq!(sent(&execute(SAMPLED, &request).await), SAMPLED);
    let mut request = ExecuteWorkflowRequest::new();
    request.extra.insert("traceparent".to_owned(), Value::Null);
    assert_eq!(sent(&execute(SAMPLED, &request).await), SAMPLED);
}

#[tokio::test]
async fn traceparent_that_is_invalid_fails_before_it_is_sent() {
    let mock = running();
    let workflows = client(&mock).workflows();
    let request = ExecuteWorkflowRequest::new().traceparent("00-123-456-01");
    let error = workflows.execute("report", &request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    let text = error.to_string();
    assert!(
        text.starts_with("workflows.execute_workflow: `traceparent` must be"),
        "{text}"
    );
    let request = ExecuteWorkflowRequest::new();
    let call = workflows
        .execute("report", &request)
        .header("traceparent", "1");
    assert_eq!(call.await.unwrap_err().kind(), ErrorKind::Config);
    assert!(mock.requests().is_empty());
}

#[tokio::test(start_paused = true)]
async fn traceparent_is_the_same_for_every_attempt() {
    let mock = scripted([
        MockReply::error(mistral_sdk::transport::TransportErrorKind::Connect),
        execution("RUNNING", Value::Null),
    ]);
    let request = ExecuteWorkflowRequest::new();
    client(&mock)
        .workflows()
        .execute("report", &request)
        .await
        .unwrap();
    let requests = mock.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].json(), requests[1].json());
    assert_eq!(
        requests[0].header("traceparent"),
        requests[1].header("traceparent")
    );
}

#[tokio::test]
async fn traceparent_is_not_added_to_other_operations() {
    let mock = running();
    client(&mock)
        .workflows()
        .executions()
        .wait("exec-1")
        .deadline(std::time::Duration::ZERO)
        .await
        .ok();
    assert!(
        mock.requests()
            .iter()
            .all(|it| it.header("traceparent").is_none())
    );
}
