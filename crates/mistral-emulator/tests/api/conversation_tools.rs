//! The tools of conversations: functions, tools of the server, confirmations and handoffs.

use mistral_emulator::Emulator;
use serde_json::{Value, json};

use crate::client::{api_request, get, start, tool};
use crate::conversations::{append, path, start_with};
use crate::resources::{exchange, members, send};

const MODEL: &str = "mistral-medium-latest";

/// Starts a conversation with tools.
fn ask_with(emulator: &Emulator, text: &str, tools: Value) -> Value {
    start_with(
        emulator,
        &json!({"model": MODEL, "inputs": text, "tools": tools}),
    )
}

fn output_types(response: &Value) -> Vec<Value> {
    members(&response["outputs"], "type")
}

fn add() -> Value {
    let parameters = json!({"type": "object", "properties": {"x": {"type": "integer"}},
        "required": ["x"]});
    tool("add", &parameters)
}

#[test]
fn function_call_stops_and_result_goes_on() {
    let emulator = start();
    let called = ask_with(&emulator, "Call add with x=17", json!([add()]));
    let call = &called["outputs"][0];
    assert_eq!(output_types(&called), ["function.call"]);
    assert_eq!(call["name"], "add");
    assert_eq!(call["arguments"], r#"{"x": 17}"#);
    assert_eq!(call["confirmation_status"], Value::Null);

    // The model waits for the result.
    let early = send(
        &emulator,
        "POST",
        &path(&called),
        &json!({"inputs": "And?"}),
    );
    assert_eq!(early.status, 400);
    assert_eq!(early.json()["code"], "3230");
    let result = json!({"type": "function.result", "tool_call_id": call["tool_call_id"],
        "result": "18"});
    let answered = append(&emulator, &called, &json!({"inputs": [result]}));
    assert_eq!(
        answered["outputs"][0]["content"],
        "The tool add answered: 18"
    );
    let history = get(&emulator, &format!("{}/history", path(&called)));
    assert_eq!(
        members(&history["entries"], "type"),
        [
            "message.input",
            "function.call",
            "function.result",
            "message.output"
        ]
    );
}

#[test]
fn web_search_adds_execution_and_reference() {
    let emulator = start();
    let response = ask_with(
        &emulator,
        "What is the latest news?",
        json!([{"type": "web_search"}]),
    );
    assert_eq!(
        output_types(&response),
        ["tool.execution", "message.output"]
    );
    let execution = &response["outputs"][0];
    assert_eq!(execution["name"], "web_search");
    assert_eq!(
        execution["arguments"],
        r#"{"query": "What is the latest news?"}"#
    );
    let content = &response["outputs"][1]["content"];
    assert_eq!(members(content, "type"), ["text", "tool_reference"]);
    assert_eq!(content[1]["tool"], "web_search");
    let usage = &response["usage"];
    assert_eq!(usage["connectors"], json!({"web_search": 1}));
    let number = |name: &str| usage[name].as_u64().unwrap();
    assert_eq!(
        number("total_tokens"),
        number("prompt_tokens") + number("completion_tokens") + number("connector_tokens")
    );
    // The next turn does not search again.
    let next = append(&emulator, &response, &json!({"inputs": "Thank you"}));
    assert_eq!(output_types(&next), ["message.output"]);
}

#[test]
fn web_search_is_not_repeated_after_function_result() {
    let emulator = start();
    let tools = json!([{"type": "web_search"}, add()]);
    let called = ask_with(&emulator, "Search, then call add with x=17", tools);
    assert_eq!(output_types(&called), ["tool.execution", "function.call"]);
    let id = &called["outputs"][1]["tool_call_id"];
    let result = json!({"type": "function.result", "tool_call_id": id, "result": "18"});
    let answered = append(&emulator, &called, &json!({"inputs": [result]}));
    assert_eq!(output_types(&answered), ["message.output"]);
}

#[test]
fn code_interpreter_returns_code_and_output() {
    let tools = json!([{"type": "code_interpreter"}]);
    let response = ask_with(&start(), "Run a program", tools);
    let info = &response["outputs"][0]["info"];
    assert_eq!(info["code"], r#"print("Run a program")"#);
    assert_eq!(info["code_output"], "Run a program\n");
}

#[test]
fn image_generation_returns_file_that_downloads() {
    let emulator = start();
    let tools = json!([{"type": "image_generation"}]);
    let response = ask_with(&emulator, "Draw a cat", tools);
    let file = response["outputs"][1]["content"][1].clone();
    assert_eq!(
        (&file["type"], &file["tool"]),
        (&json!("tool_file"), &json!("image_generation"))
    );
    let id = file["file_id"].as_str().unwrap();
    let content = api_request(&emulator, "GET", &format!("/v1/files/{id}/content")).send();
    // A JPEG starts with these bytes.
    assert!(content.bytes().starts_with(&[0xff, 0xd8, 0xff]));
}

#[test]
fn document_library_finds_processed_document_by_word() {
    let emulator = start();
    let library = exchange(&emulator, "POST", "/v1/libraries", &json!({"name": "Art"}));
    let documents = format!(
        "/v1/libraries/{}/documents",
        library["id"].as_str().unwrap()
    );
    let tools = json!([{"type": "document_library", "library_ids": [library["id"]]}]);
    let ask = || ask_with(&emulator, "Who painted lilies?", tools.clone());
    for (name, text) in [
        ("manet.txt", "Manet painted Olympia."),
        ("monet.txt", "He was born in 1840. Monet painted lilies."),
        ("other.txt", "Nothing to see."),
    ] {
        let uploaded = api_request(&emulator, "POST", &documents)
            .form(&[], &format!("filename=\"{name}\""), text.as_bytes())
            .send();
        assert_eq!(uploaded.status, 201, "{}", uploaded.text());
    }
    // A document is found once it is processed.
    assert_eq!(output_types(&ask()), ["message.output"]);
    let list = get(&emulator, &documents);
    for id in members(&list["data"], "id") {
        for _ in 0..2 {
            get(
                &emulator,
                &format!("{documents}/{}/status", id.as_str().unwrap()),
            );
        }
    }
    let response = ask();
    assert_eq!(
        output_types(&response),
        ["tool.execution", "message.output"]
    );
    let content = &response["outputs"][1]["content"];
    assert_eq!(
        members(content, "title"),
        [json!(null), json!("monet.txt"), json!("manet.txt")]
    );
    assert_eq!(content[1]["description"], "Monet painted lilies.");
}

#[test]
fn tool_choice_and_exclusion_decide_about_server_tools() {
    let emulator = start();
    let ask = |choice: &str, tools: Value| {
        let request = json!({"model": MODEL, "inputs": "Hello", "tools": tools,
            "completion_args": {"tool_choice": choice}});
        output_types(&start_with(&emulator, &request))
    };
    let web = json!([{"type": "web_search"}]);
    assert_eq!(
        ask("any", web.clone()),
        ["tool.execution", "message.output"]
    );
    assert_eq!(ask("auto", web), ["message.output"]);
    let excluded = json!([{"type": "web_search",
        "tool_configuration": {"exclude": ["web_search"]}}]);
    assert_eq!(ask("any", excluded), ["message.output"]);
}

#[test]
fn confirmation_allows_or_denies_pending_call() {
    let emulator = start();
    let tools = json!([{"type": "web_search",
        "tool_configuration": {"requires_confirmation": ["web_search"]}}]);
    for (confirmation, expected, status) in [
        (
            "allow",
            &["tool.execution", "message.output"][..],
            "allowed",
        ),
        ("deny", &["message.output"], "denied"),
    ] {
        let pending = ask_with(&emulator, "Search the web", tools.clone());
        let call = &pending["outputs"][0];
        assert_eq!(output_types(&pending), ["function.call"]);
        assert_eq!(call["confirmation_status"], "pending");
        let confirm = |id: &Value| {
            let confirmation = json!({"tool_call_id": id, "confirmation": confirmation});
            let request = json!({"tool_confirmations": [confirmation]});
            send(&emulator, "POST", &path(&pending), &request)
        };
        assert_eq!(confirm(&json!("unknown")).status, 400);
        let response = confirm(&call["tool_call_id"]).json();
        assert_eq!(output_types(&response), expected);
        let history = get(&emulator, &format!("{}/history", path(&pending)));
        assert_eq!(history["entries"][1]["confirmation_status"], status);
        assert_eq!(confirm(&call["tool_call_id"]).status, 400);
    }
}

/// Creates an agent that hands over to another, and returns both.
fn two_agents(emulator: &Emulator) -> (Value, Value) {
    let create = |request: Value| exchange(emulator, "POST", "/v1/agents", &request);
    let finance = create(
        json!({"model": "mistral-small-latest", "name": "finance-agent",
        "instructions": "Count."}),
    );
    let router = create(json!({"model": MODEL, "name": "router", "handoffs": [finance["id"]]}));
    (router, finance)
}

#[test]
fn handoff_on_server_is_answered_by_next_agent() {
    let emulator = start();
    let (router, finance) = two_agents(&emulator);
    let request = json!({"agent_id": router["id"], "inputs": "Ask finance: Hello"});
    let response = start_with(&emulator, &request);
    assert_eq!(output_types(&response), ["agent.handoff", "message.output"]);
    let handoff = &response["outputs"][0];
    assert_eq!(handoff["previous_agent_id"], router["id"]);
    assert_eq!(handoff["previous_agent_name"], "router");
    assert_eq!(handoff["next_agent_id"], finance["id"]);
    assert_eq!(handoff["next_agent_name"], "finance-agent");
    assert_eq!(response["outputs"][1]["agent_id"], finance["id"]);
    assert_eq!(response["outputs"][1]["model"], "mistral-small-latest");
    // The next agent goes on.
    let next = append(&emulator, &response, &json!({"inputs": "And?"}));
    assert_eq!(next["outputs"][0]["agent_id"], finance["id"]);
    // Nothing is handed over if the prompt is not about the other agent.
    let request = json!({"agent_id": router["id"], "inputs": "Hello"});
    assert_eq!(
        output_types(&start_with(&emulator, &request)),
        ["message.output"]
    );
}

#[test]
fn handoff_on_client_returns_without_message() {
    let emulator = start();
    let (router, finance) = two_agents(&emulator);
    let request = json!({"agent_id": router["id"], "inputs": "Ask finance",
        "handoff_execution": "client"});
    let response = start_with(&emulator, &request);
    assert_eq!(output_types(&response), ["agent.handoff"]);
    let next = append(&emulator, &response, &json!({}));
    assert_eq!(next["outputs"][0]["agent_id"], finance["id"]);
}

#[test]
fn conversation_uses_requested_version_of_agent() {
    let emulator = start();
    let request = json!({"model": "mistral-small-latest", "name": "a"});
    let agent = exchange(&emulator, "POST", "/v1/agents", &request);
    let agent_path = format!("/v1/agents/{}", agent["id"].as_str().unwrap());
    exchange(&emulator, "PATCH", &agent_path, &json!({"model": MODEL}));
    let alias = format!("{agent_path}/aliases?alias=old&version=0");
    assert_eq!(api_request(&emulator, "PUT", &alias).send().status, 200);
    for (version, expected) in [
        (json!(null), MODEL),
        (json!(0), "mistral-small-latest"),
        (json!("1"), MODEL),
        (json!("old"), "mistral-small-latest"),
    ] {
        let request = json!({"agent_id": agent["id"], "agent_version": version, "inputs": "a"});
        let response = start_with(&emulator, &request);
        assert_eq!(response["outputs"][0]["model"], expected, "{version}");
    }
}

#[test]
fn conversation_uses_format_and_guardrails_of_agent() {
    let emulator = start();
    let schema = json!({"type": "object", "properties": {"year": {"type": "integer"}},
        "required": ["year"]});
    let format = json!({"type": "json_schema", "json_schema": {"name": "n", "schema": schema}});
    let agent = json!({"model": MODEL, "name": "a", "instructions": "Be brief.",
        "completion_args": {"response_format": format},
        "guardrails": [{"moderation_llm_v2": {"action": "block"}}]});
    let agent = exchange(&emulator, "POST", "/v1/agents", &agent);
    let request = |text: &str| json!({"agent_id": agent["id"], "inputs": text});
    let response = start_with(&emulator, &request("Which year?"));
    let content = response["outputs"][0]["content"].as_str().unwrap();
    let content: Value = serde_json::from_str(content).unwrap();
    assert!(content["year"].is_i64(), "{content}");
    // <system> Be brief. <user> Which year?
    assert_eq!(response["usage"]["prompt_tokens"], 6);
    let blocked = send(
        &emulator,
        "POST",
        "/v1/conversations",
        &request("I will kill you"),
    );
    assert_eq!(blocked.status, 403);
    // The guardrails of the request take the place of those of the agent.
    let mut without = request("I will kill you");
    without["guardrails"] = json!([]);
    assert_eq!(
        send(&emulator, "POST", "/v1/conversations", &without).status,
        200
    );
}

#[test]
fn function_calls_in_parallel_need_every_result() {
    let emulator = start();
    let tools = json!([add(), tool("multiply", &json!({}))]);
    let called = ask_with(&emulator, "Call add with x=1, then multiply", tools);
    assert_eq!(output_types(&called), ["function.call", "function.call"]);
    let result = |index: usize| {
        json!({"type": "function.result", "result": index.to_string(),
        "tool_call_id": called["outputs"][index]["tool_call_id"]})
    };
    let one = send(
        &emulator,
        "POST",
        &path(&called),
        &json!({"inputs": [result(0)]}),
    );
    assert_eq!(one.status, 400);
    let both = append(
        &emulator,
        &called,
        &json!({"inputs": [result(0), result(1)]}),
    );
    assert_eq!(
        both["outputs"][0]["content"],
        "The tool add answered: 0\nThe tool multiply answered: 1"
    );
}
