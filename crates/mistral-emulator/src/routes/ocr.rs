//! OCR.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use super::files;
use crate::generate::document::{Document, IMAGE_SIZE, PageOptions, parse_data_url};
use crate::generate::schema_instance;
use crate::json::{set_member, unsigned};
use crate::requests::JsonBody;
use crate::requests::chat_fields::RESPONSE_FORMAT;
use crate::requests::fields::{self, Field, Type, UNSIGNED, optional, required};
use crate::responses::{ApiError, json_response};
use crate::state::AppState;
use crate::state::file::File;
use crate::state::models::{self, MISTRAL_OCR};

static FIELDS: &[Field] = &[
    required("model", Type::AnyOf(&[Type::String, Type::Null])),
    optional("id", Type::String),
    required("document", DOCUMENT),
    optional(
        "pages",
        Type::AnyOf(&[Type::String, Type::Array(0, &UNSIGNED)]),
    ),
    optional("include_image_base64", Type::Boolean),
    optional("image_limit", UNSIGNED),
    optional("image_min_size", UNSIGNED),
    optional("bbox_annotation_format", Type::Object(RESPONSE_FORMAT)),
    optional("document_annotation_format", Type::Object(RESPONSE_FORMAT)),
    optional("document_annotation_prompt", Type::String),
    optional("table_format", Type::Enum(&["markdown", "html"])),
    optional("extract_header", Type::Boolean),
    optional("extract_footer", Type::Boolean),
    optional("include_blocks", Type::Boolean),
    optional(
        "confidence_scores_granularity",
        Type::Enum(&["word", "page", "block"]),
    ),
];

const DOCUMENT: Type = Type::Union {
    tag: "type",
    default: None,
    variants: &[
        ("file", &[required("file_id", Type::String)]),
        (
            "document_url",
            &[
                required("document_url", Type::String),
                optional("document_name", Type::String),
            ],
        ),
        (
            "image_url",
            &[required(
                "image_url",
                Type::AnyOf(&[
                    Type::String,
                    Type::Object(&[
                        required("url", Type::String),
                        optional("detail", Type::Enum(&["low", "auto", "high"])),
                    ]),
                ]),
            )],
        ),
    ],
};

/// `POST /v1/ocr`
pub(crate) async fn process(
    State(state): State<Arc<AppState>>,
    JsonBody(mut request): JsonBody,
) -> Result<Response, ApiError> {
    infer_document_type(&mut request);
    fields::validate(FIELDS, &request)?;
    if request.get("model") == Some(&Value::Null) {
        set_member(&mut request, "model", MISTRAL_OCR.into());
    }
    models::replace_azure_name(&mut request, MISTRAL_OCR);
    models::resolve(&request, |model| model.supports("ocr"))?;
    let image_annotation = annotation(&request, "bbox_annotation_format")?;
    let document_annotation = annotation(&request, "document_annotation_format")?;
    check_annotation_prompt(&request, document_annotation.is_some())?;
    let document = document(&state, request.get("document").unwrap_or(&Value::Null))?;
    let selection = selected_pages(&request)?;
    let flag = |name| request.get(name) == Some(&Value::Bool(true));
    let text = |name| request.get(name).and_then(Value::as_str);
    let has_images =
        unsigned(&request, "image_min_size").is_none_or(|at_least| at_least <= IMAGE_SIZE);
    let max_images = unsigned(&request, "image_limit").unwrap_or(usize::MAX);
    let mut options = PageOptions {
        table_format: text("table_format"),
        header: flag("extract_header"),
        footer: flag("extract_footer"),
        images: has_images,
        image_data: flag("include_image_base64"),
        image_annotation,
        blocks: flag("include_blocks"),
        confidence: text("confidence_scores_granularity"),
    };
    let is_selected = |page: &usize| {
        let ranges = selection.as_ref();
        ranges.is_none_or(|ranges| {
            ranges
                .iter()
                .any(|(first, last)| (first..=last).contains(&page))
        })
    };
    let pages: Vec<Value> = (0..document.page_count())
        .filter(is_selected)
        .enumerate()
        .map(|(index, page)| {
            // A page has at most one image.
            options.images = has_images && index < max_images;
            document.page(page, &options)
        })
        .collect();
    let body = json!({
        "model": request.get("model"),
        "usage_info": { "pages_processed": pages.len(), "doc_size_bytes": document.size },
        "document_annotation": document_annotation,
        "pages": pages,
    });
    Ok(json_response(StatusCode::OK, &body))
}

fn check_annotation_prompt(request: &Value, has_format: bool) -> Result<(), ApiError> {
    let prompt = request.get("document_annotation_prompt");
    if has_format || prompt.is_none_or(Value::is_null) {
        return Ok(());
    }
    Err(ApiError::bad_request(
        "invalid_request_invalid_args",
        Some("3051"),
        "document_annotation_prompt needs a document_annotation_format",
    ))
}

/// Sets the missing type of a document according to its members, as the server does.
fn infer_document_type(request: &mut Value) {
    let Some(document) = request
        .get_mut("document")
        .filter(|document| document.is_object())
    else {
        return;
    };
    if document.get("type").is_none_or(Value::is_null) {
        let kinds = [("file_id", "file"), ("image_url", "image_url")];
        let found = kinds
            .iter()
            .find(|(member, _)| document.get(member).is_some());
        let kind = found.map_or("document_url", |(_, kind)| kind);
        set_member(document, "type", kind.into());
    }
}

fn document(state: &AppState, document: &Value) -> Result<Document, ApiError> {
    let text = |pointer| document.pointer(pointer).and_then(Value::as_str);
    let stored = |file: File| Document::from_file(file.name, &file.mimetype, &file.content);
    if let Some(id) = text("/file_id") {
        return files::find(state, id).map(stored);
    }
    let image = text("/image_url").or_else(|| text("/image_url/url"));
    let url = image.or_else(|| text("/document_url")).unwrap_or_default();
    if let Some(file) = files::find_signed(state, url) {
        return Ok(stored(file));
    }
    if url.starts_with("https://") || url.starts_with("http://") {
        let name = text("/document_name").unwrap_or(url);
        return Ok(Document::placeholder(name, image.is_some()));
    }
    let (media_type, bytes) =
        parse_data_url(url).ok_or_else(|| invalid_file("Failed to fetch document".to_owned()))?;
    if media_type.starts_with("image/") == image.is_some() {
        Ok(Document::from_bytes(&media_type, &bytes))
    } else {
        Err(invalid_file(format!("{media_type} is not supported")))
    }
}

fn invalid_file(message: String) -> ApiError {
    ApiError::bad_request("document_parser_invalid_file", Some("3740"), message)
}

/// Returns an instance of the schema in a field, serialized to JSON.
fn annotation(request: &Value, name: &str) -> Result<Option<String>, ApiError> {
    let Some(format) = request.get(name).filter(|format| !format.is_null()) else {
        return Ok(None);
    };
    let kind = format.get("type").and_then(Value::as_str);
    if let Some(schema) = format.pointer("/json_schema/schema")
        && kind == Some("json_schema")
    {
        return Ok(Some(schema_instance::instance(schema).to_string()));
    }
    let message = "Value error, Only json_schema is valid for this field";
    Err(value_error(name, message, format))
}

/// Returns the ranges of selected pages, both bounds inclusive, or `None` for all pages.
fn selected_pages(request: &Value) -> Result<Option<Vec<(usize, usize)>>, ApiError> {
    let Some(pages) = request.get("pages") else {
        return Ok(None);
    };
    match pages {
        Value::String(text) => match parse_ranges(text) {
            Some(ranges) => Ok(Some(ranges)),
            None => {
                let message = "Value error, Pages should be like '0,2-4'";
                Err(value_error("pages", message, pages))
            }
        },
        Value::Array(numbers) => {
            let numbers = numbers.iter().filter_map(Value::as_f64);
            Ok(Some(
                numbers.map(|page| (page as usize, page as usize)).collect(),
            ))
        }
        _ => Ok(None),
    }
}

fn parse_ranges(text: &str) -> Option<Vec<(usize, usize)>> {
    text.split(',')
        .map(|range| {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            let range = (first.trim().parse().ok()?, last.trim().parse().ok()?);
            (range.0 <= range.1).then_some(range)
        })
        .collect()
}

fn value_error(field: &str, message: &str, input: &Value) -> ApiError {
    let location = ["body".into(), field.into()];
    ApiError::validation(vec![fields::error_detail(
        "value_error",
        &location,
        message,
        input,
    )])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ocr_page_ranges_are_parsed() {
        assert_eq!(parse_ranges("0, 2-4"), Some(vec![(0, 0), (2, 4)]));
        for broken in ["", "a", "1-", "-1", "3-2", "1,,2"] {
            assert_eq!(parse_ranges(broken), None, "{broken}");
        }
    }
}
