//! Conversations: history, restart, storage and lists.

use mistral_emulator::Emulator;
use serde_json::{Value, json};

use crate::client::{api_request, get, start};
use crate::resources::{exchange, invalid_fields, members, send};

pub(crate) fn start_with(emulator: &Emulator, request: &Value) -> Value {
    exchange(emulator, "POST", "/v1/conversations", request)
}

pub(crate) fn ask(emulator: &Emulator, text: &str) -> Value {
    let request = json!({"model": "mistral-small-latest", "inputs": text});
    start_with(emulator, &request)
}

/// Returns the path of the conversation of a response.
pub(crate) fn path(response: &Value) -> String {
    let id = response["conversation_id"].as_str().unwrap();
    format!("/v1/conversations/{id}")
}

pub(crate) fn append(emulator: &Emulator, response: &Value, request: &Value) -> Value {
    exchange(emulator, "POST", &path(response), request)
}

fn entry_types(list: &Value) -> Vec<Value> {
    members(list, "type")
}

#[test]
fn conversation_start_responds_and_keeps_history() {
    let emulator = start();
    let response = ask(&emulator, "Who painted Olympia?");
    let output = &response["outputs"][0];
    assert_eq!(
        response,
        json!({
            "object": "conversation.response",
            "conversation_id": response["conversation_id"],
            "outputs": [{
                "object": "entry", "type": "message.output", "role": "assistant",
                "content": "Édouard Manet painted Olympia in 1863.",
                "model": "mistral-small-latest", "agent_id": null, "id": output["id"],
                "created_at": output["created_at"], "completed_at": output["completed_at"],
            }],
            // <user> Who painted Olympia?
            "usage": {"prompt_tokens": 4, "completion_tokens": 6, "total_tokens": 10,
                "connector_tokens": null, "connectors": null},
            "guardrails": null,
        })
    );
    append(&emulator, &response, &json!({"inputs": "Echo: Hello"}));

    let history = get(&emulator, &format!("{}/history", path(&response)));
    assert_eq!(history["object"], "conversation.history");
    assert_eq!(
        entry_types(&history["entries"]),
        [
            "message.input",
            "message.output",
            "message.input",
            "message.output"
        ]
    );
    assert_eq!(history["entries"][0]["content"], "Who painted Olympia?");
    assert_eq!(history["entries"][1], *output);
    assert_eq!(history["entries"][3]["content"], "Hello");
    let messages = get(&emulator, &format!("{}/messages", path(&response)));
    assert_eq!(messages["object"], "conversation.messages");
    assert_eq!(messages["messages"], history["entries"]);
}

#[test]
fn conversation_card_describes_model_or_agent() {
    let emulator = start();
    let agent = json!({"model": "mistral-small-latest", "name": "a"});
    let agent = exchange(&emulator, "POST", "/v1/agents", &agent);
    let settings = json!({"name": "n", "description": "d", "metadata": {"k": 1}, "inputs": "a"});
    let with = |members: Value| {
        let mut request = settings.clone();
        for (name, value) in members.as_object().unwrap() {
            request[name] = value.clone();
        }
        get(&emulator, &path(&start_with(&emulator, &request)))
    };
    let model = with(json!({"model": "mistral-small-latest", "instructions": "i"}));
    assert_eq!(
        model,
        json!({
            "object": "conversation", "id": model["id"], "model": "mistral-small-latest",
            "instructions": "i", "tools": [], "completion_args": {}, "guardrails": null,
            "name": "n", "description": "d", "metadata": {"k": 1},
            "created_at": model["created_at"], "updated_at": model["updated_at"],
        })
    );
    let with_agent = with(json!({"agent_id": agent["id"], "agent_version": 0}));
    assert_eq!(with_agent["agent_id"], agent["id"]);
    assert_eq!(with_agent["agent_version"], 0);
    assert!(with_agent.get("model").is_none());
}

#[test]
fn conversation_list_supports_metadata_and_paging() {
    let emulator = start();
    let ids = ["x", "y", "y"].map(|team| {
        let request = json!({"model": "mistral-small-latest", "inputs": "a",
            "metadata": {"team": team}});
        start_with(&emulator, &request)["conversation_id"].clone()
    });
    for (query, expected) in [
        ("", &[&ids[2], &ids[1], &ids[0]][..]),
        ("?page_size=2&page=1", &[&ids[0]]),
        ("?metadata=%7B%22team%22%3A%22y%22%7D", &[&ids[2], &ids[1]]),
        // The official Python SDK sends this text if the filter is not set.
        (
            "?metadata=%22~%3F~unset~%3F~sentinel~%3F~%22",
            &[&ids[2], &ids[1], &ids[0]],
        ),
    ] {
        let list = get(&emulator, &format!("/v1/conversations{query}"));
        let found = members(&list, "id");
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{query}");
    }
    let bad = api_request(&emulator, "GET", "/v1/conversations?metadata=x").send();
    assert_eq!(
        invalid_fields(&bad),
        [(json!(["query", "metadata"]), "dict_type".to_owned())]
    );
}

#[test]
fn conversation_restart_branches_from_entry() {
    let emulator = start();
    let first = ask(&emulator, "Echo: one");
    append(&emulator, &first, &json!({"inputs": "Echo: two"}));
    let entry = first["outputs"][0]["id"].as_str().unwrap();
    let request = json!({"from_entry_id": entry, "inputs": "Echo: three", "metadata": {"k": 1}});
    let restart = format!("{}/restart", path(&first));
    let restarted = exchange(&emulator, "POST", &restart, &request);
    assert_ne!(restarted["conversation_id"], first["conversation_id"]);
    let contents = |response: &Value| {
        let history = get(&emulator, &format!("{}/history", path(response)));
        members(&history["entries"], "content")
    };
    assert_eq!(
        contents(&restarted),
        ["Echo: one", "one", "Echo: three", "three"]
    );
    assert_eq!(contents(&first), ["Echo: one", "one", "Echo: two", "two"]);
    assert_eq!(
        get(&emulator, &path(&restarted))["metadata"],
        json!({"k": 1})
    );

    let unknown = send(
        &emulator,
        "POST",
        &restart,
        &json!({"from_entry_id": "msg_0"}),
    );
    assert_eq!(unknown.json(), json!({"detail": "Entry not found"}));
    assert_eq!(unknown.status, 404);
}

#[test]
fn conversation_restart_without_inputs_answers_last_entry_again() {
    let emulator = start();
    let first = ask(&emulator, "Echo: one");
    let history = get(&emulator, &format!("{}/history", path(&first)));
    let request = json!({"from_entry_id": history["entries"][0]["id"]});
    let restart = format!("{}/restart", path(&first));
    let restarted = exchange(&emulator, "POST", &restart, &request);
    assert_eq!(restarted["outputs"][0]["content"], "one");
}

#[test]
fn conversation_without_store_keeps_nothing() {
    let emulator = start();
    let request = json!({"model": "mistral-small-latest", "inputs": "a", "store": false});
    let unstored = start_with(&emulator, &request);
    assert_eq!(
        api_request(&emulator, "GET", &path(&unstored))
            .send()
            .status,
        404
    );
    assert_eq!(get(&emulator, "/v1/conversations"), json!([]));
    let stored = ask(&emulator, "a");
    append(&emulator, &stored, &json!({"inputs": "b", "store": false}));
    let history = get(&emulator, &format!("{}/history", path(&stored)));
    assert_eq!(history["entries"].as_array().unwrap().len(), 2);
}

#[test]
fn conversation_delete_makes_every_route_404() {
    let emulator = start();
    let path = path(&ask(&emulator, "a"));
    let deleted = api_request(&emulator, "DELETE", &path).send();
    assert_eq!((deleted.status, deleted.bytes().len()), (204, 0));
    for (method, suffix) in [
        ("GET", ""),
        ("DELETE", ""),
        ("GET", "/history"),
        ("GET", "/messages"),
    ] {
        let response = api_request(&emulator, method, &format!("{path}{suffix}")).send();
        assert_eq!(response.status, 404, "{method} {suffix}");
        assert_eq!(response.json(), json!({"detail": "Conversation not found"}));
    }
    let append = send(&emulator, "POST", &path, &json!({"inputs": "b"}));
    assert_eq!(append.status, 404);
}

#[test]
fn conversation_inputs_may_be_entries_of_every_type() {
    let emulator = start();
    let response = start_with(
        &emulator,
        &json!({
            "model": "mistral-small-latest",
            "inputs": [
                {"role": "user", "content": [{"type": "text", "text": "Add 1 and 2"}]},
                {"type": "function.call", "tool_call_id": "abcdefghi", "name": "add",
                    "arguments": {"x": 1, "y": 2}},
                {"type": "function.result", "tool_call_id": "abcdefghi", "result": "3"},
                {"type": "message.output", "content": "It is 3."},
                {"type": "tool.execution", "name": "web_search", "arguments": "{}"},
                {"type": "message.input", "role": "user", "content": "Echo: thanks", "id": "mine"},
            ],
        }),
    );
    assert_eq!(response["outputs"][0]["content"], "thanks");
    let history = get(&emulator, &format!("{}/history", path(&response)));
    let entries = history["entries"].as_array().unwrap();
    assert_eq!(entries[0]["type"], "message.input");
    assert_eq!(entries[5]["id"], "mine");
    assert!(
        entries
            .iter()
            .all(|entry| entry["object"] == "entry" && entry["id"].is_string())
    );
}

#[test]
fn conversation_invalid_request_is_422() {
    let emulator = start();
    let location = |names: &[&str]| json!([&["body"], names].concat());
    let model = "mistral-small-latest";
    for (request, expected) in [
        (json!({"model": model}), (location(&["inputs"]), "missing")),
        (json!({"inputs": "a"}), (json!(["body"]), "value_error")),
        (
            json!({"inputs": "a", "model": model, "agent_id": "ag_1"}),
            (json!(["body"]), "value_error"),
        ),
        (
            json!({"inputs": "a", "model": model, "handoff_execution": "both"}),
            (location(&["handoff_execution"]), "enum"),
        ),
        (
            json!({"inputs": [{"type": "message"}], "model": model}),
            (json!(["body", "inputs", 0]), "union_tag_invalid"),
        ),
        (
            json!({"inputs": [{"type": "function.result", "result": "1"}], "model": model}),
            (
                json!(["body", "inputs", 0, "function.result", "tool_call_id"]),
                "missing",
            ),
        ),
        (
            json!({"inputs": [{"role": "user", "content": "a", "created_at": "now"}],
                "model": model}),
            (
                json!(["body", "inputs", 0, "message.input", "created_at"]),
                "datetime_from_date_parsing",
            ),
        ),
        (
            json!({"inputs": "a", "model": model,
                "tools": [{"type": "document_library", "library_ids": []}]}),
            (
                json!(["body", "tools", 0, "document_library", "library_ids"]),
                "too_short",
            ),
        ),
        (
            json!({"inputs": "a", "model": model, "messages": []}),
            (location(&["messages"]), "extra_forbidden"),
        ),
    ] {
        let response = send(&emulator, "POST", "/v1/conversations", &request);
        let (found, error_type) = invalid_fields(&response).swap_remove(0);
        assert_eq!((found, error_type.as_str()), expected, "{request}");
    }
    assert_eq!(get(&emulator, "/v1/conversations"), json!([]));
}

#[test]
fn conversation_with_unknown_agent_version_library_or_model_is_rejected() {
    let emulator = start();
    let agent = json!({"model": "mistral-small-latest", "name": "a"});
    let agent = exchange(&emulator, "POST", "/v1/agents", &agent);
    let library = json!([{"type": "document_library",
        "library_ids": ["6ba7b810-9dad-41d1-80b4-00c04fd430c8"]}]);
    for (members, status) in [
        (json!({"agent_id": "ag_0"}), 404),
        (
            json!({"agent_id": agent["id"], "agent_version": "prod"}),
            404,
        ),
        (
            json!({"model": "mistral-small-latest", "tools": library}),
            404,
        ),
        (json!({"model": "none"}), 400),
        (json!({"model": "mistral-embed"}), 400),
    ] {
        let mut request = members;
        request["inputs"] = "a".into();
        let response = send(&emulator, "POST", "/v1/conversations", &request);
        assert_eq!(response.status, status, "{request}");
    }
}

#[test]
fn conversation_completion_args_of_request_override_those_of_conversation() {
    let emulator = start();
    let request = json!({"model": "mistral-small-latest", "inputs": "Echo: a b c d",
        "completion_args": {"max_tokens": 2, "stop": "c"}});
    let response = start_with(&emulator, &request);
    assert_eq!(response["outputs"][0]["content"], "a b");
    let longer = json!({"inputs": "Echo: a b c d", "completion_args": {"max_tokens": 9}});
    let appended = append(&emulator, &response, &longer);
    assert_eq!(appended["outputs"][0]["content"], "a b ");
}

#[test]
fn conversation_reasoning_precedes_text() {
    let emulator = start();
    let request = json!({"model": "mistral-small-latest", "inputs": "Echo: a",
        "completion_args": {"reasoning_effort": "high"}});
    let content = start_with(&emulator, &request)["outputs"][0]["content"].clone();
    assert_eq!(members(&content, "type"), ["thinking", "text"]);
    assert_eq!(content[1]["text"], "a");
}

#[test]
fn conversation_guardrails_block_or_accompany_response() {
    let emulator = start();
    let guardrails = json!([{"moderation_llm_v2": {"action": "block"}}]);
    let request = |text: &str| {
        json!({"model": "mistral-small-latest", "inputs": text,
        "guardrails": guardrails})
    };
    let blocked = send(
        &emulator,
        "POST",
        "/v1/conversations",
        &request("I will kill you"),
    );
    assert_eq!(blocked.status, 403, "{}", blocked.text());
    assert_eq!(get(&emulator, "/v1/conversations"), json!([]));
    let passed = start_with(&emulator, &request("Hello"));
    assert_eq!(
        passed["guardrails"][0]["moderation_llm_v2"]["action"],
        "pass"
    );
}
