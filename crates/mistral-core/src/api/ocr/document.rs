use std::path::Path;

use base64_simd::STANDARD;
use serde_json::Value;

use crate::error::Result;
use crate::json::ApiUnion;
use crate::messages::{DocumentUrlChunk, FileChunk, ImageUrlChunk, ImageUrlUnion, read_file};
use crate::transport::media_type;

/// The document or image to process. Mirrors the official SDK's `DocumentUnion`.
///
/// ```
/// use mistral_sdk::ocr::Document;
///
/// let report = Document::url("https://example.com/report.pdf");
/// assert!(matches!(report, Document::DocumentUrl(_)));
/// let scan = Document::url("https://example.com/scan.png?size=large");
/// assert!(matches!(scan, Document::ImageUrl(_)));
/// let note = Document::from_bytes("note.png", b"the bytes of an image");
/// assert!(matches!(note, Document::ImageUrl(_)));
/// ```
#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(tag = "type")]
#[non_exhaustive]
pub enum Document {
    /// An uploaded file.
    #[api("file")]
    File(FileChunk),
    /// A document at a URL, or in a data URL.
    #[api("document_url")]
    DocumentUrl(DocumentUrlChunk),
    /// An image at a URL, or in a data URL.
    #[api("image_url")]
    ImageUrl(ImageUrlChunk),
    /// A value that this version of the SDK does not declare.
    Unknown(Value),
}

impl Document {
    /// Refers to a document or an image by URL or data URL.
    ///
    /// The media type of a data URL, or the extension of the URL's path, determines whether it
    /// is an image. Anything else is a document. If the URL has no extension, use
    /// [`document_url`](Self::document_url) or [`image_url`](Self::image_url).
    pub fn url(url: impl Into<String>) -> Self {
        let url = url.into();
        if is_image(&url) {
            Self::image_url(url)
        } else {
            Self::document_url(url)
        }
    }

    /// Refers to a document by URL or data URL (`data:application/pdf;base64,…`).
    pub fn document_url(url: impl Into<String>) -> Self {
        DocumentUrlChunk::new(url).into()
    }

    /// Refers to an image by URL or data URL (`data:image/png;base64,…`).
    pub fn image_url(url: impl Into<String>) -> Self {
        ImageUrlChunk::new(ImageUrlUnion::Url(url.into())).into()
    }

    /// Refers to an uploaded file by its id.
    pub fn file_id(file_id: impl Into<String>) -> Self {
        FileChunk::new(file_id).into()
    }

    /// Encodes a document or an image as a data URL, which is sent in the request.
    ///
    /// The extension of `file_name` or, if it is not known, the first bytes determine the media
    /// type, and whether it is an image. A data URL is a third larger than the bytes: upload large files with the purpose
    /// [`Ocr`](crate::api::files::FilePurpose::Ocr) and refer to them with
    /// [`file_id`](Self::file_id).
    pub fn from_bytes(file_name: impl Into<String>, bytes: impl AsRef<[u8]>) -> Self {
        let file_name = file_name.into();
        let media_type = media_type::of_file(&file_name, bytes.as_ref());
        let mut url = format!("data:{media_type};base64,");
        STANDARD.encode_append(bytes, &mut url);
        if media_type.starts_with("image/") {
            Self::image_url(url)
        } else {
            DocumentUrlChunk::new(url).document_name(file_name).into()
        }
    }

    /// Reads the file at `path` and encodes it like [`from_bytes`](Self::from_bytes).
    ///
    /// The file is read on a blocking thread of the Tokio runtime.
    ///
    /// # Errors
    /// * [`ErrorKind::Io`](crate::ErrorKind::Io), with the path in the message, when the file is
    ///   missing or cannot be read.
    /// * [`ErrorKind::Config`](crate::ErrorKind::Config) outside of a Tokio runtime.
    pub async fn from_path(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let bytes = read_file(path, "Document::from_path", "Document::from_bytes").await?;
        Ok(Self::from_bytes(name, bytes))
    }
}

fn is_image(url: &str) -> bool {
    if let Some((scheme, rest)) = url.split_once(':')
        && scheme.eq_ignore_ascii_case("data")
    {
        let start = rest.get(..6);
        return start.is_some_and(|start| start.eq_ignore_ascii_case("image/"));
    }
    let path = url.split(['?', '#']).next().unwrap_or_default();
    media_type::is_image(path)
}
