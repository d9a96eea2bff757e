use base64_simd::STANDARD;
use bytes::Bytes;
use serde::de::{DeserializeOwned, MapAccess};
use serde_json::{Map, Value};

use super::block::Block;
use super::request::TableFormat;
use crate::error::{Error, ErrorKind, Result, decode};
use crate::json::ApiObject;
use crate::json::open_enum::optional_enum;
use crate::transport::media_type;

/// The result of OCR. Mirrors the API's `OCRResponse`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct OcrResponse {
    /// The processed pages.
    #[api(required, read_with = read_pages)]
    pub pages: Vec<OcrPageObject>,
    /// The model that processed the document.
    #[api(default)]
    pub model: String,
    /// The annotation in the format that `document_annotation_format` set, as JSON.
    /// [`annotation`](Self::annotation) decodes it.
    pub document_annotation: Option<String>,
    /// The pages that the call consumed.
    #[api(lenient)]
    pub usage_info: Option<OcrUsageInfo>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl OcrResponse {
    /// Decodes the annotation in the format that `document_annotation_format` set.
    ///
    /// ```
    /// use mistral_sdk::ocr::OcrResponse;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Invoice { total: f64 }
    ///
    /// let response: OcrResponse = serde_json::from_str(
    ///     r#"{ "pages": [], "document_annotation": "{\"total\": 12.5}" }"#,
    /// )?;
    /// assert_eq!(response.annotation::<Invoice>()?.total, 12.5);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Decode`] when there is no annotation, or when it cannot be
    /// decoded as a `T`; the message then contains the JSON path.
    pub fn annotation<T: DeserializeOwned>(&self) -> Result<T> {
        decode_annotation(
            self.document_annotation.as_deref(),
            "document_annotation_format",
        )
    }

    /// Returns the text of all pages as Markdown, with a blank line between pages.
    pub fn markdown(&self) -> String {
        let pages: Vec<_> = self.pages.iter().map(|page| &*page.markdown).collect();
        pages.join("\n\n")
    }
}

/// Reads the pages. One without an index has that of its position.
fn read_pages<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Vec<OcrPageObject>, A::Error> {
    let mut pages: Vec<OcrPageObject> = map.next_value()?;
    let mut has_first = false;
    for (position, page) in (0..).zip(&mut pages) {
        // An index that is absent reads as 0, which only one page has.
        if page.extra.contains_key("index") || (page.index == 0 && has_first) {
            page.index = position;
        }
        has_first |= page.index == 0;
    }
    Ok(pages)
}

/// A processed page. Mirrors the API's `OCRPageObject`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct OcrPageObject {
    /// The index of the page in the document, counted from 0. If the server sent none that can be
    /// read, the position of the page in the response.
    #[api(default)]
    pub index: u64,
    /// The text as Markdown. It contains images as links to their ids.
    #[api(required, nullable)]
    pub markdown: String,
    /// The extracted images. If some cannot be read, `extra` has the whole list as it came.
    #[api(default, lenient)]
    pub images: Vec<OcrImageObject>,
    /// The extracted tables, if the request set `table_format`. If some cannot be read, `extra`
    /// has the whole list as it came.
    #[api(default, lenient)]
    pub tables: Vec<OcrTableObject>,
    /// The hyperlinks on the page.
    #[api(default, lenient)]
    pub hyperlinks: Vec<String>,
    /// The extracted header, if the request set `extract_header`.
    pub header: Option<String>,
    /// The extracted footer, if the request set `extract_footer`.
    pub footer: Option<String>,
    /// The dimensions of the page's image.
    #[api(lenient)]
    pub dimensions: Option<OcrPageDimensions>,
    /// The confidence scores, if the request set `confidence_scores_granularity`.
    #[api(lenient)]
    pub confidence_scores: Option<OcrPageConfidenceScores>,
    /// The blocks of the page in reading order, if the request set `include_blocks`.
    #[api(lenient)]
    pub blocks: Option<Vec<Block>>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// An image on a page. Mirrors the API's `OCRImageObject`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct OcrImageObject {
    /// The image's id, which the Markdown of the page links to.
    #[api(required)]
    pub id: String,
    /// The x coordinate of the left edge, in pixels.
    pub top_left_x: Option<u64>,
    /// The y coordinate of the top edge, in pixels.
    pub top_left_y: Option<u64>,
    /// The x coordinate of the right edge, in pixels.
    pub bottom_right_x: Option<u64>,
    /// The y coordinate of the bottom edge, in pixels.
    pub bottom_right_y: Option<u64>,
    /// The image in base64, usually as a data URL, if the request set `include_image_base64`.
    /// [`bytes`](Self::bytes) decodes it.
    pub image_base64: Option<String>,
    /// The annotation in the format that `bbox_annotation_format` set, as JSON.
    /// [`annotation`](Self::annotation) decodes it.
    pub image_annotation: Option<String>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl OcrImageObject {
    /// Decodes the annotation in the format that `bbox_annotation_format` set.
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Decode`] when there is no annotation, or when it cannot be
    /// decoded as a `T`; the message then contains the JSON path.
    pub fn annotation<T: DeserializeOwned>(&self) -> Result<T> {
        decode_annotation(self.image_annotation.as_deref(), "bbox_annotation_format")
    }

    /// Decodes the image.
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Decode`] when the response does not contain the image, because
    /// the request did not set `include_image_base64`, or when it is not base64.
    pub fn bytes(&self) -> Result<Bytes> {
        self.decode("")
    }

    /// Decodes the image. The message of an error contains `location` after the image's id.
    pub(super) fn decode(&self, location: &str) -> Result<Bytes> {
        let undecodable = |reason: &str| {
            let id = &self.id;
            let message = format!("the image `{id}`{location} cannot be decoded: {reason}");
            Error::new(ErrorKind::Decode, message)
        };
        let Some(text) = self.image_base64.as_deref() else {
            return Err(undecodable(
                "the response does not contain it; set `include_image_base64` in the request",
            ));
        };
        let base64 = match text.split_once(";base64,") {
            Some((_, base64)) => base64,
            None => text,
        };
        let bytes = STANDARD.decode_to_vec(base64);
        bytes
            .map(Bytes::from)
            .map_err(|error| undecodable("it is not base64").with_source(error))
    }

    /// Returns the file extension of the data URL's media type, if it is one of an image.
    pub(super) fn extension(&self) -> Option<&'static str> {
        let (head, _) = self.image_base64.as_deref()?.split_once(";base64,")?;
        let media_type = head.split_once(':')?.1.split(';').next()?;
        media_type::image_extension(media_type)
    }
}

fn decode_annotation<T: DeserializeOwned>(annotation: Option<&str>, setting: &str) -> Result<T> {
    let Some(json) = annotation else {
        let message =
            format!("the response contains no annotation; set `{setting}` in the request");
        return Err(Error::new(ErrorKind::Decode, message));
    };
    decode(json.as_bytes()).map_err(|cause| {
        let message = format!("the annotation does not match `{setting}`: {cause}");
        Error::new(ErrorKind::Decode, message)
    })
}

/// An extracted table. Mirrors the API's `OCRTableObject`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct OcrTableObject {
    /// The table's id, which the Markdown of the page links to.
    #[api(required)]
    pub id: String,
    /// The table in the format that `format` names.
    #[api(required)]
    pub content: String,
    /// The format of the table.
    #[api(read_with = optional_enum)]
    pub format: Option<TableFormat>,
    /// The confidence scores of the words, if scores per word were requested.
    #[api(lenient)]
    pub word_confidence_scores: Option<Vec<OcrConfidenceScore>>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The dimensions of a page's image. Mirrors the API's `OCRPageDimensions`.
#[derive(Debug, Clone, PartialEq, Default, ApiObject)]
#[non_exhaustive]
pub struct OcrPageDimensions {
    /// The resolution in pixels per inch.
    pub dpi: Option<u64>,
    /// The height in pixels.
    pub height: Option<u64>,
    /// The width in pixels.
    pub width: Option<u64>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The confidence scores of a page. Mirrors the API's `OCRPageConfidenceScores`.
#[derive(Debug, Clone, PartialEq, Default, ApiObject)]
#[non_exhaustive]
pub struct OcrPageConfidenceScores {
    /// The confidence scores of the words, if scores per word were requested.
    #[api(lenient)]
    pub word_confidence_scores: Option<Vec<OcrConfidenceScore>>,
    /// The average confidence, from 0 to 1.
    pub average_page_confidence_score: Option<f64>,
    /// The lowest confidence, from 0 to 1.
    pub minimum_page_confidence_score: Option<f64>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The confidence score of a word. Mirrors the API's `OCRConfidenceScore`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct OcrConfidenceScore {
    /// The word.
    #[api(required)]
    pub text: String,
    /// The confidence, from 0 to 1.
    #[api(required)]
    pub confidence: f64,
    /// The index of the word's first character in the Markdown.
    pub start_index: Option<u64>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The usage of a call. Mirrors the API's `OCRUsageInfo`.
#[derive(Debug, Clone, PartialEq, Default, ApiObject)]
#[non_exhaustive]
pub struct OcrUsageInfo {
    /// The number of processed pages.
    #[api(default)]
    pub pages_processed: u64,
    /// The size of the document, in bytes.
    pub doc_size_bytes: Option<i64>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}
