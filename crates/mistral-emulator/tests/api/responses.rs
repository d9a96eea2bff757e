//! The Responses API, whole and as a stream.

use mistral_emulator::{Emulator, Reply};
use serde_json::{Value, json};

use crate::client::{RawResponse, api_request, start};

fn create(emulator: &Emulator, members: &Value) -> RawResponse {
    let mut body = json!({"model": "mistral-small-latest", "input": "Who painted Olympia?"});
    for (name, value) in members.as_object().unwrap() {
        body[name] = value.clone();
    }
    api_request(emulator, "POST", "/v1/responses")
        .json(&body)
        .send()
}

fn events(response: &RawResponse) -> Vec<Value> {
    assert_eq!(response.status, 200, "{}", response.text());
    let text = response.text();
    let events = text.split("\n\n").filter(|event| !event.is_empty());
    events
        .map(|event| {
            let (name, data) = event.split_once('\n').unwrap();
            let data: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
            assert_eq!(data["type"], name.strip_prefix("event: ").unwrap());
            data
        })
        .collect()
}

fn tools() -> Value {
    json!([{"type": "function", "name": "get_weather", "parameters":
        {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}])
}

#[test]
fn response_has_text_of_chat_generator() {
    let emulator = start();
    let response = create(&emulator, &json!({"metadata": {"a": "b"}})).json();
    assert_eq!(response["object"], "response");
    assert_eq!(response["status"], "completed");
    assert_eq!(response["metadata"], json!({"a": "b"}));
    let content = &response["output"][0]["content"][0];
    assert_eq!(content["text"], "Édouard Manet painted Olympia in 1863.");
    let usage = &response["usage"];
    let (input, output) = (
        usage["input_tokens"].as_u64(),
        usage["output_tokens"].as_u64(),
    );
    let sum = input.unwrap() + output.unwrap();
    assert_eq!(usage["total_tokens"], sum);
    let count = api_request(&emulator, "POST", "/v1/responses/input_tokens")
        .json(&json!({"model": "mistral-small-latest", "input": "Who painted Olympia?"}))
        .send();
    assert_eq!(count.json()["input_tokens"], usage["input_tokens"]);
}

#[test]
fn response_stream_adds_up_to_whole_response() {
    let emulator = start();
    let events = events(&create(&emulator, &json!({"stream": true})));
    let numbers: Vec<u64> = events
        .iter()
        .map(|event| event["sequence_number"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, (0..events.len() as u64).collect::<Vec<_>>());
    assert_eq!(events[0]["type"], "response.created");
    assert_eq!(events[0]["response"]["output"], json!([]));
    let deltas = events
        .iter()
        .filter(|event| event["type"] == "response.output_text.delta");
    let text: String = deltas
        .map(|event| event["delta"].as_str().unwrap())
        .collect();
    let last = events.last().unwrap();
    assert_eq!(last["type"], "response.completed");
    assert_eq!(
        last["response"]["output"][0]["content"][0]["text"],
        text.as_str()
    );
    assert!(text.contains("Manet"));
}

#[test]
fn response_calls_function_and_uses_its_output() {
    let emulator = start();
    let input = "How is the weather in Paris?";
    let call = create(&emulator, &json!({"input": input, "tools": tools()})).json();
    let call = call["output"][0].clone();
    assert_eq!(
        (&call["type"], &call["name"]),
        (&json!("function_call"), &json!("get_weather"))
    );
    let arguments: Value = serde_json::from_str(call["arguments"].as_str().unwrap()).unwrap();
    assert_eq!(arguments, json!({"city": "Paris"}));
    let items = json!([
        {"role": "user", "content": input},
        call,
        {"type": "function_call_output", "call_id": call["call_id"], "output": "sunny"},
    ]);
    let response = create(&emulator, &json!({"input": items, "tools": tools()})).json();
    let text = response["output"][0]["content"][0]["text"]
        .as_str()
        .unwrap();
    assert_eq!(text, "The tool get_weather answered: sunny");
}

#[test]
fn response_reasons_and_is_cut_by_limit() {
    let emulator = start();
    let members = json!({"reasoning": {"effort": "high"}, "max_output_tokens": 3, "stream": true});
    let events = events(&create(&emulator, &members));
    let has = |name: &str| events.iter().any(|event| event["type"] == name);
    assert!(has("response.reasoning_text.delta"));
    let last = &events.last().unwrap()["response"];
    assert_eq!(last["status"], "incomplete");
    assert_eq!(last["incomplete_details"]["reason"], "max_output_tokens");
}

#[test]
fn response_follows_schema() {
    let emulator = start();
    let schema = json!({"type": "object", "properties": {"year": {"const": 1863}},
        "required": ["year"]});
    let format = json!({"type": "json_schema", "name": "n", "schema": schema});
    let response = create(&emulator, &json!({"text": {"format": format}})).json();
    let text = response["output"][0]["content"][0]["text"]
        .as_str()
        .unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(text).unwrap(),
        json!({"year": 1863})
    );
}

#[test]
fn response_content_is_scripted_by_reply() {
    let emulator = start();
    emulator.push_reply(Reply::text("Scripted.").on("responses.create"));
    let response = create(&emulator, &json!({})).json();
    assert_eq!(response["output"][0]["content"][0]["text"], "Scripted.");
    emulator.push_reply(Reply::tool_calls([("f", json!({"a": 1}))]));
    let response = create(&emulator, &json!({})).json();
    assert_eq!(response["output"][0]["name"], "f");
}

#[test]
fn response_unknown_model_is_rejected() {
    let emulator = start();
    assert_eq!(create(&emulator, &json!({"model": "none"})).status, 400);
}
