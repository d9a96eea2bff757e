//! Parts of a response that are not what their type says: they are kept, and the parts beside them
//! are read.

use mistral_core::ErrorKind;
use mistral_core::chat::ChatCompletionResponse;
use mistral_core::messages::{Arguments, AssistantMessage, Content, ContentChunk, Message};
use mistral_core::models::{ModelCard, ModelList};
use mistral_core::ocr::{Document, OcrRequest};
use serde_json::{Value, json};

use crate::common::{DONE, bytes, client_with, question, reply, scripted, sse};

fn odd_chunks() -> Vec<Value> {
    vec![
        json!({ "type": "thinking", "thinking": "hm" }),
        json!({ "type": "reference", "reference_ids": null }),
        json!({ "type": "text", "text": null }),
        json!({ "text": 5, "type": "text" }),
        json!({ "type": "image_url" }),
        json!({ "type": "image_url", "image_url": 7 }),
        json!({ "type": "document_url", "document_url": { "url": "x" } }),
        json!({ "type": "input_audio", "input_audio": ["x"] }),
        json!({ "type": "file", "file": { "file_id": "f" } }),
        json!({ "type": ["text"], "text": "x" }),
    ]
}

fn with_content(content: &Value, key: &str) -> Value {
    let message = json!({ "role": "assistant", "content": content });
    json!({ "choices": [{ "index": 0, key: message, "finish_reason": "stop" }] })
}

fn check(response: &ChatCompletionResponse, odd: &Value) {
    assert_eq!(response.text(), "ab", "{odd}");
    let content = response.choices[0].message.content.as_ref().unwrap();
    let unknown = ContentChunk::Unknown(odd.clone());
    assert!(content.chunks().contains(&unknown), "{content:?}");
    let written = serde_json::to_value(content).unwrap();
    assert!(written.as_array().unwrap().contains(odd), "{written}");
}

#[tokio::test]
async fn content_chunk_that_cannot_be_read_is_kept_as_unknown() {
    for odd in odd_chunks() {
        let text = |text: &str| json!({ "type": "text", "text": text });
        let content = json!([text("a"), odd, text("b")]);
        let body = with_content(&content, "message").to_string();
        let client = client_with(&scripted([reply(200, &body)]));
        check(&client.chat().complete(&question()).await.unwrap(), &odd);

        let event = format!("data: {}\n\n{DONE}", with_content(&content, "delta"));
        let client = client_with(&scripted([sse([bytes(event)])]));
        let stream = client.chat().stream(&question()).await.unwrap();
        check(&stream.collect_response().await.unwrap(), &odd);
    }
}

#[test]
fn nested_member_that_cannot_be_read_leaves_the_outer_one() {
    let odd = json!({ "type": "text" });
    let thinking = json!([{ "type": "text", "text": "hm" }, odd]);
    let message: AssistantMessage = serde_json::from_value(json!({
        "content": [{ "type": "thinking", "thinking": thinking }, { "type": "text", "text": "a" }],
    }))
    .unwrap();
    assert_eq!(
        (message.text(), message.thinking()),
        ("a".into(), "hm".into())
    );
    let ContentChunk::Thinking(thinking) = &message.content.as_ref().unwrap().chunks()[0] else {
        panic!("{message:?}");
    };
    assert_eq!(thinking.thinking[1], ContentChunk::Unknown(odd));
}

#[tokio::test]
async fn content_that_is_one_object_is_one_chunk() {
    let chunk = json!({ "type": "text", "text": "a" });
    for content in [chunk.clone(), json!([chunk])] {
        let body = with_content(&content, "message").to_string();
        let client = client_with(&scripted([reply(200, &body)]));
        let response = client.chat().complete(&question()).await.unwrap();
        assert_eq!(response.text(), "a", "{content}");

        let event = format!("data: {}\n\n{DONE}", with_content(&content, "delta"));
        let client = client_with(&scripted([sse([bytes(event)])]));
        let stream = client.chat().stream(&question()).await.unwrap();
        assert_eq!(stream.collect_response().await.unwrap().text(), "a");
    }
    for content in [json!({}), json!({ "parts": ["a"] })] {
        let read: Content = serde_json::from_value(content.clone()).unwrap();
        assert_eq!(read.chunks(), [ContentChunk::Unknown(content)]);
        assert_eq!(
            serde_json::from_str::<Content>(&serde_json::to_string(&read).unwrap()).unwrap(),
            read
        );
    }
}

#[test]
fn tool_call_arguments_of_any_form_are_read() {
    for (arguments, expected) in [
        (json!([]), Some(json!({}))),
        (json!(null), Some(json!({}))),
        (json!(""), Some(json!({}))),
        (json!({ "a": 1 }), Some(json!({ "a": 1 }))),
        (json!("{\"a\":1}"), Some(json!({ "a": 1 }))),
        (json!([1]), Some(json!([1]))),
        (json!(5), Some(json!(5))),
        (json!(false), Some(json!(false))),
    ] {
        let call = json!({ "id": "a", "function": { "name": "f", "arguments": arguments } });
        let message = json!({ "content": "", "tool_calls": [call] });
        let response: ChatCompletionResponse =
            serde_json::from_value(json!({ "choices": [{ "message": message }] })).unwrap();
        let call = &response.tool_calls()[0];
        assert_eq!(call.arguments::<Value>().ok(), expected, "{arguments}");
    }
    let empty = json!({ "function": { "name": "f", "arguments": [] } });
    let call: mistral_core::messages::ToolCall = serde_json::from_value(empty).unwrap();
    let none = Arguments::Object(serde_json::Map::new());
    assert_eq!(call.function.arguments, none);
}

#[tokio::test]
async fn list_with_members_that_cannot_be_read_keeps_the_others() {
    let list = r#"{"data":[{"id":"a"},{"type":"base","created":1},{"id":5,"type":"fine-tuned"}]}"#;
    let client = client_with(&scripted([reply(200, list)]));
    let models: ModelList = client.models().list().await.unwrap();
    assert_eq!(models.data.len(), 3);
    assert!(matches!(models.data[0], ModelCard::Base(_)));
    assert!(matches!(models.data[1], ModelCard::Unknown(_)));

    let page = r#"{"index":0,"markdown":"x","blocks":[{"type":"text","content":"c"},{"type":"text","content":null}]}"#;
    let body = format!(r#"{{"pages":[{page}]}}"#);
    let client = client_with(&scripted([reply(200, &body)]));
    let request = OcrRequest::new("m", Document::url("https://x.test/a.pdf"));
    let response = client.ocr().process(&request).await.unwrap();
    assert_eq!(response.pages[0].blocks.as_ref().unwrap().len(), 2);
}

#[tokio::test]
async fn member_that_is_the_whole_response_must_be_readable() {
    for (body, kind, words) in [
        (r#"{"created":1}"#, ErrorKind::Decode, "`id`"),
        (
            r#"{"error":{"message":"no luck"}}"#,
            ErrorKind::Server,
            "no luck",
        ),
        (r#"{"message":"no luck"}"#, ErrorKind::Server, "no luck"),
    ] {
        let client = client_with(&scripted([reply(200, body)]));
        let error = client.models().retrieve("m").await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(words), "{error}");
        let error = client.fine_tuning().jobs().get("j").await;
        if kind == ErrorKind::Server {
            assert!(error.unwrap_err().to_string().contains(words));
        }
    }
}

#[test]
fn message_of_a_history_that_cannot_be_read_is_kept() {
    let odd = json!({ "role": "tool", "tool_call_id": "a" });
    let history = json!([{ "role": "user", "content": "hi" }, odd]);
    let read: Vec<Message> = serde_json::from_value(history.clone()).unwrap();
    assert_eq!(read[1], Message::Unknown(odd));
    assert_eq!(serde_json::to_value(&read).unwrap(), history);
}

/// Every member is a text of its own to the parser, which counts its levels only.
#[test]
fn nesting_of_members_is_bounded() {
    const DEPTH: usize = 100_000;
    let nested = |depth: usize| {
        let (open, close) = (r#"{"type":"thinking","thinking":["#, "]}");
        format!("[{}{}]", open.repeat(depth), close.repeat(depth))
    };
    let content: Content = serde_json::from_str(&nested(60)).unwrap();
    assert_eq!(content.chunks().len(), 1);
    assert!(serde_json::from_str::<Content>(&nested(DEPTH)).is_err());
    let late = nested(DEPTH)
        .replace(r#""type":"thinking","#, "")
        .replace("]}", r#"],"type":"thinking"}"#);
    assert!(serde_json::from_str::<Content>(&late).is_err());
}
