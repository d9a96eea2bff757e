//! Files: from the upload to the download, and what is refused on the way.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may panic, in its helpers too"
)]

#[cfg(test)]
mod common;

use mistral_emulator::Emulator;
use serde_json::{Value, json};

use common::{Answer, bare, call, get, start, upload};

const LINES: &[u8] = b"{\"custom_id\": \"0\", \"body\": {}}\n\n{\"body\": {}}\r\n";

fn send(emulator: &Emulator, fields: &[(&str, &str)], file: &str, content: &[u8]) -> Answer {
    call(emulator, "POST", "/v1/files")
        .form(fields, file, content)
        .send()
}

/// The places and kinds of the problems that a 422 lists.
#[track_caller]
fn problems(answer: &Answer) -> Vec<(Value, String)> {
    assert_eq!(answer.status, 422, "{}", answer.text());
    let body = answer.json();
    let listed = body["detail"].as_array().unwrap();
    listed
        .iter()
        .map(|problem| {
            (
                problem["loc"].clone(),
                problem["type"].as_str().unwrap().to_owned(),
            )
        })
        .collect()
}

fn names(list: &Value) -> Vec<&str> {
    let files = list["data"].as_array().unwrap();
    files
        .iter()
        .map(|file| file["filename"].as_str().unwrap())
        .collect()
}

#[test]
fn an_uploaded_file_is_described_listed_downloaded_and_deleted() {
    let emulator = start();
    let answer = send(
        &emulator,
        &[
            ("purpose", "batch"),
            ("visibility", "user"),
            ("expiry", "2"),
        ],
        "filename=\"requests.jsonl\"",
        LINES,
    );
    assert_eq!(answer.status, 200, "{}", answer.text());
    let file = answer.json();
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

    let content = call(&emulator, "GET", &format!("/v1/files/{id}/content")).send();
    assert_eq!(content.status, 200);
    assert_eq!(content.header("content-type"), "application/octet-stream");
    assert_eq!(
        content.header("content-disposition"),
        "attachment; filename=\"requests.jsonl\""
    );
    assert_eq!(content.bytes(), LINES);

    let deleted = call(&emulator, "DELETE", &format!("/v1/files/{id}")).send();
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
        let answer = call(&emulator, method, &path).send();
        assert_eq!(answer.status, 404, "{method} {path}");
        assert_eq!(answer.json(), json!({"detail": "File not found"}));
    }
}

#[test]
fn every_byte_comes_back() {
    let emulator = start();
    // Large enough for many reads, and with bytes that look like the edge of a part.
    let mut content: Vec<u8> = (0..3_000_000_u32)
        .map(|number| u8::try_from(number % 251).unwrap())
        .collect();
    content.extend_from_slice(b"\r\n--edg\r\n--\r\n");
    let file = upload(&emulator, "audio", "talk.mp3", &content);
    assert_eq!(file["bytes"], content.len());
    assert_eq!(file["num_lines"], Value::Null);
    let path = format!("/v1/files/{}/content", file["id"].as_str().unwrap());
    assert!(call(&emulator, "GET", &path).send().bytes() == content);
}

#[test]
fn a_name_may_have_any_letters() {
    let emulator = start();
    for file in [
        "filename=\"scan é.pdf\"",
        "filename*=UTF-8''scan%20%C3%A9.pdf",
    ] {
        let answer = send(&emulator, &[("purpose", "ocr")], file, b"%PDF");
        assert_eq!(answer.status, 200, "{}", answer.text());
        let file = answer.json();
        assert_eq!(file["filename"], "scan é.pdf");
        let path = format!("/v1/files/{}/content", file["id"].as_str().unwrap());
        assert_eq!(
            call(&emulator, "GET", &path)
                .send()
                .header("content-disposition"),
            "attachment; filename=\"scan _.pdf\"; filename*=UTF-8''scan%20%C3%A9.pdf"
        );
    }
}

#[test]
fn ids_are_the_same_on_every_run() {
    let ids = || {
        let emulator = start();
        [1, 2].map(|_| upload(&emulator, "ocr", "a.pdf", b"%PDF")["id"].clone())
    };
    assert_eq!(ids(), ids());
    assert_ne!(ids()[0], ids()[1]);
}

#[test]
fn a_signed_url_needs_no_key_and_cannot_be_made_up() {
    let emulator = start();
    let file = upload(&emulator, "ocr", "scan é.pdf", b"%PDF-1.4");
    let path = format!("/v1/files/{}/url?expiry=1", file["id"].as_str().unwrap());
    let url = get(&emulator, &path)["url"].as_str().unwrap().to_owned();
    let target = url.strip_prefix("http://127.0.0.1").unwrap();
    let answer = bare(&emulator, "GET", target).send();
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/pdf");
    assert_eq!(answer.bytes(), b"%PDF-1.4");
    for wrong in [
        target.replace("expires=1", "expires=2"),
        target.split('?').next().unwrap().to_owned(),
    ] {
        assert_eq!(bare(&emulator, "GET", &wrong).send().status, 403);
    }
    let bad = call(&emulator, "GET", &path.replace("=1", "=soon")).send();
    assert_eq!(
        problems(&bad),
        [(json!(["query", "expiry"]), "int_parsing".to_owned())]
    );
}

#[test]
fn the_list_is_filtered_and_paged() {
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
        assert_eq!(names(&list), expected, "{query}");
    }
    let paged = get(&emulator, "/v1/files?page_size=1&page=1");
    assert_eq!(paged["total"], 4);
    let untold = get(&emulator, "/v1/files?include_total=false");
    assert_eq!(untold["total"], Value::Null);
}

#[test]
fn a_bad_query_is_refused_with_all_its_problems() {
    let answer = call(
        &start(),
        "GET",
        "/v1/files?page=-1&page_size=many&include_total=perhaps&purpose=fun&sample_type=x",
    )
    .send();
    let place = |name: &str| json!(["query", name]);
    assert_eq!(
        problems(&answer),
        [
            (place("page"), "greater_than_equal".to_owned()),
            (place("page_size"), "int_parsing".to_owned()),
            (place("include_total"), "bool_parsing".to_owned()),
            (place("sample_type"), "enum".to_owned()),
            (place("purpose"), "enum".to_owned()),
        ]
    );
}

#[test]
fn an_upload_without_a_file_is_refused() {
    let emulator = start();
    let missing = [(json!(["file", "file"]), "missing".to_owned())];
    for file in ["filename=\"\"", "x=y"] {
        let answer = send(&emulator, &[("purpose", "ocr")], file, b"text");
        assert_eq!(problems(&answer), missing);
    }
    let no_form = call(&emulator, "POST", "/v1/files").json(&json!({"file": "a"}));
    assert_eq!(problems(&no_form.send()), missing);
    let broken = call(&emulator, "POST", "/v1/files")
        .header("content-type", "multipart/form-data; boundary=edge")
        .body("--edge\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nab")
        .send();
    assert_eq!(broken.status, 400, "{}", broken.text());
    assert_eq!(get(&emulator, "/v1/files")["total"], 0);
}

#[test]
fn bad_fields_of_an_upload_are_named() {
    let answer = send(
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
    let place = |name: &str| json!(["form", name]);
    assert_eq!(
        problems(&answer),
        [
            (place("purpose"), "enum".to_owned()),
            (place("visibility"), "enum".to_owned()),
            (place("expiry"), "greater_than_equal".to_owned()),
        ]
    );
}

#[test]
fn content_must_fit_its_purpose() {
    let emulator = start();
    // Without a purpose a file is for fine-tuning.
    let binary = send(&emulator, &[], "filename=\"a.pdf\"", b"%PDF\xff\xfe");
    assert_eq!(binary.status, 422);
    assert_eq!(
        binary.json()["detail"],
        "Failed to decode data, please encode your file using UTF-8."
    );
    let lines = send(
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
    let sheet = send(
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
