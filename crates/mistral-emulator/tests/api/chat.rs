//! Unary chat completions.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::client::{chat_request, chat_request_with, complete, post_chat, start, tool};

const OLYMPIA: &str = "Édouard Manet painted Olympia in 1863.";

#[test]
fn chat_known_question_returns_canned_completion() {
    let completion = complete(&chat_request("Who painted Olympia?"));
    let choice = &completion["choices"][0];
    assert_eq!(choice["message"]["content"], OLYMPIA);
    assert_eq!(choice["message"]["role"], "assistant");
    assert_eq!(choice["message"]["tool_calls"], Value::Null);
    assert_eq!(choice["finish_reason"], "stop");
    assert_eq!(choice["index"], 0);
    assert_eq!(completion["object"], "chat.completion");
    assert_eq!(completion["model"], "mistral-small-latest");
    let id = completion["id"].as_str().unwrap();
    assert!(
        id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{id}"
    );
    assert!(completion["created"].as_u64().unwrap() > 1_700_000_000);
}

#[test]
fn chat_other_prompt_is_echoed() {
    let completion = complete(&chat_request("Count to three."));
    assert_eq!(
        completion["choices"][0]["message"]["content"],
        "This is the Mistral emulator. You said: \"Count to three.\". \
         A real model would answer here."
    );
}

#[test]
fn chat_same_request_returns_same_completion() {
    let mut first = complete(&chat_request("Hello"));
    let mut second = complete(&chat_request("Hello"));
    for completion in [&mut first, &mut second] {
        completion.as_object_mut().unwrap().remove("created");
    }
    assert_eq!(first, second);
    assert_ne!(first["id"], complete(&chat_request("Hello!"))["id"]);
}

#[test]
fn chat_content_chunks_are_read_as_text() {
    let request = json!({
        "model": "mistral-small-latest",
        "messages": [{"role": "user", "content": [
            {"type": "text", "text": "Who painted "},
            {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
            {"type": "text", "text": "Olympia?"},
        ]}],
    });
    assert_eq!(
        complete(&request)["choices"][0]["message"]["content"],
        OLYMPIA
    );
}

#[test]
fn chat_usage_total_is_sum_of_parts() {
    let completion = complete(&chat_request("Who painted Olympia?"));
    let usage = &completion["usage"];
    assert_eq!(usage["completion_tokens"], 6);
    assert_eq!(usage["prompt_tokens"], 4);
    assert_eq!(usage["total_tokens"], 10);
    assert_eq!(usage["prompt_tokens_details"]["cached_tokens"], 0);
    assert_eq!(usage.get("num_cached_tokens"), None);
}

#[test]
fn chat_prompt_cache_key_reports_cached_blocks() {
    let long = "word ".repeat(150);
    let usage = &complete(&chat_request_with(&long, &json!({"prompt_cache_key": "k"})))["usage"];
    assert_eq!(usage["prompt_tokens_details"]["cached_tokens"], 144);
    assert_eq!(usage["num_cached_tokens"], 144);
}

#[test]
fn chat_max_tokens_truncates_text() {
    let completion = complete(&chat_request_with(
        "Who painted Olympia?",
        &json!({"max_tokens": 2}),
    ));
    assert_eq!(
        completion["choices"][0]["message"]["content"],
        "Édouard Manet"
    );
    assert_eq!(completion["choices"][0]["finish_reason"], "length");
    assert_eq!(completion["usage"]["completion_tokens"], 2);
    let enough = complete(&chat_request_with(
        "Who painted Olympia?",
        &json!({"max_tokens": 6}),
    ));
    assert_eq!(enough["choices"][0]["finish_reason"], "stop");
}

#[test]
fn chat_stop_sequence_ends_text() {
    for (stop, expected) in [
        (json!("Olympia"), "Édouard Manet painted "),
        (json!(["1863", " painted"]), "Édouard Manet"),
        (json!(["", "not there"]), OLYMPIA),
    ] {
        let completion = complete(&chat_request_with(
            "Who painted Olympia?",
            &json!({"stop": stop}),
        ));
        assert_eq!(completion["choices"][0]["message"]["content"], expected);
        assert_eq!(completion["choices"][0]["finish_reason"], "stop");
    }
}

#[test]
fn chat_n_returns_distinct_choices() {
    let completion = complete(&chat_request_with("Who painted Olympia?", &json!({"n": 3})));
    let choices = completion["choices"].as_array().unwrap();
    let texts: Vec<&str> = choices
        .iter()
        .map(|choice| choice["message"]["content"].as_str().unwrap())
        .collect();
    assert_eq!(texts.len(), 3);
    assert_eq!(texts[0], OLYMPIA);
    assert!(texts[1] != texts[0] && texts[2] != texts[1] && texts[1].starts_with(OLYMPIA));
    assert_eq!(choices[2]["index"], 2);
}

#[test]
fn chat_prefix_message_starts_text() {
    let mut request = chat_request("Who painted Olympia?");
    let prefix = json!({"role": "assistant", "content": "Well,", "prefix": true});
    request["messages"].as_array_mut().unwrap().push(prefix);
    let content = complete(&request)["choices"][0]["message"]["content"].clone();
    assert_eq!(content, format!("Well, {OLYMPIA}"));
}

#[test]
fn chat_json_object_format_returns_json() {
    let format = json!({"response_format": {"type": "json_object"}});
    let completion = complete(&chat_request_with("Who painted Olympia?", &format));
    let content = completion["choices"][0]["message"]["content"]
        .as_str()
        .unwrap();
    let object: Value = serde_json::from_str(content).unwrap();
    assert_eq!(object, json!({"answer": OLYMPIA}));
}

#[test]
fn chat_json_object_format_has_keys_that_prompt_lists() {
    let format = json!({"response_format": {"type": "json_object"}});
    for (prompt, keys) in [
        (
            "Return a JSON blob with keys 'answer' and 'justification'. Is it heavy?",
            "answer justification",
        ),
        (
            "JSON with the keys name (string), age (integer), and tall (boolean), please",
            "age name tall",
        ),
        ("Use the fields `city`, `zip`: Paris", "city zip"),
    ] {
        let completion = complete(&chat_request_with(prompt, &format));
        let content = completion["choices"][0]["message"]["content"]
            .as_str()
            .unwrap();
        let content: Value = serde_json::from_str(content).unwrap();
        let mut found: Vec<&str> = content
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        found.sort_unstable();
        assert_eq!(found.join(" "), keys);
        if keys.contains("age") {
            assert!(
                content["age"].is_u64() && content["tall"].is_boolean(),
                "{content}"
            );
        }
    }
}

#[test]
fn chat_json_schema_format_returns_instance() {
    let schema = json!({
        "type": "object",
        "properties": {"painter": {"type": "string"}, "year": {"type": "integer", "minimum": 1800}},
        "required": ["painter", "year"],
        "additionalProperties": false,
    });
    let format = json!({"response_format": {
        "type": "json_schema", "json_schema": {"name": "painting", "schema": schema, "strict": true},
    }});
    let completion = complete(&chat_request_with("Who painted Olympia?", &format));
    let content = completion["choices"][0]["message"]["content"]
        .as_str()
        .unwrap();
    let object: Value = serde_json::from_str(content).unwrap();
    assert_eq!(object, json!({"painter": "painter", "year": 1800}));
}

#[test]
fn chat_reasoning_precedes_text() {
    let mut always = chat_request("Who painted Olympia?");
    always["model"] = "magistral-medium-latest".into();
    let requested = chat_request_with("Who painted Olympia?", &json!({"reasoning_effort": "high"}));
    for request in [always, requested] {
        let completion = complete(&request);
        let content = &completion["choices"][0]["message"]["content"];
        assert_eq!(content[0]["type"], "thinking");
        let thought = content[0]["thinking"][0]["text"].as_str().unwrap();
        assert!(thought.contains("Who painted Olympia?"), "{thought}");
        assert_eq!(content[1], json!({"type": "text", "text": OLYMPIA}));
    }
    let off = chat_request_with(
        "Who painted Olympia?",
        &json!({
            "model": "magistral-medium-latest", "reasoning_effort": "none",
        }),
    );
    assert_eq!(complete(&off)["choices"][0]["message"]["content"], OLYMPIA);
}

#[test]
fn chat_logprobs_cover_completion_and_prompt() {
    let members = json!({
        "model": "mistral-medium-latest", "logprobs": true, "top_logprobs": 2, "prompt_logprobs": true, "top_prompt_logprobs": 1,
    });
    let completion = complete(&chat_request_with("Who painted Olympia?", &members));
    let choice = &completion["choices"][0];
    let tokens = choice["logprobs"]["content"].as_array().unwrap();
    let text: String = tokens
        .iter()
        .map(|token| token["token"].as_str().unwrap())
        .collect();
    assert_eq!(text, OLYMPIA);
    assert_eq!(tokens[0]["top_logprobs"].as_array().unwrap().len(), 2);
    assert!(
        tokens
            .iter()
            .all(|token| token["logprob"].as_f64().unwrap() <= 0.0)
    );
    let prompt_tokens = choice["prompt_logprobs"]["content"].as_array().unwrap();
    assert_eq!(
        prompt_tokens.len() as u64,
        completion["usage"]["prompt_tokens"].as_u64().unwrap()
    );
    assert!(
        complete(&chat_request("Hello"))["choices"][0]
            .get("logprobs")
            .is_none()
    );
}

#[test]
fn chat_capability_that_model_lacks_is_rejected() {
    let image = json!([{"type": "image_url", "image_url": "https://example.com/a.png"}]);
    let audio = json!([{"type": "input_audio", "input_audio": "AAAA"}]);
    let say = |content: Value| json!([{"role": "user", "content": content}]);
    let long = "word ".repeat(131_072).trim_end().to_owned();
    for (members, message) in [
        (
            json!({"logprobs": true}),
            "Logprobs are not enabled for this model",
        ),
        (
            json!({"model": "codestral-latest", "messages": say(image)}),
            "Image input is not enabled for this model",
        ),
        (
            json!({"messages": say(audio)}),
            "Audio input is not enabled for this model",
        ),
        (
            json!({"model": "ministral-3b-latest", "messages": say(json!(long))}),
            "Prompt contains 131073 tokens and 0 draft tokens, too large for model with 131072 \
             maximum context length",
        ),
    ] {
        let response = post_chat(&start(), &chat_request_with("Hello", &members));
        assert_eq!(response.status, 400, "{message}");
        assert_eq!(
            response.json(),
            json!({
                "object": "error", "message": message, "type": "invalid_request_invalid_args",
                "param": null, "code": "3051", "raw_status_code": 400,
            })
        );
    }
}

#[test]
fn chat_audio_counts_windows_and_seconds() {
    // Five seconds of 8,000 samples of 16 bits are an MP3 of 80,000 bytes at 128 kbit/s.
    let recording = STANDARD.encode(vec![0_u8; 5 * 16_000]);
    let content = json!([
        {"type": "input_audio", "input_audio": recording},
        {"type": "text", "text": "What is said?"},
    ]);
    let completion = complete(&json!({
        "model": "voxtral-small-latest", "messages": [{"role": "user", "content": content}],
    }));
    let usage = &completion["usage"];
    assert_eq!(usage["prompt_audio_seconds"], 5);
    assert_eq!(usage["prompt_tokens_details"]["audio_tokens"], 375);
    let sum =
        usage["prompt_tokens"].as_u64().unwrap() + usage["completion_tokens"].as_u64().unwrap();
    assert_eq!(usage["total_tokens"], sum + 375);
}

#[test]
fn chat_min_tokens_lengthens_text() {
    let completion = complete(&chat_request_with(
        "Who painted Olympia?",
        &json!({"min_tokens": 9}),
    ));
    let content = &completion["choices"][0]["message"]["content"];
    assert_eq!(content, &format!("{OLYMPIA} more more more"));
    assert_eq!(completion["usage"]["completion_tokens"], 9);
}

#[test]
fn chat_members_are_in_the_order_of_the_reference() {
    let text = post_chat(&start(), &chat_request("Hello")).text();
    let positions = [
        "\"id\"",
        "\"object\"",
        "\"created\"",
        "\"model\"",
        "\"choices\"",
        "\"usage\"",
    ]
    .map(|name| text.find(name).unwrap());
    assert!(positions.is_sorted(), "{text}");
}

#[test]
fn chat_every_documented_field_is_accepted() {
    let chunks = json!([
        {"type": "text", "text": "a"},
        {"type": "image_url", "image_url": "https://example.com/a.png"},
        {"type": "document_url", "document_url": "https://example.com/a.pdf", "document_name": "a"},
        {"type": "reference", "reference_ids": [1, "b"]},
        {"type": "file", "file_id": "123e4567-e89b-42d3-a456-426614174000"},
        {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}], "closed": true},
        {"type": "resource", "uri": "a:b", "content": {"type": "text", "text": "c"}},
        {"type": "resource_link", "uri": "a:b", "metadata": {"d": 1}},
    ]);
    let tools = json!([
        tool("f", &json!({})),
        {"type": "web_search"},
        {"type": "web_search_premium"},
        {"type": "code_interpreter"},
        {"type": "image_generation", "tool_configuration": {"include": ["a"]}},
        {"type": "document_library", "library_ids": ["a"]},
        {"type": "connector", "connector_id": "a", "authorization": {"type": "api-key", "value": "b"}},
    ]);
    complete(&json!({
        "model": "mistral-small-2603",
        "messages": [
            {"role": "system", "content": [{"type": "text", "text": "s"}]},
            {"role": "user", "content": chunks},
        ],
        "tools": tools,
        "temperature": 0.5, "top_p": 0.9, "top_k": 10, "max_tokens": 50, "min_tokens": 1,
        "random_seed": 7, "metadata": {"a": 1}, "presence_penalty": -1, "frequency_penalty": 1,
        "repetition_penalty": 1.1, "prediction": {"type": "content", "content": "x"},
        "prompt_mode": null, "guardrails": [{"block_on_error": true, "moderation_llm_v2": {}}],
        "safe_prompt": true, "service_tier": "auto", "stop": null, "n": null,
    }));
}
