//! Tools that completions call.

use serde_json::{Value, json};

use crate::client::{chat_request_with, complete, tool};

fn weather_and_time() -> Value {
    let city = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    let zone = json!({"type": "object", "properties": {"zone": {"enum": ["utc", "cet"]}}});
    json!([tool("get_weather", &city), tool("get_time", &zone)])
}

fn called_tools(completion: &Value) -> Vec<&str> {
    let calls = completion["choices"][0]["message"]["tool_calls"].as_array();
    let names = calls
        .into_iter()
        .flatten()
        .map(|call| &call["function"]["name"]);
    names.map(|name| name.as_str().unwrap()).collect()
}

#[test]
fn tool_choice_any_calls_tool_with_valid_arguments() {
    for choice in [
        json!("any"),
        json!("required"),
        json!({"type": "function", "function": {"name": "get_weather"}}),
    ] {
        let members = json!({"tools": weather_and_time(), "tool_choice": choice});
        let completion = complete(&chat_request_with("Hello", &members));
        assert_eq!(called_tools(&completion), ["get_weather"]);
        let response = &completion["choices"][0];
        assert_eq!(response["finish_reason"], "tool_calls");
        assert_eq!(response["message"]["content"], "");
        let call = &response["message"]["tool_calls"][0];
        assert_eq!(call["function"]["arguments"], r#"{"city": "city"}"#);
        let id = call["id"].as_str().unwrap();
        assert!(
            id.len() == 9 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()),
            "{id}"
        );
    }
}

#[test]
fn tool_choice_named_calls_that_tool() {
    let choice = json!({"type": "function", "function": {"name": "get_time"}});
    let members = json!({"tools": weather_and_time(), "tool_choice": choice});
    assert_eq!(
        called_tools(&complete(&chat_request_with("get_weather", &members))),
        ["get_time"]
    );
}

#[test]
fn tool_mentioned_in_prompt_is_called() {
    let tools = json!({"tools": weather_and_time()});
    assert!(called_tools(&complete(&chat_request_with("Hello", &tools))).is_empty());
    let one = complete(&chat_request_with("Please use get_time.", &tools));
    assert_eq!(called_tools(&one), ["get_time"]);
    let both = complete(&chat_request_with("Use get_time and get_weather", &tools));
    assert_eq!(called_tools(&both), ["get_weather", "get_time"]);
    let calls = &both["choices"][0]["message"]["tool_calls"];
    assert_ne!(calls[0]["id"], calls[1]["id"]);
    assert_eq!(calls[1]["index"], 1);
}

#[test]
fn tool_named_as_type_is_called_if_it_is_the_only_one() {
    let schema = json!({"type": "object", "properties": {"name": {"type": "string"}}});
    let called = |names: &[&str], prompt: &str| {
        let tools: Vec<Value> = names.iter().map(|name| tool(name, &schema)).collect();
        let completion = complete(&chat_request_with(prompt, &json!({"tools": tools})));
        !called_tools(&completion).is_empty()
    };
    for name in ["Person", "P", "AlbumReview"] {
        assert!(called(&[name], "Who painted Olympia?"), "{name}");
    }
    assert!(!called(&["Person"], "Do not call tools. Hello"));
    assert!(!called(&["Person", "Album"], "Hello"));
    // The names of functions, in the manners of several languages.
    for name in ["person", "GetPerson", "People-Person", "Person_lookup"] {
        assert!(!called(&[name], "Hello"), "{name}");
    }
}

#[test]
fn tool_choice_none_and_parallel_false_limit_calls() {
    let none = json!({"tools": weather_and_time(), "tool_choice": "none"});
    assert!(called_tools(&complete(&chat_request_with("Use get_time", &none))).is_empty());
    let serial = json!({"tools": weather_and_time(), "parallel_tool_calls": false});
    let completion = complete(&chat_request_with("Use get_time and get_weather", &serial));
    assert_eq!(called_tools(&completion), ["get_weather"]);
}

#[test]
fn tool_result_is_echoed() {
    let first = complete(&chat_request_with(
        "Use get_time",
        &json!({"tools": weather_and_time()}),
    ));
    let message = first["choices"][0]["message"].clone();
    let id = message["tool_calls"][0]["id"].clone();
    let request = json!({
        "model": "mistral-small-latest",
        "tools": weather_and_time(),
        "messages": [
            {"role": "user", "content": "Use get_time"},
            message,
            {"role": "tool", "tool_call_id": id, "content": "half past nine"},
        ],
    });
    let second = complete(&request);
    assert_eq!(
        second["choices"][0]["message"]["content"],
        "The tool get_time answered: half past nine"
    );
    assert_eq!(second["choices"][0]["finish_reason"], "stop");
}

#[test]
fn chat_max_tokens_truncates_tool_arguments() {
    // As on the real server, one token is no call, and four are a name.
    for (max_tokens, arguments, generated) in [
        (1, None, 0),
        (4, Some(""), 3),
        (6, Some(r#"{"city":"#), 6),
        (8, Some(r#"{"city": "city"#), 8),
    ] {
        let members = json!({
            "tools": weather_and_time(), "tool_choice": "any", "max_tokens": max_tokens,
        });
        let completion = complete(&chat_request_with("Hello", &members));
        let choice = &completion["choices"][0];
        assert_eq!(choice["finish_reason"], "length");
        assert_eq!(choice["message"]["content"], "");
        let calls = &choice["message"]["tool_calls"];
        let found = calls[0]["function"]["arguments"].as_str();
        assert_eq!(found, arguments, "{max_tokens}");
        assert_eq!(calls.is_null(), arguments.is_none());
        assert_eq!(completion["usage"]["completion_tokens"], generated);
    }
}

#[test]
fn chat_json_format_and_tools_are_in_one_message() {
    let members = json!({
        "tools": weather_and_time(),
        "response_format": {"type": "json_object"},
    });
    let completion = complete(&chat_request_with("Use get_time", &members));
    let choice = &completion["choices"][0];
    assert_eq!(called_tools(&completion), ["get_time"]);
    assert_eq!(choice["finish_reason"], "tool_calls");
    let content = choice["message"]["content"].as_str().unwrap();
    assert!(content.starts_with(r#"{"answer": ""#), "{content}");
}

#[test]
fn tool_arguments_are_taken_from_prompt() {
    let parameters = json!({
        "type": "object", "required": ["x", "y"],
        "properties": {"x": {"type": "number"}, "y": {"type": "number"}},
    });
    let members = json!({"tools": [tool("add", &parameters)], "tool_choice": "any"});
    // The prompt and the arguments are those of a recorded exchange with the real server.
    let prompt = "Call the add tool exactly once with x=17 and y=25. Do not answer in prose.";
    let completion = complete(&chat_request_with(prompt, &members));
    let call = &completion["choices"][0]["message"]["tool_calls"][0];
    assert_eq!(call["function"]["arguments"], r#"{"x": 17, "y": 25}"#);
}

#[test]
fn tool_that_prompt_asks_for_is_called_without_its_name() {
    let tools = json!({"tools": weather_and_time()});
    let prompt = "How is the weather in Paris?";
    let completion = complete(&chat_request_with(prompt, &tools));
    assert_eq!(called_tools(&completion), ["get_weather"]);
    let call = &completion["choices"][0]["message"]["tool_calls"][0];
    assert_eq!(call["function"]["arguments"], r#"{"city": "Paris"}"#);
    let refused = format!("{prompt} Do not call any tool.");
    assert!(called_tools(&complete(&chat_request_with(&refused, &tools))).is_empty());
}

#[test]
fn tool_result_without_name_is_that_of_the_call() {
    let request = json!({"model": "mistral-small-latest", "messages": [
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "tool_calls": [
            {"id": "abcDEF123", "function": {"name": "get_time", "arguments": "{}"}},
        ]},
        {"role": "tool", "tool_call_id": "abcDEF123", "name": null, "content": "noon"},
    ]});
    let content = &complete(&request)["choices"][0]["message"]["content"];
    assert_eq!(content, "The tool get_time answered: noon");
}
