//! Runs that end in a value.

use mistral_sdk::ErrorKind;
use mistral_sdk::messages::{ResponseFormat, ToolCall, ToolChoice, ToolChoiceEnum};
use mistral_sdk::testing::{MockReply, MockTransport};
use mistral_sdk::tools::{RunEvent, ToolRun};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{adding, ask, client};

/// The result of a sum.
#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Sum {
    total: i64,
}

/// A mock that adds 1 and 2 in its first turn, and whose second has this text.
fn ending_in(text: &str) -> MockTransport {
    MockTransport::new()
        .reply(MockReply::tool_calls([("add", json!({ "a": 1, "b": 2 }))]))
        .reply(MockReply::chat(text))
}

/// The response formats of the requests, by the names of their schemas.
fn formats(mock: &MockTransport) -> Vec<Value> {
    let requests = mock.requests().into_iter();
    requests
        .map(|request| request.json()["response_format"]["json_schema"]["name"].clone())
        .collect()
}

#[tokio::test]
async fn run_parse_returns_value_with_transcript() {
    let mock = ending_in(r#"{"total": 3}"#);
    let call = client(&mock).chat().run(&ask(), &adding()).max_turns(2);
    let parsed = call.parse::<Sum>().await.unwrap();
    assert_eq!(parsed.value, Sum { total: 3 });
    assert_eq!(
        (parsed.run.responses.len(), parsed.run.messages.len()),
        (2, 4)
    );
    assert_eq!(formats(&mock), ["Sum", "Sum"]);
}

#[tokio::test]
async fn run_parse_with_forced_tool_choice_sets_format_after_it() {
    let mock = ending_in(r#"{"total": 3}"#);
    let request = ask().tool_choice(ToolChoice::Rule(ToolChoiceEnum::Any));
    let run = client(&mock).chat().run(&request, &adding());
    assert_eq!(run.parse::<Sum>().await.unwrap().value.total, 3);
    assert_eq!(formats(&mock), [Value::Null, json!("Sum")]);
    assert_eq!(mock.requests()[1].json()["tool_choice"], Value::Null);
}

#[tokio::test]
async fn run_parse_failure_states_reason_with_transcript() {
    let mock = ending_in("It is 3.");
    let run = client(&mock).chat().run(&ask(), &adding());
    let error = run.parse::<Sum>().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    let start = "chat.run: the response is not JSON";
    assert!(error.to_string().starts_with(start), "{error}");
    let run = error.partial::<ToolRun>().unwrap();
    assert_eq!(run.text(), "It is 3.");
}

#[tokio::test]
async fn run_parse_of_invalid_type_or_own_format_sends_nothing() {
    let mock = ending_in("");
    let chat = client(&mock).chat();
    let run = chat.run(&ask(), &adding());
    let error = run.parse::<Value>().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().starts_with("chat.run: "), "{error}");
    let own = ask().response_format(ResponseFormat::json_object());
    let error = chat.run(&own, &adding()).parse::<Sum>().await.unwrap_err();
    assert!(error.to_string().contains("`response_format`"), "{error}");
    assert_eq!(mock.requests().len(), 0);
}

#[test]
fn run_parse_with_a_blocking_client() {
    let mock = ending_in(r#"{"total": 3}"#);
    let api = mistral_sdk::MistralApi::new("key").unwrap();
    let builder = mistral_sdk::Client::builder(api).transport(mock);
    let client = builder.build_blocking().unwrap();
    let run = client.chat().run(&ask(), &adding());
    assert_eq!(run.parse::<Sum>().send().unwrap().value.total, 3);
}

#[tokio::test]
async fn run_stream_has_transcript_so_far_and_can_be_parsed() {
    let mock = MockTransport::new()
        .reply(MockReply::tool_calls_stream([(
            "add",
            json!({ "a": 1, "b": 2 }),
        )]))
        .reply(MockReply::chat_stream([r#"{"total""#, ": 3}"]));
    let request = ask().response_format(ResponseFormat::of::<Sum>().unwrap());
    let mut stream = client(&mock).chat().run(&request, &adding()).stream();
    let mut seen = Vec::new();
    while let Some(event) = stream.next().await {
        let event = event.unwrap();
        let so_far = stream.so_far();
        seen.push(match event {
            RunEvent::Chunk(_) => format!("chunk {} `{}`", so_far.responses.len(), so_far.text()),
            _ => format!("messages {}", so_far.messages.len()),
        });
    }
    assert_eq!(
        seen,
        [
            "chunk 1 ``",
            "chunk 1 ``", // the one with the finish reason
            "messages 2", // the call
            "messages 3", // its result
            "chunk 2 `{\"total\"`",
            "chunk 2 `{\"total\": 3}`",
            "chunk 2 `{\"total\": 3}`",
        ]
    );
    let run = stream.collect_run().await.unwrap();
    assert_eq!(run.parse::<Sum>().unwrap(), Sum { total: 3 });
    assert!(ToolRun::default().parse::<Sum>().is_err());
}

#[test]
fn tool_call_answer_refers_to_the_call() {
    let call = ToolCall::new("D681PevKs", "add", "{}");
    let message = serde_json::to_value(call.answer("3")).unwrap();
    let expected = json!({
        "role": "tool", "content": "3", "tool_call_id": "D681PevKs", "name": "add",
    });
    assert_eq!(message, expected);
    let call = ToolCall::new("null", "add", "{}"); // a placeholder of the server
    let message = serde_json::to_value(call.answer("3")).unwrap();
    assert_eq!(message.get("tool_call_id"), None);
}
