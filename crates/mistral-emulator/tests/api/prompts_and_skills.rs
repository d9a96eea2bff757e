//! Prompts and skills, whose versions have aliases.

use mistral_emulator::Emulator;
use serde_json::{Value, json};

use crate::client::{api_request, get, start};
use crate::resources::{exchange, invalid_fields, members, send};

/// The paths of the groups, each with two definitions.
fn groups() -> [(&'static str, Value, Value); 2] {
    [
        (
            "/v2/prompts",
            json!({"content": "Hello {{name}}", "variables": [{"name": "name"}]}),
            json!({"content": "Goodbye"}),
        ),
        (
            "/v2/skills",
            json!({"description": "d", "body": "b", "assets": {"a.txt": {"textContent": "x"}}}),
            json!({"body": "c"}),
        ),
    ]
}

fn create(emulator: &Emulator, group: &str, request: &Value) -> (Value, String) {
    let entry = exchange(emulator, "POST", group, request);
    let path = format!("{group}/{}", entry["id"].as_str().unwrap());
    (entry, path)
}

#[test]
fn prompt_and_skill_have_their_documented_members() {
    let emulator = start();
    let [(prompts, content, _), (skills, body, _)] = groups();
    let request = json!({"name": "greet", "definition": content, "title": "T", "notes": "n",
        "aliases": ["prod"], "sharingScope": "workspace"});
    let (prompt, path) = create(&emulator, prompts, &request);
    assert_eq!(
        prompt,
        json!({
            "id": prompt["id"], "name": "greet", "definition": content, "title": "T",
            "notes": "n", "aliases": ["prod"], "sharingScope": "workspace", "version": 1,
            "latestVersion": 1, "createdBy": prompt["createdBy"],
            "createdAt": "2026-01-01T00:00:01Z", "updatedAt": "2026-01-01T00:00:01Z",
            "versionCreatedAt": "2026-01-01T00:00:01Z",
        })
    );
    assert_eq!(get(&emulator, &path), prompt);
    let request = json!({"name": "sum", "definition": body});
    let (skill, _) = create(&emulator, skills, &request);
    assert_eq!(
        skill,
        json!({
            "id": skill["id"], "name": "sum", "definition": body, "aliases": [],
            "sharingScope": "private", "version": 1, "latestVersion": 1,
            "createdAt": "2026-01-01T00:00:02Z", "updatedAt": "2026-01-01T00:00:02Z",
        })
    );
}

#[test]
fn version_is_added_unless_definition_is_latest() {
    for (group, first, second) in groups() {
        let emulator = start();
        let request = json!({"name": "a", "definition": first, "aliases": ["prod"]});
        let (_, path) = create(&emulator, group, &request);
        let versions = format!("{path}/versions");
        let add = |definition: &Value| {
            let request = json!({"definition": definition, "notes": "more"});
            exchange(&emulator, "POST", &versions, &request)
        };
        assert_eq!(add(&second), json!({"version": 2, "deduplicated": false}));
        assert_eq!(add(&second), json!({"version": 2, "deduplicated": true}));
        let list = get(&emulator, &versions)["data"].clone();
        assert_eq!(members(&list, "version"), [json!(2), json!(1)]);
        assert_eq!(
            members(&list, "definition"),
            [second.clone(), first.clone()]
        );
        let version = |query: &str| get(&emulator, &format!("{path}{query}"))["version"].clone();
        assert_eq!(version(""), 2);
        assert_eq!(version("?version=1"), 1);
        assert_eq!(version("?alias=prod"), 1);
        assert_eq!(version("/versions/1"), 1);
        // An alias moves to the version that is given it.
        let aliases = json!({"aliases": {"values": ["prod", "next"]}, "notes": null});
        let updated = exchange(&emulator, "PATCH", &format!("{versions}/2"), &aliases);
        assert_eq!(updated["aliases"], json!(["prod", "next"]));
        assert!(updated.get("notes").is_none());
        assert_eq!(version("?alias=prod"), 2);
        let first = get(&emulator, &format!("{path}/versions/1"));
        assert_eq!(first["aliases"], json!([]));
    }
}

#[test]
fn metadata_update_keeps_version() {
    let emulator = start();
    for (group, definition, _) in groups() {
        let request = json!({"name": "a", "definition": definition});
        let (entry, path) = create(&emulator, group, &request);
        let updated = exchange(
            &emulator,
            "PATCH",
            &path,
            &json!({"sharingScope": "workspace"}),
        );
        assert_eq!(updated["sharingScope"], "workspace");
        assert_eq!(updated["version"], 1);
        assert_ne!(updated["updatedAt"], entry["updatedAt"]);
    }
    let list = get(&emulator, "/v2/prompts");
    let path = format!("/v2/prompts/{}", list["data"][0]["id"].as_str().unwrap());
    exchange(
        &emulator,
        "PATCH",
        &path,
        &json!({"title": "T", "description": "D"}),
    );
    let cleared = exchange(&emulator, "PATCH", &path, &json!({"description": null}));
    assert_eq!(cleared["title"], "T");
    assert!(cleared.get("description").is_none());
}

#[test]
fn list_supports_alias_sorting_fields_and_pages() {
    for (group, definition, second) in groups() {
        let emulator = start();
        for (name, aliases) in [("b", &["prod"][..]), ("a", &[]), ("c", &["prod"])] {
            let request = json!({"name": name, "definition": definition, "aliases": aliases});
            let (_, path) = create(&emulator, group, &request);
            let versions = format!("{path}/versions");
            exchange(&emulator, "POST", &versions, &json!({"definition": second}));
        }
        for (query, expected) in [
            ("", &["c", "a", "b"][..]),
            ("?alias=prod", &["c", "b"]),
            ("?sort.field=list_sort_field_name", &["a", "b", "c"]),
            (
                "?sort.field=list_sort_field_name&sort.direction=list_sort_direction_desc",
                &["c", "b", "a"],
            ),
            ("?sort_by=created_at&sort_direction=asc", &["b", "a", "c"]),
        ] {
            let list = get(&emulator, &format!("{group}{query}"));
            assert_eq!(members(&list["data"], "name"), expected, "{group}{query}");
        }
        let by_alias = get(&emulator, &format!("{group}?alias=prod"));
        assert_eq!(members(&by_alias["data"], "version"), [json!(1), json!(1)]);

        let first = get(
            &emulator,
            &format!("{group}?pageSize=2&fields=name&fields=version"),
        );
        let id = &first["data"][0]["id"];
        assert_eq!(
            first["data"][0],
            json!({"id": id, "name": "c", "version": 2})
        );
        let token = first["nextPageToken"].as_str().unwrap();
        let second = get(&emulator, &format!("{group}?pageSize=2&pageToken={token}"));
        assert_eq!(members(&second["data"], "name"), ["b"]);
        assert!(second.get("nextPageToken").is_none());
        // The last page is full.
        let whole = get(&emulator, &format!("{group}?pageSize=3"));
        assert!(whole.get("nextPageToken").is_none());
        let wrong = api_request(&emulator, "GET", &format!("{group}?pageToken=x")).send();
        assert_eq!(wrong.status, 422);
    }
}

#[test]
fn entry_unknown_or_deleted_is_404() {
    for (group, definition, _) in groups() {
        let emulator = start();
        let request = json!({"name": "a", "definition": definition});
        let (_, path) = create(&emulator, group, &request);
        for suffix in ["?version=9", "?alias=none", "/versions/9"] {
            let response = api_request(&emulator, "GET", &format!("{path}{suffix}")).send();
            assert_eq!(response.status, 404, "{suffix}");
        }
        let update = send(
            &emulator,
            "PATCH",
            &format!("{path}/versions/9"),
            &json!({}),
        );
        assert_eq!(update.status, 404);
        let delete = || api_request(&emulator, "DELETE", &path).send();
        assert_eq!(delete().json(), json!({}));
        assert_eq!(delete().status, 404);
        for suffix in ["", "/versions", "/versions/1"] {
            let response = api_request(&emulator, "GET", &format!("{path}{suffix}")).send();
            assert_eq!(response.status, 404, "{suffix}");
        }
    }
}

#[test]
fn entry_invalid_request_is_422() {
    let emulator = start();
    let location = |names: &[&str]| json!([&["body"], names].concat());
    let request = json!({"definition": {"variables": 1}, "workspaceRelation": "owner"});
    assert_eq!(
        invalid_fields(&send(&emulator, "POST", "/v2/prompts", &request)),
        [
            (location(&["name"]), "missing".to_owned()),
            (location(&["definition", "content"]), "missing".to_owned()),
            (
                location(&["definition", "variables"]),
                "list_type".to_owned()
            ),
            (location(&["workspaceRelation"]), "enum".to_owned()),
        ]
    );
    let no_definition = send(&emulator, "POST", "/v2/skills", &json!({"name": "a"}));
    assert_eq!(
        invalid_fields(&no_definition),
        [(location(&["definition"]), "missing".to_owned())]
    );
    let version = api_request(&emulator, "GET", "/v2/skills/a/versions/first").send();
    assert_eq!(version.status, 422);
    let unknown_route = api_request(&emulator, "POST", "/v2/skills/a/copy").send();
    assert_eq!(unknown_route.json(), json!({"detail": "Not Found"}));
}
