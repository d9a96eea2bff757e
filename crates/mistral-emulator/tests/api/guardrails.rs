//! Guardrails of completions.

use serde_json::{Value, json};

use crate::client::{chat_request_with, complete, post_chat, start, stream_chat};

const THREAT: &str = "I will kill you";

fn guardrail(members: &Value) -> Value {
    json!({"guardrails": [{"block_on_error": true, "moderation_llm_v2": members}]})
}

#[test]
fn guardrail_violation_is_blocked_with_403() {
    let members = guardrail(&json!({
        "action": "block",
        "custom_category_thresholds": {"violence_and_threats": 0.1, "sexual": 0.2},
        "ignore_other_categories": true,
    }));
    for stream in [false, true] {
        let mut request = chat_request_with(THREAT, &members);
        request["stream"] = stream.into();
        let response = post_chat(&start(), &request);
        assert_eq!(response.status, 403);
        let body = response.json();
        let error = json!({"message": "Content blocked by guardrail", "status": 403});
        assert_eq!(body["error"], error);
        let result = &body["guardrails"]["results"]["moderation_llm_v2"];
        assert_eq!(result["model_name"], "mistral-moderation-2603");
        assert_eq!(result["violated"], true);
        assert_eq!(result["action"], "block");
        let decisions = result["decisions"].as_object().unwrap();
        assert_eq!(decisions.len(), 2);
        assert_eq!(decisions["violence_and_threats"]["violated"], true);
        assert_eq!(decisions["violence_and_threats"]["threshold"], 0.1);
        assert_eq!(decisions["sexual"]["violated"], false);
        assert!(decisions["sexual"]["score"].as_f64().unwrap() < 0.2);
    }
}

#[test]
fn guardrail_results_accompany_success() {
    let selected = guardrail(&json!({
        "action": "block",
        "custom_category_thresholds": {"sexual": 0.1},
        "ignore_other_categories": true,
    }));
    let completion = complete(&chat_request_with(THREAT, &selected));
    let result = &completion["guardrails"][0]["moderation_llm_v2"];
    assert_eq!(result["action"], "pass");
    let categories = result["categories"].as_object().unwrap();
    assert_eq!(categories.len(), 1);
    assert_eq!(categories["sexual"]["violated"], false);
    // Without an action a violation is reported only, with all categories.
    let reported = guardrail(&json!({}));
    let chunks = stream_chat(&chat_request_with(THREAT, &reported));
    let categories = &chunks.last().unwrap()["guardrails"][0]["moderation_llm_v2"]["categories"];
    assert_eq!(categories["violence_and_threats"]["violated"], true);
    assert_eq!(categories.as_object().unwrap().len(), 11);
    assert!(
        chunks[..chunks.len() - 1]
            .iter()
            .all(|chunk| chunk.get("guardrails").is_none())
    );
}

#[test]
fn guardrail_threshold_of_one_disables_category() {
    let members = guardrail(&json!({
        "action": "block", "custom_category_thresholds": {"violence_and_threats": 1},
    }));
    complete(&chat_request_with(THREAT, &members));
    let plain = complete(&chat_request_with(THREAT, &json!({"guardrails": []})));
    assert_eq!(plain.get("guardrails"), None);
}
