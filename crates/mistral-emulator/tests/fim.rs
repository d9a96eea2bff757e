//! Code between a prompt and a suffix, whole and streamed.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may panic, in its helpers too"
)]

#[cfg(test)]
mod common;

use serde_json::{Value, json};

use common::{Answer, call, start};

fn fim(members: &Value) -> Answer {
    let mut request = json!({"model": "codestral-latest", "prompt": "def add(a, b):"});
    for (name, value) in members.as_object().unwrap() {
        request[name] = value.clone();
    }
    call(&start(), "POST", "/v1/fim/completions")
        .json(&request)
        .send()
}

fn filled(members: &Value) -> Value {
    let answer = fim(members);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn text(completion: &Value) -> &str {
    completion["choices"][0]["message"]["content"]
        .as_str()
        .unwrap()
}

#[test]
fn the_gap_is_filled() {
    let completion = filled(&json!({"suffix": "print(add(1, 2))"}));
    assert_eq!(
        text(&completion),
        " # The emulator goes on from `def add(a, b):` to `print(add(1, 2))`"
    );
    assert_eq!(completion["object"], "chat.completion");
    assert_eq!(completion["model"], "codestral-latest");
    assert!(completion["created"].is_u64());
    assert_eq!(completion["id"].as_str().unwrap().len(), 32);
    let choice = &completion["choices"][0];
    assert_eq!(choice["index"], 0);
    assert_eq!(choice["finish_reason"], "stop");
    assert_eq!(choice["message"]["role"], "assistant");
    // Three words before the gap, two behind it.
    assert_eq!(completion["usage"]["prompt_tokens"], 5);
    assert_eq!(completion["usage"]["total_tokens"], 18);
}

#[test]
fn the_pieces_are_the_whole() {
    let whole = filled(&json!({}));
    let answer = fim(&json!({"stream": true}));
    assert_eq!(answer.status, 200);
    let chunks = answer.chunks();
    let pieces = chunks
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str());
    assert_eq!(pieces.collect::<String>(), text(&whole));
    let last = chunks.last().unwrap();
    assert_eq!(last["choices"][0]["finish_reason"], "stop");
    assert_eq!(last["usage"], whole["usage"]);
    assert_eq!(answer.header("x-ratelimit-tokens-query-cost"), "12");
}

#[test]
fn the_length_can_be_bounded_from_both_sides() {
    let short = filled(&json!({"max_tokens": 3}));
    assert_eq!(text(&short), " # The emulator");
    assert_eq!(short["choices"][0]["finish_reason"], "length");
    let long = filled(&json!({"min_tokens": 50}));
    assert_eq!(long["usage"]["completion_tokens"], 50);
    let both = filled(&json!({"min_tokens": 50, "max_tokens": 20}));
    assert_eq!(both["usage"]["completion_tokens"], 20);
}

#[test]
fn a_stop_ends_the_text() {
    for stop in [json!(" goes"), json!(["never", " goes"])] {
        let stopped = filled(&json!({"stop": stop}));
        assert_eq!(text(&stopped), " # The emulator");
        assert_eq!(stopped["choices"][0]["finish_reason"], "stop");
    }
}

#[test]
fn mistakes_are_refused() {
    for members in [
        json!({"prompt": null}),
        json!({"prompt": ["a"]}),
        json!({"messages": []}),
        json!({"temperature": 2}),
        json!({"n": 2}),
    ] {
        assert_eq!(fim(&members).status, 422, "{members}");
    }
    let answer = fim(&json!({"model": "mistral-small-latest"}));
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json()["code"], "1500");
    assert_eq!(
        answer.json()["message"],
        "Invalid model: mistral-small-latest"
    );
}
