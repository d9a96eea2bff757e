//! Files, from upload to download, and rejected uploads.

use mistral_emulator::Emulator;
use serde_json::{Value, json};

use crate::client::{RawResponse, anonymous_request, api_request, get, start, upload};

const LINES: &[u8] = b"{\"custom_id\": \"0\", \"body\": {}}\n\n{\"body\": {}}\r\n";

fn post_file(
    emulator: &Emulator,
    fields: &[(&str, &str)],
    file: &str,
    content: &[u8],
) -> RawResponse {
    api_request(emulator, "POST", "/v1/files")
        .form(fields, file, content)
        .send()
}

/// Returns the location and type of each error that a 422 reports.
#[track_caller]
fn validation_errors(response: &RawResponse) -> Vec<(Value, String)> {
    assert_eq!(response.status, 422, "{}", response.text());
    let body = response.json();
    let errors = body["detail"].as_array().unwrap();
    errors
        .iter()
        .map(|error| {
            (
                error["loc"].clone(),
                error["type"].as_str().unwrap().to_owned(),
            )
        })
        .collect()
}

fn file_names(list: &Value) -> Vec<&str> {
    let files = list["data"].as_array().unwrap();
    files
        .iter()
        .map(|file| file["filename"].as_str().unwrap())
        .collect()
}

#[test]
fn file_upload_list_download_delete_round_trip() {
    let emulator = start();
    let response = post_file(
        &emulator,
        &[
            ("purpose", "batch"),
            ("visibility", "user"),
            ("expiry", "2"),
        ],
        "filename=\"requests.jsonl\"",
        LINES,
    );
    assert_eq!(response.status, 200, "{}", response.text());
    let file = response.json();
    let id = file["id"].as_str().unwrap();
    let created = file["created_at"].as_u64().unwrap();
    assert_eq!(
        file,
        json!({
            "id": id, "object": "file", "bytes": LINES.len(), "created_at": created,
            "filename": "requests.jsonl", "purpose": "batch", "sample_type": "batch_request",
            "num_lines": 2, "mimetype": "application/jsonl", "source": "upload",
            "signature": file["signature"], "expires_at": created + 7200, "visibility": "user",
        })
    );
    assert_eq!(file["signature"].as_str().unwrap().len(), 16);

    let mut known = file.clone();
    known["deleted"] = false.into();
    assert_eq!(get(&emulator, &format!("/v1/files/{id}")), known);
    assert_eq!(
        get(&emulator, "/v1/files"),
        json!({"object": "list", "data": [file], "total": 1})
    );

    let content = api_request(&emulator, "GET", &format!("/v1/files/{id}/content")).send();
    assert_eq!(content.status, 200);
    assert_eq!(content.header("content-type"), "application/octet-stream");
    assert_eq!(
        content.header("content-disposition"),
        "attachment; filename=\"requests.jsonl\""
    );
    assert_eq!(content.bytes(), LINES);

    let deleted = api_request(&emulator, "DELETE", &format!("/v1/files/{id}")).send();
    assert_eq!(
        deleted.json(),
        json!({"id": id, "object": "file", "deleted": true})
    );
    assert_eq!(get(&emulator, "/v1/files")["total"], 0);
    for (method, path) in [
        ("GET", format!("/v1/files/{id}")),
        ("DELETE", format!("/v1/files/{id}")),
        ("GET", format!("/v1/files/{id}/content")),
        ("GET", format!("/v1/files/{id}/url")),
    ] {
        let response = api_request(&emulator, method, &path).send();
        assert_eq!(response.status, 404, "{method} {path}");
        assert_eq!(response.json(), json!({"detail": "File not found"}));
    }
}

#[test]
fn file_multipart_upload_preserves_every_byte() {
    let emulator = start();
    // Large enough for many reads, with bytes that look like a multipart boundary.
    let mut content: Vec<u8> = (0..3_000_000_u32)
        .map(|number| u8::try_from(number % 251).unwrap())
        .collect();
    content.extend_from_slice(b"\r\n--edg\r\n--\r\n");
    let file = upload(&emulator, "audio", "talk.mp3", &content);
    assert_eq!(file["bytes"], content.len());
    assert_eq!(file["num_lines"], Value::Null);
    let path = format!("/v1/files/{}/content", file["id"].as_str().unwrap());
    assert!(api_request(&emulator, "GET", &path).send().bytes() == content);
}

#[test]
fn file_name_of_any_characters_survives_multipart() {
    let emulator = start();
    for file in [
        "filename=\"scan é.pdf\"",
        "filename*=UTF-8''scan%20%C3%A9.pdf",
    ] {
        let response = post_file(&emulator, &[("purpose", "ocr")], file, b"%PDF");
        assert_eq!(response.status, 200, "{}", response.text());
        let file = response.json();
        assert_eq!(file["filename"], "scan é.pdf");
        let path = format!("/v1/files/{}/content", file["id"].as_str().unwrap());
        assert_eq!(
            api_request(&emulator, "GET", &path)
                .send()
                .header("content-disposition"),
            "attachment; filename=\"scan _.pdf\"; filename*=UTF-8''scan%20%C3%A9.pdf"
        );
    }
}

#[test]
fn file_ids_are_deterministic() {
    let ids = || {
        let emulator = start();
        [1, 2].map(|_| upload(&emulator, "ocr", "a.pdf", b"%PDF")["id"].clone())
    };
    assert_eq!(ids(), ids());
    assert_ne!(ids()[0], ids()[1]);
}

#[test]
fn file_signed_url_needs_no_auth_and_checks_signature() {
    let emulator = start();
    let file = upload(&emulator, "ocr", "scan é.pdf", b"%PDF-1.4");
    let path = format!("/v1/files/{}/url?expiry=1", file["id"].as_str().unwrap());
    let url = get(&emulator, &path)["url"].as_str().unwrap().to_owned();
    let target = url.strip_prefix("http://127.0.0.1").unwrap();
    let response = anonymous_request(&emulator, "GET", target).send();
    assert_eq!(response.status, 200, "{}", response.text());
    assert_eq!(response.header("content-type"), "application/pdf");
    assert_eq!(response.bytes(), b"%PDF-1.4");
    for wrong in [
        target.replace("expires=1", "expires=2"),
        target.split('?').next().unwrap().to_owned(),
    ] {
        assert_eq!(
            anonymous_request(&emulator, "GET", &wrong).send().status,
            403
        );
    }
    let bad = api_request(&emulator, "GET", &path.replace("=1", "=soon")).send();
    assert_eq!(
        validation_errors(&bad),
        [(json!(["query", "expiry"]), "int_parsing".to_owned())]
    );
}

#[test]
fn file_list_supports_filters_and_paging() {
    let emulator = start();
    upload(&emulator, "batch", "one.jsonl", b"{}");
    upload(&emulator, "ocr", "Two.pdf", b"%PDF");
    upload(&emulator, "fine-tune", "three.jsonl", b"{\"text\": \"a\"}");
    upload(&emulator, "fine-tune", "four.jsonl", b"{\"messages\": []}");
    for (query, expected) in [
        (
            "",
            &["four.jsonl", "three.jsonl", "Two.pdf", "one.jsonl"][..],
        ),
        ("?page_size=3", &["four.jsonl", "three.jsonl", "Two.pdf"]),
        ("?page_size=3&page=1", &["one.jsonl"]),
        ("?page_size=3&page=2", &[]),
        ("?purpose=ocr", &["Two.pdf"]),
        ("?search=two", &["Two.pdf"]),
        ("?sample_type=pretrain", &["three.jsonl"]),
        (
            "?sample_type=pretrain&sample_type=batch_request",
            &["three.jsonl", "one.jsonl"],
        ),
        ("?source=mistral", &[]),
        ("?source=upload&source=mistral&search=four", &["four.jsonl"]),
        ("?mimetypes=application%2Fpdf", &["Two.pdf"]),
    ] {
        let list = get(&emulator, &format!("/v1/files{query}"));
        assert_eq!(file_names(&list), expected, "{query}");
    }
    let paged = get(&emulator, "/v1/files?page_size=1&page=1");
    assert_eq!(paged["total"], 4);
    let without_total = get(&emulator, "/v1/files?include_total=false");
    assert_eq!(without_total["total"], Value::Null);
}

#[test]
fn file_list_invalid_query_is_422_with_every_error() {
    let response = api_request(
        &start(),
        "GET",
        "/v1/files?page=-1&page_size=many&include_total=perhaps&purpose=fun&sample_type=x",
    )
    .send();
    let location = |name: &str| json!(["query", name]);
    assert_eq!(
        validation_errors(&response),
        [
            (location("page"), "greater_than_equal".to_owned()),
            (location("page_size"), "int_parsing".to_owned()),
            (location("include_total"), "bool_parsing".to_owned()),
            (location("sample_type"), "enum".to_owned()),
            (location("purpose"), "enum".to_owned()),
        ]
    );
}

#[test]
fn file_multipart_upload_without_file_is_422() {
    let emulator = start();
    let missing = [(json!(["file", "file"]), "missing".to_owned())];
    for file in ["filename=\"\"", "x=y"] {
        let response = post_file(&emulator, &[("purpose", "ocr")], file, b"text");
        assert_eq!(validation_errors(&response), missing);
    }
    let no_form = api_request(&emulator, "POST", "/v1/files").json(&json!({"file": "a"}));
    assert_eq!(validation_errors(&no_form.send()), missing);
    let broken = api_request(&emulator, "POST", "/v1/files")
        .header("content-type", "multipart/form-data; boundary=edge")
        .body("--edge\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nab")
        .send();
    assert_eq!(broken.status, 400, "{}", broken.text());
    assert_eq!(get(&emulator, "/v1/files")["total"], 0);
}

#[test]
fn file_multipart_upload_with_invalid_fields_is_422() {
    let response = post_file(
        &start(),
        &[
            ("purpose", "fun"),
            ("visibility", "all"),
            ("expiry", "-1"),
            ("more", "x"),
        ],
        "filename=\"a.pdf\"",
        b"%PDF",
    );
    let location = |name: &str| json!(["form", name]);
    assert_eq!(
        validation_errors(&response),
        [
            (location("purpose"), "enum".to_owned()),
            (location("visibility"), "enum".to_owned()),
            (location("expiry"), "greater_than_equal".to_owned()),
        ]
    );
}

#[test]
fn file_upload_content_must_match_purpose() {
    let emulator = start();
    // The default purpose is fine-tune.
    let binary = post_file(&emulator, &[], "filename=\"a.pdf\"", b"%PDF\xff\xfe");
    assert_eq!(binary.status, 422);
    assert_eq!(
        binary.json()["detail"],
        "Failed to decode data, please encode your file using UTF-8."
    );
    let lines = post_file(
        &emulator,
        &[("purpose", "batch")],
        "filename=\"a.jsonl\"",
        b"{}\nnot json\n[]",
    );
    assert_eq!(lines.status, 422);
    let body = lines.json();
    assert_eq!(body["detail"], "Invalid file format.");
    assert_eq!(body["errors"][0]["line_number"], 2);
    assert_eq!(body["errors"][1]["line_number"], 3);
    let sheet = post_file(
        &emulator,
        &[("purpose", "ocr")],
        "filename=\"a.bin\"\r\ncontent-type: application/zip",
        b"PK",
    );
    assert_eq!(sheet.status, 422);
    let message = sheet.json()["message"].as_str().unwrap().to_owned();
    assert!(
        message.starts_with("Received file with mimetype application/zip"),
        "{message}"
    );
}
