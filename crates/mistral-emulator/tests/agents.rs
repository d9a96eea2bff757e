//! Completions of agents: what chat does, under an agent's id.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may panic, in its helpers too"
)]

#[cfg(test)]
mod common;

use serde_json::{Value, json};

use common::{Answer, call, complete, prompt, start, tool};

fn ask(members: &Value) -> Answer {
    let mut request = json!({
        "agent_id": "ag_0197",
        "messages": [{"role": "user", "content": "Who painted Olympia?"}],
    });
    for (name, value) in members.as_object().unwrap() {
        request[name] = value.clone();
    }
    call(&start(), "POST", "/v1/agents/completions")
        .json(&request)
        .send()
}

#[test]
fn an_agent_answers_as_chat_does() {
    let answer = ask(&json!({}));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let (agent, chat) = (answer.json(), complete(&prompt("Who painted Olympia?")));
    assert_eq!(agent["choices"], chat["choices"]);
    assert_eq!(agent["usage"], chat["usage"]);
    assert_eq!(agent["object"], "chat.completion");
    assert_eq!(agent["model"], "mistral-medium-latest");
}

#[test]
fn it_streams() {
    let answer = ask(&json!({"stream": true}));
    assert_eq!(
        answer.header("content-type"),
        "text/event-stream; charset=utf-8"
    );
    let chunks = answer.chunks();
    let pieces = chunks
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str());
    assert_eq!(
        pieces.collect::<String>(),
        "Édouard Manet painted Olympia in 1863."
    );
    let last = chunks.last().unwrap();
    assert_eq!(last["choices"][0]["finish_reason"], "stop");
    assert!(last["usage"]["total_tokens"].as_u64().unwrap() > 0);
}

#[test]
fn it_calls_tools_and_fills_schemas() {
    let tools = json!({"tools": [tool("paint", &json!({}))], "tool_choice": "any"});
    let choice = ask(&tools).json()["choices"][0].clone();
    assert_eq!(choice["finish_reason"], "tool_calls");
    assert_eq!(
        choice["message"]["tool_calls"][0]["function"]["name"],
        "paint"
    );
    let schema = json!({"type": "object", "properties": {"year": {"type": "integer"}}});
    let format = json!({"type": "json_schema", "json_schema": {"name": "n", "schema": schema}});
    let answer = ask(&json!({"response_format": format})).json();
    let content = answer["choices"][0]["message"]["content"].as_str().unwrap();
    let content: Value = serde_json::from_str(content).unwrap();
    assert!(content["year"].is_i64(), "{content}");
}

#[test]
fn mistakes_are_refused() {
    for (members, status) in [
        (json!({"agent_id": null}), 422),
        (json!({"model": "mistral-small-latest"}), 422),
        (json!({"temperature": 0.1}), 422),
        (json!({"messages": []}), 400),
        (json!({"tool_choice": "any"}), 400),
    ] {
        assert_eq!(ask(&members).status, status, "{members}");
    }
}
