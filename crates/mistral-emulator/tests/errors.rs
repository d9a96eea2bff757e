//! What is refused, in the server's own words, and the headers of every answer.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may panic, in its helpers too"
)]

#[cfg(test)]
mod common;

use std::collections::HashSet;

use mistral_emulator::Emulator;
use serde_json::{Value, json};

use common::{Answer, bare, call, chat, prompt, prompt_with, start, tool};

#[track_caller]
fn assert_coded(answer: &Answer, status: u16, kind: &str, code: Option<&str>, message: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(
        answer.json(),
        json!({
            "object": "error", "message": message, "type": kind, "param": null,
            "code": code, "raw_status_code": status,
        })
    );
}

/// The one problem that a 422 reports.
#[track_caller]
fn problem(request: &Value) -> Value {
    let answer = chat(&start(), request);
    assert_eq!(answer.status, 422, "{}", answer.text());
    let body = answer.json();
    assert_eq!(body["object"], "error");
    assert_eq!(body["type"], "invalid_request_error");
    assert_eq!(body["raw_status_code"], 422);
    let problems = body["message"]["detail"].as_array().unwrap();
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems[0].clone()
}

#[test]
fn the_key_is_checked() {
    let emulator = Emulator::builder().api_key("right").start().unwrap();
    let ask = |key: Option<&str>| {
        let request = bare(&emulator, "GET", "/v1/models");
        key.map_or(request.clone(), |key| request.header("authorization", key))
            .send()
    };
    for missing in [None, Some("Bearer"), Some("Basic right"), Some("right")] {
        let answer = ask(missing);
        assert_eq!(answer.status, 401, "{missing:?}");
        assert_eq!(answer.json(), json!({"detail": "Unauthorized"}));
    }
    let answer = ask(Some("Bearer wrong"));
    assert_eq!(answer.status, 401);
    assert_eq!(answer.json(), json!({"detail": "Invalid API Key"}));
    assert_eq!(ask(Some("Bearer right")).status, 200);
}

#[test]
fn unknown_paths_and_methods_are_refused() {
    let emulator = start();
    let answer = call(&emulator, "GET", "/v1/nothing").send();
    assert_eq!(
        (answer.status, answer.json()),
        (404, json!({"detail": "Not Found"}))
    );
    let answer = call(&emulator, "POST", "/chat/completions").send();
    assert_eq!(answer.status, 404);
    assert_eq!(
        answer.json(),
        json!({
            "message": "no Route matched with those values",
            "request_id": answer.header("mistral-correlation-id"),
        })
    );
    let answer = call(&emulator, "GET", "/v1/chat/completions").send();
    assert_eq!(
        (answer.status, answer.json()),
        (405, json!({"detail": "Method Not Allowed"}))
    );
}

#[test]
fn a_body_must_be_a_json_object() {
    let emulator = start();
    let send = |content_type: &str, body: &str| {
        let call = call(&emulator, "POST", "/v1/chat/completions");
        let answer = call.header("content-type", content_type).body(body).send();
        assert_eq!(answer.status, 422, "{}", answer.text());
        answer.json()["message"]["detail"][0]["type"].clone()
    };
    assert_eq!(send("application/json", "{"), "json_invalid");
    assert_eq!(send("application/json", ""), "json_invalid");
    assert_eq!(send("application/json", "[]"), "model_attributes_type");
    let good = prompt("Hello").to_string();
    assert_eq!(send("text/plain", &good), "model_attributes_type");
}

#[test]
fn an_unknown_field_is_refused_wherever_it_is() {
    assert_eq!(
        problem(&prompt_with("a", &json!({"storee": true}))),
        json!({
            "type": "extra_forbidden", "loc": ["body", "storee"],
            "msg": "Extra inputs are not permitted", "input": true,
        })
    );
    let of_message = json!([{"role": "user", "content": "a", "name": "b"}]);
    let of_chunk = json!([{"role": "user", "content": [{"type": "text", "text": "a", "b": 1}]}]);
    let extra_tool =
        json!([{"type": "function", "function": {"name": "f", "parameters": {}}, "x": 1}]);
    for (members, place) in [
        (
            json!({"messages": of_message}),
            json!(["body", "messages", 0, "user", "name"]),
        ),
        (
            json!({"messages": of_chunk}),
            json!(["body", "messages", 0, "user", "content", 0, "text", "b"]),
        ),
        (
            json!({"tools": extra_tool}),
            json!(["body", "tools", 0, "function", "x"]),
        ),
        (
            json!({"response_format": {"type": "text", "x": 1}}),
            json!(["body", "response_format", "x"]),
        ),
    ] {
        let problem = problem(&prompt_with("a", &members));
        assert_eq!(problem["type"], "extra_forbidden");
        assert_eq!(problem["loc"], place);
    }
}

#[test]
fn missing_fields_are_named() {
    let mut request = prompt("a");
    request.as_object_mut().unwrap().remove("messages");
    let found = problem(&request);
    assert_eq!(found["type"], "missing");
    assert_eq!(found["loc"], json!(["body", "messages"]));
    let format = json!({"response_format": {"type": "json_schema"}});
    let found = problem(&prompt_with("a", &format));
    assert_eq!(
        found["loc"],
        json!(["body", "response_format", "json_schema"])
    );
}

#[test]
fn values_outside_their_range_are_refused() {
    for (members, kind) in [
        (json!({"temperature": 1.6}), "less_than_equal"),
        (json!({"top_p": -0.1}), "greater_than_equal"),
        (json!({"n": 0}), "greater_than_equal"),
        (json!({"presence_penalty": 3}), "less_than_equal"),
        (json!({"max_tokens": "9"}), "int_type"),
        (json!({"stream": "true"}), "bool_type"),
        (json!({"tool_choice": "always"}), "enum"),
        (json!({"service_tier": "gold"}), "enum"),
        (json!({"reasoning_effort": "huge"}), "enum"),
        (json!({"response_format": {"type": "xml"}}), "enum"),
        (json!({"messages": "hello"}), "list_type"),
        (
            json!({"messages": [{"role": "developer", "content": "a"}]}),
            "union_tag_invalid",
        ),
        (json!({"tools": [{"type": "hammer"}]}), "union_tag_invalid"),
    ] {
        assert_eq!(
            problem(&prompt_with("a", &members))["type"],
            kind,
            "{members}"
        );
    }
}

#[test]
fn unknown_and_unfit_models_are_refused() {
    for name in ["mistral-huge", "", "mistral-embed"] {
        let answer = chat(&start(), &prompt_with("a", &json!({"model": name})));
        let message = format!("Invalid model: {name}");
        assert_coded(&answer, 400, "invalid_model", Some("1500"), &message);
    }
}

#[test]
fn the_order_of_messages_matters() {
    let messages = json!([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]);
    assert_coded(
        &chat(&start(), &prompt_with("a", &json!({"messages": messages}))),
        400,
        "invalid_request_message_order",
        Some("3230"),
        "Expected last role User or Tool (or Assistant with prefix True) for serving but got assistant",
    );
}

#[test]
fn ids_of_tool_calls_have_their_form() {
    let call = json!({"id": "call_1", "function": {"name": "f", "arguments": "{}"}});
    let messages = json!([
        {"role": "user", "content": "a"},
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "b"},
    ]);
    assert_coded(
        &chat(&start(), &prompt_with("a", &json!({"messages": messages}))),
        400,
        "invalid_function_call",
        Some("3280"),
        "Tool call id was call_1 but must be a-z, A-Z, 0-9, with a length of 9.",
    );
}

#[test]
fn settings_that_exclude_each_other_are_refused() {
    let schema = json!({"type": "json_schema", "json_schema": {"name": "a", "schema": {}}});
    let tools = json!([tool("f", &json!({}))]);
    let named = json!({"type": "function", "function": {"name": "g"}});
    for members in [
        json!({"response_format": schema, "tools": tools, "tool_choice": "any"}),
        json!({"tool_choice": "any"}),
        json!({"tools": tools, "tool_choice": named}),
        json!({"prompt_mode": "reasoning"}),
    ] {
        let answer = chat(&start(), &prompt_with("a", &members));
        assert_eq!(answer.status, 400, "{members}: {}", answer.text());
        assert_eq!(answer.json()["object"], "error");
    }
    let auto = json!({"response_format": schema, "tools": tools, "tool_choice": "auto"});
    assert_eq!(chat(&start(), &prompt_with("a", &auto)).status, 200);
}

#[test]
fn every_answer_carries_the_headers() {
    let emulator = start();
    let answers = [
        chat(&emulator, &prompt("a")),
        chat(&emulator, &prompt_with("a", &json!({"stream": true}))),
        chat(&emulator, &json!({})),
        call(&emulator, "GET", "/v1/models").send(),
        bare(&emulator, "GET", "/v1/models").send(),
        call(&emulator, "GET", "/nothing").send(),
    ];
    let ids: HashSet<&str> = answers
        .iter()
        .map(|answer| answer.header("mistral-correlation-id"))
        .collect();
    assert_eq!(
        ids.len(),
        answers.len(),
        "every request has an id of its own"
    );
    for answer in &answers {
        assert_eq!(
            answer.header("x-kong-request-id"),
            answer.header("mistral-correlation-id")
        );
        for name in [
            "x-envoy-upstream-service-time",
            "x-ratelimit-limit-req-minute",
            "x-ratelimit-remaining-req-minute",
            "x-ratelimit-limit-tokens-minute",
            "x-ratelimit-remaining-tokens-minute",
            "x-ratelimit-tokens-query-cost",
        ] {
            assert!(answer.header(name).parse::<u64>().is_ok(), "{name}");
        }
    }
    let left = |answer: &Answer| -> u64 {
        answer
            .header("x-ratelimit-remaining-req-minute")
            .parse()
            .unwrap()
    };
    assert_eq!(left(&answers[0]), left(&answers[1]) + 1);
    let total = answers[0].json()["usage"]["total_tokens"].to_string();
    assert_eq!(answers[0].header("x-ratelimit-tokens-query-cost"), total);
}
