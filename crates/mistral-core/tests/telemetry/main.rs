//! Traces of calls: spans, events, and what is printed for debugging.

// Helpers outside of test functions may panic as tests do.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "../common/mod.rs"]
mod common;

mod call_end;
mod debug;
mod deprecation;
mod failover;
mod metrics;
mod parse;
mod recorder;
mod redaction;
mod retries;
mod runs;
mod spans;
mod streams;

use mistral_core::chat::ChatCompletionRequest;
use mistral_core::messages::Message;
use mistral_core::testing::MockTransport;
use mistral_core::{Client, ClientBuilder};
use mistral_sdk::MistralApi;
use serde_json::{Value, json};

use self::recorder::Span;

fn builder(mock: &MockTransport) -> ClientBuilder {
    let api = MistralApi::new("any key").unwrap();
    let api = api.base_url("https://gateway.example:8443").unwrap();
    Client::builder(api).transport(mock.clone())
}

fn ask() -> ChatCompletionRequest {
    let question = [Message::system("Be brief."), Message::user("my question")];
    ChatCompletionRequest::new("mistral-small-latest", question)
}

fn answer() -> Value {
    json!({
        "id": "cmpl-1",
        "model": "mistral-small-2506",
        "choices": [
            { "index": 0, "message": { "role": "assistant", "content": "my answer" }, "finish_reason": "stop" },
            { "index": 1, "message": { "role": "assistant", "content": "" }, "finish_reason": "length" },
        ],
        "usage": {
            "prompt_tokens": 10, "completion_tokens": 3, "total_tokens": 13,
            "prompt_tokens_details": { "cached_tokens": 4 },
        },
    })
}

fn chunk(text: &str, more: Value) -> Value {
    let mut chunk = json!({
        "id": "cmpl-2",
        "model": "mistral-small-2506",
        "choices": [{ "index": 0, "delta": { "content": text }, "finish_reason": null }],
    });
    if !more.is_null() {
        chunk["choices"][0]["finish_reason"] = json!("stop");
        chunk["usage"] = more;
    }
    chunk
}

fn events() -> [Value; 3] {
    let usage = json!({ "prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7 });
    [
        chunk("my ", Value::Null),
        chunk("answer", Value::Null),
        chunk("", usage),
    ]
}

fn has(span: &Span, expected: &[(&str, &str)]) {
    for (name, value) in expected {
        assert_eq!(span.get(name), Some(*value), "{name} of {span:?}");
    }
}

fn lacks(span: &Span, names: &[&str]) {
    for name in names {
        assert_eq!(span.get(name), None, "{name} of {span:?}");
    }
}

const MESSAGES: [&str; 2] = ["gen_ai.input.messages", "gen_ai.output.messages"];
