//! Conversations that are streamed.

use mistral_emulator::{Emulator, Fault, Reply};
use serde_json::{Value, json};

use crate::client::{BodyEnd, RawResponse, get, start, tool};
use crate::conversations::{ask, path};
use crate::resources::{exchange, send};

/// Returns the data of the events, each of which is a frame that is named after its type.
#[track_caller]
fn events(response: &RawResponse) -> Vec<Value> {
    assert_eq!(response.status, 200, "{}", response.text());
    assert_eq!(
        response.header("content-type"),
        "text/event-stream; charset=utf-8"
    );
    let frames = response.frames.iter().map(|frame| {
        let text = std::str::from_utf8(frame).unwrap();
        let (name, data) = text.trim_end().split_once('\n').unwrap();
        let data: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
        assert_eq!(name, format!("event: {}", data["type"].as_str().unwrap()));
        assert!(data["created_at"].is_string(), "{data}");
        data
    });
    frames.collect()
}

fn stream(emulator: &Emulator, path: &str, members: &Value) -> Vec<Value> {
    let mut request = members.clone();
    request["stream"] = true.into();
    events(&send(emulator, "POST", path, &request))
}

fn stream_start(emulator: &Emulator, members: Value) -> Vec<Value> {
    let mut request = members;
    request["model"] = "mistral-medium-latest".into();
    stream(emulator, "/v1/conversations", &request)
}

/// Returns the types of events, each run of equal ones once.
fn types(events: &[Value]) -> Vec<&str> {
    let mut types: Vec<&str> = events
        .iter()
        .map(|it| it["type"].as_str().unwrap())
        .collect();
    types.dedup();
    types
}

fn of_type<'a>(events: &'a [Value], name: &str) -> Vec<&'a Value> {
    events
        .iter()
        .filter(|event| event["type"] == name)
        .collect()
}

fn joined(events: &[&Value], member: &str) -> String {
    let texts = events.iter().filter_map(|event| event[member].as_str());
    texts.collect()
}

#[test]
fn stream_message_deltas_equal_entry_of_history() {
    let emulator = start();
    let events = stream_start(&emulator, json!({"inputs": "Who painted Olympia?"}));
    assert_eq!(
        types(&events),
        [
            "conversation.response.started",
            "message.output.delta",
            "conversation.response.done"
        ]
    );
    let deltas = of_type(&events, "message.output.delta");
    assert_eq!(deltas.len(), 6);
    assert_eq!(
        joined(&deltas, "content"),
        "Édouard Manet painted Olympia in 1863."
    );
    let history = get(&emulator, &format!("{}/history", path(&events[0])));
    let entry = &history["entries"][1];
    for delta in deltas {
        assert_eq!(delta["id"], entry["id"]);
        assert_eq!(
            (&delta["output_index"], &delta["content_index"]),
            (&json!(0), &json!(0))
        );
        assert_eq!(
            (&delta["role"], &delta["model"]),
            (&entry["role"], &entry["model"])
        );
    }
    let usage = json!({"prompt_tokens": 4, "completion_tokens": 6, "total_tokens": 10,
        "connector_tokens": null, "connectors": null});
    assert_eq!(events.last().unwrap()["usage"], usage);
}

#[test]
fn stream_append_and_restart_continue_conversation() {
    let emulator = start();
    let first = ask(&emulator, "Echo: one");
    let inputs = json!({"inputs": "Echo: two"});
    let appended = stream(&emulator, &path(&first), &inputs);
    assert_eq!(appended[0]["conversation_id"], first["conversation_id"]);
    let request = json!({"from_entry_id": first["outputs"][0]["id"], "inputs": "Echo: three"});
    let restarted = stream(&emulator, &format!("{}/restart", path(&first)), &request);
    assert_ne!(restarted[0]["conversation_id"], first["conversation_id"]);
    for (events, expected) in [(appended, "two"), (restarted, "three")] {
        assert_eq!(
            joined(&of_type(&events, "message.output.delta"), "content"),
            expected
        );
        let history = get(&emulator, &format!("{}/history", path(&events[0])));
        assert_eq!(history["entries"].as_array().unwrap().len(), 4);
    }
}

#[test]
fn stream_tool_execution_precedes_message_with_chunks() {
    let emulator = start();
    let request = json!({"inputs": "Search the web", "tools": [{"type": "web_search"}]});
    let events = stream_start(&emulator, request);
    assert_eq!(
        types(&events),
        [
            "conversation.response.started",
            "tool.execution.started",
            "tool.execution.delta",
            "tool.execution.done",
            "message.output.delta",
            "conversation.response.done"
        ]
    );
    let tool: Vec<&Value> = events[1..4].iter().collect();
    assert!(
        tool.iter()
            .all(|event| event["name"] == "web_search" && event["output_index"] == 0)
    );
    assert_eq!(joined(&tool, "arguments"), r#"{"query": "Search the web"}"#);
    let deltas = of_type(&events, "message.output.delta");
    assert!(deltas.iter().all(|event| event["output_index"] == 1));
    let reference = deltas.last().unwrap();
    assert_eq!(reference["content"]["type"], "tool_reference");
    assert_eq!(reference["content_index"], 1);
    assert_eq!(
        events.last().unwrap()["usage"]["connectors"],
        json!({"web_search": 1})
    );
}

#[test]
fn stream_function_call_has_arguments_in_parts() {
    let emulator = start();
    let parameters = json!({"type": "object", "properties": {"city": {"type": "string"}},
        "required": ["city"]});
    let request = json!({"inputs": "Weather in Paris?",
        "tools": [tool("get_weather", &parameters)]});
    let events = stream_start(&emulator, request);
    let calls = of_type(&events, "function.call.delta");
    assert!(calls.len() > 1);
    assert!(
        calls
            .iter()
            .all(|call| call["tool_call_id"] == calls[0]["tool_call_id"])
    );
    assert_eq!(joined(&calls, "arguments"), r#"{"city": "Paris"}"#);
    let history = get(&emulator, &format!("{}/history", path(&events[0])));
    assert_eq!(history["entries"][1]["arguments"], r#"{"city": "Paris"}"#);
}

#[test]
fn stream_handoff_has_events_of_both_agents() {
    let emulator = start();
    let agent = |request: Value| exchange(&emulator, "POST", "/v1/agents", &request);
    let finance = agent(json!({"model": "mistral-small-latest", "name": "Finance"}));
    let router = agent(json!({"model": "mistral-small-latest", "name": "Router",
        "handoffs": [finance["id"]]}));
    let request = json!({"agent_id": router["id"], "inputs": "Ask finance, please"});
    let events = stream(&emulator, "/v1/conversations", &request);
    let started = of_type(&events, "agent.handoff.started")[0];
    let done = of_type(&events, "agent.handoff.done")[0];
    assert_eq!(started["previous_agent_name"], "Router");
    assert_eq!(done["next_agent_name"], "Finance");
    assert_eq!(started["id"], done["id"]);
    let message = of_type(&events, "message.output.delta")[0];
    assert_eq!(
        (&message["agent_id"], &message["output_index"]),
        (&finance["id"], &json!(1))
    );
}

#[test]
fn stream_failure_while_responding_is_error_event() {
    let emulator = start();
    let request = json!({"inputs": "I will kill you",
        "guardrails": [{"moderation_llm_v2": {"action": "block"}}]});
    let events = stream_start(&emulator, request);
    assert_eq!(
        types(&events),
        [
            "conversation.response.started",
            "conversation.response.error"
        ]
    );
    assert_eq!(events[1]["code"], 403);
    assert_eq!(events[1]["message"], "Content blocked by guardrail");
    assert_eq!(get(&emulator, "/v1/conversations"), json!([]));
    // What is wrong with the request has a status.
    let unknown = json!({"model": "none", "inputs": "a", "stream": true});
    assert_eq!(
        send(&emulator, "POST", "/v1/conversations", &unknown).status,
        400
    );
}

#[test]
fn stream_scripted_reply_and_cut_apply() {
    let emulator = start();
    emulator.push_reply(Reply::text("One two.").on("beta.conversations.start_stream"));
    let events = stream_start(&emulator, json!({"inputs": "Hi"}));
    assert_eq!(
        joined(&of_type(&events, "message.output.delta"), "content"),
        "One two."
    );
    emulator.push_fault(Fault::cut_after_bytes(150).on("beta.conversations"));
    let request = json!({"model": "mistral-small-latest", "inputs": "Hi", "stream": true});
    let response = send(&emulator, "POST", "/v1/conversations", &request);
    assert_eq!(response.end, BodyEnd::Closed);
    assert_eq!(response.bytes().len(), 150);
}
