//! Streams of events that reconnect.

use std::time::Duration;

use mistral_sdk::beta::BetaExt;
use mistral_sdk::beta::workflows::events::{
    StreamWorkflowEventsRequest, StreamedWorkflowEvent, WorkflowEvent,
};
use mistral_sdk::operation::ReconnectingStream;
use mistral_sdk::testing::MockReply;
use mistral_sdk::transport::TransportErrorKind;
use mistral_sdk::{Error, ErrorKind, RetryPolicy};
use serde_json::Value;
use tokio::time::Instant;

use crate::common::{builder, client, event, scripted};

const STARTED: &str = "WORKFLOW_EXECUTION_STARTED_2"; // a type that the SDK does not declare
const COMPLETED: &str = "WORKFLOW_EXECUTION_COMPLETED";

/// A reply with these events, after which the server closes the stream.
fn events(events: impl IntoIterator<Item = Value>) -> MockReply {
    frames(events.into_iter().map(|event| format!("data: {event}\n\n")))
}

fn frames(frames: impl IntoIterator<Item = String>) -> MockReply {
    MockReply::bytes("text/event-stream", frames)
}

/// Reads a stream to its end: the sequence numbers, and the error.
async fn read(mut stream: ReconnectingStream<StreamedWorkflowEvent>) -> (Vec<i64>, Option<Error>) {
    let mut sequences = Vec::new();
    while let Some(event) = stream.next().await {
        match event {
            Ok(event) => sequences.push(event.broker_sequence),
            Err(error) => {
                assert!(stream.next().await.is_none(), "an error ends the stream");
                return (sequences, Some(error));
            }
        }
    }
    assert!(stream.next().await.is_none());
    (sequences, None)
}

fn start_seq(uri: &http::Uri) -> Option<&str> {
    let mut pairs = uri.query()?.split('&');
    pairs.find_map(|pair| pair.strip_prefix("start_seq="))
}

#[tokio::test(start_paused = true)]
async fn follow_resumes_after_the_last_event_and_ends_with_the_execution() {
    let mock = scripted([
        events([event(4, STARTED, "exec-1"), event(5, COMPLETED, "child")]),
        // The connection breaks after an event, and within the next one.
        events([event(6, STARTED, "exec-1"), event(7, STARTED, "exec-1")]).with_break_after(1),
        // A server that repeats events.
        events([event(5, STARTED, "exec-1"), event(7, STARTED, "exec-1")]),
        events([event(8, COMPLETED, "exec-1"), event(9, STARTED, "child")]),
    ]);
    let mut stream = client(&mock).workflows().executions().follow("exec-1");
    assert!(
        mock.requests().is_empty(),
        "nothing is sent before the first read"
    );
    let first = stream.next().await.unwrap().unwrap();
    assert_eq!(first.broker_sequence, 4);
    assert_eq!(stream.next_sequence(), Some(5));
    let (sequences, error) = read(stream).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(sequences, [5, 6, 7, 8]);
    let requests = mock.requests();
    let starts: Vec<_> = requests.iter().map(|it| start_seq(&it.uri)).collect();
    assert_eq!(starts, [None, Some("6"), Some("7"), Some("8")]);
    for request in &requests {
        let query = request.uri.query().unwrap();
        assert_eq!(request.uri.path(), "/v1/workflows/events/stream");
        assert!(query.contains("root_workflow_exec_id=exec-1"), "{query}");
        assert!(query.contains("workflow_exec_id=*") || query.contains("workflow_exec_id=%2A"));
    }
}

#[tokio::test(start_paused = true)]
async fn follow_ends_with_a_failed_or_cancelled_execution() {
    for (kind, is_due) in [
        ("WORKFLOW_EXECUTION_FAILED", true),
        ("WORKFLOW_EXECUTION_CANCELED", true),
        ("WORKFLOW_EXECUTION_CONTINUED_AS_NEW", false),
    ] {
        let mut last = event(1, kind, "exec-1");
        last["data"]["attributes"] = match kind {
            "WORKFLOW_EXECUTION_CONTINUED_AS_NEW" => serde_json::json!({
                "task_id": "t", "new_execution_run_id": "r", "workflow_name": "report",
                "input": {"type": "json", "value": null}
            }),
            _ => last["data"]["attributes"].clone(),
        };
        let mock = scripted([events([last]), events([event(2, COMPLETED, "exec-1")])]);
        let (sequences, error) =
            read(client(&mock).workflows().executions().follow("exec-1")).await;
        assert!(error.is_none(), "{error:?}");
        assert_eq!(sequences.len(), if is_due { 1 } else { 2 }, "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn follow_reconnects_after_an_error_event_and_other_temporary_failures() {
    let error = "event: error\ndata: {\"error\":\"boom\",\"reason\":\"stream_error\"}\n\n";
    let mock = scripted([
        frames([
            format!("data: {}\n\n", event(1, STARTED, "exec-1")),
            error.to_owned(),
        ]),
        MockReply::error(TransportErrorKind::Connect),
        MockReply::status(503),
        events([event(2, COMPLETED, "exec-1")]),
    ]);
    let client = builder(&mock).retry(RetryPolicy::none()).build().unwrap();
    let started = Instant::now();
    let (sequences, error) = read(client.workflows().executions().follow("exec-1")).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(sequences, [1, 2]);
    // The delay doubles: 1 s, 2 s, 4 s.
    assert_eq!(started.elapsed().as_secs(), 1 + 2 + 4);
}

#[tokio::test(start_paused = true)]
async fn follow_gives_up_after_as_many_reconnects_in_a_row_as_are_allowed() {
    let error = "event: error\ndata: {\"error\":\"boom\",\"reason\":\"stream_error\"}\n\n";
    let mock = scripted([
        events([event(1, STARTED, "exec-1")]),
        frames([error.to_owned()]),
    ]);
    let executions = client(&mock).workflows().executions();
    let stream = executions.follow("exec-1").max_reconnects(3);
    let (sequences, error) = read(stream).await;
    assert_eq!(sequences, [1]);
    let error = error.unwrap();
    assert_eq!(error.kind(), ErrorKind::Server);
    assert!(error.to_string().contains("boom"), "{error}");
    assert_eq!(mock.requests().len(), 1 + 3);

    // A server that closes every connection at once.
    let mock = scripted([frames([": bye\n\n".to_owned()])]);
    let started = Instant::now();
    let (_, error) = read(client(&mock).workflows().executions().follow("exec-1")).await;
    let error = error.unwrap();
    assert_eq!(error.kind(), ErrorKind::Truncated);
    assert_eq!(error.operation(), "workflows.events.get_stream_events");
    assert_eq!(mock.requests().len(), 1 + 10);
    // At once, then 2 s, 4 s, 8 s, 16 s, and 30 s five times.
    assert_eq!(started.elapsed().as_secs(), 2 + 4 + 8 + 16 + 5 * 30);
}

#[tokio::test(start_paused = true)]
async fn follow_ends_at_once_with_an_error_that_another_connection_does_not_mend() {
    let mock = scripted([MockReply::status(404)]);
    let (_, error) = read(client(&mock).workflows().executions().follow("exec-1")).await;
    assert_eq!(error.unwrap().kind(), ErrorKind::NotFound);
    assert_eq!(mock.requests().len(), 1);

    let mock = scripted([frames(["data: {\"stream\": 1}\n\n".to_owned()])]);
    let (_, error) = read(client(&mock).workflows().executions().follow("exec-1")).await;
    assert_eq!(error.unwrap().kind(), ErrorKind::Decode);
    assert_eq!(mock.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn follow_of_all_workflows_outlives_quiet_connections() {
    // Each connection is quiet for a minute, more often than reconnects in a row are allowed.
    let quiet = || frames([": ok\n\n".to_owned()]).with_chunk_delay(Duration::from_secs(60));
    let mut replies: Vec<_> = (0..20).map(|_| quiet()).collect();
    replies.push(events([event(41, COMPLETED, "exec-7")]));
    replies.push(MockReply::stall());
    let mock = scripted(replies);
    let request = StreamWorkflowEventsRequest::new()
        .workflow_name("report")
        .start_seq(40);
    let mut stream = client(&mock).workflows().events().follow(&request);
    let event = stream.next().await.unwrap().unwrap();
    assert!(matches!(
        event.data,
        WorkflowEvent::WorkflowExecutionCompleted(_)
    ));
    let requests = mock.requests();
    assert_eq!(requests.len(), 21);
    assert!(requests.iter().all(|it| start_seq(&it.uri) == Some("40")));

    // The end of an execution is no end of this stream, and a dropped stream sends nothing.
    let reading = tokio::time::timeout(Duration::from_secs(100), stream.next());
    assert!(reading.await.is_err());
    drop(stream);
    tokio::time::advance(Duration::from_secs(1000)).await;
    assert_eq!(mock.requests().len(), 22);
    assert_eq!(start_seq(&mock.requests()[21].uri), Some("42"));
}
