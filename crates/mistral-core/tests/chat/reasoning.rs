//! Reasoning that other servers send beside the content.

use mistral_core::chat::{ChatCompletionRequest, ChatCompletionResponse, Message};
use serde_json::{Value, json};

use super::chunks::{events, first, last, open, whole};
use crate::common::{DONE, bytes};

fn delta(delta: &Value) -> Value {
    json!({ "choices": [{ "index": 0, "delta": delta }] })
}

fn response(message: &Value) -> ChatCompletionResponse {
    serde_json::from_value(json!({ "choices": [{ "index": 0, "message": message }] })).unwrap()
}

#[test]
fn thinking_beside_the_content_is_returned_and_kept() {
    let chunk = json!({ "type": "thinking", "thinking": [{ "type": "text", "text": "in" }] });
    for (fields, expected) in [
        (json!({ "content": "Yes", "reasoning_content": "hm" }), "hm"), // SGLang, llama.cpp
        (json!({ "content": "Yes", "reasoning": "hm" }), "hm"),         // Ollama
        (
            json!({ "content": "Yes", "reasoning": "hm", "reasoning_content": "hm" }), // vLLM
            "hm",
        ),
        (
            json!({ "content": "Yes", "reasoning": "hm", "reasoning_content": null }),
            "hm",
        ),
        (
            json!({ "content": "Yes", "reasoning": "hm", "reasoning_content": "" }),
            "hm",
        ),
        (json!({ "content": null, "reasoning_content": "hm" }), "hm"),
        (
            json!({ "content": "Yes", "reasoning": { "effort": "high" } }),
            "",
        ),
        (
            json!({ "content": [chunk], "reasoning_content": "out" }),
            "in",
        ),
        (json!({ "content": "Yes" }), ""),
    ] {
        let response = response(&fields);
        assert_eq!(response.thinking(), expected, "{fields}");
        let message = response.message().unwrap();
        assert_eq!(message.thinking(), expected, "{fields}");
        let written = serde_json::to_value(message).unwrap();
        assert_eq!(written, fields, "what the server sent is not changed");
    }
}

#[tokio::test]
async fn thinking_beside_the_content_is_streamed_and_merged() {
    for field in ["reasoning_content", "reasoning"] {
        let chunks = [
            first(),
            delta(&json!({ "content": null, field: "First, " })),
            delta(&json!({ field: "then." })),
            delta(&json!({ "content": "Yes" })),
            last("stop"),
        ];
        let mut stream = open([events(&chunks), vec![bytes(DONE)]].concat()).await;
        let mut thinking = Vec::new();
        while let Some(chunk) = stream.next().await {
            thinking.push(chunk.unwrap().thinking().into_owned());
        }
        assert_eq!(thinking, ["", "First, ", "then.", "", ""]);
        let response = whole(&chunks).await;
        assert_eq!(response.thinking(), "First, then.");
        assert_eq!(response.text(), "Yes");
    }
}

/// A server that expects the reasoning of earlier turns receives it as it was.
#[test]
fn thinking_beside_the_content_is_sent_with_the_history() {
    let answer = json!({ "role": "assistant", "content": "Yes", "reasoning_content": "hm" });
    let message = response(&answer).into_message().unwrap();
    let history = vec![Message::user("a"), message, Message::user("b")];
    let request = serde_json::to_value(ChatCompletionRequest::new("m", history)).unwrap();
    assert_eq!(request["messages"][1], answer);
}
