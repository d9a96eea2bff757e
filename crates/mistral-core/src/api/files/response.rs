use serde_json::{Map, Value};

use crate::call::{NextPage, Page};
use crate::json::open_enum::optional_enum;
use crate::json::{ApiEnum, ApiObject};

/// The purpose of a file. Mirrors the API's `FilePurpose`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum FilePurpose {
    /// Training data of a fine-tuning job.
    #[api("fine-tune")]
    FineTune,
    /// The input of a batch job.
    #[api("batch")]
    Batch,
    /// A document for OCR.
    #[api("ocr")]
    Ocr,
    /// A recording to transcribe.
    #[api("audio")]
    Audio,
    /// Agentic safety.
    #[api("agentic_safety")]
    AgenticSafety,
    /// A value that this version of the SDK does not declare.
    Unknown(String),
}

/// The users that can access a file. Mirrors the API's `FileVisibility`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum FileVisibility {
    /// The whole workspace.
    #[api("workspace")]
    Workspace,
    /// The file's owner only.
    #[api("user")]
    User,
    /// A value that this version of the SDK does not declare.
    Unknown(String),
}

/// The type of a file's content. Mirrors the API's `SampleType`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum SampleType {
    /// Plain text to train on.
    #[api("pretrain")]
    Pretrain,
    /// Conversations to train on.
    #[api("instruct")]
    Instruct,
    /// The requests of a batch job.
    #[api("batch_request")]
    BatchRequest,
    /// The results of a batch job.
    #[api("batch_result")]
    BatchResult,
    /// The errors of a batch job.
    #[api("batch_error")]
    BatchError,
    /// A value that this version of the SDK does not declare.
    Unknown(String),
}

/// The origin of a file. Mirrors the API's `Source`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum Source {
    /// Uploaded by a user.
    #[api("upload")]
    Upload,
    /// Imported from a repository.
    #[api("repository")]
    Repository,
    /// Created by Mistral.
    #[api("mistral")]
    Mistral,
    /// A value that this version of the SDK does not declare.
    Unknown(String),
}

/// An uploaded file. Mirrors the API's `UploadFileOut`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct CreateFileResponse {
    /// The file's id.
    #[api(required)]
    pub id: String,
    /// The object type: `file`.
    #[api(default)]
    pub object: String,
    /// The size in bytes.
    pub bytes: Option<i64>,
    /// The time of the upload, in seconds since the Unix epoch.
    pub created_at: Option<i64>,
    /// The name that the file was uploaded under.
    #[api(default)]
    pub filename: String,
    /// The purpose of the file.
    #[api(read_with = optional_enum)]
    pub purpose: Option<FilePurpose>,
    /// The type of the content.
    #[api(read_with = optional_enum)]
    pub sample_type: Option<SampleType>,
    /// The number of lines, for files of lines such as JSONL.
    pub num_lines: Option<i64>,
    /// The media type.
    pub mimetype: Option<String>,
    /// The origin of the file.
    #[api(read_with = optional_enum)]
    pub source: Option<Source>,
    /// The fingerprint of the content.
    pub signature: Option<String>,
    /// The time at which the file will be deleted, in seconds since the Unix epoch.
    pub expires_at: Option<i64>,
    /// The users that can access the file.
    #[api(read_with = optional_enum)]
    pub visibility: Option<FileVisibility>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A file in a list. Mirrors the API's `FileSchema`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct FileSchema {
    /// The file's id.
    #[api(required)]
    pub id: String,
    /// The object type: `file`.
    #[api(default)]
    pub object: String,
    /// The size in bytes.
    pub bytes: Option<i64>,
    /// The time of the upload, in seconds since the Unix epoch.
    pub created_at: Option<i64>,
    /// The name that the file was uploaded under.
    #[api(default)]
    pub filename: String,
    /// The purpose of the file.
    #[api(read_with = optional_enum)]
    pub purpose: Option<FilePurpose>,
    /// The type of the content.
    #[api(read_with = optional_enum)]
    pub sample_type: Option<SampleType>,
    /// The number of lines, for files of lines such as JSONL.
    pub num_lines: Option<i64>,
    /// The media type.
    pub mimetype: Option<String>,
    /// The origin of the file.
    #[api(read_with = optional_enum)]
    pub source: Option<Source>,
    /// The fingerprint of the content.
    pub signature: Option<String>,
    /// The time at which the file will be deleted, in seconds since the Unix epoch.
    pub expires_at: Option<i64>,
    /// The users that can access the file.
    #[api(read_with = optional_enum)]
    pub visibility: Option<FileVisibility>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The metadata of a file. Mirrors the API's `RetrieveFileOut`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct GetFileResponse {
    /// The file's id.
    #[api(required)]
    pub id: String,
    /// The object type: `file`.
    #[api(default)]
    pub object: String,
    /// The size in bytes.
    pub bytes: Option<i64>,
    /// The time of the upload, in seconds since the Unix epoch.
    pub created_at: Option<i64>,
    /// The name that the file was uploaded under.
    #[api(default)]
    pub filename: String,
    /// The purpose of the file.
    #[api(read_with = optional_enum)]
    pub purpose: Option<FilePurpose>,
    /// The type of the content.
    #[api(read_with = optional_enum)]
    pub sample_type: Option<SampleType>,
    /// The number of lines, for files of lines such as JSONL.
    pub num_lines: Option<i64>,
    /// The media type.
    pub mimetype: Option<String>,
    /// The origin of the file.
    #[api(read_with = optional_enum)]
    pub source: Option<Source>,
    /// The fingerprint of the content.
    pub signature: Option<String>,
    /// The time at which the file will be deleted, in seconds since the Unix epoch.
    pub expires_at: Option<i64>,
    /// The users that can access the file.
    #[api(read_with = optional_enum)]
    pub visibility: Option<FileVisibility>,
    /// Whether the file has been deleted.
    #[api(default)]
    pub deleted: bool,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A page of files. Mirrors the API's `ListFilesOut`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct ListFilesResponse {
    /// The files of this page.
    #[api(default)]
    pub data: Vec<FileSchema>,
    /// The object type: `list`.
    #[api(default)]
    pub object: String,
    /// The total number of files.
    pub total: Option<i64>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
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

/// The confirmation of a deletion. Mirrors the API's `DeleteFileOut`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct DeleteFileResponse {
    /// The file's id.
    #[api(required)]
    pub id: String,
    /// The object type: `file`.
    #[api(default)]
    pub object: String,
    /// Whether the file has been deleted.
    #[api(default)]
    pub deleted: bool,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A signed URL of a file. Mirrors the API's `FileSignedURL`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct GetSignedUrlResponse {
    /// The URL. It grants access to the file without a key: treat it as a secret.
    #[api(required)]
    pub url: String,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}
