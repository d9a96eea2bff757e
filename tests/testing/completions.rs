//! Replies of a mock that are completions or embeddings.

use mistral_sdk::chat::{FinishReason, ToolCall, UsageInfo};
use mistral_sdk::embeddings::EmbeddingRequest;
use mistral_sdk::testing::{MockReply, MockTransport};
use mistral_sdk::{ErrorKind, RetryPolicy};
use serde_json::{Value, json};

use super::{chat_request, client};

const CALLS: [(&str, i64); 2] = [("first", 1), ("second", 2)];

fn calls() -> [(&'static str, Value); 2] {
    CALLS.map(|(name, number)| (name, json!({ "number": number })))
}

fn assert_are_calls(calls: &[ToolCall]) {
    assert_eq!(calls.len(), CALLS.len());
    for ((call, (name, number)), id) in calls.iter().zip(CALLS).zip(["mock00001", "mock00002"]) {
        assert_eq!(
            (call.function.name.as_str(), call.call_id()),
            (name, Some(id))
        );
        let arguments: Value = call.arguments().unwrap();
        assert_eq!(arguments, json!({ "number": number }));
    }
}

fn counts(usage: Option<UsageInfo>) -> [i64; 3] {
    let usage = usage.unwrap();
    [
        usage.prompt_tokens,
        usage.completion_tokens,
        usage.total_tokens,
    ]
}

#[tokio::test]
async fn mock_tool_calls_are_the_same_whole_and_streamed() {
    let mock = MockTransport::new()
        .reply(MockReply::tool_calls(calls()))
        .reply(MockReply::tool_calls_stream(calls()));
    let client = client(mock.clone());
    let whole = client.chat().complete(&chat_request("Why?")).await.unwrap();
    let stream = client.chat().stream(&chat_request("Why?")).await.unwrap();
    let streamed = stream.collect_response().await.unwrap();
    for response in [whole, streamed] {
        let choice = &response.choices[0];
        assert_are_calls(choice.message.tool_calls.as_ref().unwrap());
        assert_eq!(choice.finish_reason, Some(FinishReason::ToolCalls));
        assert_eq!(counts(response.usage), [1, 1, 2]);
    }
}

#[tokio::test]
async fn mock_usage_replaces_that_of_every_completion() {
    let mock = MockTransport::new()
        .reply(MockReply::chat("Hello").with_usage(1200, 80))
        .reply(MockReply::tool_calls(calls()).with_usage(1200, 80))
        .reply(MockReply::embeddings(1, 4).with_usage(7, 0))
        .reply(MockReply::chat_stream(["Hel", "lo"]).with_usage(1200, 80));
    let client = client(mock.clone());
    for _ in 0..2 {
        let response = client.chat().complete(&chat_request("Why?")).await.unwrap();
        assert_eq!(counts(response.usage), [1200, 80, 1280]);
    }
    let request = EmbeddingRequest::new("mistral-embed", "text");
    let response = client.embeddings().create(&request).await.unwrap();
    assert_eq!(counts(response.usage), [7, 0, 7]);
    let stream = client.chat().stream(&chat_request("Why?")).await.unwrap();
    let response = stream.collect_response().await.unwrap();
    assert_eq!(
        (counts(response.usage.clone()), response.text()),
        ([1200, 80, 1280], "Hello".into())
    );
}

#[tokio::test]
async fn mock_usage_of_a_reply_without_one_is_a_mistake() {
    let reply = MockReply::json(json!({ "data": [] })).with_usage(1, 1);
    let client = client(MockTransport::new().reply(reply));
    let error = client.models().list().retry(RetryPolicy::none()).await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(format!("{error:#}").contains("`with_usage`"), "{error:#}");
}

#[tokio::test]
async fn mock_embeddings_are_distinct_unit_vectors_and_reproducible() {
    let texts = ["a", "b", "c"];
    let request = EmbeddingRequest::new("mistral-embed", texts);
    let mut runs = Vec::new();
    for _ in 0..2 {
        let mock = MockTransport::new().reply(MockReply::embeddings(3, 1024));
        let response = client(mock.clone())
            .embeddings()
            .create(&request)
            .await
            .unwrap();
        assert_eq!(counts(response.usage.clone()), [3, 0, 3]);
        let vectors = response.to_f32().unwrap().into_iter();
        runs.push(
            vectors
                .map(|vector| vector.into_owned())
                .collect::<Vec<_>>(),
        );
    }
    assert_eq!(runs[0], runs[1]);
    for (index, vector) in runs[0].iter().enumerate() {
        assert_eq!(vector.len(), 1024);
        let length: f32 = vector.iter().map(|number| number * number).sum();
        assert!((length - 1.0).abs() < 1e-4, "{length}");
        for other in &runs[0][..index] {
            let cosine: f32 = vector.iter().zip(other).map(|(one, two)| one * two).sum();
            assert!(cosine < 0.99, "{cosine}");
        }
    }
}

#[tokio::test]
async fn mock_embeddings_reply_to_create_all() {
    let mock = MockTransport::new().reply_with(|request| {
        let inputs = request.json()["input"].as_array().map_or(1, Vec::len);
        MockReply::embeddings(inputs, 8)
    });
    let texts = (0..300).map(|number| number.to_string());
    let client = client(mock.clone());
    let vectors = client.embeddings().create_all("mistral-embed", texts);
    let response = vectors.collect_response().await.unwrap();
    let all = response.to_f32().unwrap();
    assert_eq!((all.len(), all[299].len()), (300, 8));
}
