use crate::call::{NextPage, Page};

string_enum! {
    /// What a file is for. Mirrors the API's `FilePurpose`.
    FilePurpose {
        /// Training.
        FineTune = "fine-tune",
        /// The requests of a batch.
        Batch = "batch",
        /// OCR.
        Ocr = "ocr",
        /// Transcription.
        Audio = "audio",
        /// Agentic safety.
        AgenticSafety = "agentic_safety",
    }
}

string_enum! {
    /// Who may see a file. Mirrors the API's `FileVisibility`.
    FileVisibility {
        /// The whole workspace.
        Workspace = "workspace",
        /// Its owner alone.
        User = "user",
    }
}

string_enum! {
    /// What kind of content a file has. Mirrors the API's `SampleType`.
    SampleType {
        /// Text for training.
        Pretrain = "pretrain",
        /// Conversations for training.
        Instruct = "instruct",
        /// The requests of a batch.
        BatchRequest = "batch_request",
        /// The results of a batch.
        BatchResult = "batch_result",
        /// The errors of a batch.
        BatchError = "batch_error",
    }
}

string_enum! {
    /// Where a file came from. Mirrors the API's `Source`.
    Source {
        /// A user uploaded it.
        Upload = "upload",
        /// A repository.
        Repository = "repository",
        /// Mistral made it.
        Mistral = "mistral",
    }
}

/// Declares what is told of a file, in answer to different questions.
macro_rules! file_schemas {
    ($($(#[doc = $doc:literal])* $name:ident { $($field:tt)* })+) => {
        $(object! {
            $(#[doc = $doc])*
            $name {
                required: {
                    /// The file's id.
                    id: String,
                }
                defaulted: {
                    /// The kind of object: `file`.
                    object: String,
                    /// The name that it was uploaded under.
                    filename: String,
                    $($field)*
                }
                optional: {
                    /// How many bytes it has.
                    bytes: i64,
                    /// When it was uploaded, in seconds since 1970.
                    created_at: i64,
                    /// What it is for.
                    purpose: FilePurpose,
                    /// What kind of content it has.
                    sample_type: SampleType,
                    /// How many lines it has, where lines count.
                    num_lines: i64,
                    /// Its media type.
                    mimetype: String,
                    /// Where it came from.
                    source: Source,
                    /// What its content is recognised by.
                    signature: String,
                    /// When it will be deleted, in seconds since 1970.
                    expires_at: i64,
                    /// Who may see it.
                    visibility: FileVisibility,
                }
            }
        })+
    };
}

file_schemas! {
    /// A file that was uploaded just now. Mirrors the API's `UploadFileOut`.
    CreateFileResponse {}

    /// A file of a list. Mirrors the API's `FileSchema`.
    FileSchema {}

    /// A file. Mirrors the API's `RetrieveFileOut`.
    GetFileResponse {
        /// Whether it has been deleted.
        deleted: bool,
    }
}

object! {
    /// A page of files. Mirrors the API's `ListFilesOut`.
    ListFilesResponse {
        defaulted: {
            /// The files.
            data: Vec<FileSchema>,
            /// The kind of object: `list`.
            object: String,
        }
        optional: {
            /// How many files there are in all.
            total: i64,
        }
    }
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

object! {
    /// That a file has been deleted. Mirrors the API's `DeleteFileOut`.
    DeleteFileResponse {
        required: {
            /// The file's id.
            id: String,
        }
        defaulted: {
            /// The kind of object: `file`.
            object: String,
            /// Whether it has been deleted.
            deleted: bool,
        }
    }
}

object! {
    /// A URL that is good for a while. Mirrors the API's `FileSignedURL`.
    GetSignedUrlResponse {
        required: {
            /// The URL. Whoever has it can download the file.
            url: String,
        }
    }
}
