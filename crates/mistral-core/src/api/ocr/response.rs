use base64_simd::STANDARD;
use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::block::Block;
use super::request::TableFormat;
use crate::error::{Error, ErrorKind, Result, decode};
use crate::transport::media_type;

object! {
    /// What was read. Mirrors the API's `OCRResponse`.
    OcrResponse {
        required: {
            /// The pages that were read.
            pages: Vec<OcrPageObject>,
        }
        defaulted: {
            /// The model that read them.
            model: String,
        }
        optional: {
            /// What `document_annotation_format` asked for, as text that is JSON. See
            /// [`annotation`](Self::annotation).
            document_annotation: String,
            /// What the call consumed.
            usage_info: OcrUsageInfo,
        }
    }
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

object! {
    /// A page. Mirrors the API's `OCRPageObject`.
    OcrPageObject {
        required: {
            /// Which page this is, counted from 0.
            index: u64,
            /// Its text as Markdown. Images stand in it as links to their ids.
            markdown: String,
        }
        defaulted: {
            /// The images that were taken out.
            images: Vec<OcrImageObject>,
            /// The tables that were taken out, if the request asked for that.
            tables: Vec<OcrTableObject>,
            /// The links on the page.
            hyperlinks: Vec<String>,
        }
        optional: {
            /// The header that was taken out, if the request asked for that.
            header: String,
            /// The footer that was taken out, if the request asked for that.
            footer: String,
            /// How large the page is.
            dimensions: OcrPageDimensions,
            /// How sure the model is, if the request asked for that.
            confidence_scores: OcrPageConfidenceScores,
            /// The page's parts in reading order, if the request asked for them.
            blocks: Vec<Block>,
        }
    }
}

object! {
    /// An image on a page. Mirrors the API's `OCRImageObject`.
    OcrImageObject {
        required: {
            /// The image's id: what the page's Markdown links to.
            id: String,
        }
        optional: {
            /// Where its left edge is, in pixels.
            top_left_x: u64,
            /// Where its upper edge is, in pixels.
            top_left_y: u64,
            /// Where its right edge is, in pixels.
            bottom_right_x: u64,
            /// Where its lower edge is, in pixels.
            bottom_right_y: u64,
            /// The image as base64, mostly as a data URL, if the request asked for it. See
            /// [`bytes`](Self::bytes).
            image_base64: String,
            /// What `bbox_annotation_format` asked for, as text that is JSON. See
            /// [`annotation`](Self::annotation).
            image_annotation: String,
        }
    }
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

object! {
    /// A table on a page. Mirrors the API's `OCRTableObject`.
    OcrTableObject {
        required: {
            /// The table's id: what the page's Markdown links to.
            id: String,
            /// The table.
            content: String,
        }
        optional: {
            /// How the table is written.
            format: TableFormat,
            /// How sure the model is of every word, if the request asked for that.
            word_confidence_scores: Vec<OcrConfidenceScore>,
        }
    }
}

object! {
    /// How large the image of a page is. Mirrors the API's `OCRPageDimensions`.
    #[derive(Default)]
    OcrPageDimensions {
        optional: {
            /// Pixels per inch.
            dpi: u64,
            /// Its height in pixels.
            height: u64,
            /// Its width in pixels.
            width: u64,
        }
    }
}

object! {
    /// How sure the model is of a page. Mirrors the API's `OCRPageConfidenceScores`.
    #[derive(Default)]
    OcrPageConfidenceScores {
        optional: {
            /// How sure it is of every word, if the request asked for that.
            word_confidence_scores: Vec<OcrConfidenceScore>,
            /// How sure it is on average: 0 to 1.
            average_page_confidence_score: f64,
            /// How sure it is where it is least sure: 0 to 1.
            minimum_page_confidence_score: f64,
        }
    }
}

object! {
    /// How sure the model is of a word. Mirrors the API's `OCRConfidenceScore`.
    OcrConfidenceScore {
        required: {
            /// The word.
            text: String,
            /// How sure it is: 0 to 1.
            confidence: f64,
        }
        optional: {
            /// Where the word begins in the Markdown.
            start_index: u64,
        }
    }
}

object! {
    /// What a call consumed. Mirrors the API's `OCRUsageInfo`.
    #[derive(Default)]
    OcrUsageInfo {
        defaulted: {
            /// How many pages were read.
            pages_processed: u64,
        }
        optional: {
            /// How many bytes the document has.
            doc_size_bytes: i64,
        }
    }
}
