use base64_simd::STANDARD;
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::block::Block;
use super::request::TableFormat;
use crate::error::{Error, ErrorKind, Result, decode};
use crate::json::ApiObject;
use crate::transport::media_type;

/// What was read. Mirrors the API's `OCRResponse`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct OcrResponse {
    /// The pages that were read.
    #[api(required)]
    pub pages: Vec<OcrPageObject>,
    /// The model that read them.
    #[api(default)]
    pub model: String,
    /// What `document_annotation_format` asked for, as text that is JSON. See
    /// [`annotation`](Self::annotation).
    pub document_annotation: Option<String>,
    /// What the call consumed.
    #[api(lenient_object)]
    pub usage_info: Option<OcrUsageInfo>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl OcrResponse {
    /// What `document_annotation_format` asked for.
    ///
    /// ```
    /// use mistral_core::ocr::OcrResponse;
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
    /// Fails with [`ErrorKind::Decode`] when there is no annotation, or when it is not a
    /// `T`; the message then names the place in it.
    pub fn annotation<T: DeserializeOwned>(&self) -> Result<T> {
        read_annotation(
            self.document_annotation.as_deref(),
            "document_annotation_format",
        )
    }

    /// The text of all pages as Markdown, with a blank line between two pages.
    pub fn markdown(&self) -> String {
        let pages: Vec<_> = self.pages.iter().map(|page| &*page.markdown).collect();
        pages.join("\n\n")
    }
}

/// A page. Mirrors the API's `OCRPageObject`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct OcrPageObject {
    /// Which page this is, counted from 0.
    #[api(required)]
    pub index: u64,
    /// Its text as Markdown. Images stand in it as links to their ids.
    #[api(required)]
    pub markdown: String,
    /// The images that were taken out.
    #[api(default, lenient)]
    pub images: Vec<OcrImageObject>,
    /// The tables that were taken out, if the request asked for that.
    #[api(default, lenient)]
    pub tables: Vec<OcrTableObject>,
    /// The links on the page.
    #[api(default, lenient)]
    pub hyperlinks: Vec<String>,
    /// The header that was taken out, if the request asked for that.
    pub header: Option<String>,
    /// The footer that was taken out, if the request asked for that.
    pub footer: Option<String>,
    /// How large the page is.
    #[api(lenient_object)]
    pub dimensions: Option<OcrPageDimensions>,
    /// How sure the model is, if the request asked for that.
    #[api(lenient)]
    pub confidence_scores: Option<OcrPageConfidenceScores>,
    /// The page's parts in reading order, if the request asked for them.
    #[api(lenient)]
    pub blocks: Option<Vec<Block>>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// An image on a page. Mirrors the API's `OCRImageObject`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct OcrImageObject {
    /// The image's id: what the page's Markdown links to.
    #[api(required)]
    pub id: String,
    /// Where its left edge is, in pixels.
    pub top_left_x: Option<u64>,
    /// Where its upper edge is, in pixels.
    pub top_left_y: Option<u64>,
    /// Where its right edge is, in pixels.
    pub bottom_right_x: Option<u64>,
    /// Where its lower edge is, in pixels.
    pub bottom_right_y: Option<u64>,
    /// The image as base64, mostly as a data URL, if the request asked for it. See
    /// [`bytes`](Self::bytes).
    pub image_base64: Option<String>,
    /// What `bbox_annotation_format` asked for, as text that is JSON. See
    /// [`annotation`](Self::annotation).
    pub image_annotation: Option<String>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl OcrImageObject {
    /// What `bbox_annotation_format` asked for.
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Decode`] when there is no annotation, or when it is not a
    /// `T`; the message then names the place in it.
    pub fn annotation<T: DeserializeOwned>(&self) -> Result<T> {
        read_annotation(self.image_annotation.as_deref(), "bbox_annotation_format")
    }

    /// The image itself, decoded.
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Decode`] when it did not come along
    /// (`include_image_base64`), or is not base64.
    pub fn bytes(&self) -> Result<Bytes> {
        self.decode("")
    }

    /// The image itself; an error says `place` after the image's id.
    pub(super) fn decode(&self, place: &str) -> Result<Bytes> {
        let undecodable = |why: &str| {
            let what = format!("the image `{}`{place} cannot be read: {why}", self.id);
            Error::new(ErrorKind::Decode, what)
        };
        let Some(text) = self.image_base64.as_deref() else {
            return Err(undecodable(
                "the request must ask for it with `include_image_base64`",
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

    /// The extension that its data URL's media type stands for, if it is one of an image.
    pub(super) fn extension(&self) -> Option<&'static str> {
        let (head, _) = self.image_base64.as_deref()?.split_once(";base64,")?;
        let media_type = head.split_once(':')?.1.split(';').next()?;
        media_type::image_extension(media_type)
    }
}

fn read_annotation<T: DeserializeOwned>(annotation: Option<&str>, asked_by: &str) -> Result<T> {
    let Some(json) = annotation else {
        let what = format!("there is no annotation: the request must ask for it with `{asked_by}`");
        return Err(Error::new(ErrorKind::Decode, what));
    };
    decode(json.as_bytes()).map_err(|cause| {
        let what = format!("the annotation is not what `{asked_by}` asked for: {cause}");
        Error::new(ErrorKind::Decode, what)
    })
}

/// A table on a page. Mirrors the API's `OCRTableObject`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct OcrTableObject {
    /// The table's id: what the page's Markdown links to.
    #[api(required)]
    pub id: String,
    /// The table.
    #[api(required)]
    pub content: String,
    /// How the table is written.
    pub format: Option<TableFormat>,
    /// How sure the model is of every word, if the request asked for that.
    #[api(lenient)]
    pub word_confidence_scores: Option<Vec<OcrConfidenceScore>>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// How large the image of a page is. Mirrors the API's `OCRPageDimensions`.
#[derive(Debug, Clone, PartialEq, Default, ApiObject)]
#[non_exhaustive]
pub struct OcrPageDimensions {
    /// Pixels per inch.
    pub dpi: Option<u64>,
    /// Its height in pixels.
    pub height: Option<u64>,
    /// Its width in pixels.
    pub width: Option<u64>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// How sure the model is of a page. Mirrors the API's `OCRPageConfidenceScores`.
#[derive(Debug, Clone, PartialEq, Default, ApiObject)]
#[non_exhaustive]
pub struct OcrPageConfidenceScores {
    /// How sure it is of every word, if the request asked for that.
    #[api(lenient)]
    pub word_confidence_scores: Option<Vec<OcrConfidenceScore>>,
    /// How sure it is on average: 0 to 1.
    pub average_page_confidence_score: Option<f64>,
    /// How sure it is where it is least sure: 0 to 1.
    pub minimum_page_confidence_score: Option<f64>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// How sure the model is of a word. Mirrors the API's `OCRConfidenceScore`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct OcrConfidenceScore {
    /// The word.
    #[api(required)]
    pub text: String,
    /// How sure it is: 0 to 1.
    #[api(required)]
    pub confidence: f64,
    /// Where the word begins in the Markdown.
    pub start_index: Option<u64>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// What a call consumed. Mirrors the API's `OCRUsageInfo`.
#[derive(Debug, Clone, PartialEq, Default, ApiObject)]
#[non_exhaustive]
pub struct OcrUsageInfo {
    /// How many pages were read.
    #[api(default)]
    pub pages_processed: u64,
    /// How many bytes the document has.
    pub doc_size_bytes: Option<i64>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}
