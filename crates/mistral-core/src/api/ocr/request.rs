use serde::{Deserialize, Serialize};

use super::document::Document;
use crate::messages::ResponseFormat;

request! {
    /// Asks for the text of a document. Mirrors the API's `OCRRequest`.
    OcrRequest with nulls {
        required: {
            /// The model's id, for example `mistral-ocr-latest`.
            model: String => into,
            /// What is to be read.
            document: Document => into,
        }
        optional: {
            /// An id of your own for the request.
            id: String => into,
            /// Which pages to read, counted from 0. Default: all.
            pages: PageSelection => into,
            /// Whether the images come along as base64. Default: no.
            include_image_base64: bool,
            /// How many images are taken out at most. Default: all.
            image_limit: u64,
            /// How high and wide an image must be to be taken out, in pixels. Default: any.
            image_min_size: u64,
            /// What is to be told of every image: a JSON schema. See
            /// [`OcrImageObject::annotation`](super::OcrImageObject::annotation).
            bbox_annotation_format: ResponseFormat => into,
            /// What is to be told of the whole document: a JSON schema. See
            /// [`OcrResponse::annotation`](super::OcrResponse::annotation).
            document_annotation_format: ResponseFormat => into,
            /// What the model is to heed in that. Needs `document_annotation_format`.
            document_annotation_prompt: String => into,
            /// How tables are written, if they are taken out of the text. Default: they
            /// stay in the text.
            table_format: TableFormat => into,
            /// Whether the pages' headers are taken out of the text. Default: no.
            extract_header: bool,
            /// Whether the pages' footers are taken out of the text. Default: no.
            extract_footer: bool,
            /// Whether the pages' blocks come along, with where each of them is. Default:
            /// the server's own.
            include_blocks: bool,
            /// How finely the response says how sure the model is. Default: not at all.
            confidence_scores_granularity: ConfidenceScoresGranularity => into,
        }
    }
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

string_enum! {
    /// How tables are written. Mirrors the API's `table_format`.
    TableFormat {
        /// As Markdown.
        Markdown = "markdown",
        /// As HTML.
        Html = "html",
    }
}

string_enum! {
    /// How finely a response says how sure the model is. Mirrors the API's
    /// `confidence_scores_granularity`.
    ConfidenceScoresGranularity {
        /// Word by word.
        Word = "word",
        /// Page by page.
        Page = "page",
        /// Block by block.
        Block = "block",
    }
}
