use mistral_sdk::messages::{
    DocumentUrlChunk, ImageDetail, ImageUrl, ImageUrlChunk, ResponseSchema,
};
use mistral_sdk::ocr::{ConfidenceScoresGranularity, Document, OcrRequest, TableFormat};
use serde_json::json;

use super::{BuiltRequest, full, part};

pub(super) fn rows() -> Vec<BuiltRequest> {
    let schema = || {
        ResponseSchema::new("painting", json!({ "type": "object" }))
            .description("A painting.")
            .strict(true)
    };
    let document = DocumentUrlChunk::new("https://example.com/a.pdf").document_name("a.pdf");
    let request = OcrRequest::new("mistral-ocr-latest", document)
        .id("1")
        .pages([0, 2])
        .include_image_base64(true)
        .image_limit(3)
        .image_min_size(10)
        .bbox_annotation_format(schema())
        .document_annotation_format(schema())
        .document_annotation_prompt("What is painted?")
        .table_format(TableFormat::Html)
        .extract_header(true)
        .extract_footer(false)
        .include_blocks(true)
        .confidence_scores_granularity(ConfidenceScoresGranularity::Word);
    let picture = ImageUrl::new("https://example.com/cat.png").detail(ImageDetail::Low);
    let of = |document| OcrRequest::new("mistral-ocr-latest", document);
    vec![
        full("OCRRequest", &request),
        part(
            "OCRRequest",
            &of(ImageUrlChunk::new(picture).into()).pages("0,2-3"),
        ),
        part(
            "OCRRequest",
            &of(Document::image_url("https://example.com/cat.png")),
        ),
        part(
            "OCRRequest",
            &of(Document::file_id("6f1f7a0c-9e0b-4c6e-8a3e-0a4b4f0f9d11")),
        ),
    ]
}
