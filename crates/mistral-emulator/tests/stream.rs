//! Completions that come as events.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may panic, in its helpers too"
)]

#[cfg(test)]
mod common;

use serde_json::{Value, json};

use common::{chat, complete, prompt, prompt_with, start, stream, tool};

fn deltas(chunks: &[Value], index: u64) -> Vec<&Value> {
    let choices = chunks.iter().map(|chunk| &chunk["choices"][0]);
    choices
        .filter(|choice| choice["index"] == index)
        .map(|choice| &choice["delta"])
        .collect()
}

fn text(chunks: &[Value], index: u64) -> String {
    let contents = deltas(chunks, index)
        .into_iter()
        .map(|delta| &delta["content"]);
    contents.filter_map(Value::as_str).collect()
}

#[test]
fn the_pieces_are_the_whole() {
    let request = prompt("Who painted Olympia?");
    let chunks = stream(&request);
    let whole = complete(&request);
    assert_eq!(
        text(&chunks, 0),
        whole["choices"][0]["message"]["content"].as_str().unwrap()
    );
    assert_eq!(
        chunks[0]["choices"][0]["delta"],
        json!({"role": "assistant", "content": ""})
    );
    assert_eq!(
        chunks[1]["choices"][0]["delta"],
        json!({"content": "Édouard"})
    );
    for chunk in &chunks {
        assert_eq!(chunk["object"], "chat.completion.chunk");
        assert_eq!(chunk["id"], chunks[0]["id"]);
        assert_eq!(chunk["model"], "mistral-small-latest");
        assert!(chunk["created"].is_u64());
    }
    assert_eq!(chunks.last().unwrap()["usage"], whole["usage"]);
}

#[test]
fn only_the_last_chunk_finishes_and_counts() {
    let chunks = stream(&prompt("Hello"));
    let (last, others) = chunks.split_last().unwrap();
    assert_eq!(last["choices"][0]["finish_reason"], "stop");
    assert!(
        others
            .iter()
            .all(|chunk| chunk["choices"][0]["finish_reason"].is_null())
    );
    assert!(others.iter().all(|chunk| chunk.get("usage").is_none()));
    assert!(last["usage"]["total_tokens"].as_u64().unwrap() > 0);
}

#[test]
fn most_chunks_are_padded() {
    let chunks = stream(&prompt(
        "Tell me something with enough words to fill a few chunks",
    ));
    let padding: Vec<&str> = chunks
        .iter()
        .filter_map(|chunk| chunk["p"].as_str())
        .collect();
    assert!(
        padding.len() > chunks.len() / 2 && padding.len() < chunks.len(),
        "{padding:?}"
    );
    assert!(
        padding.iter().any(|text| text.len() != padding[0].len()),
        "{padding:?}"
    );
}

#[test]
fn choices_take_turns() {
    let chunks = stream(&prompt_with("Who painted Olympia?", &json!({"n": 2})));
    let order: Vec<u64> = chunks
        .iter()
        .map(|chunk| chunk["choices"][0]["index"].as_u64().unwrap())
        .collect();
    assert_eq!(order[..4], [0, 1, 0, 1]);
    assert_eq!(text(&chunks, 0), "Édouard Manet painted Olympia in 1863.");
    assert_eq!(
        text(&chunks, 1),
        "Édouard Manet painted Olympia in 1863. (Choice 2.)"
    );
    let finished = chunks
        .iter()
        .filter(|chunk| chunk["choices"][0]["finish_reason"] == "stop");
    assert_eq!(finished.count(), 2);
    let with_usage: Vec<bool> = chunks
        .iter()
        .map(|chunk| chunk.get("usage").is_some())
        .collect();
    assert_eq!(with_usage.iter().filter(|has| **has).count(), 1);
    assert_eq!(with_usage.last(), Some(&true));
}

#[test]
fn tool_calls_come_whole_in_the_last_chunk() {
    let members = json!({"tools": [tool("f", &json!({})), tool("g", &json!({}))]});
    let chunks = stream(&prompt_with("f and g", &members));
    assert_eq!(chunks.len(), 2);
    let choice = &chunks[1]["choices"][0];
    assert_eq!(choice["finish_reason"], "tool_calls");
    let calls = choice["delta"]["tool_calls"].as_array().unwrap();
    assert_eq!(calls.len(), 2);
    for (index, call) in calls.iter().enumerate() {
        assert_eq!(call["index"], index);
        assert_eq!(call["type"], "function");
        assert_eq!(call["function"]["arguments"], "{}");
        assert_eq!(call["id"].as_str().unwrap().len(), 9);
    }
}

#[test]
fn thoughts_stream_before_text() {
    let chunks = stream(&prompt_with(
        "Who painted Olympia?",
        &json!({"reasoning_effort": "high"}),
    ));
    let contents: Vec<&Value> = deltas(&chunks, 0)
        .into_iter()
        .skip(1)
        .map(|delta| &delta["content"])
        .collect();
    let first_text = contents
        .iter()
        .position(|content| content.is_string())
        .unwrap();
    assert!(first_text > 1, "{contents:?}");
    for content in &contents[..first_text] {
        assert_eq!(content[0]["type"], "thinking");
        assert_eq!(content[0]["thinking"][0]["type"], "text");
    }
    assert!(
        contents[first_text..]
            .iter()
            .all(|content| content.is_string())
    );
    assert_eq!(text(&chunks, 0), "Édouard Manet painted Olympia in 1863.");
}

#[test]
fn a_prefix_streams_too() {
    let mut request = prompt("Who painted Olympia?");
    let prefix = json!({"role": "assistant", "content": "As we know:", "prefix": true});
    request["messages"].as_array_mut().unwrap().push(prefix);
    assert!(text(&stream(&request), 0).starts_with("As we know: Édouard"));
}

#[test]
fn logprobs_come_with_their_pieces() {
    let members = json!({"logprobs": true, "prompt_logprobs": true});
    let chunks = stream(&prompt_with("Who painted Olympia?", &members));
    assert!(chunks[0]["choices"][0]["prompt_logprobs"]["content"].is_array());
    let choice = &chunks[2]["choices"][0];
    assert_eq!(
        choice["logprobs"]["content"][0]["token"],
        choice["delta"]["content"]
    );
}

#[test]
fn characters_of_several_bytes_stay_whole() {
    let sentence = "🙂🙃 日本語テキスト日本語テキスト Ünïcödé";
    let chunks = stream(&prompt(sentence));
    assert!(text(&chunks, 0).contains(sentence));
}

#[test]
fn a_bad_request_is_refused_before_the_stream() {
    let answer = chat(
        &start(),
        &prompt_with("a", &json!({"stream": true, "temperature": 9})),
    );
    assert_eq!(answer.status, 422);
    assert_eq!(answer.header("content-type"), "application/json");
}
