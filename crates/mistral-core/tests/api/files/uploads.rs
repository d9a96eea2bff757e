//! Uploads: the form, retries, and files that change.

use std::fs::File;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, stream};
use http::Method;
use mistral_core::error::TimeoutPhase;
use mistral_core::files::{FilePurpose, FileSource, FileVisibility, SampleType, UploadFileRequest};
use mistral_core::testing::{MockReply, MockTransport};
use mistral_core::transport::TransportErrorKind;
use mistral_core::{ErrorKind, RetryPolicy};
use serde_json::json;

use super::{Folder, UPLOADED, upload};
use crate::common::{builder_with, client_with, reply, scripted};

fn immediate_retries() -> RetryPolicy {
    RetryPolicy::backoff(Duration::ZERO, Duration::ZERO, 1.0, Duration::from_secs(60))
}

/// The parts of a form: the lines of each head, and its content.
fn parts(content_type: &str, body: &[u8]) -> Vec<(String, Vec<u8>)> {
    let boundary = content_type.split_once("boundary=").unwrap().1;
    let body = String::from_utf8_lossy(body).into_owned();
    let parts = body
        .strip_suffix(&format!("\r\n--{boundary}--\r\n"))
        .unwrap();
    let parts = format!("\r\n{parts}");
    let separator = format!("\r\n--{boundary}\r\n");
    let parts = parts.split(&separator).skip(1);
    parts
        .map(|part| {
            let (head, content) = part.split_once("\r\n\r\n").unwrap();
            (head.to_owned(), content.as_bytes().to_vec())
        })
        .collect()
}

#[tokio::test]
async fn multipart_upload_has_every_field_and_the_file_last() {
    let folder = Folder::new("form");
    let mock = scripted([reply(200, UPLOADED)]);
    let path = folder.file("a \"b\".PDF", b"pdf");
    let request = upload(FileSource::from_path(path))
        .visibility(FileVisibility::User)
        .expiry(24)
        .extra("later", "1");
    let file = client_with(&mock).files().upload(&request).await.unwrap();
    assert_eq!(file.id, "f1");
    assert_eq!(file.sample_type, Some(SampleType::from("new-kind")));
    assert_eq!(file.extra["later"], json!([1]));
    let sent = mock.requests();
    let sent = &sent[0];
    assert_eq!(
        (&sent.method, sent.uri.path()),
        (&Method::POST, "/prefix/v1/files")
    );
    let content_type = sent.headers["content-type"].to_str().unwrap();
    let text = |name: &str| format!("content-disposition: form-data; name=\"{name}\"");
    let expected = [
        (text("purpose"), "ocr"),
        (text("visibility"), "user"),
        (text("expiry"), "24"),
        (text("later"), "1"),
        (
            text("file") + "; filename=\"a %22b%22.PDF\"\r\ncontent-type: application/pdf",
            "pdf",
        ),
    ];
    let expected = expected.map(|(head, content)| (head, content.as_bytes().to_vec()));
    assert_eq!(parts(content_type, &sent.body), expected);
}

#[tokio::test]
async fn multipart_upload_from_bytes_reader_and_stream_is_byte_exact() {
    let mock = scripted([reply(200, UPLOADED)]);
    let long = vec![b'x'; 700_000];
    let sources = [
        FileSource::from_bytes("a.txt", long.clone()),
        FileSource::from_reader("a.txt", futures::io::Cursor::new(long.clone()), None),
        FileSource::from_reader("a.txt", futures::io::Cursor::new(long.clone()), 700_000),
        FileSource::from_stream("a.txt", stream::iter([Ok(Bytes::from(long.clone()))]), None),
    ];
    for (index, source) in sources.into_iter().enumerate() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        let source = source.on_progress(move |sent, all| log.lock().unwrap().push((sent, all)));
        client_with(&mock)
            .files()
            .upload(&upload(source))
            .await
            .unwrap();
        let sent = mock.requests();
        let content_type = sent[index].headers["content-type"].to_str().unwrap();
        let file = parts(content_type, &sent[index].body).pop().unwrap();
        assert!(file.0.ends_with("text/plain"), "{}", file.0);
        assert!(file.1 == long, "source {index}");
        let all = (index % 2 == 0).then_some(700_000);
        assert_eq!(seen.lock().unwrap().last(), Some(&(700_000, all)));
    }
}

#[tokio::test]
async fn upload_of_unreadable_file_names_it_and_sends_nothing() {
    let folder = Folder::new("unreadable");
    let mock = scripted([reply(200, UPLOADED)]);
    let client = client_with(&mock);
    let ask = async |file| client.files().upload(&upload(file)).await.unwrap_err();
    for (file, words) in [
        (FileSource::from_path(folder.0.join("gone.pdf")), "gone.pdf"),
        (FileSource::from_path(&folder.0), "it is a directory"),
    ] {
        let error = ask(file).await;
        assert_eq!(error.kind(), ErrorKind::Io, "{error}");
        assert!(
            error.to_string().starts_with("files.upload: the file"),
            "{error}"
        );
        assert!(format!("{error:#}").contains(words), "{error:#}");
        assert_eq!(error.attempts(), 0);
    }
    let error = ask(FileSource::from_bytes("", "x")).await;
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("needs a name"), "{error}");
    assert_eq!(mock.requests().len(), 0);
}

#[tokio::test]
async fn upload_from_reader_enforces_length_and_single_use() {
    let mock = scripted([reply(200, UPLOADED)]);
    let client = client_with(&mock);
    let reader = |length| {
        let reader = futures::io::Cursor::new(b"12345".to_vec());
        FileSource::from_reader("a", reader, length)
    };
    for length in [4, 6] {
        let error = client
            .files()
            .upload(&upload(reader(length)))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io, "{error}");
        assert!(error.to_string().contains("5 bytes"), "{error}");
    }
    let failing = stream::iter([Ok(Bytes::from("1")), Err(std::io::Error::other("torn"))]);
    let request = upload(FileSource::from_stream("a", failing, None));
    let error = client.files().upload(&request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.to_string().contains("torn"), "{error}");
    let request = upload(reader(5));
    client.files().upload(&request).await.unwrap();
    let error = client.files().upload(&request).await.unwrap_err();
    assert!(error.to_string().contains("already consumed"), "{error}");
}

#[tokio::test]
async fn retry_of_upload_needs_a_reopenable_source() {
    let folder = Folder::new("again");
    let path = folder.file("a.txt", b"again");
    for (file, count) in [
        (FileSource::from_path(path), 2),
        (FileSource::from_bytes("a", "again"), 2),
        (
            FileSource::from_reader("a", futures::io::Cursor::new("again"), 5),
            1,
        ),
    ] {
        let not_sent = MockReply::error(TransportErrorKind::NotSent);
        let mock = scripted([not_sent, reply(200, UPLOADED)]);
        let client = builder_with(&mock)
            .retry(immediate_retries())
            .build()
            .unwrap();
        let result = client.files().upload(&upload(file)).await;
        assert_eq!((mock.requests().len(), result.is_ok()), (count, count == 2));
        let sent = mock.requests();
        assert!(
            sent.iter()
                .all(|sent| String::from_utf8_lossy(&sent.body).contains("again"))
        );
    }
    // The server may have kept the file: a retry would create a second one.
    let mock = scripted([reply(503, "{}"), reply(200, UPLOADED)]);
    let client = builder_with(&mock)
        .retry(immediate_retries())
        .build()
        .unwrap();
    let file = FileSource::from_bytes("a", "again");
    assert!(client.files().upload(&upload(file)).await.is_err());
    assert_eq!(mock.requests().len(), 1);
}

/// Accepts an upload, and changes the length of the file at `path` when the head of the form and
/// the first chunk of the file have been read.
fn resizing(path: PathBuf, length: u64) -> MockTransport {
    let chunks = AtomicUsize::new(0);
    scripted([reply(200, UPLOADED)]).on_body_chunk(move |_, _| {
        if chunks.fetch_add(1, Ordering::Relaxed) == 1 {
            let file = File::options().write(true).open(&path).unwrap();
            file.set_len(length).unwrap();
        }
    })
}

#[tokio::test]
async fn upload_of_file_resized_meanwhile_is_an_error() {
    const LENGTH: u64 = 4 * 1024 * 1024;
    let folder = Folder::new("changes");
    for (length, word) in [
        (LENGTH / 2, Some("shorter")),
        (LENGTH + 1, Some("longer")),
        (LENGTH, None),
    ] {
        let path = folder.file("a.jsonl", &vec![b'x'; usize::try_from(LENGTH).unwrap()]);
        let client = client_with(&resizing(path.clone(), length));
        let result = client
            .files()
            .upload(&upload(FileSource::from_path(&path)))
            .await;
        match (result, word) {
            (Err(error), Some(word)) => {
                assert_eq!(error.kind(), ErrorKind::Io);
                assert!(format!("{error:#}").contains(word), "{error:#}");
                assert!(error.to_string().contains("a.jsonl"), "{error}");
                assert_eq!(error.attempts(), 1);
            }
            (result, word) => assert_eq!(result.is_ok(), word.is_none(), "{length}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn timeout_of_upload_restarts_with_every_chunk() {
    let mock = scripted([reply(200, UPLOADED)]);
    for (pause, is_fine) in [(200, true), (400, false)] {
        let pieces = stream::iter(0..5).then(move |_| async move {
            tokio::time::sleep(Duration::from_secs(pause)).await;
            Ok(Bytes::from("x"))
        });
        let request = upload(FileSource::from_stream("a", pieces, 5));
        let result = client_with(&mock).files().upload(&request).await;
        match result {
            Ok(_) => assert!(is_fine),
            Err(error) => {
                assert!(!is_fine, "{error}");
                assert_eq!(error.timeout_phase(), Some(TimeoutPhase::FirstByte));
            }
        }
    }
    // The first-byte timeout starts when the whole body has been sent.
    let slow = scripted([reply(200, UPLOADED).with_delay(Duration::from_secs(301))]);
    let request = upload(FileSource::from_bytes("a", "x"));
    let error = client_with(&slow)
        .files()
        .upload(&request)
        .await
        .unwrap_err();
    assert_eq!(error.timeout_phase(), Some(TimeoutPhase::FirstByte));
}

/// The media type that a file is sent with.
async fn sent_media_type(file: FileSource) -> String {
    sent_media_type_of(&upload(file)).await
}

async fn sent_media_type_of(request: &UploadFileRequest) -> String {
    let mock = scripted([reply(200, UPLOADED)]);
    let client = client_with(&mock);
    client.files().upload(request).await.unwrap();
    let sent = &mock.requests()[0];
    let parts = parts(sent.headers["content-type"].to_str().unwrap(), &sent.body);
    let (head, content) = parts.last().unwrap();
    assert!(!content.is_empty());
    head.rsplit_once("content-type: ").unwrap().1.to_owned()
}

#[tokio::test]
async fn media_type_of_upload_follows_name_then_first_bytes() {
    let folder = Folder::new("types");
    let large = [b"%PDF-1.7\n".to_vec(), vec![b'x'; 700_000]].concat();
    for (name, bytes, expected) in [
        ("upload", b"%PDF-1.7".to_vec(), "application/pdf"),
        ("upload.part", large, "application/pdf"),
        ("image", b"GIF89a\x01\0".to_vec(), "image/gif"),
        ("note.txt", b"%PDF-1.7".to_vec(), "text/plain"),
        ("film.mp4", b"x".to_vec(), "video/mp4"),
        ("upload", b"words".to_vec(), "application/octet-stream"),
    ] {
        let path = folder.file(name, &bytes);
        let from_bytes = FileSource::from_bytes(name, bytes);
        assert_eq!(sent_media_type(from_bytes).await, expected, "{name}");
        let from_path = FileSource::from_path(&path);
        assert_eq!(sent_media_type(from_path).await, expected, "{name}");
        let own = FileSource::from_path(&path).content_type("text/x-own");
        assert_eq!(sent_media_type(own).await, "text/x-own");
        let progress: Arc<Mutex<Vec<u64>>> = Arc::default();
        let seen = Arc::clone(&progress);
        let watched = FileSource::from_path(&path);
        let watched = watched.on_progress(move |sent, total| {
            assert!(total.is_some_and(|total| sent <= total));
            seen.lock().unwrap().push(sent);
        });
        sent_media_type(watched).await;
        let length = std::fs::metadata(&path).unwrap().len();
        assert_eq!(progress.lock().unwrap().last(), Some(&length));
    }
}

#[tokio::test]
async fn media_type_of_upload_to_transcribe_is_audio() {
    for (name, expected) in [
        ("note.webm", "audio/webm"),
        ("note.mp4", "audio/mp4"),
        ("note.wav", "audio/wav"),
    ] {
        let file = || FileSource::from_bytes(name, "x");
        let request = UploadFileRequest::new(FilePurpose::Audio, file());
        assert_eq!(sent_media_type_of(&request).await, expected);
        let request = UploadFileRequest::new(FilePurpose::Audio, file().content_type("video/x"));
        assert_eq!(sent_media_type_of(&request).await, "video/x");
    }
}
