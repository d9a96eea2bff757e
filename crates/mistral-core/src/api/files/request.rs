use serde_json::{Map, Value};

use super::response::{FilePurpose, FileVisibility, SampleType, Source};
use crate::json::ApiRequest;
use crate::pipeline::multipart::MultipartForm;
use crate::transport::FileSource;

/// A file to be uploaded, and what for. Mirrors the form of `POST /v1/files`.
///
/// ```
/// use mistral_core::files::FileSource;
/// use mistral_core::files::{FilePurpose, FileVisibility, UploadFileRequest};
///
/// let file = FileSource::from_path("report.pdf");
/// let request = UploadFileRequest::new(FilePurpose::Ocr, file)
///     .visibility(FileVisibility::User)
///     .expiry(24);
/// # let _ = request;
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct UploadFileRequest {
    /// What the file is for. The server checks its content accordingly.
    pub purpose: FilePurpose,
    /// The file.
    pub file: FileSource,
    /// Who may see the file. Default: the whole workspace.
    pub visibility: Option<FileVisibility>,
    /// After how many hours the file is deleted. Default: never.
    pub expiry: Option<u64>,
    /// Fields that this version of the SDK does not know.
    pub extra: Vec<(String, String)>,
}

impl UploadFileRequest {
    /// Uploads `file` for `purpose`. Everything else is unset.
    pub fn new(purpose: FilePurpose, file: FileSource) -> Self {
        Self {
            purpose,
            file,
            visibility: None,
            expiry: None,
            extra: Vec::new(),
        }
    }

    /// Who may see the file. Default: the whole workspace.
    #[must_use]
    pub fn visibility(mut self, visibility: FileVisibility) -> Self {
        self.visibility = Some(visibility);
        self
    }

    /// After how many hours the file is deleted. Default: never.
    #[must_use]
    pub fn expiry(mut self, hours: u64) -> Self {
        self.expiry = Some(hours);
        self
    }

    /// Adds a field that this version of the SDK does not know.
    #[must_use]
    pub fn extra(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.extra.push((name.into(), value.into()));
        self
    }

    pub(super) fn form(&self) -> MultipartForm {
        let mut form = MultipartForm::default().text("purpose", self.purpose.as_str());
        if let Some(visibility) = &self.visibility {
            form = form.text("visibility", visibility.as_str());
        }
        if let Some(expiry) = self.expiry {
            form = form.text("expiry", expiry.to_string());
        }
        for (name, value) in &self.extra {
            form = form.text(name, value);
        }
        form.file("file", self.file.clone())
    }
}

/// Which files to list. Mirrors the query of `GET /v1/files`.
#[derive(Debug, Clone, PartialEq, Default, ApiRequest)]
#[non_exhaustive]
pub struct ListFilesRequest {
    /// Which page to begin with, counted from 0. Default: 0.
    pub page: Option<u64>,
    /// How many files a page has. Default: 100.
    pub page_size: Option<u64>,
    /// Whether to count all files. Default: yes.
    pub include_total: Option<bool>,
    /// Only files of these kinds.
    #[api(list)]
    pub sample_type: Option<Vec<SampleType>>,
    /// Only files that came from there.
    #[api(list)]
    pub source: Option<Vec<Source>>,
    /// Only files whose name has this text in it.
    #[api(into)]
    pub search: Option<String>,
    /// Only files for this purpose.
    pub purpose: Option<FilePurpose>,
    /// Only files of these media types.
    #[api(list)]
    pub mimetypes: Option<Vec<String>>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// How long a signed URL is good. Mirrors the query of `GET /v1/files/{file_id}/url`.
#[derive(Debug, Clone, PartialEq, Default, ApiRequest)]
#[non_exhaustive]
pub struct GetSignedUrlRequest {
    /// For how many hours. Default: 24.
    pub expiry: Option<u64>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}
