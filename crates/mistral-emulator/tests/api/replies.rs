//! Scripted replies and queued faults, over HTTP and in Rust.

use std::time::{Duration, Instant};

use mistral_emulator::{Emulator, Fault, Reply};
use serde_json::{Value, json};

use crate::client::{
    RawResponse, anonymous_request, api_request, chat_request, chat_request_with, post_chat, start,
    tool,
};

/// Posts to a control route, which needs no key.
fn post(emulator: &Emulator, path: &str, body: &Value) -> RawResponse {
    let request = anonymous_request(emulator, "POST", &format!("/_emulator/{path}"));
    request.json(body).send()
}

fn script(emulator: &Emulator, replies: &Value) {
    let response = post(emulator, "replies", replies);
    assert_eq!(response.status, 200, "{}", response.text());
}

fn control(emulator: &Emulator, method: &str, path: &str) -> Value {
    let response = anonymous_request(emulator, method, &format!("/_emulator/{path}")).send();
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()
}

fn text_of(response: &RawResponse) -> Value {
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()["choices"][0]["message"]["content"].clone()
}

#[test]
fn reply_text_replaces_generated_completion_once() {
    let emulator = start();
    script(&emulator, &json!({"text": "Scripted."}));
    let first = post_chat(&emulator, &chat_request("Hi"));
    assert_eq!(text_of(&first), "Scripted.");
    let body = first.json();
    assert_eq!(body["model"], "mistral-small-latest");
    assert_eq!(body["choices"][0]["finish_reason"], "stop");
    assert_eq!(body["usage"]["completion_tokens"], 1);
    let second = post_chat(&emulator, &chat_request("Hi"));
    assert!(text_of(&second).as_str().unwrap().contains("emulator"));
}

#[test]
fn reply_sequence_is_used_in_order_then_the_last_always() {
    let emulator = start();
    script(
        &emulator,
        &json!({"replies": [
            {"text": "one"}, {"text": "two", "times": 2}, {"text": "rest", "times": "always"},
        ]}),
    );
    let texts: Vec<Value> = (0..5)
        .map(|_| text_of(&post_chat(&emulator, &chat_request("Hi"))))
        .collect();
    assert_eq!(texts, ["one", "two", "two", "rest", "rest"]);
    let left = control(&emulator, "GET", "replies");
    assert_eq!(
        left,
        json!({"replies": [{"text": "rest", "times": "always"}]})
    );
    assert_eq!(
        control(&emulator, "DELETE", "replies"),
        json!({"replies": []})
    );
}

#[test]
fn reply_matches_operation_model_text_and_tool() {
    let emulator = start();
    script(
        &emulator,
        &json!([
            {"text": "agent", "match": {"operation": "agents"}},
            {"text": "large", "match": {"model": "mistral-large-latest"}},
            {"text": "weather", "match": {"text": "Paris"}},
            {"text": "tool", "match": {"tool": "look_up"}},
        ]),
    );
    let with_tool = json!({"tools": [tool("look_up", &json!({"type": "object"}))]});
    let tool_request = chat_request_with("Hi", &with_tool);
    assert_eq!(text_of(&post_chat(&emulator, &tool_request)), "tool");
    let weather = chat_request("The weather in Paris?");
    assert_eq!(text_of(&post_chat(&emulator, &weather)), "weather");
    let large = chat_request_with("Hi", &json!({"model": "mistral-large-latest"}));
    assert_eq!(text_of(&post_chat(&emulator, &large)), "large");
    let agent = json!({"agent_id": "a", "messages": [{"role": "user", "content": "Hi"}]});
    let agent = api_request(&emulator, "POST", "/v1/agents/completions").json(&agent);
    assert_eq!(text_of(&agent.send()), "agent");
}

#[test]
fn reply_tool_calls_have_ids_and_json_arguments() {
    let emulator = start();
    script(
        &emulator,
        &json!({"text": "I look.", "tool_calls": [
            {"name": "get_weather", "arguments": {"city": "Paris"}},
            {"name": "broken", "arguments": "{\"a\":"},
        ]}),
    );
    let choice = post_chat(&emulator, &chat_request("Hi")).json()["choices"][0].clone();
    assert_eq!(choice["finish_reason"], "tool_calls");
    assert_eq!(choice["message"]["content"], "I look.");
    let calls = choice["message"]["tool_calls"].as_array().unwrap();
    assert_eq!(calls[0]["function"]["name"], "get_weather");
    let arguments = calls[0]["function"]["arguments"].as_str().unwrap();
    let arguments: Value = serde_json::from_str(arguments).unwrap();
    assert_eq!(arguments, json!({"city": "Paris"}));
    assert_eq!(calls[1]["function"]["arguments"], "{\"a\":");
    assert_eq!(calls[0]["id"].as_str().unwrap().len(), 9);
    assert_ne!(calls[0]["id"], calls[1]["id"]);
}

#[test]
fn reply_text_is_streamed_if_the_request_streams() {
    let emulator = start();
    emulator.push_reply(Reply::text("One two three").with_thinking("Hm."));
    let request = chat_request_with("Hi", &json!({"stream": true}));
    let chunks = post_chat(&emulator, &request).chunks();
    let texts = chunks
        .iter()
        .map(|chunk| &chunk["choices"][0]["delta"]["content"]);
    let text: String = texts.filter_map(Value::as_str).collect();
    assert_eq!(text, "One two three");
    assert!(
        chunks
            .iter()
            .any(|chunk| { chunk["choices"][0]["delta"]["content"][0]["type"] == "thinking" })
    );
    assert_eq!(
        chunks.last().unwrap()["choices"][0]["finish_reason"],
        "stop"
    );
    assert!(chunks.last().unwrap()["usage"]["total_tokens"].is_u64());
}

#[test]
fn reply_is_kept_if_the_request_is_invalid() {
    let emulator = start();
    script(&emulator, &json!({"text": "Scripted."}));
    let invalid = chat_request_with("Hi", &json!({"temperature": "hot"}));
    assert_eq!(post_chat(&emulator, &invalid).status, 422);
    let other = api_request(&emulator, "GET", "/v1/models").send();
    assert_eq!(other.json()["object"], "list");
    assert_eq!(
        text_of(&post_chat(&emulator, &chat_request("Hi"))),
        "Scripted."
    );
}

#[test]
fn reply_json_body_and_events_are_sent_to_any_path() {
    let emulator = start();
    script(
        &emulator,
        &json!([
            {"json": {"id": "conv_1"}, "status": 201, "headers": {"x-a": "1"},
                "match": {"path": "/v1/conversations"}},
            {"events": [{"type": "start"}, "[DONE]"], "match": {"path": "/v1/conversations"}},
            {"body": "plain", "match": {"path": "/anything"}},
        ]),
    );
    let conversation = || {
        let request = anonymous_request(&emulator, "POST", "/v1/conversations");
        request.json(&json!({"inputs": "Hi"})).send()
    };
    let first = conversation();
    assert_eq!((first.status, first.header("x-a")), (201, "1"));
    assert_eq!(first.json(), json!({"id": "conv_1"}));
    let second = conversation();
    assert_eq!(
        second.header("content-type"),
        "text/event-stream; charset=utf-8"
    );
    assert_eq!(second.events(), ["{\"type\":\"start\"}", "[DONE]"]);
    let plain = anonymous_request(&emulator, "GET", "/anything").send();
    assert_eq!(plain.text(), "plain");
    assert_eq!(plain.header("content-type"), "text/plain; charset=utf-8");
    // The route itself needs a key.
    assert_eq!(conversation().status, 401);
}

#[test]
fn reply_token_delay_paces_events() {
    let emulator = start();
    let delay = Duration::from_millis(15);
    emulator.push_reply(Reply::events(["1", "2", "3", "4"]).with_token_delay(delay));
    let started = Instant::now();
    let events = post_chat(&emulator, &chat_request("Hi")).events();
    assert_eq!(events.len(), 4);
    assert!(started.elapsed() >= delay * 3, "{:?}", started.elapsed());
}

#[test]
fn emulator_latency_and_token_delay_apply_to_all_requests() {
    let delay = Duration::from_millis(10);
    let builder = Emulator::builder().latency(delay * 5).token_delay(delay);
    let emulator = builder.start().unwrap();
    let started = Instant::now();
    let request = chat_request_with("Hi", &json!({"stream": true}));
    let events = u32::try_from(post_chat(&emulator, &request).events().len()).unwrap();
    assert!(started.elapsed() >= delay * (5 + events - 1));
}

#[test]
fn fault_503_twice_then_success() {
    let emulator = start();
    let fault = json!({"status": 503, "times": 2, "headers": {"retry-after": "0"}});
    let queued = post(&emulator, "faults", &fault);
    assert_eq!(queued.json(), json!({"faults": [fault]}));
    let status = || post_chat(&emulator, &chat_request("Hi")).status;
    assert_eq!([status(), status(), status()], [503, 503, 200]);
    assert_eq!(control(&emulator, "GET", "faults"), json!({"faults": []}));
}

#[test]
fn fault_applies_to_its_operation_only() {
    let emulator = start();
    emulator.push_fault(Fault::status(429).on("chat.stream"));
    assert_eq!(post_chat(&emulator, &chat_request("Hi")).status, 200);
    assert_eq!(
        api_request(&emulator, "GET", "/v1/models").send().status,
        200
    );
    let streamed = chat_request_with("Hi", &json!({"stream": true}));
    assert_eq!(post_chat(&emulator, &streamed).status, 429);
    assert_eq!(post_chat(&emulator, &streamed).status, 200);
}

#[test]
fn fault_that_replaces_the_response_leaves_replies() {
    let emulator = start();
    emulator.push_reply(Reply::json(json!({"scripted": true})));
    emulator.push_reply(Reply::text("Scripted."));
    emulator.push_fault(Fault::status(500).times(2));
    let status = || post_chat(&emulator, &chat_request("Hi")).status;
    assert_eq!([status(), status()], [500, 500]);
    let first = post_chat(&emulator, &chat_request("Hi"));
    assert_eq!(first.json(), json!({"scripted": true}));
    assert_eq!(
        text_of(&post_chat(&emulator, &chat_request("Hi"))),
        "Scripted."
    );
}

#[test]
fn queues_are_listed_and_cleared_in_rust_as_over_http() {
    let emulator = start();
    let (fault, reply) = (
        Fault::status(500).on("chat").times(3),
        Reply::text("Hi.").always(),
    );
    emulator.push_fault(fault.clone());
    emulator.push_reply(reply.clone());
    assert_eq!(
        (emulator.faults(), emulator.replies()),
        (vec![fault], vec![reply])
    );
    post_chat(&emulator, &chat_request("Hi"));
    assert_eq!(emulator.faults(), [Fault::status(500).on("chat").times(2)]);
    emulator.clear_faults();
    emulator.clear_replies();
    emulator.clear_requests();
    assert!(emulator.faults().is_empty() && emulator.replies().is_empty());
    assert!(emulator.requests().is_empty());
}
