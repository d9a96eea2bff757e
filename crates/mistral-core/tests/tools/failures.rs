//! Failures of tools, of the model and of the server during a run.

use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mistral_sdk::testing::{MockReply, MockTransport};
use mistral_sdk::tools::{ToolErrors, ToolRun, ToolSet};
use mistral_sdk::{Error, ErrorKind};
use serde_json::Value;

use super::{Add, adding, ask, call, calling, client, ending, failing, once, pairs, tool_results};

const CALL: &str = r#"{"a": 1, "b": 2}"#;

/// The result of one call that the model receives, and the error of the run with
/// [`ToolErrors::Fail`].
async fn outcome_of(tools: &ToolSet, wanted: &Value) -> (String, Error) {
    let mock = once(std::slice::from_ref(wanted));
    client(&mock).chat().run(&ask(), tools).await.unwrap();
    let tool_results = tool_results(&mock, 1).remove(0).1;
    let mock = once(std::slice::from_ref(wanted));
    let run = client(&mock)
        .chat()
        .run(&ask(), tools)
        .tool_errors(ToolErrors::Fail);
    let error = run.await.unwrap_err();
    assert_eq!(mock.requests().len(), 1);
    (tool_results, error)
}

#[tokio::test]
async fn tool_failure_is_sent_to_the_model_or_fails_the_run() {
    let (tool_results, error) = outcome_of(&failing(), &call("abcdefgh1", "fail", CALL)).await;
    assert_eq!(
        tool_results,
        "Error: the tool `fail` failed: the disk is full"
    );
    assert_eq!(error.kind(), ErrorKind::Tool);
    assert_eq!(error.to_string(), "chat.run: the tool `fail` failed");
    assert_eq!(error.source().unwrap().to_string(), "the disk is full");
    assert!(error.source().unwrap().is::<std::io::Error>());
}

#[tokio::test]
async fn tool_unknown_is_sent_to_the_model_or_fails_the_run() {
    let (tool_results, error) = outcome_of(&failing(), &call("abcdefgh1", "subtract", CALL)).await;
    assert_eq!(
        tool_results,
        "Error: there is no tool `subtract`, only add, fail"
    );
    assert_eq!(error.kind(), ErrorKind::Tool);
    let (tool_results, _) = outcome_of(&ToolSet::new(), &call("abcdefgh1", "add", CALL)).await;
    assert_eq!(
        tool_results,
        "Error: there is no tool `add`: the tool set is empty"
    );
}

#[tokio::test]
async fn tool_arguments_invalid_never_reach_the_function() {
    for (arguments, why) in [
        (r#"{"a": 1}"#, "do not match the type: missing field `b`"),
        (
            r#"{"a": 1, "b": "two"}"#,
            "do not match the type: at `b`: invalid type",
        ),
        (r#"{"a": 1, "#, "seem to be cut off"),
        ("a = 1", "are not JSON"),
        ("", "do not match the type: missing field `a`"),
    ] {
        let (tool_results, error) =
            outcome_of(&adding(), &call("abcdefgh1", "add", arguments)).await;
        let begin = format!("Error: the arguments of `add` {why}");
        assert!(tool_results.starts_with(&begin), "{tool_results}");
        assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
    }
}

#[tokio::test]
async fn tool_panic_fails_the_run_with_its_message() {
    let tools = adding()
        .tool("panic", async |call: Add| {
            assert_eq!(call.a, call.b, "they differ");
            Ok::<_, String>(())
        })
        .tool("early", |call: Add| {
            assert!(call.a < 0, "too early");
            std::future::ready(Ok::<_, String>(()))
        });
    for (name, words) in [("panic", "they differ"), ("early", "too early")] {
        let wanted = [
            call("abcdefgh1", name, CALL),
            call("abcdefgh2", "add", CALL),
        ];
        let mock = once(&wanted);
        let error = client(&mock).chat().run(&ask(), &tools).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Tool);
        let line = error.to_string();
        assert!(
            line.starts_with(&format!("chat.run: the tool `{name}` panicked: ")),
            "{line}"
        );
        assert!(line.contains(words), "{line}");
        let run: &ToolRun = error.partial().unwrap();
        assert_eq!(run.messages.len(), 4); // the other call was executed
        assert_eq!(mock.requests().len(), 1);
        // The set still works.
        let mock = once(&[call("abcdefgh1", "add", CALL)]);
        client(&mock).chat().run(&ask(), &tools).await.unwrap();
    }
}

#[tokio::test]
async fn run_stops_after_max_turns() {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let tools = ToolSet::new().tool("add", move |_: Add| {
        counted.fetch_add(1, Ordering::Relaxed);
        async { Ok::<_, String>("again") }
    });
    for (turns, expected) in [(None, 10), (Some(3), 3), (Some(0), 0)] {
        count.store(0, Ordering::Relaxed);
        let endless = calling(&[call("abcdefgh1", "add", CALL)]).always();
        let mock = MockTransport::new().reply(endless);
        let mut run = client(&mock).chat().run(&ask(), &tools);
        if let Some(turns) = turns {
            run = run.max_turns(turns);
        }
        let error = run.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Tool);
        let words = format!("still calls tools after {expected} turns");
        assert!(error.to_string().contains(&words), "{error}");
        assert_eq!(mock.requests().len(), expected);
        assert_eq!(count.load(Ordering::Relaxed), expected);
        let run: &ToolRun = error.partial().unwrap();
        assert_eq!(run.messages.len(), 1 + 2 * expected);
    }
}

#[tokio::test]
async fn tool_calls_of_cut_answer_are_not_executed() {
    for (finish_reason, why) in [
        ("length", "`max_tokens`"),
        ("model_length", "`max_tokens`"),
        ("error", "the model failed"),
    ] {
        // The call that has arrived may be whole although others are missing.
        let cut = ending(&[call("abcdefgh1", "add", CALL)], finish_reason);
        let mock = MockTransport::new().reply(cut);
        let run = client(&mock).chat().run(&ask(), &adding());
        let error = run.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Tool);
        assert!(error.to_string().contains(why), "{error}");
        let run: &ToolRun = error.partial().unwrap();
        assert_eq!((run.responses.len(), run.messages.len()), (1, 2));
    }
}

#[tokio::test]
async fn tool_failure_sends_the_whole_error_chain() {
    #[derive(Debug)]
    struct Outer(std::io::Error);
    impl std::fmt::Display for Outer {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("no notes")
        }
    }
    impl std::error::Error for Outer {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }
    let tools = ToolSet::new().tool("notes", async |_: Add| {
        Err::<(), _>(Outer(std::io::Error::other("the disk is full")))
    });
    let (tool_results, _) = outcome_of(&tools, &call("abcdefgh1", "notes", CALL)).await;
    let all = "Error: the tool `notes` failed: no notes: the disk is full";
    assert_eq!(tool_results, all);
}

#[tokio::test]
async fn server_error_carries_the_transcript() {
    let mock = MockTransport::new()
        .reply(calling(&[call("abcdefgh1", "add", CALL)]))
        .reply(MockReply::status(400).always());
    let error = client(&mock)
        .chat()
        .run(&ask(), &adding())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(error.operation(), "chat.complete");
    assert_eq!(error.partial::<ToolRun>().unwrap().messages.len(), 3);
}

#[tokio::test]
async fn tool_error_is_returned_after_all_calls_of_the_turn() {
    let mock = once(&[
        call("abcdefgh1", "fail", CALL),
        call("abcdefgh2", "nothing", CALL),
        call("abcdefgh3", "add", CALL),
    ]);
    let run = client(&mock)
        .chat()
        .run(&ask(), &failing())
        .tool_errors(ToolErrors::Fail);
    let error = run.await.unwrap_err();
    assert_eq!(error.message(), "the tool `fail` failed");
    let run: &ToolRun = error.partial().unwrap();
    let last = serde_json::to_value(run.messages.last()).unwrap();
    assert_eq!(last["content"], "3");
    assert_eq!(last["tool_call_id"], "abcdefgh3");
}

#[tokio::test]
async fn tool_error_result_stands_beside_other_answers() {
    let mock = once(&[
        call("abcdefgh1", "fail", CALL),
        call("abcdefgh2", "add", CALL),
    ]);
    client(&mock).chat().run(&ask(), &failing()).await.unwrap();
    let failed = "Error: the tool `fail` failed: the disk is full";
    assert_eq!(
        tool_results(&mock, 1),
        pairs(&[("abcdefgh1", failed), ("abcdefgh2", "3")])
    );
}
