//! Runs with tools: requests, tool calls, streams, failures.

// Helpers outside of test functions may panic as tests do.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod blocking;
mod failures;
mod hooks;
mod parse;
mod runs;
mod sets;
mod streams;

use std::io;

use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::messages::{Message, ToolCall};
use mistral_sdk::testing::{MockReply, MockTransport};
use mistral_sdk::tools::ToolSet;
use mistral_sdk::{Client, MistralApi};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// Adds two numbers.
#[derive(Debug, Deserialize, JsonSchema)]
struct Add {
    /// The first.
    a: i64,
    b: i64,
}

fn adding() -> ToolSet {
    ToolSet::new().tool("add", async |call: Add| {
        call.a.checked_add(call.b).ok_or("the sum is too large")
    })
}

fn failing() -> ToolSet {
    adding().tool("fail", async |_: Add| {
        Err::<(), _>(io::Error::other("the disk is full"))
    })
}

fn ask() -> ChatCompletionRequest {
    ChatCompletionRequest::new("m", [Message::user("How much is it?")])
}

fn client(mock: &MockTransport) -> Client {
    let api = MistralApi::new("key").unwrap();
    Client::builder(api)
        .transport(mock.clone())
        .build()
        .unwrap()
}

fn call(id: &str, name: &str, arguments: &str) -> Value {
    json!({ "id": id, "function": { "name": name, "arguments": arguments } })
}

/// An answer that calls tools.
fn calling(calls: &[Value]) -> MockReply {
    ending(calls, "tool_calls")
}

fn ending(calls: &[Value], finish_reason: &str) -> MockReply {
    MockReply::json(json!({
        "id": "r1",
        "choices": [{
            "index": 0,
            "message": { "role": "assistant", "content": "", "tool_calls": calls },
            "finish_reason": finish_reason,
        }],
        "usage": { "prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3 },
    }))
}

/// A mock that calls these tools in its first turn and answers in its second.
fn once(calls: &[Value]) -> MockTransport {
    MockTransport::new()
        .reply(calling(calls))
        .reply(MockReply::chat("It is 3."))
}

/// The results of the calls in the messages of request number `turn`, by tool call id.
fn tool_results(mock: &MockTransport, turn: usize) -> Vec<(String, String)> {
    let request = mock.requests()[turn].json();
    let messages = request["messages"].as_array().unwrap().iter();
    let of_tools = messages.filter(|message| message["role"] == "tool");
    let text = |message: &Value, name: &str| message[name].as_str().unwrap().to_owned();
    of_tools
        .map(|message| (text(message, "tool_call_id"), text(message, "content")))
        .collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(id, content): &(&str, &str)| ((*id).to_owned(), (*content).to_owned());
    pairs.iter().map(owned).collect()
}

fn tool_call(name: &str, arguments: &str) -> ToolCall {
    ToolCall::new("abcdefgh1", name, arguments)
}
