//! Fill-in-the-middle completions, unary and streamed.

use serde_json::{Value, json};

use crate::client::{RawResponse, api_request, start};

fn post_fim(members: &Value) -> RawResponse {
    let mut request = json!({"model": "codestral-latest", "prompt": "def add(a, b):"});
    for (name, value) in members.as_object().unwrap() {
        request[name] = value.clone();
    }
    api_request(&start(), "POST", "/v1/fim/completions")
        .json(&request)
        .send()
}

fn fim_completion(members: &Value) -> Value {
    let response = post_fim(members);
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()
}

fn text(completion: &Value) -> &str {
    completion["choices"][0]["message"]["content"]
        .as_str()
        .unwrap()
}

#[test]
fn fim_completes_between_prompt_and_suffix() {
    let completion = fim_completion(&json!({"suffix": "print(add(1, 2))"}));
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
    // Three words in the prompt, two in the suffix.
    assert_eq!(completion["usage"]["prompt_tokens"], 5);
    assert_eq!(completion["usage"]["total_tokens"], 18);
}

#[test]
fn fim_sse_deltas_join_to_text() {
    let whole = fim_completion(&json!({}));
    let response = post_fim(&json!({"stream": true}));
    assert_eq!(response.status, 200);
    let chunks = response.chunks();
    let deltas = chunks
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str());
    assert_eq!(deltas.collect::<String>(), text(&whole));
    let last = chunks.last().unwrap();
    assert_eq!(last["choices"][0]["finish_reason"], "stop");
    assert_eq!(last["usage"], whole["usage"]);
    assert_eq!(response.header("x-ratelimit-tokens-query-cost"), "12");
}

#[test]
fn fim_min_and_max_tokens_bound_length() {
    let short = fim_completion(&json!({"max_tokens": 3}));
    assert_eq!(text(&short), " # The emulator");
    assert_eq!(short["choices"][0]["finish_reason"], "length");
    let long = fim_completion(&json!({"min_tokens": 50}));
    assert_eq!(long["usage"]["completion_tokens"], 50);
    let both = fim_completion(&json!({"min_tokens": 50, "max_tokens": 20}));
    assert_eq!(both["usage"]["completion_tokens"], 20);
}

#[test]
fn fim_stop_sequence_ends_text() {
    for stop in [json!(" goes"), json!(["never", " goes"])] {
        let stopped = fim_completion(&json!({"stop": stop}));
        assert_eq!(text(&stopped), " # The emulator");
        assert_eq!(stopped["choices"][0]["finish_reason"], "stop");
    }
}

#[test]
fn fim_invalid_request_is_rejected() {
    for members in [
        json!({"prompt": null}),
        json!({"prompt": ["a"]}),
        json!({"messages": []}),
        json!({"temperature": 2}),
        json!({"n": 2}),
    ] {
        assert_eq!(post_fim(&members).status, 422, "{members}");
    }
    let response = post_fim(&json!({"model": "mistral-small-latest"}));
    assert_eq!(response.status, 400);
    assert_eq!(response.json()["code"], "1500");
    assert_eq!(
        response.json()["message"],
        "Invalid model: mistral-small-latest"
    );
}
