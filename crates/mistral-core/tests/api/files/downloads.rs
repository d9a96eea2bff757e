//! Downloads: into memory, as a stream, into a file.

use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mistral_core::ErrorKind;
use mistral_core::testing::{MockChunk, MockTransport};

use super::Folder;
use crate::common::{bytes, client_with, scripted, sse};

fn download(pieces: impl IntoIterator<Item = MockChunk>) -> MockTransport {
    let reply = sse(pieces).with_header("content-type", "application/octet-stream");
    scripted([reply])
}

#[tokio::test]
async fn download_yields_bytes_stream_or_file() {
    let folder = Folder::new("download");
    let mock = download([bytes("ab"), bytes(""), bytes("c")]);
    let client = client_with(&mock);
    let content = client.files().download("f1").await.unwrap();
    assert_eq!(content.content_type(), Some("application/octet-stream"));
    assert_eq!(content.bytes().await.unwrap(), "abc");
    let path = folder.file("x.bin", b"what was there");
    let content = client.files().download("f1").await.unwrap();
    assert_eq!(content.write_to(&path).await.unwrap(), 3);
    assert_eq!(fs::read(&path).unwrap(), b"abc");
    let sent = mock.requests();
    assert_eq!(sent[0].uri.path(), "/prefix/v1/files/f1/content");
    assert_eq!(sent[0].headers["accept"], "application/octet-stream");
}

#[tokio::test]
async fn download_in_many_chunks_is_written_in_order() {
    let folder = Folder::new("pieces");
    let path = folder.0.join("x.bin");
    // More than one write, whose size is no multiple of that of a chunk.
    let pieces: Vec<String> = (0..50)
        .map(|piece| format!("{piece:03}").repeat(5_461))
        .collect();
    let mock = download(pieces.iter().map(bytes));
    let content = client_with(&mock).files().download("f1").await.unwrap();
    assert_eq!(content.write_to(&path).await.unwrap(), 50 * 3 * 5_461);
    assert!(fs::read_to_string(&path).unwrap() == pieces.concat());
}

#[tokio::test]
async fn download_byte_by_byte_is_flushed_early() {
    let folder = Folder::new("crumbs");
    let path = folder.0.join("x.bin");
    let mock = download((0..2_000).map(|_| bytes("x")));
    let content = client_with(&mock).files().download("f1").await.unwrap();
    let (file, written) = (path.clone(), Arc::new(Mutex::new(0)));
    let seen = Arc::clone(&written);
    let content = content.on_progress(move |_, _| {
        *seen.lock().unwrap() = fs::metadata(&file).unwrap().len();
    });
    assert_eq!(content.write_to(&path).await.unwrap(), 2_000);
    assert!(*written.lock().unwrap() > 0, "all of it was held");
}

#[tokio::test]
async fn download_cut_is_truncated_and_leaves_no_file() {
    let folder = Folder::new("broken");
    let path = folder.0.join("x.bin");
    let mock = download([bytes("ab"), MockChunk::Break]);
    let content = client_with(&mock).files().download("f1").await.unwrap();
    let error = content.write_to(&path).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated);
    let start = "files.download: the download stopped after 2";
    assert!(error.to_string().starts_with(start), "{error}");
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 0);
    let content = client_with(&mock).files().download("f1").await.unwrap();
    let nowhere = folder.0.join("no/such/folder");
    let error = content.write_to(nowhere).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.to_string().contains("no/such/folder"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn timeout_idle_ends_a_stalled_download() {
    let mock = download([bytes("ab"), MockChunk::Stall]);
    let call = client_with(&mock).files().download("f1");
    let mut content = call.idle_timeout(Duration::from_secs(5)).await.unwrap();
    assert_eq!(content.next().await.unwrap().unwrap(), "ab");
    let error = content.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(content.next().await.is_none());
}
