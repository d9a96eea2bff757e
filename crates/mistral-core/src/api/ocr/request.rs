use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::document::Document;
use crate::json::{ApiEnum, ApiRequest};
use crate::messages::ResponseFormat;

/// A request to process a document. Mirrors the API's `OCRRequest`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[api(keep_nulls)]
#[non_exhaustive]
pub struct OcrRequest {
    /// The model's id, for example `mistral-ocr-latest`. To leave the choice to the server, send
    /// `null`: `extra("model", Value::Null)`.
    #[api(required, nullable, into)]
    pub model: String,
    /// The document or image to process.
    #[api(required, into)]
    pub document: Document,
    /// An id for the request, chosen by the caller.
    #[api(into)]
    pub id: Option<String>,
    /// The pages to process, counted from 0. Default: all.
    #[api(into)]
    pub pages: Option<PageSelection>,
    /// Whether the response contains the images in base64. Default: `false`.
    pub include_image_base64: Option<bool>,
    /// The maximum number of images to extract. Default: no limit.
    pub image_limit: Option<u64>,
    /// The minimum height and width of the images to extract, in pixels. Default: no minimum.
    pub image_min_size: Option<u64>,
    /// The JSON schema of the annotation of each image, which
    /// [`OcrImageObject::annotation`](super::OcrImageObject::annotation) returns.
    #[api(into)]
    pub bbox_annotation_format: Option<ResponseFormat>,
    /// The JSON schema of the annotation of the document, which
    /// [`OcrResponse::annotation`](super::OcrResponse::annotation) returns.
    #[api(into)]
    pub document_annotation_format: Option<ResponseFormat>,
    /// Instructions for the annotation of the document. Requires
    /// `document_annotation_format`.
    #[api(into)]
    pub document_annotation_prompt: Option<String>,
    /// The format of tables, which are then extracted from the text. Default: tables stay in
    /// the text.
    #[api(into)]
    pub table_format: Option<TableFormat>,
    /// Whether the headers of pages are extracted from the text. Default: `false`.
    pub extract_header: Option<bool>,
    /// Whether the footers of pages are extracted from the text. Default: `false`.
    pub extract_footer: Option<bool>,
    /// Whether the response contains the blocks of each page with their bounding boxes.
    /// Default: chosen by the server.
    pub include_blocks: Option<bool>,
    /// The unit that the response contains confidence scores for. Default: no scores.
    #[api(into)]
    pub confidence_scores_granularity: Option<ConfidenceScoresGranularity>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The pages to process, counted from 0. Mirrors the official SDK's `PageSelection`.
///
/// ```
/// use mistral_sdk::ocr::PageSelection;
///
/// let listed = PageSelection::from([0, 2, 3]);
/// let ranges = PageSelection::from("0,2-3");
/// # assert_ne!(listed, ranges);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum PageSelection {
    /// Comma-separated numbers and ranges, for example `0,2-4`.
    Ranges(String),
    /// Page numbers.
    List(Vec<u64>),
}

impl From<&str> for PageSelection {
    fn from(ranges: &str) -> Self {
        Self::Ranges(ranges.to_owned())
    }
}

impl From<String> for PageSelection {
    fn from(ranges: String) -> Self {
        Self::Ranges(ranges)
    }
}

impl From<Vec<u64>> for PageSelection {
    fn from(pages: Vec<u64>) -> Self {
        Self::List(pages)
    }
}

impl<const N: usize> From<[u64; N]> for PageSelection {
    fn from(pages: [u64; N]) -> Self {
        Self::List(pages.into())
    }
}

/// The format of extracted tables. Mirrors the API's `table_format`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum TableFormat {
    /// Markdown.
    #[api("markdown")]
    Markdown,
    /// HTML.
    #[api("html")]
    Html,
    /// A value that this version of the SDK does not declare.
    Unknown(String),
}

/// The unit that a response contains confidence scores for. Mirrors the API's
/// `confidence_scores_granularity`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum ConfidenceScoresGranularity {
    /// Scores per word.
    #[api("word")]
    Word,
    /// Scores per page.
    #[api("page")]
    Page,
    /// Scores per block.
    #[api("block")]
    Block,
    /// A value that this version of the SDK does not declare.
    Unknown(String),
}
