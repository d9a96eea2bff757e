use mistral_sdk::files::{FilePurpose, FileSource, FileVisibility, UploadFileRequest};

use super::{BuiltRequest, multipart};

pub(super) fn rows() -> Vec<BuiltRequest> {
    let value = multipart::sent_fields(&[], async |client| {
        let file = FileSource::from_bytes("a.pdf", "pdf");
        let request = UploadFileRequest::new(FilePurpose::Ocr, file)
            .visibility(FileVisibility::User)
            .expiry(24);
        client.files().upload(&request).await.unwrap_err();
    });
    vec![BuiltRequest {
        schema: "POST /v1/files request",
        value,
        unset: Vec::new(),
    }]
}
