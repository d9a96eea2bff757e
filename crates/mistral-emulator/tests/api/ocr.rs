//! OCR: pages, blocks and annotations.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::client::{RawResponse, api_request, get, start, upload};

fn post_ocr(members: &Value) -> RawResponse {
    let mut request = json!({
        "model": "mistral-ocr-latest",
        "document": {"type": "document_url", "document_url": "https://example.com/a/deed.pdf?v=1"},
    });
    for (name, value) in members.as_object().unwrap() {
        request[name] = value.clone();
    }
    api_request(&start(), "POST", "/v1/ocr")
        .json(&request)
        .send()
}

#[track_caller]
fn process(members: &Value) -> Value {
    let response = post_ocr(members);
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()
}

#[track_caller]
fn first_page(members: &Value) -> Value {
    process(members)["pages"][0].clone()
}

fn data_url(kind: &str, bytes: &[u8]) -> String {
    format!("data:{kind};base64,{}", STANDARD.encode(bytes))
}

fn data_url_document(kind: &str, bytes: &[u8]) -> Value {
    json!({"document": {"type": "document_url", "document_url": data_url(kind, bytes)}})
}

fn page_indexes(response: &Value) -> Vec<u64> {
    let pages = response["pages"].as_array().unwrap().iter();
    pages.map(|page| page["index"].as_u64().unwrap()).collect()
}

#[test]
fn ocr_every_page_has_markdown() {
    let response = process(&json!({}));
    assert_eq!(response["model"], "mistral-ocr-latest");
    assert_eq!(page_indexes(&response), [0, 1, 2]);
    assert_eq!(
        response["usage_info"],
        json!({"pages_processed": 3, "doc_size_bytes": null})
    );
    assert_eq!(response["document_annotation"], Value::Null);
    let page = &response["pages"][1];
    assert_eq!(
        page["markdown"],
        "The Mistral emulator\n\n# Page 2 of deed.pdf\n\n\
         A real model would read the page here. See https://docs.mistral.ai.\n\n\
         ![img-1.jpeg](img-1.jpeg)\n\n\
         | Page | Words |\n| --- | --- |\n| 2 | many |\n\nPage 2 of 3"
    );
    assert_eq!(page["hyperlinks"], json!(["https://docs.mistral.ai"]));
    assert_eq!(page["tables"], json!([]));
    assert_eq!(page["dimensions"]["dpi"], 200);
    for name in ["header", "footer", "blocks", "confidence_scores"] {
        assert_eq!(page.get(name), Some(&Value::Null), "{name}");
    }
    assert_eq!(page["images"][0]["image_base64"], Value::Null);
}

#[test]
fn ocr_accepts_url_and_image() {
    let pages = |document: Value| {
        let response = process(&json!({ "document": document }));
        response["usage_info"]["pages_processed"].as_u64().unwrap()
    };
    let picture = data_url("image/png", b"picture");
    assert_eq!(pages(json!({"type": "image_url", "image_url": picture})), 1);
    assert_eq!(
        pages(json!({"type": "image_url", "image_url": {"url": picture, "detail": "low"}})),
        1
    );
    assert_eq!(pages(json!({"image_url": "https://example.com/a.png"})), 1);
    assert_eq!(pages(json!({"document_url": "https://example.com/a"})), 3);
    let named =
        json!({"document": {"document_url": "https://example.com/a", "document_name": "b"}});
    let markdown = first_page(&named)["markdown"].clone();
    assert!(markdown.as_str().unwrap().contains("# Page 1 of b\n"));
}

#[test]
fn ocr_data_url_content_is_read() {
    let pdf = b"%PDF-1.4 << /Type /Pages >> << /Type /Page >> << /Type /Page >>";
    let response = process(&data_url_document("application/pdf", pdf));
    assert_eq!(
        response["usage_info"],
        json!({"pages_processed": 2, "doc_size_bytes": pdf.len()})
    );
    let response = process(&data_url_document(
        "text/plain",
        "Premi\u{e8}re\n\u{c}Second".as_bytes(),
    ));
    assert_eq!(response["pages"][0]["markdown"], "Premi\u{e8}re");
    assert_eq!(response["pages"][1]["markdown"], "Second");
    assert_eq!(page_indexes(&response), [0, 1]);
}

#[test]
fn ocr_pages_selects_pages() {
    let selected = |pages: Value| page_indexes(&process(&json!({ "pages": pages })));
    assert_eq!(selected(json!([2, 0, 7])), [0, 2]);
    assert_eq!(selected(json!("1-9")), [1, 2]);
    assert_eq!(selected(json!("0,2")), [0, 2]);
    assert_eq!(selected(Value::Null), [0, 1, 2]);
}

#[test]
fn ocr_images_are_included_and_limited() {
    let page = first_page(&json!({"include_image_base64": true}));
    let image = &page["images"][0];
    assert_eq!(image["id"], "img-0.jpeg");
    assert_eq!(image["image_annotation"], Value::Null);
    assert!(image["top_left_x"].as_u64() < image["bottom_right_x"].as_u64());
    assert!(image["top_left_y"].as_u64() < image["bottom_right_y"].as_u64());
    let data = image["image_base64"].as_str().unwrap();
    let data = data.strip_prefix("data:image/jpeg;base64,").unwrap();
    let jpeg = STANDARD.decode(data).unwrap();
    assert!(jpeg.starts_with(&[0xff, 0xd8]) && jpeg.ends_with(&[0xff, 0xd9]));

    let counts = |members: Value| -> Vec<usize> {
        let response = process(&members);
        let pages = response["pages"].as_array().unwrap().iter();
        pages
            .map(|page| page["images"].as_array().unwrap().len())
            .collect()
    };
    assert_eq!(counts(json!({"image_limit": 2})), [1, 1, 0]);
    assert_eq!(counts(json!({"image_min_size": 200})), [1, 1, 1]);
    assert_eq!(counts(json!({"image_min_size": 201})), [0, 0, 0]);
    let none = first_page(&json!({"image_limit": 0}));
    assert!(!none["markdown"].as_str().unwrap().contains("img-0"));
}

#[test]
fn ocr_tables_headers_and_footers_are_extracted() {
    let members = json!({"table_format": "html", "extract_header": true, "extract_footer": true});
    let page = first_page(&members);
    assert_eq!(page["header"], "The Mistral emulator");
    assert_eq!(page["footer"], "Page 1 of 3");
    let markdown = page["markdown"].as_str().unwrap();
    assert!(markdown.starts_with("# Page 1"), "{markdown}");
    assert!(
        markdown.ends_with("\n\n[tbl-0.html](tbl-0.html)"),
        "{markdown}"
    );
    let table = &page["tables"][0];
    assert_eq!(table["id"], "tbl-0.html");
    assert_eq!(table["format"], "html");
    assert!(table["content"].as_str().unwrap().starts_with("<table>"));
    let page = first_page(&json!({"table_format": "markdown"}));
    assert_eq!(page["tables"][0]["id"], "tbl-0.md");
    assert!(
        page["tables"][0]["content"]
            .as_str()
            .unwrap()
            .starts_with("| Page")
    );
}

#[test]
fn ocr_blocks_are_in_reading_order() {
    let members = json!({"include_blocks": true, "confidence_scores_granularity": "block",
        "table_format": "markdown"});
    let page = first_page(&members);
    let blocks = page["blocks"].as_array().unwrap();
    let kinds: Vec<&Value> = blocks.iter().map(|block| &block["type"]).collect();
    assert_eq!(
        kinds,
        ["header", "title", "text", "image", "table", "footer"]
    );
    assert_eq!(blocks[3]["image_id"], page["images"][0]["id"]);
    assert_eq!(blocks[4]["table_id"], page["tables"][0]["id"]);
    for pair in blocks.windows(2) {
        assert!(pair[0]["bottom_right_y"].as_u64() <= pair[1]["top_left_y"].as_u64());
    }
    for block in blocks {
        assert!(block["content"].is_string());
        let scores = &block["confidence_scores"];
        let average = scores["average_content_confidence_score"].as_f64().unwrap();
        let minimum = scores["minimum_content_confidence_score"].as_f64().unwrap();
        assert!(0.0 < minimum && minimum <= average && average <= 1.0);
    }
    let plain = first_page(&json!({"include_blocks": true}));
    assert_eq!(plain["blocks"][0].get("confidence_scores"), None);
}

#[test]
fn ocr_confidence_granularity_is_page_or_word() {
    let by_page = first_page(&json!({"confidence_scores_granularity": "page"}));
    let by_word = first_page(&json!({"confidence_scores_granularity": "word"}));
    let (by_page, markdown) = (&by_page["confidence_scores"], &by_word["markdown"]);
    assert_eq!(by_page.get("word_confidence_scores"), None);
    let by_word = &by_word["confidence_scores"];
    assert_eq!(
        by_page["average_page_confidence_score"],
        by_word["average_page_confidence_score"]
    );
    let markdown: Vec<char> = markdown.as_str().unwrap().chars().collect();
    let mut minimum = 1.0_f64;
    for word in by_word["word_confidence_scores"].as_array().unwrap() {
        let start = word["start_index"].as_u64().unwrap() as usize;
        let text: Vec<char> = word["text"].as_str().unwrap().chars().collect();
        assert_eq!(markdown[start..start + text.len()], text);
        minimum = minimum.min(word["confidence"].as_f64().unwrap());
    }
    assert_eq!(by_word["minimum_page_confidence_score"], minimum);
}

#[test]
fn ocr_annotations_are_json_strings() {
    let format = |name: &str| {
        let schema = json!({"type": "object", "required": [name],
            "properties": {name: {"type": "integer", "minimum": 3}}});
        json!({"type": "json_schema", "json_schema": {"name": "n", "schema": schema}})
    };
    let response = process(&json!({
        "bbox_annotation_format": format("colours"),
        "document_annotation_format": format("parties"),
        "document_annotation_prompt": "Count the parties.",
    }));
    let of_document = response["document_annotation"].as_str().unwrap();
    let of_document: Value = serde_json::from_str(of_document).unwrap();
    assert!(of_document["parties"].as_u64().unwrap() >= 3);
    let of_image = &response["pages"][2]["images"][0]["image_annotation"];
    let of_image: Value = serde_json::from_str(of_image.as_str().unwrap()).unwrap();
    assert!(of_image["colours"].as_u64().unwrap() >= 3);
}

#[test]
fn ocr_null_model_is_latest() {
    assert_eq!(
        process(&json!({"model": null}))["model"],
        "mistral-ocr-latest"
    );
    assert_eq!(
        process(&json!({"model": "mistral-ocr-2512"}))["model"],
        "mistral-ocr-2512"
    );
}

#[test]
fn ocr_invalid_request_is_rejected() {
    let document = |document: Value| json!({ "document": document });
    let broken = json!({"type": "document_url", "document_url": "data:application/pdf;base64,%"});
    let path = json!({"type": "document_url", "document_url": "deed.pdf"});
    for (members, status, code) in [
        (json!({"model": "mistral-small-latest"}), 400, json!("1500")),
        (document(broken), 400, json!("3740")),
        (document(path), 400, json!("3740")),
        (
            data_url_document("image/png", b"picture"),
            400,
            json!("3740"),
        ),
        (
            document(json!({"image_url": data_url("application/pdf", b"%PDF")})),
            400,
            json!("3740"),
        ),
        (
            json!({"document_annotation_prompt": "a"}),
            400,
            json!("3051"),
        ),
        (document(Value::Null), 422, Value::Null),
        (
            document(json!({"type": "text", "text": "a"})),
            422,
            Value::Null,
        ),
        (document(json!({"type": "file"})), 422, Value::Null),
        (json!({"pages": "two"}), 422, Value::Null),
        (json!({"pages": [-1]}), 422, Value::Null),
        (json!({"table_format": "csv"}), 422, Value::Null),
        (json!({"usage": true}), 422, Value::Null),
        (
            json!({"bbox_annotation_format": {"type": "json_object"}}),
            422,
            Value::Null,
        ),
    ] {
        let response = post_ocr(&members);
        assert_eq!(response.status, status, "{members}: {}", response.text());
        assert_eq!(response.json()["code"], code, "{members}");
    }
}

#[test]
fn ocr_of_uploaded_file_reads_its_pages() {
    let emulator = start();
    let pdf = b"%PDF-1.4 << /Type /Pages >> << /Type /Page >> << /Type /Page >>";
    let file = upload(&emulator, "ocr", "deed.pdf", pdf);
    let id = file["id"].as_str().unwrap();
    let send = |document: &Value| {
        let body = json!({"model": "mistral-ocr-latest", "document": document});
        api_request(&emulator, "POST", "/v1/ocr").json(&body).send()
    };
    let url = get(&emulator, &format!("/v1/files/{id}/url"))["url"].clone();
    for document in [
        json!({"type": "file", "file_id": id}),
        json!({"file_id": id}),
        json!({"type": "document_url", "document_url": url}),
    ] {
        let response = send(&document).json();
        assert_eq!(response["usage_info"]["pages_processed"], 2, "{document}");
        assert_eq!(response["usage_info"]["doc_size_bytes"], pdf.len());
        let markdown = response["pages"][0]["markdown"].as_str().unwrap();
        assert!(markdown.contains("# Page 1 of deed.pdf\n"), "{markdown}");
    }
    let path = format!("/v1/files/{id}");
    assert_eq!(api_request(&emulator, "DELETE", &path).send().status, 200);
    for id in [id, "00edaf84-0000-4000-8000-000000000000"] {
        let response = send(&json!({"file_id": id}));
        assert_eq!(response.status, 404);
        assert_eq!(response.json(), json!({"detail": "File not found"}));
    }
}
