//! Files: uploads for batches, OCR, transcription and fine-tuning, and downloads of results.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let emulator = mistral_emulator::Emulator::start()?;
//! # let client = mistral_sdk::Client::new(
//! #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
//! # )?;
//! use mistral_sdk::files::{FilePurpose, FileSource, UploadFileRequest};
//!
//! let source = FileSource::from_bytes("notes.jsonl", "{\"a\": 1}\n");
//! let request = UploadFileRequest::new(FilePurpose::Batch, source);
//! let file = client.files().upload(&request).await?;
//!
//! let content = client.files().download(&file.id).await?.bytes().await?;
//! assert_eq!(content, "{\"a\": 1}\n");
//! assert!(client.files().delete(&file.id).await?.deleted);
//! # Ok(()) }
//! ```

mod request;
mod response;

use crate::call::{Call, DownloadCall};
use crate::client::Client;
use crate::mode::{Async, Mode};
use crate::pipeline::request::ApiRequest;
use crate::provider::Operation;

pub use self::request::{GetSignedUrlRequest, ListFilesRequest, UploadFileRequest};
pub use self::response::{
    CreateFileResponse, DeleteFileResponse, FilePurpose, FileSchema, FileVisibility,
    GetFileResponse, GetSignedUrlResponse, ListFilesResponse, SampleType, Source,
};
pub use crate::transport::FileSource;

operations! {
    UPLOAD = Operation::post("files.upload", "/v1/files");
    LIST = Operation::get("files.list", "/v1/files");
    RETRIEVE = Operation::get("files.retrieve", "/v1/files/{file_id}");
    DELETE = Operation::delete("files.delete", "/v1/files/{file_id}");
    DOWNLOAD = Operation::get("files.download", "/v1/files/{file_id}/content")
        .bytes("application/octet-stream");
    GET_SIGNED_URL = Operation::get("files.get_signed_url", "/v1/files/{file_id}/url");
}

/// The operations on files. Created by [`Client::files`](crate::Client::files).
#[derive(Debug, Clone)]
pub struct Files<M: Mode = Async> {
    pub(crate) client: Client<M>,
}

impl<M: Mode> Client<M> {
    /// Returns the operations on files: upload, list, download, delete.
    pub fn files(&self) -> Files<M> {
        Files {
            client: self.clone(),
        }
    }
}

impl<M: Mode> Files<M> {
    /// Uploads a file. It is streamed and never held in memory as a whole.
    ///
    /// Mirrors `POST /v1/files`. Sending the file has no timeout, unless [`Call::timeout`] sets
    /// one.
    #[doc = example!(r#"
# let path = std::env::temp_dir().join(format!("report-{}.pdf", std::process::id()));
# std::fs::write(&path, "%PDF-1.7")?;
use mistral_sdk::files::{FilePurpose, FileSource, UploadFileRequest};

let request = UploadFileRequest::new(FilePurpose::Ocr, FileSource::from_path(&path));
let file = client.files().upload(&request).await?;
println!("{}: {:?} bytes", file.id, file.bytes);
# std::fs::remove_file(path)?;
# assert_eq!(file.bytes, Some(8));
"#)]
    /// # Errors
    /// Besides the errors of every call, fails with [`ErrorKind::Io`](crate::ErrorKind::Io)
    /// when the file is missing, cannot be read, or changes its length while it is sent.
    pub fn upload(&self, request: &UploadFileRequest) -> Call<CreateFileResponse, M> {
        let request = ApiRequest::new(&UPLOAD).multipart(request.form());
        self.client.call(request)
    }

    /// Lists files, the newest first. [`Call::pages`] iterates over all pages.
    ///
    /// Mirrors `GET /v1/files`.
    #[doc = example!(r#"
# use mistral_sdk::files::{FileSource, UploadFileRequest};
# let source = FileSource::from_bytes("notes.jsonl", "{\"a\": 1}\n");
# let request = UploadFileRequest::new(FilePurpose::Batch, source);
# let file_id = client.files().upload(&request).await?.id;
use mistral_sdk::files::{FilePurpose, ListFilesRequest};

let request = ListFilesRequest::new().purpose(FilePurpose::Batch);
let mut files = client.files().list(&request).pages().items();
while let Some(file) = files.next().await {
    let file = file?;
    println!("{}: {}", file.id, file.filename);
#   assert_eq!(file.id, file_id);
}
"#)]
    pub fn list(&self, request: &ListFilesRequest) -> Call<ListFilesResponse, M> {
        self.client.call(ApiRequest::new(&LIST).query(request))
    }

    /// Retrieves the metadata of a file.
    ///
    /// Mirrors `GET /v1/files/{file_id}`.
    #[doc = example!(r#"
# use mistral_sdk::files::{FilePurpose, FileSource, UploadFileRequest};
# let source = FileSource::from_bytes("notes.jsonl", "{\"a\": 1}\n");
# let request = UploadFileRequest::new(FilePurpose::Batch, source);
# let file_id = client.files().upload(&request).await?.id;
let file = client.files().retrieve(&file_id).await?;
assert_eq!(file.filename, "notes.jsonl");
"#)]
    pub fn retrieve(&self, file_id: &str) -> Call<GetFileResponse, M> {
        let request = ApiRequest::new(&RETRIEVE).path(&[("file_id", file_id)]);
        self.client.call(request)
    }

    /// Deletes a file.
    ///
    /// Mirrors `DELETE /v1/files/{file_id}`.
    #[doc = example!(r#"
# use mistral_sdk::files::{FilePurpose, FileSource, UploadFileRequest};
# let source = FileSource::from_bytes("notes.jsonl", "{\"a\": 1}\n");
# let request = UploadFileRequest::new(FilePurpose::Batch, source);
# let file_id = client.files().upload(&request).await?.id;
let response = client.files().delete(&file_id).await?;
assert!(response.deleted);
"#)]
    pub fn delete(&self, file_id: &str) -> Call<DeleteFileResponse, M> {
        let request = ApiRequest::new(&DELETE).path(&[("file_id", file_id)]);
        self.client.call(request)
    }

    /// Downloads the content of a file.
    ///
    /// Mirrors `GET /v1/files/{file_id}/content`.
    #[doc = example!(r#"
# use mistral_sdk::files::{FilePurpose, FileSource, UploadFileRequest};
# let source = FileSource::from_bytes("notes.jsonl", "{\"a\": 1}\n");
# let request = UploadFileRequest::new(FilePurpose::Batch, source);
# let file_id = client.files().upload(&request).await?.id;
# let path = std::env::temp_dir().join(format!("notes-{}.jsonl", std::process::id()));
let content = client.files().download(&file_id).await?;
let bytes = content.write_to(&path).await?;
# std::fs::remove_file(path)?;
assert_eq!(bytes, 9);
"#)]
    pub fn download(&self, file_id: &str) -> DownloadCall<M> {
        let request = ApiRequest::new(&DOWNLOAD).path(&[("file_id", file_id)]);
        self.client.call_download(request)
    }

    /// Returns a signed URL: the file can be downloaded from it without a key, until it expires.
    ///
    /// Mirrors `GET /v1/files/{file_id}/url`.
    #[doc = example!(r#"
# use mistral_sdk::files::{FilePurpose, FileSource, UploadFileRequest};
# let source = FileSource::from_bytes("notes.jsonl", "{\"a\": 1}\n");
# let request = UploadFileRequest::new(FilePurpose::Batch, source);
# let file_id = client.files().upload(&request).await?.id;
use mistral_sdk::files::GetSignedUrlRequest;

let request = GetSignedUrlRequest::new().expiry(1);
let response = client.files().get_signed_url(&file_id, &request).await?;
println!("valid for an hour: {}", response.url);
# assert!(response.url.starts_with("http"));
"#)]
    pub fn get_signed_url(
        &self,
        file_id: &str,
        request: &GetSignedUrlRequest,
    ) -> Call<GetSignedUrlResponse, M> {
        let api_request = ApiRequest::new(&GET_SIGNED_URL)
            .path(&[("file_id", file_id)])
            .query(request);
        self.client.call(api_request)
    }
}
