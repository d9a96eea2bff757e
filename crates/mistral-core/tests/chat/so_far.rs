//! The part of a response that has arrived, while its stream goes on.

use mistral_core::testing::MockReply;
use serde_json::{Value, json};

use crate::common::{client_with, question, scripted};

fn chunk(delta: &Value, finish_reason: Option<&str>) -> Value {
    json!({
        "id": "s1",
        "model": "m",
        "choices": [{ "index": 0, "delta": delta, "finish_reason": finish_reason }],
    })
}

#[tokio::test]
async fn so_far_of_stream_grows_with_chunks_and_leaves_it_open() {
    let mut last = chunk(&json!({ "content": "." }), Some("stop"));
    last["usage"] = json!({ "prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5 });
    let mock = scripted([MockReply::sse([
        chunk(&json!({ "role": "assistant", "content": "Ma" }), None),
        chunk(&json!({ "content": "net" }), None),
        last,
    ])]);
    let mut stream = client_with(&mock).chat().stream(&question()).await.unwrap();
    assert!(stream.so_far().choices.is_empty());
    for expected in ["Ma", "Manet"] {
        stream.next().await.unwrap().unwrap();
        let so_far = stream.so_far();
        assert_eq!(so_far.text(), expected);
        assert_eq!((so_far.id.as_str(), so_far.usage), ("s1", None));
        assert_eq!(so_far.choices[0].finish_reason, None);
    }
    stream.next().await.unwrap().unwrap();
    assert_eq!(stream.so_far().usage.unwrap().total_tokens, 5);
    assert!(stream.next().await.is_none());
    assert_eq!(stream.so_far().text(), "Manet."); // the end does not take it away
    let so_far = stream.so_far();
    assert_eq!(stream.collect_response().await.unwrap(), so_far);
}

#[tokio::test]
async fn so_far_joins_pieces_of_tool_calls() {
    let call = |piece: Value| chunk(&json!({ "tool_calls": [piece] }), None);
    let first = json!({ "id": "D681PevKs", "index": 0,
        "function": { "name": "get_weather", "arguments": "{\"city\":" } });
    let second = json!({ "index": 0, "function": { "name": "", "arguments": " \"Paris\"}" } });
    let mock = scripted([MockReply::sse([call(first), call(second)]).with_stall_after(2)]);
    let mut stream = client_with(&mock).chat().stream(&question()).await.unwrap();
    stream.next().await.unwrap().unwrap();
    stream.next().await.unwrap().unwrap();
    let calls = stream.so_far().choices[0].message.tool_calls.clone();
    let calls = calls.unwrap();
    assert_eq!(calls.len(), 1);
    let arguments: Value = calls[0].arguments().unwrap();
    assert_eq!(arguments, json!({ "city": "Paris" }));
}

#[tokio::test]
async fn so_far_after_a_broken_connection_is_the_partial_response() {
    let reply = MockReply::chat_stream(["Ma", "net", "."]).with_break_after(2);
    let mut stream = client_with(&scripted([reply]))
        .chat()
        .stream(&question())
        .await
        .unwrap();
    let mut error = None;
    while let Some(chunk) = stream.next().await {
        error = chunk.err();
    }
    let partial = error.unwrap();
    assert_eq!(Some(&stream.so_far()), partial.partial());
    assert_eq!(stream.so_far().text(), "Manet");
}
