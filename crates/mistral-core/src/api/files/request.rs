use serde_json::{Map, Value};

use super::response::{FilePurpose, FileVisibility, SampleType, Source};
use crate::json::ApiRequest;
use crate::pipeline::multipart::MultipartForm;
use crate::transport::FileSource;

/// A request to upload a file. Mirrors the form of `POST /v1/files`.
///
/// ```
/// use mistral_sdk::files::{FilePurpose, FileSource, FileVisibility, UploadFileRequest};
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
    /// The purpose of the file. The server validates the content against it. Default: the
    /// server's choice.
    pub purpose: Option<FilePurpose>,
    /// The file to upload.
    pub file: FileSource,
    /// The users that can access the file. Default: the whole workspace.
    pub visibility: Option<FileVisibility>,
    /// The number of hours after which the file is deleted. Default: never.
    pub expiry: Option<u64>,
    /// Additional fields, by name.
    pub extra: Vec<(String, String)>,
}

impl UploadFileRequest {
    /// Creates a request to upload `file` for `purpose`. Everything else is unset.
    pub fn new(purpose: FilePurpose, file: FileSource) -> Self {
        Self {
            purpose: Some(purpose),
            ..Self::without_purpose(file)
        }
    }

    /// Creates a request to upload `file` for the purpose that the server chooses. Everything else
    /// is unset.
    ///
    /// ```
    /// use mistral_sdk::files::{FileSource, UploadFileRequest};
    ///
    /// let request = UploadFileRequest::without_purpose(FileSource::from_path("data.jsonl"));
    /// assert_eq!(request.purpose, None);
    /// ```
    pub fn without_purpose(file: FileSource) -> Self {
        Self {
            purpose: None,
            file,
            visibility: None,
            expiry: None,
            extra: Vec::new(),
        }
    }

    /// Sets the users that can access the file. Default: the whole workspace.
    #[must_use]
    pub fn visibility(mut self, visibility: FileVisibility) -> Self {
        self.visibility = Some(visibility);
        self
    }

    /// Sets the number of hours after which the file is deleted. Default: never.
    #[must_use]
    pub fn expiry(mut self, hours: u64) -> Self {
        self.expiry = Some(hours);
        self
    }

    /// Adds a field that this version of the SDK does not declare.
    #[must_use]
    pub fn extra(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.extra.push((name.into(), value.into()));
        self
    }

    pub(super) fn form(&self) -> MultipartForm {
        let mut form = MultipartForm::default();
        if let Some(purpose) = &self.purpose {
            form = form.text("purpose", purpose.as_str());
        }
        if let Some(visibility) = &self.visibility {
            form = form.text("visibility", visibility.as_str());
        }
        if let Some(expiry) = self.expiry {
            form = form.text("expiry", expiry.to_string());
        }
        for (name, value) in &self.extra {
            form = form.text(name, value);
        }
        let file = self.file.clone();
        form.file(
            "file",
            match self.purpose {
                Some(FilePurpose::Audio) => file.with_audio_type(),
                _ => file,
            },
        )
    }
}

/// The filters and the page size of a list of files. Mirrors the query of `GET /v1/files`.
#[derive(Debug, Clone, PartialEq, Default, ApiRequest)]
#[non_exhaustive]
pub struct ListFilesRequest {
    /// The number of the first page, counted from 0. Default: 0.
    pub page: Option<u64>,
    /// The number of files per page. Default: 100.
    pub page_size: Option<u64>,
    /// Whether the response contains the total number of files. Default: `true`.
    pub include_total: Option<bool>,
    /// Selects files of these sample types.
    #[api(list)]
    pub sample_type: Option<Vec<SampleType>>,
    /// Selects files from these sources.
    #[api(list)]
    pub source: Option<Vec<Source>>,
    /// Selects files whose name contains this text.
    #[api(into)]
    pub search: Option<String>,
    /// Selects files of this purpose.
    pub purpose: Option<FilePurpose>,
    /// Selects files of these media types.
    #[api(list)]
    pub mimetypes: Option<Vec<String>>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A request for a signed URL. Mirrors the query of `GET /v1/files/{file_id}/url`.
#[derive(Debug, Clone, PartialEq, Default, ApiRequest)]
#[non_exhaustive]
pub struct GetSignedUrlRequest {
    /// The number of hours until the URL expires. Default: 24.
    pub expiry: Option<u64>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}
