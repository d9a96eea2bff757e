//! Libraries, their documents and sharing.

use mistral_emulator::Emulator;
use serde_json::{Value, json};

use crate::client::{RawResponse, anonymous_request, api_request, get, start};
use crate::resources::{exchange, invalid_fields, members, send};

const UNKNOWN: &str = "6ba7b810-9dad-41d1-80b4-00c04fd430c8";

/// Creates a library and returns its path.
fn library(emulator: &Emulator, name: &str) -> String {
    let library = exchange(emulator, "POST", "/v1/libraries", &json!({"name": name}));
    format!("/v1/libraries/{}", library["id"].as_str().unwrap())
}

fn upload(emulator: &Emulator, library: &str, name: &str, content: &[u8]) -> RawResponse {
    api_request(emulator, "POST", &format!("{library}/documents"))
        .form(&[], &format!("filename=\"{name}\""), content)
        .send()
}

/// Uploads a document, processes it and returns its path.
fn processed(emulator: &Emulator, library: &str, name: &str, content: &[u8]) -> String {
    let document = upload(emulator, library, name, content).json();
    let path = format!("{library}/documents/{}", document["id"].as_str().unwrap());
    for _ in 0..2 {
        get(emulator, &format!("{path}/status"));
    }
    path
}

#[test]
fn library_create_update_delete_round_trip() {
    let emulator = start();
    let request = json!({"name": "Art", "description": "All", "chunk_size": 512});
    let response = send(&emulator, "POST", "/v1/libraries", &request);
    assert_eq!(response.status, 201);
    let created = response.json();
    assert_eq!(
        created,
        json!({
            "id": created["id"], "name": "Art", "description": "All", "chunk_size": 512,
            "owner_id": created["owner_id"], "owner_type": "User", "total_size": 0,
            "nb_documents": 0, "emoji": null, "generated_name": null,
            "generated_description": null, "explicit_user_members_count": 0,
            "explicit_workspace_members_count": 0, "org_sharing_role": null,
            "created_at": "2026-01-01T00:00:01Z", "updated_at": "2026-01-01T00:00:01Z",
        })
    );
    let path = format!("/v1/libraries/{}", created["id"].as_str().unwrap());
    assert_eq!(get(&emulator, &path), created);
    // The older PUT does the same.
    for (method, name) in [("PATCH", "One"), ("PUT", "Two")] {
        let request = json!({"name": name, "description": null});
        let updated = exchange(&emulator, method, &path, &request);
        assert_eq!(
            (&updated["name"], &updated["description"]),
            (&json!(name), &json!(null))
        );
    }
    let deleted = api_request(&emulator, "DELETE", &path).send();
    assert_eq!(deleted.json()["name"], "Two");
    let missing = api_request(&emulator, "GET", &path).send();
    assert_eq!(missing.status, 404);
    assert_eq!(missing.json(), json!({"detail": "Library not found"}));
}

#[test]
fn library_list_supports_search_and_both_kinds_of_paging() {
    let emulator = start();
    for name in ["One", "Two", "Three"] {
        library(&emulator, name);
    }
    let names = |list: &Value| members(&list["data"], "name");
    let first = get(&emulator, "/v1/libraries?page_size=2");
    assert_eq!(names(&first), ["Three", "Two"]);
    assert_eq!(
        first["pagination"],
        json!({"total_items": 3, "total_pages": 2, "current_page": 0, "page_size": 2,
            "has_more": true})
    );
    let token = first["next_page_token"].as_str().unwrap();
    for query in [format!("page_token={token}"), "page=1".to_owned()] {
        let second = get(&emulator, &format!("/v1/libraries?page_size=2&{query}"));
        assert_eq!(names(&second), ["One"], "{query}");
        assert_eq!(second["next_page_token"], Value::Null);
        assert_eq!(second["pagination"]["has_more"], false);
    }
    let whole = get(&emulator, "/v1/libraries?page_size=3");
    assert_eq!(whole["next_page_token"], Value::Null);
    assert_eq!(names(&get(&emulator, "/v1/libraries?search=TWO")), ["Two"]);
    let bad = api_request(&emulator, "GET", "/v1/libraries?page_size=101").send();
    assert_eq!(
        invalid_fields(&bad),
        [(json!(["query", "page_size"]), "less_than_equal".to_owned())]
    );
}

#[test]
fn library_invalid_request_is_422() {
    let emulator = start();
    let request = json!({"chunk_size": 1, "owner_type": "Team", "unknown": 1});
    let location = |name: &str| json!(["body", name]);
    assert_eq!(
        invalid_fields(&send(&emulator, "POST", "/v1/libraries", &request)),
        [
            (location("name"), "missing".to_owned()),
            (location("chunk_size"), "greater_than_equal".to_owned()),
            (location("owner_type"), "enum".to_owned()),
        ]
    );
    let id = api_request(&emulator, "GET", "/v1/libraries/mine").send();
    assert_eq!(id.status, 422);
}

#[test]
fn document_is_processed_after_two_polls() {
    let emulator = start();
    let library = library(&emulator, "a");
    let response = upload(&emulator, &library, "a.txt", b"Manet painted Olympia.");
    assert_eq!(response.status, 201);
    let document = response.json();
    assert_eq!(document["name"], "a.txt");
    assert_eq!(document["extension"], "txt");
    assert_eq!(document["mime_type"], "text/plain");
    assert_eq!(document["size"], 22);
    assert_eq!(document["processing_status"], "Running");
    assert_eq!(document["number_of_pages"], Value::Null);
    let path = format!("{library}/documents/{}", document["id"].as_str().unwrap());
    let text = || get(&emulator, &format!("{path}/text_content"))["text"].clone();
    assert_eq!(text(), "");
    for (process_status, processing_status) in [
        ("in_progress", "Running"),
        ("done", "Completed"),
        ("done", "Completed"),
    ] {
        assert_eq!(
            get(&emulator, &format!("{path}/status")),
            json!({"document_id": document["id"], "process_status": process_status,
                "processing_status": processing_status})
        );
    }
    assert_eq!(text(), "Manet painted Olympia.");
    let done = get(&emulator, &path);
    assert_eq!(done["number_of_pages"], 1);
    assert_eq!(done["tokens_processing_main_content"], 3);
    assert!(done["last_processed_at"].is_string());
    let library = get(&emulator, &library);
    assert_eq!(
        (&library["nb_documents"], &library["total_size"]),
        (&json!(1), &json!(22))
    );

    let reprocess = api_request(&emulator, "POST", &format!("{path}/reprocess")).send();
    assert_eq!(reprocess.status, 204);
    assert_eq!(get(&emulator, &path)["processing_status"], "Running");
}

#[test]
fn document_without_content_fails() {
    let emulator = start();
    let library = library(&emulator, "a");
    let path = processed(&emulator, &library, "a.txt", b"");
    let status = get(&emulator, &format!("{path}/status"));
    assert_eq!(status["process_status"], "missing_content");
    assert_eq!(status["processing_status"], "Failed");
}

#[test]
fn document_equal_to_another_is_returned_with_200() {
    let emulator = start();
    let (one, other) = (library(&emulator, "a"), library(&emulator, "b"));
    let first = upload(&emulator, &one, "a.txt", b"same").json();
    let again = upload(&emulator, &one, "b.txt", b"same");
    assert_eq!((again.status, again.json()), (200, first.clone()));
    let elsewhere = upload(&emulator, &other, "a.txt", b"same");
    assert_eq!(elsewhere.status, 201);
    assert_eq!(elsewhere.json()["hash"], first["hash"]);
}

#[test]
fn document_text_has_pages() {
    let emulator = start();
    let library = library(&emulator, "a");
    let path = processed(&emulator, &library, "a.txt", b"one\x0ctwo\x0cthree");
    for (query, expected) in [
        ("", "one\n\ntwo\n\nthree"),
        ("?page_start=1", "two\n\nthree"),
        ("?page_start=1&page_end=1", "two"),
        ("?page_start=7", ""),
    ] {
        let content = get(&emulator, &format!("{path}/text_content{query}"));
        assert_eq!(content, json!({"text": expected}), "{query}");
    }
}

#[test]
fn document_list_supports_search_sorting_and_paging() {
    let emulator = start();
    let library = library(&emulator, "a");
    for (name, content) in [("b.txt", "22"), ("a.txt", "333"), ("c.md", "1")] {
        upload(&emulator, &library, name, content.as_bytes());
    }
    let documents = format!("{library}/documents");
    let first = get(&emulator, &documents)["data"][0]["id"].clone();
    let tagged = format!("{documents}/{}", first.as_str().unwrap());
    let changes = json!({"attributes": {"year": 1863}});
    exchange(&emulator, "PATCH", &tagged, &changes);
    for (query, expected) in [
        ("", &["c.md", "a.txt", "b.txt"][..]),
        ("?sort_order=asc", &["b.txt", "a.txt", "c.md"]),
        ("?sort_by=name&sort_order=asc", &["a.txt", "b.txt", "c.md"]),
        ("?sort_by=size", &["a.txt", "b.txt", "c.md"]),
        ("?search=TXT", &["a.txt", "b.txt"]),
        ("?page_size=2&page=1", &["b.txt"]),
        ("?filters_attributes=%7B%22year%22%3A1863%7D", &["c.md"]),
    ] {
        let list = get(&emulator, &format!("{documents}{query}"));
        assert_eq!(members(&list["data"], "name"), expected, "{query}");
    }
    let page = get(&emulator, &format!("{documents}?page_size=2&page=1"));
    assert_eq!(
        page["pagination"],
        json!({"total_items": 3, "total_pages": 2, "current_page": 1, "page_size": 2,
            "has_more": false})
    );
}

#[test]
fn document_update_and_delete() {
    let emulator = start();
    let library = library(&emulator, "a");
    let path = processed(&emulator, &library, "a.txt", b"a");
    let changes = json!({"name": "b.txt", "attributes": {"tags": ["x"]},
        "expires_at": "2027-01-01T00:00:00Z"});
    for method in ["PATCH", "PUT"] {
        let updated = exchange(&emulator, method, &path, &changes);
        for (name, value) in changes.as_object().unwrap() {
            assert_eq!(updated[name], *value, "{method}");
        }
    }
    let wrong =
        json!({"attributes": {"a": [1, true, "x"], "b": {}, "c": null}, "expires_at": "soon"});
    let location = |names: &[&str]| json!([&["body"], names].concat());
    let found = invalid_fields(&send(&emulator, "PATCH", &path, &wrong));
    let expires_at = (
        location(&["expires_at"]),
        "datetime_from_date_parsing".to_owned(),
    );
    assert_eq!(found.last(), Some(&expires_at));
    let attributes = |name: &str| location(&["attributes", name]);
    for (name, is_invalid) in [("a", false), ("b", true), ("c", true)] {
        let is_reported = found.iter().any(|(found, _)| *found == attributes(name));
        assert_eq!(is_reported, is_invalid, "{name}");
    }

    let delete = || api_request(&emulator, "DELETE", &path).send();
    assert_eq!(delete().status, 204);
    assert_eq!(delete().json(), json!({"detail": "Document not found"}));
    for suffix in ["", "/status", "/text_content", "/signed-url"] {
        let response = api_request(&emulator, "GET", &format!("{path}{suffix}")).send();
        assert_eq!(response.status, 404, "{suffix}");
    }
}

#[test]
fn document_upload_needs_file_and_library() {
    let emulator = start();
    let library = library(&emulator, "a");
    let no_name = api_request(&emulator, "POST", &format!("{library}/documents"))
        .form(&[], "x=y", b"text")
        .send();
    let missing = [(json!(["body", "file"]), "missing".to_owned())];
    assert_eq!(invalid_fields(&no_name), missing);
    let json = send(
        &emulator,
        "POST",
        &format!("{library}/documents"),
        &json!({"file": "a"}),
    );
    assert_eq!(invalid_fields(&json), missing);
    let unknown = upload(
        &emulator,
        &format!("/v1/libraries/{UNKNOWN}"),
        "a.txt",
        b"a",
    );
    assert_eq!(unknown.status, 404);
}

#[test]
fn document_signed_urls_download_without_key() {
    let emulator = start();
    let library = library(&emulator, "a");
    let path = processed(&emulator, &library, "a.md", b"# Title");
    for (route, content_type, name) in [
        ("signed-url", "text/markdown", "a.md"),
        (
            "extracted-text-signed-url",
            "text/plain; charset=utf-8",
            "a.md.txt",
        ),
    ] {
        let url = get(&emulator, &format!("{path}/{route}"));
        let target = url
            .as_str()
            .unwrap()
            .strip_prefix("http://127.0.0.1")
            .unwrap();
        let response = anonymous_request(&emulator, "GET", target).send();
        assert_eq!(response.status, 200, "{}", response.text());
        assert_eq!(response.bytes(), b"# Title");
        assert_eq!(response.header("content-type"), content_type);
        let disposition = format!("attachment; filename=\"{name}\"");
        assert_eq!(response.header("content-disposition"), disposition);
        let wrong = target.replace("expires=1", "expires=2");
        assert_eq!(
            anonymous_request(&emulator, "GET", &wrong).send().status,
            403
        );
    }
}

#[test]
fn library_sharing_grants_changes_and_revokes_access() {
    let emulator = start();
    let library = library(&emulator, "a");
    let share = format!("{library}/share");
    let request = |level: &str| {
        json!({"level": level, "share_with_uuid": UNKNOWN,
        "share_with_type": "Workspace"})
    };
    exchange(&emulator, "PUT", &share, &request("Viewer"));
    let editor = exchange(&emulator, "PUT", &share, &request("Editor"));
    assert_eq!(
        (&editor["role"], &editor["share_with_uuid"]),
        (&json!("Editor"), &json!(UNKNOWN))
    );
    let list = get(&emulator, &share);
    assert_eq!(members(&list["data"], "role"), ["Owner", "Editor"]);
    assert_eq!(
        get(&emulator, &library)["explicit_workspace_members_count"],
        1
    );
    let entity = json!({"share_with_uuid": UNKNOWN, "share_with_type": "Workspace"});
    assert_eq!(exchange(&emulator, "DELETE", &share, &entity), editor);
    assert_eq!(send(&emulator, "DELETE", &share, &entity).status, 404);

    let owner = json!({"share_with_uuid": list["data"][0]["share_with_uuid"],
        "share_with_type": "User"});
    assert_eq!(send(&emulator, "DELETE", &share, &owner).status, 403);
    let no_uuid = json!({"share_with_uuid": UNKNOWN, "share_with_type": "User", "org_id": "x"});
    assert_eq!(
        invalid_fields(&send(&emulator, "DELETE", &share, &no_uuid)),
        [(json!(["body", "org_id"]), "uuid_parsing".to_owned())]
    );
    let bad = json!({"level": "Owner", "share_with_uuid": "x", "share_with_type": "Workspace"});
    assert_eq!(
        invalid_fields(&send(&emulator, "PUT", &share, &bad)),
        [(json!(["body", "level"]), "enum".to_owned())]
    );
}
