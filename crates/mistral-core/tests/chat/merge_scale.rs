//! Streams that would take quadratic time: with twice the chunks, the time must not be four times
//! as long. Each of them took seconds, or minutes in a build for tests.

use mistral_core::chat::ChatCompletionResponse;
use serde_json::json;

use super::chunks::{last, new, whole};

#[tokio::test]
async fn merge_20_000_tool_calls_takes_linear_time() {
    const CALLS: usize = 20_000;
    let mut chunks: Vec<_> = (0..CALLS)
        .map(|at| {
            let function = json!({ "name": "f", "arguments": "{}" });
            let call = json!({ "id": format!("call{at}"), "index": at, "function": function });
            new(0, json!({ "tool_calls": [call] }), None)
        })
        .collect();
    chunks.push(last("tool_calls"));
    let response: ChatCompletionResponse = whole(&chunks).await;
    assert_eq!(response.tool_calls().len(), CALLS);
}

#[tokio::test]
async fn merge_20_000_choices_in_any_order_takes_linear_time() {
    const CHOICES: i64 = 20_000;
    let pieces = |text: &'static str, reason| {
        let indices = (0..CHOICES).rev();
        indices.map(move |index| new(index, json!({ "content": text }), reason))
    };
    let chunks: Vec<_> = pieces("a", None).chain(pieces("b", Some("stop"))).collect();
    let response = whole(&chunks).await;
    assert_eq!(response.choices.len(), CHOICES as usize);
    for (index, choice) in (0..).zip(&response.choices) {
        assert_eq!(choice.index, index);
        assert_eq!(choice.message.text(), "ab");
    }
}

#[tokio::test]
async fn merge_arguments_in_20_000_fragments_takes_linear_time() {
    const FRAGMENTS: usize = 20_000;
    let fragment = |arguments: &str| {
        let function = json!({ "name": "f", "arguments": arguments });
        let call = json!({ "id": "c", "index": 0, "function": function });
        new(0, json!({ "tool_calls": [call] }), None)
    };
    let mut chunks = vec![fragment("{\"a\":[{}")];
    chunks.extend(vec![fragment(",{\"b\":1}"); FRAGMENTS]);
    chunks.push(fragment("]}"));
    chunks.push(last("tool_calls"));
    let response = whole(&chunks).await;
    let [call] = response.tool_calls() else {
        panic!("{} calls", response.tool_calls().len());
    };
    let arguments: serde_json::Value = call.arguments().unwrap();
    assert_eq!(arguments["a"].as_array().unwrap().len(), FRAGMENTS + 1);
}

#[tokio::test]
async fn stream_error_of_many_documents_takes_linear_time() {
    let documents: String = (0..200_000)
        .map(|at| format!("{{\"message\":\"a{at}\"}}"))
        .collect();
    let wire = crate::common::bytes(format!("event: error\ndata: {documents}\n\n"));
    let stream = super::chunks::open(vec![wire]).await;
    let error = stream.collect_response().await.unwrap_err();
    assert!(error.message().contains("a0 a1"), "{error}");
    assert!(error.api().unwrap().body.len() <= 1024 * 1024);
}
