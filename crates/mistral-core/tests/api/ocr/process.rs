//! OCR: requests and responses.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use http::Method;
use mistral_core::ErrorKind;
use mistral_core::messages::ResponseFormat;
use mistral_core::ocr::{
    Block, ConfidenceScoresGranularity, Document, OcrImageObject, OcrRequest, OcrResponse,
    PageSelection, TableFormat,
};
use mistral_core::provider::Operation;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::common::{client_with, reply, scripted};

fn sent(value: impl Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

/// Deserializes `json`, and checks that it serializes to the same value.
fn same<T: Serialize + for<'de> Deserialize<'de>>(json: &Value) -> T {
    let read: T = serde_json::from_str(&json.to_string()).unwrap();
    assert_eq!(sent(&read), *json);
    read
}

fn block(kind: &str, more: Value) -> Value {
    let mut block = json!({
        "type": kind, "content": kind, "top_left_x": 1, "top_left_y": 2,
        "bottom_right_x": 3, "bottom_right_y": 4,
        "confidence_scores": {
            "block_type_confidence_score": 0.5,
            "average_content_confidence_score": 0.75,
            "minimum_content_confidence_score": 0.25,
        },
    });
    let fields = block.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    block
}

fn response() -> Value {
    let mut blocks: Vec<_> = [
        "text",
        "list",
        "title",
        "equation",
        "caption",
        "code",
        "references",
        "aside_text",
        "header",
        "footer",
        "signature",
    ]
    .map(|kind| block(kind, json!({})))
    .into();
    blocks.push(block("image", json!({ "image_id": "img-0.jpeg" })));
    blocks.push(block("table", json!({ "table_id": "tbl-0.md" })));
    blocks.push(json!({ "type": "hologram", "content": "new", "depth": null }));
    json!({
        "pages": [{
            "index": 0,
            "markdown": "# Invoice",
            "images": [{
                "id": "img-0.jpeg",
                "top_left_x": 1, "top_left_y": 2, "bottom_right_x": 30, "bottom_right_y": 40,
                "image_base64": "data:image/jpeg;base64,aGk=",
                "image_annotation": "{\"kind\":\"logo\"}",
                "new": { "a": [null] },
            }],
            "tables": [{
                "id": "tbl-0.md", "content": "| a |", "format": "markdown",
                "word_confidence_scores": [{ "text": "a", "confidence": 0.5, "start_index": 2 }],
            }],
            "hyperlinks": ["https://example.com"],
            "header": "page 1",
            "footer": "end",
            "dimensions": { "dpi": 200, "height": 2200, "width": 1700 },
            "confidence_scores": {
                "word_confidence_scores": [{ "text": "I", "confidence": 1.0, "start_index": 0 }],
                "average_page_confidence_score": 0.9,
                "minimum_page_confidence_score": 0.1,
            },
            "blocks": blocks,
        }],
        "model": "mistral-ocr-2512",
        "document_annotation": "{\"total\":12.5}",
        "usage_info": { "pages_processed": 1, "doc_size_bytes": 1234 },
        "new": true,
    })
}

#[tokio::test]
async fn process_sends_every_field() {
    let mock = scripted([reply(200, &response().to_string())]);
    let format = ResponseFormat::json_schema("invoice", json!({ "type": "object" }));
    let request = OcrRequest::new("mistral-ocr-latest", Document::file_id("f"))
        .id("mine")
        .pages("0,2-4")
        .include_image_base64(true)
        .image_limit(5)
        .image_min_size(64)
        .bbox_annotation_format(format.clone())
        .document_annotation_format(format.clone())
        .document_annotation_prompt("the total")
        .table_format(TableFormat::Html)
        .extract_header(true)
        .extract_footer(false)
        .include_blocks(true)
        .confidence_scores_granularity(ConfidenceScoresGranularity::Block);
    let response = client_with(&mock).ocr().process(&request).await.unwrap();
    assert_eq!(response.pages.len(), 1);
    let call = &mock.requests()[0];
    assert_eq!(
        (&call.method, call.uri.path()),
        (&Method::POST, "/prefix/v1/ocr")
    );
    assert_eq!(call.operation, "ocr.process");
    assert_eq!(call.model.as_deref(), Some("mistral-ocr-latest"));
    let expected = json!({
        "model": "mistral-ocr-latest",
        "document": { "type": "file", "file_id": "f" },
        "id": "mine", "pages": "0,2-4",
        "include_image_base64": true, "image_limit": 5, "image_min_size": 64,
        "bbox_annotation_format": format, "document_annotation_format": format,
        "document_annotation_prompt": "the total",
        "table_format": "html", "extract_header": true, "extract_footer": false,
        "include_blocks": true, "confidence_scores_granularity": "block",
    });
    assert_eq!(call.json(), expected);
    let read: OcrRequest = serde_json::from_value(expected).unwrap();
    assert_eq!(read, request);
    assert!(Operation::all().any(|operation| operation.name == "ocr.process"));
}

/// The API accepts `null`, and then chooses the model.
#[tokio::test]
async fn process_sends_a_model_that_is_null() {
    let mock = scripted([reply(200, r#"{"pages":[],"model":null}"#)]);
    let client = client_with(&mock);
    let document = json!({ "type": "document_url", "document_url": "https://x.test/a.pdf" });
    let body = json!({ "model": null, "document": document });
    let read: OcrRequest = same(&body);
    assert_eq!(read.model, "");
    let built = OcrRequest::new("m", Document::url("https://x.test/a.pdf"));
    for request in [read, built.extra("model", Value::Null)] {
        let response = client.ocr().process(&request).await.unwrap();
        assert_eq!(response.model, "");
        let sent = mock.requests().pop().unwrap();
        assert_eq!(sent.json(), body);
        assert_eq!(sent.json()["model"], Value::Null);
    }
}

#[test]
fn request_omits_unset_fields() {
    let request = OcrRequest::new("m", Document::url("https://x.test/a.pdf"));
    let document = json!({ "type": "document_url", "document_url": "https://x.test/a.pdf" });
    assert_eq!(sent(request), json!({ "model": "m", "document": document }));
    assert_eq!(sent(PageSelection::from([0, 3])), json!([0, 3]));
    same::<PageSelection>(&json!([1]));
    same::<PageSelection>(&json!("1-2"));
}

#[test]
fn document_url_kind_is_derived_from_the_url() {
    for (url, is_image) in [
        ("https://x.test/a.pdf", false),
        ("https://x.test/a.PNG", true),
        ("https://x.test/a.jpg?size=1#top", true),
        ("https://x.test/a?file=b.png", false),
        ("https://x.test/a#b.png", false),
        ("https://x.test/download/17", false),
        ("https://png", false),
        ("data:image/webp;base64,AA==", true),
        ("DATA:IMAGE/PNG;base64,AA==", true),
        ("data:application/pdf;base64,AA==", false),
        ("data:,é", false),
        ("", false),
    ] {
        let kind = if is_image {
            "image_url"
        } else {
            "document_url"
        };
        assert_eq!(sent(Document::url(url)), json!({ "type": kind, kind: url }));
    }
    let forced = sent(Document::image_url("https://x.test/17"));
    assert_eq!(
        forced,
        json!({ "type": "image_url", "image_url": "https://x.test/17" })
    );
    let forced = sent(Document::document_url("a.png"));
    assert_eq!(
        forced,
        json!({ "type": "document_url", "document_url": "a.png" })
    );
    for document in [
        json!({ "type": "image_url", "image_url": { "url": "u", "detail": "low" } }),
        json!({ "type": "document_url", "document_url": "u", "document_name": "n" }),
        json!({ "type": "file", "file_id": "f" }),
    ] {
        assert!(!matches!(same::<Document>(&document), Document::Unknown(_)));
    }
    let unknown = json!({ "type": "tape", "reel": null });
    assert!(matches!(same(&unknown), Document::Unknown(_)));
}

#[tokio::test]
async fn document_from_bytes_or_file_is_a_data_url() {
    let pdf = json!({
        "type": "document_url",
        "document_url": "data:application/pdf;base64,aGk=",
        "document_name": "a.pdf",
    });
    assert_eq!(sent(Document::from_bytes("a.pdf", "hi")), pdf);
    let jpeg = json!({ "type": "image_url", "image_url": "data:image/jpeg;base64,aGk=" });
    assert_eq!(sent(Document::from_bytes("b.JPG", b"hi")), jpeg);
    let unknown = sent(Document::from_bytes("c", vec![0_u8]));
    assert_eq!(
        unknown["document_url"],
        "data:application/octet-stream;base64,AA=="
    );
    let pdf_by_bytes = sent(Document::from_bytes("upload", "%PDF-1.7"));
    let start = "data:application/pdf;base64,";
    assert!(
        pdf_by_bytes["document_url"]
            .as_str()
            .unwrap()
            .starts_with(start)
    );
    assert_eq!(pdf_by_bytes["document_name"], "upload");
    let png = sent(Document::from_bytes("upload.tmp", b"\x89PNG\r\n\x1a\n"));
    let start = "data:image/png;base64,";
    assert!(png["image_url"].as_str().unwrap().starts_with(start));

    let path = std::env::temp_dir().join(format!("mistral-ocr-{}.pdf", std::process::id()));
    std::fs::write(&path, "hi").unwrap();
    let read = Document::from_path(&path).await;
    std::fs::remove_file(&path).unwrap();
    let read = sent(read.unwrap());
    assert_eq!(read["document_url"], pdf["document_url"]);
    assert_eq!(
        read["document_name"],
        path.file_name().unwrap().to_str().unwrap()
    );

    let error = Document::from_path(&path).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(
        error.to_string().contains(path.to_str().unwrap()),
        "{error}"
    );
}

#[test]
fn document_from_path_without_runtime_is_an_error() {
    let mut context = Context::from_waker(Waker::noop());
    let Poll::Ready(read) = pin!(Document::from_path("a.pdf")).poll(&mut context) else {
        unreachable!("there is nothing to wait for")
    };
    assert_eq!(read.unwrap_err().kind(), ErrorKind::Config);
}

#[derive(Debug, PartialEq, Deserialize)]
struct Invoice {
    total: f64,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Kind {
    kind: String,
}

#[test]
fn response_round_trips_in_full() {
    let response: OcrResponse = same(&response());
    assert_eq!(
        response.annotation::<Invoice>().unwrap(),
        Invoice { total: 12.5 }
    );
    assert_eq!(response.markdown(), "# Invoice");
    let usage = response.usage_info.as_ref().unwrap();
    assert_eq!(
        (usage.pages_processed, usage.doc_size_bytes),
        (1, Some(1234))
    );
    let page = &response.pages[0];
    let image = &page.images[0];
    assert_eq!(image.annotation::<Kind>().unwrap().kind, "logo");
    assert_eq!(image.bytes().unwrap(), "hi");
    assert_eq!(page.tables[0].format, Some(TableFormat::Markdown));
    let blocks = page.blocks.as_ref().unwrap();
    assert!(
        blocks[..13]
            .iter()
            .all(|block| !matches!(block, Block::Unknown(_)))
    );
    assert!(matches!(&blocks[11], Block::Image(image) if image.image_id.is_some()));
    assert!(matches!(&blocks[12], Block::Table(table) if table.table_id.is_some()));
    assert!(matches!(&blocks[13], Block::Unknown(_)));
    let contents: Vec<_> = blocks.iter().map(Block::content).collect();
    assert_eq!(
        (contents[0], contents[12], contents[13]),
        ("text", "table", "new")
    );
}

#[test]
fn response_with_missing_or_null_fields_is_read() {
    let response: OcrResponse = serde_json::from_value(json!({
        "pages": [
            {
                "index": 3, "markdown": "", "images": null, "tables": null, "hyperlinks": null,
                "header": null, "footer": null, "dimensions": null, "confidence_scores": null,
                "blocks": null,
            },
            {
                "index": 4, "markdown": "x", "dimensions": {},
                "images": [{
                    "id": "i", "top_left_x": null, "top_left_y": null, "bottom_right_x": null,
                    "bottom_right_y": null, "image_base64": null, "image_annotation": null,
                }],
            },
        ],
        "model": null, "document_annotation": null, "usage_info": null,
    }))
    .unwrap();
    assert_eq!(
        (
            response.pages[0].blocks.as_ref(),
            response.usage_info.as_ref()
        ),
        (None, None)
    );
    let unasked = response.annotation::<Invoice>().unwrap_err();
    assert_eq!(unasked.kind(), ErrorKind::Decode);
    assert!(
        unasked.to_string().contains("document_annotation_format"),
        "{unasked}"
    );
    let image = &response.pages[1].images[0];
    let unasked = image.annotation::<Kind>().unwrap_err();
    assert!(
        unasked.to_string().contains("bbox_annotation_format"),
        "{unasked}"
    );
    let unasked = image.bytes().unwrap_err();
    assert!(
        unasked.to_string().contains("include_image_base64"),
        "{unasked}"
    );
}

#[test]
fn response_with_malformed_blocks_and_boxes_keeps_its_text() {
    let json = json!({ "pages": [
        { "index": "0", "markdown": "a", "blocks": [{ "type": "text" }], "dimensions": "A4" },
        { "index": 1.0, "markdown": "b", "blocks": [{
            "type": "text", "content": "c", "top_left_x": "12", "top_left_y": {},
            "bottom_right_x": 3.0, "bottom_right_y": null,
        }] },
    ] });
    let response: OcrResponse = serde_json::from_value(json.clone()).unwrap();
    let [first, second] = response.pages.as_slice() else {
        panic!("{response:?}");
    };
    assert_eq!((first.index, first.markdown.as_str()), (0, "a"));
    let unknown = Block::Unknown(json["pages"][0]["blocks"][0].clone());
    assert_eq!(first.blocks.as_deref(), Some([unknown].as_slice()));
    assert_eq!(first.extra["dimensions"], json["pages"][0]["dimensions"]);
    let Some([Block::Text(block)]) = second.blocks.as_deref() else {
        panic!("{second:?}");
    };
    assert_eq!((second.index, block.top_left_x), (1, Some(12)));
    assert_eq!((block.top_left_y, block.bottom_right_x), (None, Some(3)));
    assert_eq!(block.bottom_right_y, None);
    assert_eq!(block.extra["top_left_y"], json!({}));
}

#[test]
fn page_with_an_index_that_cannot_be_read_has_that_of_its_position() {
    for index in [
        json!(null),
        json!(""),
        json!("x"),
        json!(-1),
        json!(1.5),
        json!({}),
    ] {
        let json = json!({ "pages": [
            { "index": 0, "markdown": "a" },
            { "index": index, "markdown": null },
            { "markdown": "c" },
            { "index": 7, "markdown": "d" },
        ] });
        let response: OcrResponse = serde_json::from_value(json).unwrap();
        let indices: Vec<_> = response.pages.iter().map(|page| page.index).collect();
        assert_eq!(indices, [0, 1, 2, 7], "{index}");
        assert_eq!(response.pages[1].markdown, "");
        assert_eq!(response.markdown(), "a\n\n\n\nc\n\nd");
    }
}

#[tokio::test]
async fn response_malformed_is_a_decode_error_with_path() {
    let mut response: OcrResponse = same(&response());
    response.document_annotation = Some("{\"total\": \"much\"}".into());
    let error = response.annotation::<Invoice>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("`total`"), "{error}");

    let json = json!({ "id": "i", "image_base64": "data:image/png;base64,?" });
    let image: OcrImageObject = serde_json::from_value(json).unwrap();
    assert_eq!(image.bytes().unwrap_err().kind(), ErrorKind::Decode);

    for (body, path) in [
        (json!({ "pages": [{ "index": 0 }] }), "pages[0]"),
        (
            json!({ "pages": [{ "index": 0, "markdown": "" }, { "index": 1, "markdown": 5 }] }),
            "pages[1].markdown",
        ),
        (json!({ "model": "m" }), "pages"),
    ] {
        let mock = scripted([reply(200, &body.to_string())]);
        let request = OcrRequest::new("m", Document::file_id("f"));
        let error = client_with(&mock)
            .ocr()
            .process(&request)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(error.to_string().contains(path), "{error}");
    }
}
