//! The Responses API: the merge of streams, and the count of input tokens.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // helpers may panic as tests do

mod recorded;
mod streams;

use mistral_sdk::beta::BetaExt as _;
use mistral_sdk::beta::responses::{
    CreateResponseRequest, ModelResponse, ResponseInputItem, ResponseStreamEvent,
};
use mistral_sdk::testing::{MockReply, MockTransport};
use mistral_sdk::{Client, EventStream, MistralApi, RetryPolicy};
use serde_json::{Value, json};

fn client(mock: &MockTransport) -> Client {
    Client::builder(MistralApi::new("key").unwrap())
        .transport(mock.clone())
        .retry(RetryPolicy::none())
        .build()
        .unwrap()
}

async fn stream(reply: MockReply) -> EventStream<ResponseStreamEvent> {
    let mock = MockTransport::new().reply(reply);
    let request = CreateResponseRequest::new("m", "Hi");
    client(&mock).responses().stream(&request).await.unwrap()
}

/// Returns a whole response.
fn response(status: &str, output: Value) -> Value {
    json!({
        "id": "resp_1", "object": "response", "created_at": 1.0, "model": "m", "status": status,
        "output": output, "parallel_tool_calls": true, "tool_choice": "auto", "tools": []
    })
}

#[tokio::test]
async fn input_tokens_of_a_request_are_counted() {
    let mock =
        MockTransport::new().json(json!({"input_tokens": 7, "object": "response.input_tokens"}));
    let request = CreateResponseRequest::new("m", "Hi")
        .instructions("Be brief.")
        .temperature(0.5);
    let count = client(&mock)
        .responses()
        .count_input_tokens(&(&request).into())
        .await
        .unwrap();
    assert_eq!(count.input_tokens, 7);
    let sent = &mock.requests()[0];
    assert_eq!(sent.uri.path(), "/v1/responses/input_tokens");
    let body = sent.json();
    assert_eq!(body["model"], "m");
    assert_eq!(body["input"], "Hi");
    assert_eq!(body["instructions"], "Be brief.");
    assert_eq!(body.get("temperature"), None);
}

#[tokio::test]
async fn whole_response_has_text_calls_reasoning_and_refusal() {
    let output = json!([
        {"type": "reasoning", "id": "rs_1", "summary": [], "content": [
            {"type": "reasoning_text", "text": "Hm."}]},
        {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant", "content": [
            {"type": "output_text", "text": "It was ", "annotations": []},
            {"type": "output_text", "text": "Manet.", "annotations": []}]},
        {"type": "message", "id": "msg_2", "status": "completed", "role": "assistant", "content": [
            {"type": "refusal", "refusal": "No more."}]},
        {"type": "function_call", "call_id": "call_1", "name": "now", "arguments": "{\"tz\": 1}"},
        {"type": "later"}
    ]);
    let mock = MockTransport::new().json(response("completed", output));
    let request = CreateResponseRequest::new("m", "Hi");
    let response: ModelResponse = client(&mock).responses().create(&request).await.unwrap();
    assert_eq!(response.text(), "It was Manet.\n");
    assert_eq!(response.refusal(), Some("No more."));
    let call = response.function_calls().next().unwrap();
    assert_eq!(call.parse_arguments::<Value>().unwrap(), json!({"tz": 1}));
    let reasoning = response.reasoning_items().next().unwrap();
    assert_eq!(reasoning.content.as_ref().unwrap()[0].text, "Hm.");
}

#[test]
fn output_items_become_input_items_unchanged() {
    let output = json!([
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant", "content": [
            {"type": "output_text", "text": "Manet.", "annotations": []}]},
        {"type": "function_call", "call_id": "call_1", "name": "now", "arguments": "{}", "x": 1},
        {"type": "later", "x": 1}
    ]);
    let response: ModelResponse =
        serde_json::from_value(response("completed", output.clone())).unwrap();
    let items: Vec<_> = response
        .output
        .into_iter()
        .map(ResponseInputItem::from)
        .collect();
    assert_eq!(serde_json::to_value(items).unwrap(), output);
}

#[test]
fn function_call_is_answered_with_its_id() {
    let output = json!([
        {"type": "function_call", "call_id": "call_1", "name": "now", "arguments": "{}"}
    ]);
    let response: ModelResponse = serde_json::from_value(response("completed", output)).unwrap();
    let call = response.function_calls().next().unwrap();
    let input = [ResponseInputItem::user("When?"), call.output("noon")];
    let request = serde_json::to_value(CreateResponseRequest::new("m", input)).unwrap();
    let expected = json!([
        {"role": "user", "content": "When?"},
        {"type": "function_call_output", "call_id": "call_1", "output": "noon"}
    ]);
    assert_eq!(request["input"], expected);
}
