use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::document::Document;
use crate::json::{ApiEnum, ApiRequest};
use crate::messages::ResponseFormat;

/// Asks for the text of a document. Mirrors the API's `OCRRequest`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[api(keep_nulls)]
#[non_exhaustive]
pub struct OcrRequest {
    /// The model's id, for example `mistral-ocr-latest`.
    #[api(required, into)]
    pub model: String,
    /// What is to be read.
    #[api(required, into)]
    pub document: Document,
    /// An id of your own for the request.
    #[api(into)]
    pub id: Option<String>,
    /// Which pages to read, counted from 0. Default: all.
    #[api(into)]
    pub pages: Option<PageSelection>,
    /// Whether the images come along as base64. Default: no.
    pub include_image_base64: Option<bool>,
    /// How many images are taken out at most. Default: all.
    pub image_limit: Option<u64>,
    /// How high and wide an image must be to be taken out, in pixels. Default: any.
    pub image_min_size: Option<u64>,
    /// What is to be told of every image: a JSON schema. See
    /// [`OcrImageObject::annotation`](super::OcrImageObject::annotation).
    #[api(into)]
    pub bbox_annotation_format: Option<ResponseFormat>,
    /// What is to be told of the whole document: a JSON schema. See
    /// [`OcrResponse::annotation`](super::OcrResponse::annotation).
    #[api(into)]
    pub document_annotation_format: Option<ResponseFormat>,
    /// What the model is to heed in that. Needs `document_annotation_format`.
    #[api(into)]
    pub document_annotation_prompt: Option<String>,
    /// How tables are written, if they are taken out of the text. Default: they
    /// stay in the text.
    #[api(into)]
    pub table_format: Option<TableFormat>,
    /// Whether the pages' headers are taken out of the text. Default: no.
    pub extract_header: Option<bool>,
    /// Whether the pages' footers are taken out of the text. Default: no.
    pub extract_footer: Option<bool>,
    /// Whether the pages' blocks come along, with where each of them is. Default:
    /// the server's own.
    pub include_blocks: Option<bool>,
    /// How finely the response says how sure the model is. Default: not at all.
    #[api(into)]
    pub confidence_scores_granularity: Option<ConfidenceScoresGranularity>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// Which pages to read, counted from 0. Mirrors the official SDK's `PageSelection`.
///
/// ```
/// use mistral_core::ocr::PageSelection;
///
/// let listed = PageSelection::from([0, 2, 3]);
/// let ranges = PageSelection::from("0,2-3");
/// # assert_ne!(listed, ranges);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum PageSelection {
    /// Numbers and ranges with commas in between, for example `0,2-4`.
    Ranges(String),
    /// Numbers.
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

/// How tables are written. Mirrors the API's `table_format`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum TableFormat {
    /// As Markdown.
    #[api("markdown")]
    Markdown,
    /// As HTML.
    #[api("html")]
    Html,
    /// A value that this version of the SDK does not know, as it came.
    Unknown(String),
}

/// How finely a response says how sure the model is. Mirrors the API's
/// `confidence_scores_granularity`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum ConfidenceScoresGranularity {
    /// Word by word.
    #[api("word")]
    Word,
    /// Page by page.
    #[api("page")]
    Page,
    /// Block by block.
    #[api("block")]
    Block,
    /// A value that this version of the SDK does not know, as it came.
    Unknown(String),
}
