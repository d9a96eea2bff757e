use serde_json::{Map, Value};

use crate::call::{NextPage, Page};
use crate::json::{ApiEnum, ApiObject};

/// What a file is for. Mirrors the API's `FilePurpose`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum FilePurpose {
    /// Training.
    #[api("fine-tune")]
    FineTune,
    /// The requests of a batch.
    #[api("batch")]
    Batch,
    /// OCR.
    #[api("ocr")]
    Ocr,
    /// Transcription.
    #[api("audio")]
    Audio,
    /// Agentic safety.
    #[api("agentic_safety")]
    AgenticSafety,
    /// A value that this version of the SDK does not know, as it came.
    Unknown(String),
}

/// Who may see a file. Mirrors the API's `FileVisibility`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum FileVisibility {
    /// The whole workspace.
    #[api("workspace")]
    Workspace,
    /// Its owner alone.
    #[api("user")]
    User,
    /// A value that this version of the SDK does not know, as it came.
    Unknown(String),
}

/// What kind of content a file has. Mirrors the API's `SampleType`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum SampleType {
    /// Text for training.
    #[api("pretrain")]
    Pretrain,
    /// Conversations for training.
    #[api("instruct")]
    Instruct,
    /// The requests of a batch.
    #[api("batch_request")]
    BatchRequest,
    /// The results of a batch.
    #[api("batch_result")]
    BatchResult,
    /// The errors of a batch.
    #[api("batch_error")]
    BatchError,
    /// A value that this version of the SDK does not know, as it came.
    Unknown(String),
}

/// Where a file came from. Mirrors the API's `Source`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum Source {
    /// A user uploaded it.
    #[api("upload")]
    Upload,
    /// A repository.
    #[api("repository")]
    Repository,
    /// Mistral made it.
    #[api("mistral")]
    Mistral,
    /// A value that this version of the SDK does not know, as it came.
    Unknown(String),
}

/// A file that was uploaded just now. Mirrors the API's `UploadFileOut`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct CreateFileResponse {
    /// The file's id.
    #[api(required)]
    pub id: String,
    /// The kind of object: `file`.
    #[api(default)]
    pub object: String,
    /// The name that it was uploaded under.
    #[api(default)]
    pub filename: String,
    /// How many bytes it has.
    pub bytes: Option<i64>,
    /// When it was uploaded, in seconds since 1970.
    pub created_at: Option<i64>,
    /// What it is for.
    pub purpose: Option<FilePurpose>,
    /// What kind of content it has.
    pub sample_type: Option<SampleType>,
    /// How many lines it has, where lines count.
    pub num_lines: Option<i64>,
    /// Its media type.
    pub mimetype: Option<String>,
    /// Where it came from.
    pub source: Option<Source>,
    /// What its content is recognised by.
    pub signature: Option<String>,
    /// When it will be deleted, in seconds since 1970.
    pub expires_at: Option<i64>,
    /// Who may see it.
    pub visibility: Option<FileVisibility>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A file of a list. Mirrors the API's `FileSchema`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct FileSchema {
    /// The file's id.
    #[api(required)]
    pub id: String,
    /// The kind of object: `file`.
    #[api(default)]
    pub object: String,
    /// The name that it was uploaded under.
    #[api(default)]
    pub filename: String,
    /// How many bytes it has.
    pub bytes: Option<i64>,
    /// When it was uploaded, in seconds since 1970.
    pub created_at: Option<i64>,
    /// What it is for.
    pub purpose: Option<FilePurpose>,
    /// What kind of content it has.
    pub sample_type: Option<SampleType>,
    /// How many lines it has, where lines count.
    pub num_lines: Option<i64>,
    /// Its media type.
    pub mimetype: Option<String>,
    /// Where it came from.
    pub source: Option<Source>,
    /// What its content is recognised by.
    pub signature: Option<String>,
    /// When it will be deleted, in seconds since 1970.
    pub expires_at: Option<i64>,
    /// Who may see it.
    pub visibility: Option<FileVisibility>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A file. Mirrors the API's `RetrieveFileOut`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct GetFileResponse {
    /// The file's id.
    #[api(required)]
    pub id: String,
    /// The kind of object: `file`.
    #[api(default)]
    pub object: String,
    /// The name that it was uploaded under.
    #[api(default)]
    pub filename: String,
    /// Whether it has been deleted.
    #[api(default)]
    pub deleted: bool,
    /// How many bytes it has.
    pub bytes: Option<i64>,
    /// When it was uploaded, in seconds since 1970.
    pub created_at: Option<i64>,
    /// What it is for.
    pub purpose: Option<FilePurpose>,
    /// What kind of content it has.
    pub sample_type: Option<SampleType>,
    /// How many lines it has, where lines count.
    pub num_lines: Option<i64>,
    /// Its media type.
    pub mimetype: Option<String>,
    /// Where it came from.
    pub source: Option<Source>,
    /// What its content is recognised by.
    pub signature: Option<String>,
    /// When it will be deleted, in seconds since 1970.
    pub expires_at: Option<i64>,
    /// Who may see it.
    pub visibility: Option<FileVisibility>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A page of files. Mirrors the API's `ListFilesOut`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct ListFilesResponse {
    /// The files.
    #[api(default)]
    pub data: Vec<FileSchema>,
    /// The kind of object: `list`.
    #[api(default)]
    pub object: String,
    /// How many files there are in all.
    pub total: Option<i64>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl Page for ListFilesResponse {
    type Item = FileSchema;

    fn into_items(self) -> Vec<FileSchema> {
        self.data
    }

    fn len(&self) -> usize {
        self.data.len()
    }

    fn next(&self) -> Option<NextPage> {
        NextPage::number(self.total)
    }
}

/// That a file has been deleted. Mirrors the API's `DeleteFileOut`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct DeleteFileResponse {
    /// The file's id.
    #[api(required)]
    pub id: String,
    /// The kind of object: `file`.
    #[api(default)]
    pub object: String,
    /// Whether it has been deleted.
    #[api(default)]
    pub deleted: bool,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A URL that is good for a while. Mirrors the API's `FileSignedURL`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct GetSignedUrlResponse {
    /// The URL. Whoever has it can download the file.
    #[api(required)]
    pub url: String,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}
