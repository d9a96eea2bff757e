//! Runs from the first request to the answer.

use std::sync::Arc;
use std::time::Duration;

use mistral_sdk::messages::{Message, Tool, ToolChoice, WebSearchTool};
use mistral_sdk::testing::{MockReply, MockTransport};
use mistral_sdk::tools::ToolSet;
use serde_json::{Value, json};
use tokio::sync::Barrier;
use tokio::time::Instant;

use super::{Add, adding, ask, call, calling, client, once, pairs, tool_results};

const CALL: &str = r#"{"a": 1, "b": 2}"#;

#[tokio::test]
async fn run_continues_until_answer_with_transcript() {
    let mock = once(&[call("abcdefgh1", "add", CALL)]);
    let run = client(&mock).chat().run(&ask(), &adding()).await.unwrap();
    assert_eq!(run.text(), "It is 3.");
    assert_eq!(run.responses.len(), 2);
    assert_eq!(tool_results(&mock, 1), pairs(&[("abcdefgh1", "3")]));

    let roles = run.messages.iter().map(|message| match message {
        Message::User(_) => "user",
        Message::Assistant(_) => "assistant",
        Message::Tool(_) => "tool",
        _ => "other",
    });
    assert_eq!(
        roles.collect::<Vec<_>>(),
        ["user", "assistant", "tool", "assistant"]
    );
    let sent = serde_json::to_value(&run.messages[..3]).unwrap();
    assert_eq!(sent[2]["name"], "add");
    let tools = |turn: usize| mock.requests()[turn].json()["tools"].clone();
    assert!(tools(0).is_array() && tools(0) == tools(1));
    assert_eq!(mock.requests()[1].json()["messages"], sent);
    let of_mock = run.responses[1]
        .usage
        .as_ref()
        .map_or(0, |usage| usage.total_tokens);
    assert_eq!(run.usage().total_tokens, 3 + of_mock);
}

#[tokio::test]
async fn run_sends_tool_schemas_of_the_types() {
    let mock = MockTransport::new().reply(MockReply::chat("Hello."));
    let request = ask().tools([Tool::from(WebSearchTool::new())]);
    client(&mock).chat().run(&request, &adding()).await.unwrap();
    let parameters = json!({
        "title": "Add",
        "type": "object",
        "properties": {
            "a": { "type": "integer", "description": "The first." },
            "b": { "type": "integer" },
        },
        "required": ["a", "b"],
        "additionalProperties": false,
    });
    let add = json!({
        "name": "add",
        "description": "Adds two numbers.",
        "parameters": parameters,
        "strict": true,
    });
    let tools = json!([{ "type": "web_search" }, { "type": "function", "function": add }]);
    assert_eq!(mock.requests()[0].json()["tools"], tools);
}

#[tokio::test(start_paused = true)]
async fn tool_calls_of_a_turn_run_concurrently_and_keep_order() {
    let barrier = Arc::new(Barrier::new(3)); // alone, a call would wait forever
    let tools = ToolSet::new().tool("add", move |call: Add| {
        let barrier = Arc::clone(&barrier);
        async move {
            barrier.wait().await;
            tokio::time::sleep(Duration::from_secs(10 - call.a.unsigned_abs())).await;
            Ok::<_, String>(call.a)
        }
    });
    let mock = once(&[
        call("abcdefgh1", "add", r#"{"a": 1, "b": 0}"#),
        call("abcdefgh2", "add", r#"{"a": 2, "b": 0}"#),
        call("abcdefgh3", "add", r#"{"a": 3, "b": 0}"#),
    ]);
    let begin = Instant::now();
    client(&mock).chat().run(&ask(), &tools).await.unwrap();
    assert_eq!(begin.elapsed().as_secs(), 9);
    let expected = [("abcdefgh1", "1"), ("abcdefgh2", "2"), ("abcdefgh3", "3")];
    assert_eq!(tool_results(&mock, 1), pairs(&expected));
}

#[tokio::test]
async fn tool_result_is_text_or_json() {
    let tools = ToolSet::new()
        .tool("text", async |_: Add| Ok::<_, String>("sunny, 21 °C"))
        .tool("json", async |_: Add| {
            Ok::<_, String>(json!({ "sum": [3] }))
        })
        .tool("unit", async |_: Add| Ok::<_, String>(()));
    let mock = once(&[
        call("abcdefgh1", "text", CALL),
        call("abcdefgh2", "json", CALL),
        call("abcdefgh3", "unit", CALL),
    ]);
    client(&mock).chat().run(&ask(), &tools).await.unwrap();
    let expected = [
        ("abcdefgh1", "sunny, 21 °C"),
        ("abcdefgh2", r#"{"sum":[3]}"#),
        ("abcdefgh3", "null"),
    ];
    assert_eq!(tool_results(&mock, 1), pairs(&expected));
}

#[tokio::test]
async fn tool_choice_forced_applies_to_first_turn_only() {
    for (choice, later) in [
        (ToolChoice::from("any"), Value::Null),
        (ToolChoice::function("add"), Value::Null),
        (ToolChoice::from("auto"), json!("auto")),
        (ToolChoice::from("none"), json!("none")),
    ] {
        let mock = once(&[call("abcdefgh1", "add", CALL)]);
        let request = ask().tool_choice(choice.clone());
        client(&mock).chat().run(&request, &adding()).await.unwrap();
        let sent: Vec<Value> = mock
            .requests()
            .iter()
            .map(|it| it.json()["tool_choice"].clone())
            .collect();
        assert_eq!(sent, [serde_json::to_value(&choice).unwrap(), later]);
    }
}

#[tokio::test]
async fn tool_call_without_id_gets_one() {
    let mock = once(&[
        call("null", "add", CALL),
        call("", "add", r#"{"a": 5, "b": 5}"#),
    ]);
    client(&mock).chat().run(&ask(), &adding()).await.unwrap();
    let sent = mock.requests()[1].json();
    let calls = sent["messages"][1]["tool_calls"].as_array().unwrap();
    let ids: Vec<_> = calls
        .iter()
        .map(|call| call["id"].as_str().unwrap())
        .collect();
    assert!(ids.iter().all(|id| id.len() == 9), "{ids:?}");
    assert_eq!(
        tool_results(&mock, 1),
        pairs(&[(ids[0], "3"), (ids[1], "10")])
    );
    // Existing ids stay.
    let mock = once(&[call("abcdefgh1", "add", CALL), call("", "add", CALL)]);
    client(&mock).chat().run(&ask(), &adding()).await.unwrap();
    let tool_results = tool_results(&mock, 1);
    assert_eq!(
        (&*tool_results[0].0, tool_results[1].0.len()),
        ("abcdefgh1", 9)
    );
    assert_ne!(tool_results[0].0, tool_results[1].0);
}

#[tokio::test]
async fn run_of_several_turns() {
    let mock = MockTransport::new()
        .reply(calling(&[call("abcdefgh1", "add", CALL)]).times(3))
        .reply(MockReply::chat("Done."));
    let run = client(&mock)
        .chat()
        .run(&ask(), &adding())
        .max_turns(4)
        .await
        .unwrap();
    assert_eq!(run.responses.len(), 4);
    assert_eq!(tool_results(&mock, 3).len(), 3);
}

#[tokio::test]
async fn run_without_tools_is_one_request() {
    let mock = MockTransport::new().reply(MockReply::chat("Hello."));
    let run = client(&mock)
        .chat()
        .run(&ask(), &ToolSet::new())
        .await
        .unwrap();
    assert_eq!(run.text(), "Hello.");
    assert_eq!(mock.requests()[0].json().get("tools"), None);
}

#[tokio::test]
async fn usage_sum_saturates() {
    let counts = json!({
        "prompt_tokens": i64::MAX, "completion_tokens": 1, "total_tokens": i64::MAX,
    });
    let choice = |message: Value| json!({ "choices": [{ "message": message }], "usage": counts });
    let mock = MockTransport::new()
        .json(choice(
            json!({ "tool_calls": [call("abcdefgh1", "add", CALL)] }),
        ))
        .json(choice(json!({ "content": "It is 3." })));
    let run = client(&mock).chat().run(&ask(), &adding()).await.unwrap();
    let usage = run.usage();
    assert_eq!((usage.total_tokens, usage.completion_tokens), (i64::MAX, 2));
}

#[tokio::test]
async fn run_works_against_the_emulator() {
    let emulator = mistral_emulator::Emulator::start().unwrap();
    let api = mistral_sdk::MistralApi::new(emulator.api_key()).unwrap();
    let client = mistral_sdk::Client::new(api.base_url(emulator.url()).unwrap()).unwrap();
    let mut request = ask();
    request.model = "mistral-small-latest".to_owned();
    request.messages = vec![Message::user("Please call add.")];
    let run = client.chat().run(&request, &adding()).await.unwrap();
    assert_eq!(run.responses.len(), 2);
    assert!(!run.text().is_empty());
    let streamed = client.chat().run(&request, &adding()).stream();
    assert_eq!(streamed.collect_run().await.unwrap().responses.len(), 2);
}
