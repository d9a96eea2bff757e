//! Agents, their versions and aliases.

use mistral_emulator::Emulator;
use serde_json::{Value, json};

use crate::client::{api_request, get, start, tool, upload};
use crate::resources::{exchange, invalid_fields, members, send};

fn create(emulator: &Emulator, request: &Value) -> Value {
    exchange(emulator, "POST", "/v1/agents", request)
}

fn agent(emulator: &Emulator, name: &str) -> String {
    let request = json!({"model": "mistral-small-latest", "name": name});
    id(&create(emulator, &request))
}

fn id(resource: &Value) -> String {
    resource["id"].as_str().unwrap().to_owned()
}

#[test]
fn agent_create_returns_every_documented_member() {
    let emulator = start();
    let request = json!({
        "model": "mistral-small-latest",
        "name": "Painter",
        "instructions": "Be brief.",
        "tools": [{"type": "web_search"}],
        "completion_args": {"temperature": 0.3},
        "metadata": {"team": "art"},
    });
    let agent = create(&emulator, &request);
    let id = id(&agent);
    assert!(id.starts_with("ag_"), "{id}");
    let expected = json!({
        "object": "agent", "id": id, "model": "mistral-small-latest", "name": "Painter",
        "instructions": "Be brief.", "tools": [{"type": "web_search"}],
        "completion_args": {"temperature": 0.3}, "metadata": {"team": "art"},
        "guardrails": null, "description": null, "handoffs": null, "version_message": null,
        "version": 0, "versions": [0], "deployment_chat": false, "source": "api",
        "created_at": "2026-01-01T00:00:01Z", "updated_at": "2026-01-01T00:00:01Z",
        "owner_id": agent["owner_id"],
    });
    assert_eq!(agent, expected);
    assert_eq!(get(&emulator, &format!("/v1/agents/{id}")), expected);
}

#[test]
fn agent_update_adds_version_and_switch_returns_to_one() {
    let emulator = start();
    let request = json!({"model": "mistral-small-latest", "name": "a", "instructions": "one",
        "description": "old", "version_message": "first"});
    let id = id(&create(&emulator, &request));
    let path = format!("/v1/agents/{id}");
    let changes = json!({"instructions": "two", "description": null, "deployment_chat": true});
    let updated = exchange(&emulator, "PATCH", &path, &changes);
    assert_eq!(updated["version"], 1);
    assert_eq!(updated["versions"], json!([0, 1]));
    assert_eq!(updated["instructions"], "two");
    assert_eq!(updated["description"], Value::Null);
    assert_eq!(updated["version_message"], Value::Null);
    assert_eq!(updated["deployment_chat"], true);

    let first = get(&emulator, &format!("{path}?agent_version=0"));
    assert_eq!(first["instructions"], "one");
    assert_eq!(first, get(&emulator, &format!("{path}/versions/0")));
    let versions = get(&emulator, &format!("{path}/versions"));
    assert_eq!(members(&versions, "version"), [json!(1), json!(0)]);
    let second_page = get(&emulator, &format!("{path}/versions?page=1&page_size=1"));
    assert_eq!(members(&second_page, "version"), [json!(0)]);

    let switched = api_request(&emulator, "PATCH", &format!("{path}/version?version=0")).send();
    assert_eq!(switched.json()["instructions"], "one");
    assert_eq!(get(&emulator, &path)["version"], 0);
}

#[test]
fn agent_alias_names_version_until_deleted() {
    let emulator = start();
    let path = format!("/v1/agents/{}", agent(&emulator, "a"));
    exchange(&emulator, "PATCH", &path, &json!({"name": "b"}));
    let put = |query: &str| api_request(&emulator, "PUT", &format!("{path}/aliases{query}")).send();
    let alias = put("?alias=prod&version=0").json();
    assert_eq!(
        (&alias["alias"], &alias["version"]),
        (&json!("prod"), &json!(0))
    );
    let by_alias = || get(&emulator, &format!("{path}?agent_version=prod"));
    assert_eq!(by_alias()["name"], "a");
    let moved = put("?alias=prod&version=1").json();
    assert_eq!(moved["created_at"], alias["created_at"]);
    assert_eq!(by_alias()["name"], "b");
    assert_eq!(get(&emulator, &format!("{path}/aliases")), json!([moved]));

    let delete = || api_request(&emulator, "DELETE", &format!("{path}/aliases?alias=prod")).send();
    assert_eq!(delete().status, 204);
    assert_eq!(delete().status, 404);
    assert_eq!(put("?alias=prod&version=7").status, 404);
    let location = |name: &str| json!(["query", name]);
    assert_eq!(
        invalid_fields(&put("?version=0")),
        [(location("alias"), "missing".to_owned())]
    );
    assert_eq!(
        invalid_fields(&put("?alias=Prod&version=0")),
        [(location("alias"), "string_pattern_mismatch".to_owned())]
    );
}

#[test]
fn agent_list_supports_filters_and_paging() {
    let emulator = start();
    for (name, team) in [("Router", "x"), ("Finance", "y"), ("News", "y")] {
        let request =
            json!({"model": "mistral-small-latest", "name": name, "metadata": {"team": team}});
        create(&emulator, &request);
    }
    for (query, expected) in [
        ("", &["News", "Finance", "Router"][..]),
        ("?page_size=2", &["News", "Finance"]),
        ("?page_size=2&page=1", &["Router"]),
        ("?name=Finance", &["Finance"]),
        ("?search=new", &["News"]),
        ("?sources=api", &["News", "Finance", "Router"]),
        ("?sources=playground", &[]),
        ("?deployment_chat=true", &[]),
        ("?metadata=%7B%22team%22%3A%22y%22%7D", &["News", "Finance"]),
    ] {
        let list = get(&emulator, &format!("/v1/agents{query}"));
        assert_eq!(members(&list, "name"), expected, "{query}");
    }
    let bad = api_request(&emulator, "GET", "/v1/agents?page_size=1001&metadata=x").send();
    assert_eq!(
        invalid_fields(&bad),
        [(json!(["query", "page_size"]), "less_than_equal".to_owned())]
    );
}

#[test]
fn agent_pages_end_with_null_token() {
    let emulator = start();
    let names = ["a", "b", "c"].map(|name| agent(&emulator, name));
    let first = get(&emulator, "/v1/agents/pages?page_size=2");
    assert_eq!(first["object"], "list");
    assert_eq!(
        members(&first["data"], "id"),
        [names[2].as_str(), &names[1]]
    );
    let token = first["next_page_token"].as_str().unwrap();
    let next = format!("/v1/agents/pages?page_size=2&page_token={token}");
    let second = get(&emulator, &next);
    assert_eq!(members(&second["data"], "id"), [names[0].as_str()]);
    assert_eq!(second["next_page_token"], Value::Null);
    let whole = get(&emulator, "/v1/agents/pages?page_size=3");
    assert_eq!(whole["next_page_token"], Value::Null);
    let wrong = api_request(&emulator, "GET", "/v1/agents/pages?page_token=x").send();
    assert_eq!(wrong.status, 422);
}

#[test]
fn agent_unknown_or_deleted_is_404() {
    let emulator = start();
    let path = format!("/v1/agents/{}", agent(&emulator, "a"));
    let missing = api_request(&emulator, "GET", &format!("{path}/versions/3")).send();
    assert_eq!(missing.status, 404);
    assert_eq!(missing.json(), json!({"detail": "Agent version not found"}));
    let delete = || api_request(&emulator, "DELETE", &path).send();
    let deleted = delete();
    assert_eq!((deleted.status, deleted.bytes().len()), (204, 0));
    assert_eq!(delete().json(), json!({"detail": "Agent not found"}));
    for (method, suffix) in [
        ("GET", ""),
        ("GET", "/versions"),
        ("GET", "/aliases"),
        ("PATCH", "/version?version=0"),
    ] {
        let response = api_request(&emulator, method, &format!("{path}{suffix}")).send();
        assert_eq!(response.status, 404, "{method} {suffix}");
    }
    assert_eq!(send(&emulator, "PATCH", &path, &json!({})).status, 404);
}

#[test]
fn agent_invalid_request_is_422_and_unknown_model_400() {
    let emulator = start();
    let response = send(
        &emulator,
        "POST",
        "/v1/agents",
        &json!({"name": 1, "handoffs": [], "completion_args": {"temperature": 1.2}, "more": 1,
            "version_message": "x".repeat(501)}),
    );
    let location = |names: &[&str]| json!([&["body"], names].concat());
    assert_eq!(
        invalid_fields(&response),
        [
            (location(&["model"]), "missing".to_owned()),
            (location(&["name"]), "string_type".to_owned()),
            (
                location(&["completion_args", "temperature"]),
                "less_than_equal".to_owned()
            ),
            (location(&["handoffs"]), "too_short".to_owned()),
            (location(&["version_message"]), "string_too_long".to_owned()),
            (location(&["more"]), "extra_forbidden".to_owned()),
        ]
    );
    let unknown = json!({"model": "none", "name": "a"});
    assert_eq!(send(&emulator, "POST", "/v1/agents", &unknown).status, 400);
}

#[test]
fn agent_completion_uses_model_instructions_and_tools_of_agent() {
    let emulator = start();
    let id = id(&create(
        &emulator,
        &json!({
            "model": "mistral-small-latest", "name": "a", "instructions": "Be brief.",
            "tools": [tool("get_weather", &json!({"type": "object", "properties": {}}))],
            "completion_args": {"max_tokens": 3},
        }),
    ));
    let complete = |text: &str, members: Value| {
        let mut request = json!({"agent_id": id, "messages": [{"role": "user", "content": text}]});
        for (name, value) in members.as_object().unwrap() {
            request[name] = value.clone();
        }
        exchange(&emulator, "POST", "/v1/agents/completions", &request)
    };
    let response = complete("Hello", json!({}));
    assert_eq!(response["model"], "mistral-small-latest");
    assert_eq!(response["choices"][0]["finish_reason"], "length");
    assert_eq!(response["usage"]["completion_tokens"], 3);
    // <system> Be brief. <user> Hello, and the tool.
    assert!(response["usage"]["prompt_tokens"].as_u64().unwrap() > 5);
    // The request has precedence.
    let called = complete("Call get_weather", json!({"max_tokens": 50}));
    assert_eq!(
        called["choices"][0]["message"]["tool_calls"][0]["function"]["name"],
        "get_weather"
    );
    let without = complete(
        "Call get_weather",
        json!({"tool_choice": "none", "max_tokens": 50}),
    );
    assert_eq!(without["choices"][0]["finish_reason"], "stop");
}

#[test]
fn agent_is_removed_by_reset_and_ids_repeat() {
    let emulator = start();
    let first = agent(&emulator, "a");
    upload(&emulator, "ocr", "a.pdf", b"%PDF");
    emulator.reset();
    assert_eq!(get(&emulator, "/v1/agents"), json!([]));
    assert_eq!(agent(&emulator, "a"), first);
}
