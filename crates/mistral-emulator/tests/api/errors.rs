//! Error bodies, which quote the real server, and the headers of every response.

use std::collections::HashSet;

use mistral_emulator::Emulator;
use serde_json::{Value, json};

use crate::client::{
    RawResponse, anonymous_request, api_request, chat_request, chat_request_with, post_chat, start,
    tool,
};

#[track_caller]
fn assert_error(
    response: &RawResponse,
    status: u16,
    kind: &str,
    code: Option<&str>,
    message: &str,
) {
    assert_eq!(response.status, status, "{}", response.text());
    assert_eq!(
        response.json(),
        json!({
            "object": "error", "message": message, "type": kind, "param": null,
            "code": code, "raw_status_code": status,
        })
    );
}

/// Returns the only error that a 422 reports.
#[track_caller]
fn validation_error(request: &Value) -> Value {
    let response = post_chat(&start(), request);
    assert_eq!(response.status, 422, "{}", response.text());
    let body = response.json();
    assert_eq!(body.as_object().unwrap().len(), 1, "{body}");
    let errors = body["detail"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{errors:?}");
    errors[0].clone()
}

#[test]
fn auth_missing_or_wrong_key_is_401() {
    let emulator = Emulator::builder().api_key("right").start().unwrap();
    let send = |key: Option<&str>| {
        let request = anonymous_request(&emulator, "GET", "/v1/models");
        key.map_or(request.clone(), |key| request.header("authorization", key))
            .send()
    };
    for missing in [None, Some("Bearer"), Some("Basic right"), Some("right")] {
        let response = send(missing);
        assert_eq!(response.status, 401, "{missing:?}");
        assert_eq!(response.json(), json!({"detail": "Unauthorized"}));
    }
    let response = send(Some("Bearer wrong"));
    assert_eq!(response.status, 401);
    assert_eq!(response.json(), json!({"detail": "Invalid API Key"}));
    assert_eq!(send(Some("Bearer right")).status, 200);
}

#[test]
fn routing_unknown_path_is_404_and_method_is_405() {
    let emulator = start();
    let response = api_request(&emulator, "GET", "/v1/chat/nothing").send();
    assert_eq!(
        (response.status, response.json()),
        (404, json!({"detail": "Not Found"}))
    );
    for path in ["/chat/completions", "/v1/images/generations"] {
        let response = api_request(&emulator, "POST", path).send();
        assert_eq!(response.status, 404);
        assert_eq!(
            response.json(),
            json!({
                "message": "no Route matched with those values",
                "request_id": response.header("mistral-correlation-id"),
            })
        );
    }
    let response = api_request(&emulator, "GET", "/v1/chat/completions").send();
    assert_eq!(
        (response.status, response.json()),
        (405, json!({"detail": "Method Not Allowed"}))
    );
}

#[test]
fn validation_body_must_be_json_object() {
    let emulator = start();
    let send = |content_type: &str, body: &str| {
        let call = api_request(&emulator, "POST", "/v1/chat/completions");
        let response = call.header("content-type", content_type).body(body).send();
        assert_eq!(response.status, 422, "{}", response.text());
        response.json()["detail"][0]["type"].clone()
    };
    assert_eq!(send("application/json", "{"), "json_invalid");
    assert_eq!(send("application/json", ""), "json_invalid");
    assert_eq!(send("application/json", "[]"), "model_attributes_type");
    let good = chat_request("Hello").to_string();
    assert_eq!(send("text/plain", &good), "model_attributes_type");
}

#[test]
fn validation_unknown_field_is_422_at_any_depth() {
    assert_eq!(
        validation_error(&chat_request_with("a", &json!({"storee": true}))),
        json!({
            "type": "extra_forbidden", "loc": ["body", "storee"],
            "msg": "Extra inputs are not permitted", "input": true,
        })
    );
    let of_message = json!([{"role": "user", "content": "a", "name": "b"}]);
    let of_chunk = json!([{"role": "user", "content": [{"type": "text", "text": "a", "b": 1}]}]);
    let extra_tool =
        json!([{"type": "function", "function": {"name": "f", "parameters": {}}, "x": 1}]);
    for (members, location) in [
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
        let error = validation_error(&chat_request_with("a", &members));
        assert_eq!(error["type"], "extra_forbidden");
        assert_eq!(error["loc"], location);
    }
}

#[test]
fn validation_missing_field_is_reported_with_location() {
    let mut request = chat_request("a");
    request.as_object_mut().unwrap().remove("messages");
    let error = validation_error(&request);
    assert_eq!(error["type"], "missing");
    assert_eq!(error["loc"], json!(["body", "messages"]));
    let format = json!({"response_format": {"type": "json_schema"}});
    let error = validation_error(&chat_request_with("a", &format));
    assert_eq!(
        error["loc"],
        json!(["body", "response_format", "json_schema"])
    );
}

#[test]
fn validation_out_of_range_value_is_422() {
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
            validation_error(&chat_request_with("a", &members))["type"],
            kind,
            "{members}"
        );
    }
}

#[test]
fn chat_unknown_or_unsupported_model_is_400() {
    for name in ["mistral-huge", "", "mistral-embed"] {
        let response = post_chat(&start(), &chat_request_with("a", &json!({"model": name})));
        let message = format!("Invalid model: {name}");
        assert_error(&response, 400, "invalid_model", Some("1500"), &message);
    }
}

#[test]
fn chat_invalid_message_order_is_400() {
    let messages = json!([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]);
    assert_error(
        &post_chat(
            &start(),
            &chat_request_with("a", &json!({"messages": messages})),
        ),
        400,
        "invalid_request_message_order",
        Some("3230"),
        "Expected last role User or Tool (or Assistant with prefix True) for serving but got assistant",
    );
}

#[test]
fn tool_call_id_of_wrong_format_is_400() {
    let call = json!({"id": "call_1", "function": {"name": "f", "arguments": "{}"}});
    let messages = json!([
        {"role": "user", "content": "a"},
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "b"},
    ]);
    assert_error(
        &post_chat(
            &start(),
            &chat_request_with("a", &json!({"messages": messages})),
        ),
        400,
        "invalid_function_call",
        Some("3280"),
        "Tool call id was call_1 but must be a-z, A-Z, 0-9, with a length of 9.",
    );
}

#[test]
fn chat_conflicting_settings_are_400() {
    let schema = json!({"type": "json_schema", "json_schema": {"name": "a", "schema": {}}});
    let tools = json!([tool("f", &json!({}))]);
    let named = json!({"type": "function", "function": {"name": "g"}});
    for members in [
        json!({"response_format": schema, "tools": tools, "tool_choice": "any"}),
        json!({"tool_choice": "any"}),
        json!({"tools": tools, "tool_choice": named}),
        json!({"prompt_mode": "reasoning"}),
    ] {
        let response = post_chat(&start(), &chat_request_with("a", &members));
        assert_eq!(response.status, 400, "{members}: {}", response.text());
        assert_eq!(response.json()["object"], "error");
    }
    let auto = json!({"response_format": schema, "tools": tools, "tool_choice": "auto"});
    assert_eq!(
        post_chat(&start(), &chat_request_with("a", &auto)).status,
        200
    );
}

#[test]
fn headers_request_id_and_rate_limit_are_on_every_response() {
    let emulator = start();
    let responses = [
        post_chat(&emulator, &chat_request("a")),
        post_chat(&emulator, &chat_request_with("a", &json!({"stream": true}))),
        post_chat(&emulator, &json!({})),
        api_request(&emulator, "GET", "/v1/models").send(),
        anonymous_request(&emulator, "GET", "/v1/models").send(),
        api_request(&emulator, "GET", "/nothing").send(),
    ];
    let ids: HashSet<&str> = responses
        .iter()
        .map(|response| response.header("mistral-correlation-id"))
        .collect();
    assert_eq!(
        ids.len(),
        responses.len(),
        "every request has an id of its own"
    );
    for response in &responses {
        assert_eq!(
            response.header("x-kong-request-id"),
            response.header("mistral-correlation-id")
        );
        for name in [
            "x-envoy-upstream-service-time",
            "x-ratelimit-limit-req-minute",
            "x-ratelimit-remaining-req-minute",
            "x-ratelimit-limit-tokens-minute",
            "x-ratelimit-remaining-tokens-minute",
            "x-ratelimit-tokens-query-cost",
        ] {
            assert!(response.header(name).parse::<u64>().is_ok(), "{name}");
        }
    }
    let left = |response: &RawResponse| -> u64 {
        response
            .header("x-ratelimit-remaining-req-minute")
            .parse()
            .unwrap()
    };
    assert_eq!(left(&responses[0]), left(&responses[1]) + 1);
    let total = responses[0].json()["usage"]["total_tokens"].to_string();
    assert_eq!(responses[0].header("x-ratelimit-tokens-query-cost"), total);
}
