//! Files: uploads, downloads, paging.

mod downloads;
mod paging;
mod uploads;

use std::fs;
use std::path::PathBuf;

use mistral_core::files::FileSource;
use mistral_core::files::{
    FilePurpose, GetSignedUrlRequest, ListFilesRequest, SampleType, Source, UploadFileRequest,
};

use crate::common::{client_with, reply, scripted};

const UPLOADED: &str = r#"{"id":"f1","object":"file","bytes":3,"created_at":1,"filename":"a.pdf",
    "purpose":"ocr","sample_type":"new-kind","source":"upload","mimetype":null,"later":[1]}"#;

/// A folder of one test, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("mistral-{test}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, content).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn upload(file: FileSource) -> UploadFileRequest {
    UploadFileRequest::new(FilePurpose::Ocr, file)
}

#[tokio::test]
async fn operations_send_methods_paths_and_queries() {
    let deleted = r#"{"id":"f/1","object":"file","deleted":true}"#;
    let mock = scripted([
        reply(200, UPLOADED),
        reply(200, deleted),
        reply(200, r#"{"url":"https://files.test/x"}"#),
        reply(200, r#"{"data":[],"object":"list","total":0}"#),
    ]);
    let client = client_with(&mock);
    let files = client.files();
    assert!(!files.retrieve("f/1").await.unwrap().deleted);
    assert!(files.delete("f/1").await.unwrap().deleted);
    let request = GetSignedUrlRequest::new().expiry(2);
    let signed = files.get_signed_url("f/1", &request).await.unwrap();
    assert_eq!(signed.url, "https://files.test/x");
    let request = ListFilesRequest::new()
        .page(2)
        .page_size(10)
        .include_total(false)
        .sample_type([SampleType::Instruct, SampleType::BatchResult])
        .source([Source::Upload])
        .search("a b&c")
        .purpose(FilePurpose::FineTune)
        .mimetypes(["text/plain"]);
    files.list(&request).await.unwrap();
    let sent = mock.requests();
    let sent: Vec<_> = sent
        .iter()
        .map(|sent| format!("{} {}", sent.method, sent.uri.path_and_query().unwrap()))
        .collect();
    assert_eq!(
        sent,
        [
            "GET /prefix/v1/files/f%2F1",
            "DELETE /prefix/v1/files/f%2F1",
            "GET /prefix/v1/files/f%2F1/url?expiry=2",
            "GET /prefix/v1/files?include_total=false&mimetypes=text%2Fplain&page=2&page_size=10\
             &purpose=fine-tune&sample_type=instruct&sample_type=batch_result&search=a+b%26c\
             &source=upload",
        ]
    );
}
