//! Responses whose text is in another field than the API documents: an answer must not be empty
//! without an error.

use mistral_core::chat::ChatCompletionResponse;
use mistral_core::fim::FimCompletionRequest;
use serde_json::{Value, json};

use super::chunks::{last, text, whole};
use crate::common::{DONE, bytes, client_with, question, reply, scripted, sse};

fn choice(index: i64, field: &str, value: &Value, reason: Option<&str>) -> Value {
    json!({ "choices": [{ "index": index, field: value, "finish_reason": reason }] })
}

fn message(text: &str) -> Value {
    json!({ "role": "assistant", "content": text })
}

#[tokio::test]
async fn stream_with_messages_or_texts_in_place_of_deltas_is_merged() {
    for (field, a, b) in [
        ("message", message("return n"), message(" % 2")),
        ("text", json!("return n"), json!(" % 2")),
    ] {
        let chunks = [
            choice(0, field, &a, None),
            choice(1, field, &a, Some("stop")),
            choice(0, field, &b, Some("stop")),
        ];
        let response = whole(&chunks).await;
        assert_eq!(response.text(), "return n % 2", "{field}");
        assert_eq!(response.choices[1].message.text(), "return n");
        assert!(response.choices[0].extra.is_empty());

        let wire = chunks
            .iter()
            .map(|chunk| bytes(format!("data: {chunk}\n\n")));
        let client = client_with(&scripted([sse(wire.chain([bytes(DONE)]))]));
        let request = FimCompletionRequest::new("m", "f");
        let mut stream = client.fim().stream(&request).await.unwrap();
        let first = stream.next().await.unwrap().unwrap();
        assert_eq!(first.text(), "return n");
    }
}

#[tokio::test]
async fn stream_with_lists_of_messages_or_texts_in_deltas_is_merged() {
    let beside = |text: &str, reason: Option<&str>| {
        let mut chunk = choice(0, "message", &message(text), reason);
        chunk["choices"][0]["delta"] = json!({});
        chunk
    };
    for chunks in [
        [
            choice(0, "messages", &json!([message("return n")]), None),
            choice(0, "messages", &json!([message(" % 2")]), Some("stop")),
        ],
        [
            choice(0, "delta", &json!({ "text": "return n" }), None),
            choice(0, "delta", &json!({ "text": " % 2" }), Some("stop")),
        ],
        [beside("return n", None), beside(" % 2", Some("stop"))],
    ] {
        assert_eq!(whole(&chunks).await.text(), "return n % 2", "{chunks:?}");
    }
}

#[tokio::test]
async fn stream_with_tool_calls_in_a_message_has_them() {
    let call = json!({ "id": "a", "function": { "name": "f", "arguments": "{}" } });
    let message = json!({ "role": "assistant", "content": "", "tool_calls": [call] });
    let response = whole(&[choice(0, "message", &message, Some("tool_calls"))]).await;
    assert_eq!(response.tool_calls().len(), 1);
}

/// Some hosts repeat the whole message in the last chunk.
#[tokio::test]
async fn stream_message_after_deltas_is_not_added_to_them() {
    let mut end = last("stop");
    end["choices"][0]["message"] = message("ab");
    let late = choice(0, "message", &message("ab"), Some("stop"));
    for end in [end, late] {
        let response = whole(&[text("a"), text("b"), end]).await;
        assert_eq!(response.text(), "ab");
        assert_eq!(response.choices[0].extra["message"]["content"], "ab");
    }
}

#[tokio::test]
async fn response_with_delta_or_text_in_place_of_message_is_read() {
    for (field, value) in [("delta", message("a")), ("text", json!("a"))] {
        let body = choice(0, field, &value, Some("stop")).to_string();
        let client = client_with(&scripted([reply(200, &body)]));
        let response = client.chat().complete(&question()).await.unwrap();
        assert_eq!(response.text(), "a", "{field}");
        let request = FimCompletionRequest::new("m", "f");
        let response = client.fim().complete(&request).await.unwrap();
        assert_eq!(response.text(), "a", "{field}");
        assert!(response.choices[0].extra.is_empty());
    }
    let mut both = choice(0, "message", &message("a"), Some("stop"));
    both["choices"][0]["delta"] = message("b");
    let response: ChatCompletionResponse = serde_json::from_value(both).unwrap();
    assert_eq!(response.text(), "a");
    assert_eq!(response.choices[0].extra["delta"]["content"], "b");
}
