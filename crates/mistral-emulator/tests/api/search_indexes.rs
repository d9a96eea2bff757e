//! Managed search indexes.

use mistral_emulator::Emulator;
use serde_json::{Value, json};

use crate::client::{RawResponse, start};
use crate::resources;

const SEARCH: &str = "/museum/search";

fn send(emulator: &Emulator, method: &str, path: &str, body: &Value) -> RawResponse {
    resources::send(
        emulator,
        method,
        &format!("/v1/context/search-indexes{path}"),
        body,
    )
}

#[track_caller]
fn ok(emulator: &Emulator, method: &str, path: &str, body: &Value) -> Value {
    resources::exchange(
        emulator,
        method,
        &format!("/v1/context/search-indexes{path}"),
        body,
    )
}

fn status(emulator: &Emulator, method: &str, path: &str, body: &Value) -> u16 {
    send(emulator, method, path, body).status
}

fn index(name: &str) -> Value {
    let embedding = json!({"type": "mistral", "name": "mistral-embed", "dimensions": 1024});
    json!({"name": name, "config": {"embedding": embedding}})
}

fn query() -> Value {
    json!({"retriever": {"type": "keyword", "query": "olympia"}})
}

#[test]
fn search_index_is_ready_once_it_is_retrieved() {
    let emulator = start();
    let created = ok(&emulator, "POST", "", &index("museum"));
    assert_eq!(created["status"], "provisioning");
    assert_eq!(created["schema"]["chunk_fields"], json!({}));
    let found = ok(&emulator, "GET", "/museum", &Value::Null);
    assert_eq!(
        (&found["status"], &found["id"]),
        (&json!("ready"), &created["id"])
    );

    let fields = json!({"painter": {"type": "keyword"}});
    let schema = json!({"schema": {"document_fields": fields}});
    let updated = ok(&emulator, "PUT", "/museum", &schema);
    assert_eq!(updated["status"], "provisioning");
    let found = ok(&emulator, "GET", "/museum", &Value::Null);
    assert_eq!(found["status"], "ready");
    assert_eq!(found["schema"]["document_fields"], fields);
    assert_eq!(found["config"], created["config"]);
}

#[test]
fn search_index_name_is_used_once() {
    let emulator = start();
    ok(&emulator, "POST", "", &index("museum"));
    assert_eq!(status(&emulator, "POST", "", &index("museum")), 409);
    ok(&emulator, "DELETE", "/museum", &Value::Null);
    ok(&emulator, "POST", "", &index("museum"));
}

#[test]
fn search_index_list_is_filtered() {
    let emulator = start();
    for name in ["museum", "archive", "museum-2"] {
        ok(&emulator, "POST", "", &index(name));
    }
    ok(&emulator, "GET", "/archive", &Value::Null);
    let names = |query: &str| {
        let page = ok(&emulator, "GET", query, &Value::Null);
        let items = page["data"].as_array().unwrap().iter();
        items
            .map(|it| it["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(""), ["museum", "archive", "museum-2"]);
    assert_eq!(names("?name=MUSE"), ["museum", "museum-2"]);
    assert_eq!(names("?status=ready"), ["archive"]);
    assert_eq!(names("?page_size=1"), ["museum"]);
}

#[test]
fn search_index_that_does_not_exist_is_not_found() {
    let emulator = start();
    for (method, path, body) in [
        ("GET", "/museum", Value::Null),
        ("DELETE", "/museum", Value::Null),
        ("PUT", "/museum", json!({"schema": {}})),
        ("POST", SEARCH, query()),
        ("POST", "/museum/documents", json!({"documents": [{}]})),
        ("POST", "/museum/summary_field/en", Value::Null),
    ] {
        assert_eq!(
            status(&emulator, method, path, &body),
            404,
            "{method} {path}"
        );
    }
    ok(&emulator, "POST", "", &index("museum"));
    let hits = ok(&emulator, "POST", SEARCH, &query());
    assert!(hits["hits"][0]["chunk"]["content"].is_string(), "{hits}");
    let summary = send(&emulator, "POST", "/museum/summary_field/en", &Value::Null);
    assert_eq!(summary.status, 200);
    assert!(summary.text().lines().count() > 1);
    let deleted = ok(&emulator, "DELETE", "/museum", &Value::Null);
    assert_eq!(deleted["status"], "deleting");
    assert_eq!(status(&emulator, "POST", SEARCH, &query()), 404);
}
