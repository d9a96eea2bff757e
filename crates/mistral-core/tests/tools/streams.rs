//! Streamed runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::StreamExt;
use mistral_sdk::ErrorKind;
use mistral_sdk::testing::{MockReply, MockTransport};
use mistral_sdk::tools::{Approval, RunEvent, RunStream, ToolErrors, ToolRun, ToolSet};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{Add, adding, ask, call, client, failing, tool_results};

const CALL: &str = r#"{"a": 1, "b": 2}"#;

fn chunk(delta: &Value, finish_reason: Option<&str>) -> Value {
    json!({
        "id": "s1",
        "model": "m",
        "choices": [{ "index": 0, "delta": delta, "finish_reason": finish_reason }],
    })
}

/// A streamed answer that says something and then calls tools.
fn calling(text: &str, calls: &[Value]) -> MockReply {
    MockReply::sse([
        chunk(&json!({ "role": "assistant", "content": text }), None),
        chunk(
            &json!({ "content": "", "tool_calls": calls }),
            Some("tool_calls"),
        ),
    ])
}

fn once(calls: &[Value]) -> MockTransport {
    MockTransport::new()
        .reply(calling("Let me add.", calls))
        .reply(MockReply::chat_stream(["It is", " 3."]))
}

/// The remaining events, each in a few words.
async fn events(stream: &mut RunStream) -> Vec<String> {
    let mut events = Vec::new();
    while let Some(event) = stream.next().await {
        events.push(match event {
            Ok(RunEvent::Chunk(chunk)) if chunk.text().is_empty() => continue,
            Ok(RunEvent::Chunk(chunk)) => chunk.text().into_owned(),
            Ok(RunEvent::Call(call)) => format!("call {}", call.function.arguments),
            Ok(RunEvent::ToolResult(result)) => format!("result {}", result.content.text()),
            Ok(_) => "something else".to_owned(),
            Err(error) => format!("error {}", error.message()),
        });
    }
    events
}

#[tokio::test]
async fn run_stream_yields_text_calls_and_results_in_order() {
    let mock = once(&[call("abcdefgh1", "add", CALL)]);
    let mut stream = client(&mock).chat().run(&ask(), &adding()).stream();
    let happened = events(&mut stream).await;
    let expected = [
        "Let me add.",
        r#"call {"a": 1, "b": 2}"#,
        "result 3",
        "It is",
        " 3.",
    ];
    assert_eq!(happened, expected);
    let run = stream.collect_run().await.unwrap();
    assert_eq!(run.text(), "It is 3.");
    assert_eq!(run.messages.len(), 4);
    assert_eq!(tool_results(&mock, 1)[0].1, "3");
    assert!(
        mock.requests()
            .iter()
            .all(|request| request.operation == "chat.stream")
    );
}

#[tokio::test]
async fn run_stream_collects_into_a_run() {
    let mock = once(&[call("abcdefgh1", "add", CALL)]);
    let hook = async |_| Approval::refuse("not today");
    let stream = client(&mock)
        .chat()
        .run(&ask(), &adding())
        .on_call(hook)
        .stream();
    let run = stream.collect_run().await.unwrap();
    assert_eq!(run.responses.len(), 2);
    assert_eq!(
        tool_results(&mock, 1)[0].1,
        "This call was refused: not today"
    );
}

#[tokio::test]
async fn run_stream_yields_all_answers_before_max_turns_error() {
    let mock =
        MockTransport::new().reply(calling("Again.", &[call("abcdefgh1", "add", CALL)]).always());
    let mut stream = client(&mock)
        .chat()
        .run(&ask(), &adding())
        .max_turns(2)
        .stream();
    let happened = events(&mut stream).await;
    let turn = ["Again.", r#"call {"a": 1, "b": 2}"#, "result 3"];
    assert_eq!(happened[..3], turn);
    assert_eq!(happened[3..6], turn);
    assert!(
        happened[6].starts_with("error the model still calls tools"),
        "{}",
        happened[6]
    );
    assert_eq!(happened.len(), 7);
    let error = stream.collect_run().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated);
    assert_eq!(error.partial::<ToolRun>().unwrap().responses.len(), 2);
}

#[tokio::test]
async fn run_stream_ends_on_tool_error_or_cut_stream() {
    let mock = once(&[call("abcdefgh1", "fail", CALL)]);
    let run = client(&mock)
        .chat()
        .run(&ask(), &failing())
        .tool_errors(ToolErrors::Fail);
    let happened = events(&mut run.stream()).await;
    assert_eq!(happened.last().unwrap(), "error the tool `fail` failed");

    let broken = calling("Let me", &[]).with_break_after(1);
    let mock = MockTransport::new().reply(broken);
    let mut stream = client(&mock).chat().run(&ask(), &adding()).stream();
    assert!(matches!(stream.next().await, Some(Ok(RunEvent::Chunk(_)))));
    let error = stream.next().await.unwrap().unwrap_err();
    assert_eq!(error.operation(), "chat.stream");
    assert!(
        error
            .message()
            .starts_with("the stream stopped before its end"),
        "{error}"
    );
    let run: &ToolRun = error.partial().unwrap();
    assert_eq!(run.messages.len(), 1); // the request, which can be sent again
    assert_eq!((run.responses.len(), &*run.text()), (1, "Let me"));
    assert!(stream.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn run_stream_next_dropped_loses_nothing_and_repeats_no_call() {
    let begun = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&begun);
    let tools = ToolSet::new().tool("add", move |call: Add| {
        counted.fetch_add(1, Ordering::Relaxed);
        async move {
            tokio::time::sleep(Duration::from_secs(10)).await;
            Ok::<_, String>(call.a + call.b)
        }
    });
    let mock = MockTransport::new()
        .reply(
            calling("Let me add.", &[call("abcdefgh1", "add", CALL)])
                .with_delay(Duration::from_secs(5)),
        )
        .reply(MockReply::chat_stream(["It is", " 3."]).with_chunk_delay(Duration::from_secs(5)));
    let mut stream = client(&mock).chat().run(&ask(), &tools).stream();
    let mut events = 0;
    let mut given_up = 0;
    loop {
        match timeout(Duration::from_secs(1), stream.next()).await {
            Ok(Some(event)) => {
                event.unwrap();
                events += 1;
            }
            Ok(None) => break,
            Err(_) => given_up += 1,
        }
    }
    assert!(given_up > 10, "{given_up}");
    assert!(events >= 5, "{events}");
    assert_eq!(begun.load(Ordering::Relaxed), 1);
    assert_eq!(mock.requests().len(), 2);
    assert_eq!(stream.collect_run().await.unwrap().text(), "It is 3.");
}

#[tokio::test]
async fn run_stream_implements_futures_stream() {
    let mock = once(&[call("abcdefgh1", "add", CALL)]);
    let stream = client(&mock).chat().run(&ask(), &adding()).stream();
    let results = stream.filter(|event| {
        let is_result = matches!(event, Ok(RunEvent::ToolResult(_)));
        futures::future::ready(is_result)
    });
    assert_eq!(results.count().await, 1);
}
