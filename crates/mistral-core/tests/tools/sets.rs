//! Sets of tools: schemas, names, single calls.

use std::collections::HashMap;

use mistral_sdk::ErrorKind;
use mistral_sdk::messages::{Function, Tool, WebSearchTool};
use mistral_sdk::testing::MockTransport;
use mistral_sdk::tools::ToolSet;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Add, adding, ask, call, client, failing, once, pairs, tool_call, tool_results};

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code)]
struct Mapped {
    prices: HashMap<String, u32>,
}

#[derive(Deserialize, JsonSchema)]
enum Either {
    Left,
    Right,
}

#[tokio::test]
async fn tool_set_without_strict_schema_fails_the_run() {
    let mapped = adding().tool("map", async |_: Mapped| Ok::<_, String>(()));
    let either = adding().tool("either", async |_: Either| Ok::<_, String>(()));
    let twice = adding().tool("add", async |_: Add| Ok::<_, String>(()));
    for (tools, why) in [
        (
            mapped,
            "the arguments of the tool `map`: `Mapped` has no strict schema: `prices` is a map",
        ),
        (
            either,
            "the arguments of the tool `either`: `Either` is not a struct",
        ),
        (twice, "two tools are named `add`: rename one of them"),
    ] {
        let mock = MockTransport::new();
        let error = client(&mock).chat().run(&ask(), &tools).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(
            error.to_string().starts_with(&format!("chat.run: {why}")),
            "{error}"
        );
        let mut stream = client(&mock).chat().run(&ask(), &tools).stream();
        assert_eq!(
            stream.next().await.unwrap().unwrap_err().message(),
            error.message()
        );
        assert!(stream.next().await.is_none());
        assert!(mock.requests().is_empty());
    }
}

#[tokio::test]
async fn tool_name_in_request_and_set_is_refused() {
    let mock = MockTransport::new();
    let own = Function::new("add", json!({ "type": "object" }));
    let request = ask().tools([Tool::from(WebSearchTool::new()), own.into()]);
    let run = client(&mock).chat().run(&request, &adding());
    let error = run.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    let message = "the request and the tool set both have a tool named `add`: rename one of them";
    assert_eq!(error.message(), message);
    assert!(mock.requests().is_empty());
}

#[tokio::test]
async fn function_described_by_hand_is_called() {
    let free = json!({ "type": "object", "additionalProperties": { "type": "integer" } });
    let tools = ToolSet::new().function(
        Function::new("total", free.clone()).description("Adds what it gets."),
        async |prices: HashMap<String, u32>| Ok::<_, String>(prices.values().sum::<u32>()),
    );
    let mock = once(&[call("abcdefgh1", "total", r#"{"tea": 3, "milk": 1}"#)]);
    client(&mock).chat().run(&ask(), &tools).await.unwrap();
    assert_eq!(tool_results(&mock, 1), pairs(&[("abcdefgh1", "4")]));
    let sent = mock.requests()[0].json();
    assert_eq!(sent["tools"][0]["function"]["parameters"], free);
    assert_eq!(sent["tools"][0]["function"].get("strict"), None);
}

#[tokio::test]
async fn tool_set_executes_a_single_call() {
    let tools = failing().tool("panic", async |_: Value2| -> Result<(), String> {
        panic!("no")
    });
    let answer = tools.call(&tool_call("add", r#"{"a": 1, "b": 2}"#)).await;
    assert_eq!(answer.unwrap(), "3");
    for (name, kind) in [
        ("fail", ErrorKind::Tool),
        ("panic", ErrorKind::Tool),
        ("nothing", ErrorKind::Tool),
    ] {
        let error = tools
            .call(&tool_call(name, r#"{"a": 1, "b": 2}"#))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
    let error = tools.call(&tool_call("add", "{}")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert_eq!(format!("{tools:?}"), r#"{"add", "fail", "panic"}"#);
}

#[derive(Deserialize, JsonSchema)]
struct Value2 {}

#[test]
fn tool_set_is_send_and_sync() {
    fn shared<T: Clone + Send + Sync + 'static>(_: &T) {}
    shared(&adding());
    let _: Value = serde_json::to_value(adding().definitions().unwrap()).unwrap();
}
