//! Connectors, their tools and their credentials.

use mistral_emulator::Emulator;
use serde_json::{Value, json};

use crate::client::{RawResponse, start};
use crate::resources;

fn send(emulator: &Emulator, method: &str, path: &str, body: &Value) -> RawResponse {
    resources::send(emulator, method, &format!("/v1/connectors{path}"), body)
}

#[track_caller]
fn ok(emulator: &Emulator, method: &str, path: &str, body: &Value) -> Value {
    resources::exchange(emulator, method, &format!("/v1/connectors{path}"), body)
}

fn fetch(emulator: &Emulator, path: &str) -> Value {
    ok(emulator, "GET", path, &Value::Null)
}

fn create(emulator: &Emulator, name: &str) -> Value {
    let body = json!({"name": name, "description": "d", "server": "https://example.com/mcp"});
    ok(emulator, "POST", "", &body)
}

#[test]
fn connector_create_get_update_delete() {
    let emulator = start();
    let created = create(&emulator, "wiki");
    assert_eq!(created["protocol"], "mcp");
    assert_eq!(created["supports_mcp"], true);
    let id = created["id"].as_str().unwrap();
    assert_eq!(fetch(&emulator, "/wiki"), created);
    assert_eq!(fetch(&emulator, &format!("/{id}")), created);
    let updated = ok(
        &emulator,
        "PATCH",
        &format!("/{id}"),
        &json!({"title": "Wiki"}),
    );
    assert_eq!(
        (&updated["title"], &updated["name"]),
        (&json!("Wiki"), &json!("wiki"))
    );
    ok(
        &emulator,
        "PUT",
        &format!("/{id}/organization/share"),
        &Value::Null,
    );
    assert_eq!(fetch(&emulator, "/wiki")["visibility"], "shared_org");
    let again = json!({"name": "wiki", "description": "d", "server": "https://example.com"});
    assert_eq!(send(&emulator, "POST", "", &again).status, 409);
    ok(&emulator, "DELETE", &format!("/{id}"), &Value::Null);
    assert_eq!(send(&emulator, "GET", "/wiki", &Value::Null).status, 404);
}

#[test]
fn connector_list_has_pages() {
    let emulator = start();
    for name in ["a", "b", "c"] {
        create(&emulator, name);
    }
    let first = fetch(&emulator, "?page_size=2");
    assert_eq!(first["items"].as_array().unwrap().len(), 2);
    assert_eq!(first["pagination"]["page_size"], 2);
    let cursor = first["pagination"]["next_cursor"].as_str().unwrap();
    let second = fetch(&emulator, &format!("?page_size=2&cursor={cursor}"));
    assert_eq!(second["items"][0]["name"], "c");
    assert!(second["pagination"]["next_cursor"].is_null());
    assert_eq!(fetch(&emulator, "?supports_mcp=false")["items"], json!([]));
}

#[test]
fn connector_tools_are_listed_and_called() {
    let emulator = start();
    create(&emulator, "wiki");
    let tools = fetch(&emulator, "/wiki/tools");
    let names: Vec<&str> = tools
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| tool["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["echo", "search"]);
    assert_eq!(tools[0]["inputSchema"]["required"], json!(["text"]));
    let call = |tool: &str, arguments: Value| {
        let path = format!("/wiki/tools/{tool}/call");
        send(&emulator, "POST", &path, &json!({"arguments": arguments}))
    };
    let echoed = call("echo", json!({"text": "bonjour"})).json();
    assert_eq!(
        echoed["content"],
        json!([{"type": "text", "text": "bonjour"}])
    );
    assert_eq!(echoed["metadata"]["mcp_meta"]["isError"], false);
    let failed = call("echo", json!({"n": 1})).json();
    assert_eq!(failed["metadata"]["mcp_meta"]["isError"], true);
    assert_eq!(call("other", json!({})).status, 404);
    let path = "/none/tools/echo/call";
    assert_eq!(send(&emulator, "POST", path, &json!({})).status, 404);
}

#[test]
fn credentials_are_listed_without_secrets() {
    let emulator = start();
    create(&emulator, "wiki");
    let path = "/wiki/user/credentials";
    let body = json!({"name": "mine", "credentials": {"bearer_token": "s3cret"}});
    ok(&emulator, "POST", path, &body);
    assert_eq!(send(&emulator, "POST", path, &body).status, 409);
    let listed = fetch(&emulator, path);
    let credentials = &listed["credentials"][0];
    assert_eq!(credentials["name"], "mine");
    assert_eq!(credentials["authentication_type"], "bearer");
    assert_eq!(credentials["scope"], "user");
    assert!(!listed.to_string().contains("s3cret"));
    ok(
        &emulator,
        "PATCH",
        path,
        &json!({"name": "mine", "is_default": true}),
    );
    assert_eq!(fetch(&emulator, path)["credentials"][0]["is_default"], true);
    let of_workspace = fetch(&emulator, "/wiki/workspace/credentials");
    assert_eq!(of_workspace["credentials"], json!([]));
    ok(
        &emulator,
        "DELETE",
        "/wiki/user/credentials/mine",
        &Value::Null,
    );
    assert_eq!(fetch(&emulator, path)["credentials"], json!([]));
}
