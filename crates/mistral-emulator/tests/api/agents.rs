//! Agent completions, which behave as chat completions under the id of an agent.

use serde_json::{Value, json};

use crate::client::{RawResponse, api_request, chat_request, complete, start, tool};

fn post_completion(members: &Value) -> RawResponse {
    let mut request = json!({
        "agent_id": "ag_0197",
        "messages": [{"role": "user", "content": "Who painted Olympia?"}],
    });
    for (name, value) in members.as_object().unwrap() {
        request[name] = value.clone();
    }
    api_request(&start(), "POST", "/v1/agents/completions")
        .json(&request)
        .send()
}

#[test]
fn agent_completion_equals_chat_completion() {
    let response = post_completion(&json!({}));
    assert_eq!(response.status, 200, "{}", response.text());
    let (agent, chat) = (
        response.json(),
        complete(&chat_request("Who painted Olympia?")),
    );
    assert_eq!(agent["choices"], chat["choices"]);
    assert_eq!(agent["usage"], chat["usage"]);
    assert_eq!(agent["object"], "chat.completion");
    assert_eq!(agent["model"], "mistral-medium-latest");
}

#[test]
fn agent_stream_ends_with_done() {
    let response = post_completion(&json!({"stream": true}));
    assert_eq!(
        response.header("content-type"),
        "text/event-stream; charset=utf-8"
    );
    let chunks = response.chunks();
    let deltas = chunks
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str());
    assert_eq!(
        deltas.collect::<String>(),
        "Édouard Manet painted Olympia in 1863."
    );
    let last = chunks.last().unwrap();
    assert_eq!(last["choices"][0]["finish_reason"], "stop");
    assert!(last["usage"]["total_tokens"].as_u64().unwrap() > 0);
}

#[test]
fn agent_completion_calls_tools_and_satisfies_response_format() {
    let tools = json!({"tools": [tool("paint", &json!({}))], "tool_choice": "any"});
    let choice = post_completion(&tools).json()["choices"][0].clone();
    assert_eq!(choice["finish_reason"], "tool_calls");
    assert_eq!(
        choice["message"]["tool_calls"][0]["function"]["name"],
        "paint"
    );
    let schema = json!({"type": "object", "properties": {"year": {"type": "integer"}}});
    let format = json!({"type": "json_schema", "json_schema": {"name": "n", "schema": schema}});
    let response = post_completion(&json!({"response_format": format})).json();
    let content = response["choices"][0]["message"]["content"]
        .as_str()
        .unwrap();
    let content: Value = serde_json::from_str(content).unwrap();
    assert!(content["year"].is_i64(), "{content}");
}

#[test]
fn agent_invalid_request_is_rejected() {
    for (members, status) in [
        (json!({"agent_id": null}), 422),
        (json!({"model": "mistral-small-latest"}), 422),
        (json!({"temperature": 0.1}), 422),
        (json!({"messages": []}), 400),
        (json!({"tool_choice": "any"}), 400),
    ] {
        assert_eq!(post_completion(&members).status, status, "{members}");
    }
}
