//! Uploads and downloads over real sockets.

#![allow(clippy::unwrap_used)] // helpers outside of test functions may panic as tests do

use std::fs::{self, File};
use std::path::PathBuf;
use std::time::Duration;

use futures::FutureExt;
use mistral_sdk::files::{FilePurpose, FileSource, UploadFileRequest};
use mistral_sdk::{Client, ErrorKind, MistralApi};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

const TEST_TIMEOUT: Duration = Duration::from_secs(20);
/// More bytes than the socket buffers hold.
const LARGE: u64 = 64 * 1024 * 1024;

async fn listen() -> (TcpListener, Client) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let api = MistralApi::new("key").unwrap().base_url(&url).unwrap();
    (listener, Client::new(api).unwrap())
}

async fn accept(listener: &TcpListener) -> TcpStream {
    timeout(TEST_TIMEOUT, listener.accept())
        .await
        .unwrap()
        .unwrap()
        .0
}

/// A file of `LARGE` zeros, removed on drop.
struct LargeFile(PathBuf);

impl LargeFile {
    fn new(name: &str) -> Self {
        let name = format!("mistral-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        File::create(&path).unwrap().set_len(LARGE).unwrap();
        Self(path)
    }

    fn set_length(&self, length: u64) {
        let file = File::options().write(true).open(&self.0).unwrap();
        file.set_len(length).unwrap();
    }
}

impl Drop for LargeFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[tokio::test]
async fn multipart_upload_of_changing_file_fails_and_names_it() {
    for (length, word) in [(LARGE / 2, "shorter"), (LARGE + 1, "longer")] {
        let file = LargeFile::new(word);
        let (listener, client) = listen().await;
        let request = UploadFileRequest::new(FilePurpose::Batch, FileSource::from_path(&file.0));
        let upload = tokio::spawn(client.files().upload(&request).into_future());
        let mut socket = accept(&listener).await;
        let mut read = vec![0; 16 * 1024];
        socket.read_exact(&mut read).await.unwrap();
        let head = String::from_utf8_lossy(&read).to_lowercase();
        // The file and the multipart framing.
        assert!(head.contains("content-length: 671"), "{head}");
        file.set_length(length);
        // The rest of the body, then the end of the connection.
        let mut rest = Vec::new();
        let _ = timeout(TEST_TIMEOUT, socket.read_to_end(&mut rest))
            .await
            .unwrap();
        assert!(rest.len() < usize::try_from(LARGE).unwrap(), "all was sent");
        let error = timeout(TEST_TIMEOUT, upload)
            .await
            .unwrap()
            .unwrap()
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io, "{error:#}");
        assert!(error.to_string().contains(word), "{error}");
        assert_eq!(error.attempts(), 1);
    }
}

#[tokio::test]
async fn download_shorter_than_content_length_is_an_error() {
    let (listener, client) = listen().await;
    let server = tokio::spawn(async move {
        let mut socket = accept(&listener).await;
        let mut request = [0; 1024];
        let _ = socket.read(&mut request).await.unwrap();
        let response = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345";
        socket.write_all(response.as_bytes()).await.unwrap();
    });
    let content = client.files().download("f1").await.unwrap();
    assert_eq!(content.content_length(), Some(10));
    let error = content.bytes().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated, "{error:#}");
    assert!(error.to_string().contains("after 5 of 10 bytes"), "{error}");
    server.await.unwrap();
}

#[tokio::test]
async fn dropped_download_closes_connection() {
    let (listener, client) = listen().await;
    let server = tokio::spawn(async move {
        let mut socket = accept(&listener).await;
        let mut request = [0; 1024];
        let _ = socket.read(&mut request).await.unwrap();
        let head = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345";
        socket.write_all(head.as_bytes()).await.unwrap();
        let _ = timeout(TEST_TIMEOUT, socket.read_to_end(&mut Vec::new()))
            .await
            .unwrap();
    });
    let mut content = client.files().download("f1").await.unwrap();
    assert_eq!(content.next().await.unwrap().unwrap(), "12345");
    assert!(content.next().now_or_never().is_none());
    drop(content);
    server.await.unwrap();
}
