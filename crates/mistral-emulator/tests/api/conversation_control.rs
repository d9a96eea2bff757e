//! Scripted replies, faults, the log and batch jobs, on the routes of conversations.

use mistral_emulator::{Fault, Reply};
use serde_json::json;

use crate::client::{anonymous_request, api_request, get, start, tool};
use crate::conversations::{append, path};
use crate::resources::{exchange, send};

#[test]
fn conversation_scripted_reply_becomes_part_of_history() {
    let emulator = start();
    emulator.push_reply(
        Reply::text("Scripted.")
            .on("beta.conversations")
            .with_header("x-a", "1"),
    );
    emulator
        .push_reply(Reply::tool_calls([("add", json!({"x": 1}))]).on("beta.conversations.append"));
    let request = json!({"model": "mistral-small-latest", "inputs": "Hi",
        "tools": [tool("add", &json!({}))]});
    // A rejected request consumes no reply.
    assert_eq!(
        send(&emulator, "POST", "/v1/conversations", &json!({})).status,
        422
    );
    let response = send(&emulator, "POST", "/v1/conversations", &request);
    assert_eq!(response.header("x-a"), "1");
    let response = response.json();
    assert_eq!(response["outputs"][0]["content"], "Scripted.");
    let called = append(&emulator, &response, &json!({"inputs": "more"}));
    assert_eq!(called["outputs"][0]["type"], "function.call");
    assert_eq!(called["outputs"][0]["arguments"], r#"{"x":1}"#);
    let history = get(&emulator, &format!("{}/history", path(&response)));
    assert_eq!(history["entries"][1]["content"], "Scripted.");
    assert_eq!(emulator.replies(), []);
}

#[test]
fn conversation_faults_log_and_auth_apply() {
    let emulator = start();
    emulator.push_fault(Fault::status(429).on("beta.conversations.start"));
    let request = json!({"model": "mistral-small-latest", "inputs": "a"});
    assert_eq!(
        send(&emulator, "POST", "/v1/conversations", &request).status,
        429
    );
    let response = send(&emulator, "POST", "/v1/conversations", &request);
    assert_eq!(response.status, 200);
    assert_eq!(response.header("access-control-allow-origin"), "*");
    let anonymous = anonymous_request(&emulator, "GET", "/v1/conversations").send();
    assert_eq!(anonymous.status, 401);
    let names: Vec<_> = emulator
        .requests()
        .iter()
        .map(|it| it.operation())
        .collect();
    assert_eq!(
        names,
        [
            Some("beta.conversations.start"),
            Some("beta.conversations.start"),
            Some("beta.conversations.list")
        ]
    );
}

#[test]
fn conversation_scripted_reply_sets_pace_and_closes_connection() {
    let emulator = start();
    let request = json!({"model": "mistral-small-latest", "inputs": "a"});
    let closing = json!({"text": "a", "close": true});
    exchange(&emulator, "POST", "/_emulator/replies", &closing);
    let closed = api_request(&emulator, "POST", "/v1/conversations")
        .json(&request)
        .try_send();
    assert!(closed.is_none());
    // A reply for chats only is left to them.
    emulator.push_reply(Reply::text("chat").on("chat"));
    let response = exchange(&emulator, "POST", "/v1/conversations", &request);
    assert_ne!(response["outputs"][0]["content"], "chat");
    assert_eq!(emulator.replies().len(), 1);
}

#[test]
fn conversation_in_batch_job_is_served_without_scripted_reply() {
    let emulator = start();
    emulator.push_reply(Reply::text("scripted").on("beta.conversations"));
    let job = json!({"endpoint": "/v1/conversations", "model": "mistral-small-latest",
        "requests": [{"custom_id": "0", "body": {"inputs": "Echo: one"}}]});
    let job = exchange(&emulator, "POST", "/v1/batch/jobs", &job);
    let job = format!("/v1/batch/jobs/{}?inline=true", job["id"].as_str().unwrap());
    let retrieved = [0; 2].map(|_| get(&emulator, &job));
    assert_eq!(retrieved[1]["status"], "SUCCESS");
    let body = &retrieved[1]["outputs"][0]["response"]["body"];
    assert_eq!(body["outputs"][0]["content"], "one");
    let history = get(&emulator, &format!("{}/history", path(body)));
    assert_eq!(history["entries"][0]["content"], "Echo: one");
}

#[test]
fn conversation_that_is_blocked_leaves_scripted_reply() {
    let emulator = start();
    emulator.push_reply(Reply::text("scripted").on("beta.conversations"));
    for (is_streamed, status) in [(false, 403), (true, 200)] {
        let request = json!({"model": "mistral-small-latest", "inputs": "I will kill you",
            "guardrails": [{"moderation_llm_v2": {"action": "block"}}], "stream": is_streamed});
        let response = send(&emulator, "POST", "/v1/conversations", &request);
        assert_eq!(response.status, status);
        assert!(!response.text().contains("scripted"), "{}", response.text());
        assert_eq!(emulator.replies().len(), 1);
    }
}
