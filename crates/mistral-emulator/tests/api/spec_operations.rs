//! The operations that are served from their schemas: validation, instances, pages and streams.

use mistral_emulator::{Emulator, Fault, Reply};
use serde_json::{Value, json};

use crate::client::{RawResponse, anonymous_request, api_request, start};

const JUDGES: &str = "/v1/observability/judges";
const JUDGE: &str = "/v1/observability/judges/0a3f3ad6-0f3c-4f5e-9d5c-3c1b6f9b8a01";

fn post(emulator: &Emulator, path: &str, body: &Value) -> RawResponse {
    api_request(emulator, "POST", path).json(body).send()
}

fn get(emulator: &Emulator, path: &str) -> RawResponse {
    api_request(emulator, "GET", path).send()
}

fn get_json(emulator: &Emulator, path: &str) -> Value {
    let response = get(emulator, path);
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()
}

fn judge() -> Value {
    json!({
        "name": "polite", "description": "d", "model_name": "mistral-small-latest",
        "output": {"type": "REGRESSION", "min_description": "rude", "max_description": "polite"},
        "instructions": "i", "tools": [],
    })
}

#[test]
fn instance_repeats_members_of_request() {
    let emulator = start();
    let response = post(&emulator, JUDGES, &judge());
    assert_eq!(response.status, 201);
    let created = response.json();
    for name in ["name", "description", "instructions", "model_name"] {
        assert_eq!(created[name], judge()[name], "{name}");
    }
    assert_eq!(created["created_at"], "2026-01-01T00:00:00Z");
    let found = get_json(&emulator, JUDGE);
    assert_eq!(found["id"], JUDGE.rsplit('/').next().unwrap());
}

#[test]
fn instance_is_same_for_same_request() {
    let (first, second) = (start(), start());
    let answer = |emulator: &Emulator| post(emulator, JUDGES, &judge()).json();
    assert_eq!(answer(&first), answer(&second));
    let other = get_json(&first, JUDGE);
    assert_ne!(answer(&first)["owner_id"], other["owner_id"]);
}

#[test]
fn validation_names_location_of_each_invalid_field() {
    let emulator = start();
    let body = json!({"name": 1, "event": "e", "target": {}});
    let response = post(&emulator, "/v1/webhooks", &body);
    assert_eq!(response.status, 422);
    let details = response.json()["detail"].clone();
    let details = details.as_array().unwrap();
    assert!(!details.is_empty());
    for detail in details {
        assert_eq!(detail["loc"][0], "body", "{detail}");
        assert!(
            detail["msg"].is_string() && detail["type"].is_string(),
            "{detail}"
        );
    }
}

#[test]
fn validation_of_query_names_parameter() {
    let emulator = start();
    let response = get(&emulator, "/v1/audio/agents?page_size=many");
    assert_eq!(response.status, 422);
    let detail = &response.json()["detail"][0];
    assert_eq!(detail["loc"], json!(["query", "page_size"]));
    assert_eq!(detail["type"], "int_parsing");
}

#[test]
fn validation_of_path_names_parameter() {
    let emulator = start();
    let path = "/v1/context/search-indexes/i/summary_field/klingon";
    let response = get(&emulator, path);
    assert_eq!(response.status, 422, "{}", response.text());
    let detail = &response.json()["detail"][0];
    assert_eq!(detail["loc"], json!(["path", "language"]));
}

#[test]
fn validation_of_observability_is_one_message_with_code() {
    let emulator = start();
    let response = post(&emulator, JUDGES, &json!({"name": "n"}));
    assert_eq!(response.status, 422);
    let detail = response.json()["detail"].clone();
    assert_eq!(detail["error_code"], "VALIDATION_ERROR");
    let message = detail["message"].as_str().unwrap().to_owned();
    assert!(
        message.contains("body.description: Field required"),
        "{message}"
    );
}

#[test]
fn member_that_schema_forbids_is_refused() {
    let emulator = start();
    let configuration = json!({"requires_confirmation": [], "colour": "red"});
    let tool = json!({"type": "web_search", "tool_configuration": configuration});
    let body = json!({"name": "n", "configuration": {"tools": [tool]}});
    let response = post(&emulator, "/v1/audio/agents", &body);
    let text = response.text();
    assert_eq!(response.status, 422, "{text}");
    assert!(
        text.contains("extra_forbidden") && text.contains("colour"),
        "{text}"
    );
}

#[test]
fn list_pages_are_linked_by_token_and_end() {
    let emulator = start();
    let mut path = "/v1/audio/agents?page_size=2".to_owned();
    let mut ids = Vec::new();
    loop {
        let page = get_json(&emulator, &path);
        let items = page["data"].as_array().unwrap();
        ids.extend(items.iter().map(|item| item["id"].to_string()));
        match page["next_page_token"].as_str() {
            Some(token) => path = format!("/v1/audio/agents?page_size=2&page_token={token}"),
            None => break,
        }
    }
    assert_eq!(ids.len(), 3);
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

#[test]
fn list_pages_with_offset_end() {
    let emulator = start();
    let items = |offset: usize| {
        let path = format!("/v1/users/me/organizations?limit=2&offset={offset}");
        get_json(&emulator, &path)["organizations"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!([items(0), items(2), items(4)], [2, 1, 0]);
}

#[test]
fn list_pages_with_number_end() {
    let emulator = start();
    let page = |number: usize| {
        let path = format!("{JUDGES}?page_size=2&page={number}");
        get_json(&emulator, &path)["judges"].clone()
    };
    let (first, second) = (page(1), page(2));
    assert_eq!(first["count"], 3);
    assert_eq!(first["results"].as_array().unwrap().len(), 2);
    assert!(first["next"].as_str().unwrap().ends_with("page=2"));
    assert_eq!(second["results"].as_array().unwrap().len(), 1);
    assert!(second["next"].is_null());
}

#[test]
fn answer_without_content_is_204() {
    let emulator = start();
    let path = "/v1/connectors/c/user/activate";
    let response = api_request(&emulator, "DELETE", JUDGE).send();
    assert_eq!((response.status, response.bytes().len()), (204, 0));
    assert_eq!(
        anonymous_request(&emulator, "POST", path).send().status,
        401
    );
}

#[test]
fn json_lines_are_one_object_each() {
    let emulator = start();
    let indexes = "/v1/context/search-indexes";
    let embedding = json!({"type": "mistral", "name": "mistral-embed", "dimensions": 1024});
    let index = json!({"name": "i", "config": {"embedding": embedding}});
    assert!(post(&emulator, indexes, &index).status < 300);
    let path = format!("{indexes}/i/summary_field/en");
    let response = api_request(&emulator, "POST", &path).send();
    assert_eq!(response.status, 200, "{}", response.text());
    assert_eq!(response.header("content-type"), "application/x-ndjson");
    let text = response.text();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(
        lines.len() > 1 && lines.iter().all(Value::is_object),
        "{text}"
    );
}

#[test]
fn key_in_own_header_is_accepted_where_api_has_one() {
    let emulator = start();
    let with_key = |path: &str| {
        let request = anonymous_request(&emulator, "GET", path);
        request
            .header("x-api-key", emulator.api_key())
            .send()
            .status
    };
    assert_eq!(with_key("/v1/users/me"), 200);
    assert_eq!(with_key("/v1/webhooks"), 401);
    assert_eq!(get(&emulator, "/v1/users/me").status, 200);
}

#[test]
fn path_without_operation_is_not_found() {
    let emulator = start();
    assert_eq!(get(&emulator, "/v1/workflows/a/b/c/d").status, 404);
    let unknown_method = api_request(&emulator, "PUT", "/v1/chat/completions").send();
    assert_eq!(unknown_method.status, 405);
}

#[test]
fn fault_reply_and_log_know_operations_of_spec() {
    let emulator = start();
    emulator.push_fault(Fault::status(503).on("beta.observability.judges"));
    emulator.push_reply(Reply::json(json!({"scripted": true})).on("beta.users.get_identity"));
    assert_eq!(get(&emulator, "/v1/webhooks").status, 200);
    assert_eq!(get(&emulator, JUDGE).status, 503);
    assert_eq!(
        get_json(&emulator, "/v1/users/me"),
        json!({"scripted": true})
    );
    let requests = emulator.requests();
    let operations: Vec<_> = requests.iter().map(|request| request.operation()).collect();
    let expected = [
        Some("beta.webhooks.list"),
        Some("beta.observability.judges.fetch"),
        Some("beta.users.get_identity"),
    ];
    assert_eq!(operations, expected);
}

#[test]
fn overview_lists_operations_of_spec() {
    let emulator = start();
    let overview = get_json(&emulator, "/");
    let operations = overview["operations"].as_array().unwrap();
    let judge = json!("POST /v1/observability/judges (beta.observability.judges.create)");
    assert!(operations.contains(&judge));
}

/// Returns the requests of the official SDK that were recorded, if they are here.
fn recorded_requests() -> Vec<Value> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../../shared/conformance/v3/recorded_requests.json"
    );
    let text = std::fs::read_to_string(path).unwrap_or("{}".to_owned());
    let recorded: Value = serde_json::from_str(&text).unwrap();
    recorded["records"].as_array().cloned().unwrap_or_default()
}

#[test]
fn recorded_request_reaches_its_operation() {
    let emulator = start();
    for record in recorded_requests() {
        let (id, call) = (
            record["id"].as_str().unwrap(),
            record["call"].as_str().unwrap(),
        );
        // The official SDK does not escape every path, and sends some requests from two groups.
        let is_unescaped = id.ends_with("-slash") || id.ends_with("-reserved");
        let is_classic = record["surface"] == "classic";
        if is_unescaped || is_classic || call.starts_with("events.") {
            continue;
        }
        let request = &record["request"];
        let path = request["path"].as_str().unwrap();
        let sent = api_request(&emulator, request["method"].as_str().unwrap(), path);
        let response = match &request["json"] {
            Value::Null => sent.send(),
            body => sent.json(body).send(),
        };
        assert!(response.status < 500, "{id}: {}", response.text());
        let recorded = emulator.requests().pop().unwrap();
        assert_eq!(recorded.operation(), Some(call), "{id}");
        emulator.clear_requests();
    }
}
