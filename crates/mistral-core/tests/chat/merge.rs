//! Responses merged from the chunks of a stream.

use std::sync::Arc;

use mistral_core::ErrorKind;
use mistral_core::chat::{ChatCompletionResponse, FinishReason};
use mistral_core::testing::MockChunk;
use serde_json::{Value, json};

use super::chunks::{choice, chunk, cut, events, first, last, message, new, open, text, whole};
use crate::common::{DONE, bytes};

#[tokio::test]
async fn merge_joins_text_however_split() {
    let answer = "\"Olympia\", 1863,\n\tby Édouard Manet 🙂 \\ { } \u{7f}data: [DONE]".repeat(9);
    let mut chunks = vec![first()];
    chunks.extend(answer.chars().map(|char| text(&char.to_string())));
    chunks.push(last("stop"));
    let response = whole(&chunks).await;
    assert_eq!(response.text(), answer);
    let expected = json!({
        "id": "c1", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{
            "index": 0,
            "message": { "role": "assistant", "content": answer },
            "finish_reason": "stop",
        }],
    });
    assert_eq!(serde_json::to_value(&response).unwrap(), expected);
    let reread: ChatCompletionResponse = serde_json::from_value(expected).unwrap();
    assert_eq!(reread, response);
}

#[tokio::test]
async fn stream_chunks_share_strings_and_drop_padding() {
    let event = |text: &str, reason: &str, rest: &str| {
        bytes(format!(
            "data: {{\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":7,\
             \"model\":\"m\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}},\
             \"finish_reason\":{reason}}}]{rest}}}\n\n"
        ))
    };
    let pieces = vec![
        event("", "null", ""),
        event("a", "null", ""),
        event("b", "null", r#","p":"abc""#),
        event("\\u00e9", "null", r#","p":"abcdefghijk""#),
        event("\\\"", "null", ""),
        event("c", "null", r#","x":1,"p":"ab""#),
        event("d", "null", r#","p":"""#),
        event("", r#""stop""#, r#","usage":{"total_tokens":9},"p":"a""#),
        bytes(DONE),
    ];
    let mut stream = open(pieces).await;
    let mut chunks = Vec::new();
    while let Some(chunk) = stream.next().await {
        chunks.push(chunk.unwrap());
    }
    assert_eq!(chunks.len(), 8);
    for chunk in &chunks {
        assert!(Arc::ptr_eq(&chunk.id, &chunks[0].id), "{chunk:?}");
        assert!(Arc::ptr_eq(&chunk.model, &chunks[0].model), "{chunk:?}");
        assert!(Arc::ptr_eq(&chunk.object, &chunks[0].object), "{chunk:?}");
        assert_eq!((&*chunk.id, &*chunk.model), ("c1", "m"));
        assert_eq!(chunk.created, Some(7));
        assert!(!chunk.extra.contains_key("p"), "{chunk:?}");
    }
    let response = stream.collect_response().await.unwrap();
    assert_eq!(response.text(), "abé\"cd");
    assert_eq!(json!(response.extra), json!({ "x": 1 }));
    assert_eq!(response.usage.unwrap().total_tokens, 9);
}

#[tokio::test]
async fn collect_response_after_next_returns_the_whole() {
    let chunks = choice(["a", "b", "c"].map(|text| json!({ "content": text })));
    let expected = whole(&chunks).await;
    assert_eq!(expected.text(), "abc");
    for read_before in 0..=chunks.len() + 1 {
        let mut pieces = events(&chunks);
        pieces.push(bytes(DONE));
        let mut stream = open(pieces).await;
        for _ in 0..read_before {
            stream.next().await.transpose().unwrap();
        }
        let response = stream.collect_response().await.unwrap();
        assert_eq!(response, expected, "{read_before}");
    }
}

#[tokio::test]
async fn merge_keeps_choices_apart_by_index() {
    let content = |text: &str| json!({ "content": text });
    let both = json!([
        { "index": 1, "delta": { "content": "o" }, "finish_reason": null },
        { "index": 0, "delta": { "content": "a" }, "finish_reason": "length" },
    ]);
    let response = whole(&[
        new(1, json!({ "role": "assistant", "content": "" }), None),
        new(1, content("tw"), None),
        first(),
        new(0, content("on"), None),
        chunk(both),
        new(1, content(""), Some("stop")),
    ])
    .await;
    let facts: Vec<_> = response
        .choices
        .iter()
        .map(|choice| {
            let text = choice.message.text();
            (choice.index, text, choice.finish_reason.clone().unwrap())
        })
        .collect();
    let expected = [
        (0, "ona".into(), FinishReason::Length),
        (1, "two".into(), FinishReason::Stop),
    ];
    assert_eq!(facts, expected);
}

#[tokio::test]
async fn merge_takes_usage_from_any_chunk() {
    let usage = json!({ "prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3, "new": 4 });
    let with = |mut chunk: Value, usage: &Value| {
        chunk["usage"] = usage.clone();
        chunk
    };
    let null = Value::Null;
    for (name, end) in [
        ("finish chunk", vec![with(last("stop"), &usage)]),
        (
            "chunk of its own",
            vec![last("stop"), with(chunk(json!([])), &usage)],
        ),
        (
            "chunk without choices",
            vec![last("stop"), json!({ "id": "c1", "usage": usage })],
        ),
        (
            "null afterwards",
            vec![with(last("stop"), &usage), with(chunk(json!([])), &null)],
        ),
    ] {
        let start = vec![with(first(), &null), with(text("hi"), &null)];
        let response = whole(&[start, end].concat()).await;
        assert_eq!(response.text(), "hi", "{name}");
        assert_eq!(json!(response.usage), usage, "{name}");
        assert_eq!(response.choices.len(), 1, "{name}");
        assert_eq!((&*response.id, &*response.model), ("c1", "m"), "{name}");
    }
    assert_eq!(whole(&choice([])).await.usage, None);
}

#[tokio::test]
async fn merge_joins_thinking_apart_from_text() {
    let thinking = |parts: Value| json!({ "type": "thinking", "thinking": parts });
    let thought = |text: &str| thinking(json!([{ "type": "text", "text": text }]));
    let delta = |chunk: Value| json!({ "content": [chunk] });
    let reference = json!({ "type": "reference", "reference_ids": [1, "b"] });
    let tool = json!({ "type": "tool_reference", "tool": "web_search", "title": "t" });
    let seal = json!({ "type": "thinking", "thinking": [], "closed": true, "signature": "s" });
    let message = message([
        delta(thought("Let ")),
        delta(thought("me see")),
        delta(thinking(json!([reference, tool]))),
        delta(thought(".")),
        delta(seal),
        delta(thought("Once more.")),
        json!({ "content": "Ma" }),
        json!({ "content": [{ "type": "text", "text": "ne" }] }),
        json!({ "content": "t." }),
    ])
    .await;
    let parts = json!([
        { "type": "text", "text": "Let me see" },
        reference,
        tool,
        { "type": "text", "text": "." },
    ]);
    let expected = json!([
        { "type": "thinking", "thinking": parts, "closed": true, "signature": "s" },
        thought("Once more."),
        { "type": "text", "text": "Manet." },
    ]);
    assert_eq!(message["content"], expected);
}

#[tokio::test]
async fn merge_of_strings_and_chunks_is_one_list() {
    let hologram = json!({ "type": "hologram", "size": 3 });
    let reference = json!({ "type": "reference", "reference_ids": [7] });
    let message = message([
        json!({ "content": "See " }),
        json!({ "content": null }),
        json!({ "content": "this" }),
        json!({ "content": [reference] }),
        json!({ "content": [hologram, hologram] }),
        json!({ "content": "" }),
        json!({ "content": [hologram] }),
        json!({ "content": "." }),
    ])
    .await;
    let expected = json!([
        { "type": "text", "text": "See this" },
        reference, hologram, hologram, hologram,
        { "type": "text", "text": "." },
    ]);
    assert_eq!(message["content"], expected);
}

#[tokio::test]
async fn merge_keeps_server_tool_messages_apart() {
    let said = json!({
        "role": "tool", "content": "found", "tool_call_id": "a", "index": 1, "metadata": { "x": 1 },
    });
    let response = whole(&choice([said.clone(), json!({ "content": "Manet." })])).await;
    assert_eq!(response.text(), "Manet.");
    assert_eq!(json!(response.choices[0].messages), json!([said]));
}

#[tokio::test]
async fn merge_concatenates_logprobs() {
    let token = |token: &str| json!({ "token": token, "logprob": -0.5, "token_id": 1, "new": 2 });
    let with = |logprobs: Value, finish_reason: Option<&str>| {
        chunk(json!([{
            "index": 0, "delta": { "content": "x" }, "finish_reason": finish_reason,
            "logprobs": logprobs, "prompt_logprobs": logprobs,
        }]))
    };
    let response = whole(&[
        with(json!({ "content": [token("a"), token("b")] }), None),
        with(Value::Null, None),
        with(
            json!({ "content": [token("c")], "refusal": "no" }),
            Some("stop"),
        ),
    ])
    .await;
    let tokens = json!({ "content": [token("a"), token("b"), token("c")], "refusal": "no" });
    assert_eq!(json!(response.choices[0].logprobs), tokens);
    assert_eq!(json!(response.choices[0].prompt_logprobs), tokens);
}

#[tokio::test]
async fn merge_keeps_unknown_fields() {
    let call = json!([{ "id": "a", "new_c": 3, "function": { "name": "f", "new_f": 4 } }]);
    let response = whole(&[
        json!({ "id": "c1", "new_1": { "a": 1 }, "p": "x", "choices": [
            { "new_2": 2, "delta": { "new_3": 3, "content": "a", "tool_calls": call } },
        ] }),
        json!({ "id": "c1", "new_4": null, "p": "y", "choices": [
            { "new_5": 5, "delta": { "new_6": 6, "content": "b" }, "finish_reason": "sleepy" },
        ] }),
    ])
    .await;
    let choice = &response.choices[0];
    assert_eq!(
        json!(response.extra),
        json!({ "new_1": { "a": 1 }, "new_4": null })
    );
    assert_eq!(json!(choice.extra), json!({ "new_2": 2, "new_5": 5 }));
    assert_eq!(
        json!(choice.message.extra),
        json!({ "new_3": 3, "new_6": 6 })
    );
    assert_eq!(json!(response.tool_calls()[0].extra), json!({ "new_c": 3 }));
    assert_eq!(
        json!(response.tool_calls()[0].function.extra),
        json!({ "new_f": 4 })
    );
    assert_eq!(choice.finish_reason, Some("sleepy".into()));
    assert_eq!(response.text(), "ab");
}

#[tokio::test]
async fn stream_cut_is_truncated_with_partial() {
    let start = [first(), text("Hel"), text("lo")];
    let other = [
        first(),
        text("Hello"),
        last("stop"),
        new(1, json!({}), None),
    ];
    let broken = || vec![MockChunk::Break];
    for (name, error) in [
        ("closed", cut(&start, vec![]).await),
        ("broken", cut(&start, broken()).await),
        ("one choice of two", cut(&other, vec![]).await),
    ] {
        assert_eq!(error.kind(), ErrorKind::Truncated, "{name}");
        let partial = error.partial::<ChatCompletionResponse>().unwrap();
        assert_eq!(partial.text(), "Hello", "{name}");
        assert_eq!((&*partial.id, &*partial.model), ("c1", "m"), "{name}");
    }
}

#[tokio::test]
async fn stream_with_all_finish_reasons_needs_no_done() {
    let second = new(1, json!({ "content": "b" }), Some("tool_calls"));
    for chunks in [
        vec![first(), text("a"), last("stop")],
        vec![first(), text("a"), last("length"), second],
        vec![
            text("a"),
            last("stop"),
            json!({ "usage": { "total_tokens": 1 } }),
        ],
    ] {
        let response = open(events(&chunks)).await.collect_response().await;
        assert_eq!(response.unwrap().text(), "a");
    }
}

#[tokio::test]
async fn collect_response_after_failed_next_is_truncated() {
    let mut stream = open(events(&[first(), text("Hel")])).await;
    while let Some(Ok(_)) = stream.next().await {}
    let error = stream.collect_response().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated);
    let partial = error.partial::<ChatCompletionResponse>().unwrap();
    assert_eq!(partial.text(), "Hel");
}

#[tokio::test]
async fn merge_usage_that_is_absent_does_not_replace_an_earlier_one() {
    let mut end = last("stop");
    end["usage"] = json!({
        "prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7, "num_cached_tokens": 3,
        "prompt_tokens_details": { "cached_tokens": 3 }, "service_tier": "standard", "x": 1,
    });
    for later in [
        json!({ "usage": { "output_tokens": 0 } }),
        json!({ "choices": [], "usage": {} }),
        json!({ "choices": [], "usage": null }),
        json!({ "choices": [], "usage": "none" }),
        json!({ "choices": [], "usage": { "prompt_tokens": 0, "total_tokens": null } }),
        json!({ "choices": [], "usage": { "prompt_tokens_details": { "audio_tokens": 0 } } }),
    ] {
        let response = whole(&[first(), end.clone(), later.clone()]).await;
        let usage = response.usage.unwrap();
        let counts = (
            usage.prompt_tokens,
            usage.completion_tokens,
            usage.total_tokens,
        );
        assert_eq!(counts, (5, 2, 7), "{later}");
        assert_eq!(usage.cached_tokens(), 3, "{later}");
        assert_eq!(usage.num_cached_tokens, Some(3), "{later}");
        assert_eq!(usage.service_tier.as_deref(), Some("standard"));
        assert_eq!(usage.extra["x"], 1);
    }
}

#[tokio::test]
async fn merge_usage_in_parts_and_growing_is_the_latest_of_each_count() {
    let usage = |usage: Value| json!({ "choices": [], "usage": usage });
    let response = whole(&[
        usage(json!({ "prompt_tokens": 5 })),
        usage(json!({ "prompt_tokens": 5, "completion_tokens": 1, "total_tokens": 6 })),
        last("stop"),
        usage(json!({ "completion_tokens": 2, "total_tokens": 7, "output_tokens": 2 })),
    ])
    .await;
    let usage = response.usage.unwrap();
    let counts = (
        usage.prompt_tokens,
        usage.completion_tokens,
        usage.total_tokens,
    );
    assert_eq!(counts, (5, 2, 7));
    assert_eq!(usage.extra["output_tokens"], 2);
}

/// vLLM and others stream the reasoning beside the content.
#[tokio::test]
async fn merge_joins_reasoning_that_other_servers_stream() {
    let delta = |delta: Value| json!({ "choices": [{ "index": 0, "delta": delta }] });
    for field in ["reasoning_content", "reasoning"] {
        let chunks = [
            delta(json!({ field: "First, ", "provider": "a" })),
            delta(json!({ field: "then.", "provider": "b" })),
            delta(json!({ field: null, "content": "Yes" })),
            last("stop"),
        ];
        let response = whole(&chunks).await;
        assert_eq!(response.text(), "Yes");
        let message = &response.choices[0].message;
        assert_eq!(message.extra[field], "First, then.");
        assert_eq!(message.extra["provider"], "b"); // any other field is the latest
    }
}
