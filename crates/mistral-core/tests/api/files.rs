//! Files: what is sent, what may be repeated, and what happens when a file is not as it was.

use std::fs::{self, File};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::{FutureExt, StreamExt, stream};
use http::Method;
use mistral_core::files::{
    FilePurpose, FileVisibility, GetSignedUrlRequest, ListFilesRequest, SampleType, Source,
    UploadFileRequest,
};
use mistral_core::testing::{MockChunk, MockReply, MockTransport};
use mistral_core::{Error, ErrorKind, FileSource, RetryPolicy, TimeoutPhase, TransportErrorKind};
use serde_json::json;

use crate::common::{builder_with, bytes, client_with, reply, scripted, sse};

const UPLOADED: &str = r#"{"id":"f1","object":"file","bytes":3,"created_at":1,"filename":"a.pdf",
    "purpose":"ocr","sample_type":"new-kind","source":"upload","mimetype":null,"later":[1]}"#;

/// A folder of its own for each test, removed at its end.
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

fn at_once() -> RetryPolicy {
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
async fn an_upload_is_a_form_with_the_file_last() {
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
async fn bytes_readers_and_streams_are_sent_as_they_are() {
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
async fn what_cannot_be_read_is_told_by_name_and_never_sent() {
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
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(error.attempts(), 0);
    }
    let error = ask(FileSource::from_bytes("", "x")).await;
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("needs a name"), "{error}");
    assert_eq!(mock.requests().len(), 0);
}

#[tokio::test]
async fn a_reader_is_held_to_its_length_and_read_once() {
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
    assert!(error.to_string().contains("used up"), "{error}");
}

#[tokio::test]
async fn only_what_can_be_opened_again_is_repeated() {
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
        let client = builder_with(&mock).retry(at_once()).build().unwrap();
        let result = client.files().upload(&upload(file)).await;
        assert_eq!((mock.requests().len(), result.is_ok()), (count, count == 2));
        let sent = mock.requests();
        assert!(
            sent.iter()
                .all(|sent| String::from_utf8_lossy(&sent.body).contains("again"))
        );
    }
    // The server may have kept the file: a repetition would make a second one.
    let mock = scripted([reply(503, "{}"), reply(200, UPLOADED)]);
    let client = builder_with(&mock).retry(at_once()).build().unwrap();
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
async fn a_file_that_changes_while_it_is_sent_is_an_error() {
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
                assert!(error.to_string().contains(word), "{error}");
                assert!(error.to_string().contains("a.jsonl"), "{error}");
                assert_eq!(error.attempts(), 1);
            }
            (result, word) => assert_eq!(result.is_ok(), word.is_none(), "{length}"),
        }
    }
}

#[tokio::test]
async fn the_other_operations_are_where_the_api_has_them() {
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

fn download(pieces: impl IntoIterator<Item = MockChunk>) -> MockTransport {
    let step = sse(pieces).with_header("content-type", "application/octet-stream");
    scripted([step])
}

#[tokio::test]
async fn a_download_is_bytes_a_stream_or_a_file() {
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
async fn a_download_in_many_pieces_is_in_its_file_whole_and_in_order() {
    let folder = Folder::new("pieces");
    let path = folder.0.join("x.bin");
    // More than one write's worth, which no number of pieces divides.
    let pieces: Vec<String> = (0..50)
        .map(|piece| format!("{piece:03}").repeat(5_461))
        .collect();
    let mock = download(pieces.iter().map(bytes));
    let content = client_with(&mock).files().download("f1").await.unwrap();
    assert_eq!(content.write_to(&path).await.unwrap(), 50 * 3 * 5_461);
    assert!(fs::read_to_string(&path).unwrap() == pieces.concat());
}

#[tokio::test]
async fn a_download_byte_by_byte_is_written_before_much_is_held() {
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
async fn a_download_that_breaks_off_is_an_error_and_leaves_no_file() {
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
async fn an_upload_may_take_long_but_not_stand_still() {
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
    // The server's own time begins when all is sent.
    let slow = scripted([reply(200, UPLOADED).with_delay(Duration::from_secs(301))]);
    let request = upload(FileSource::from_bytes("a", "x"));
    let error = client_with(&slow)
        .files()
        .upload(&request)
        .await
        .unwrap_err();
    assert_eq!(error.timeout_phase(), Some(TimeoutPhase::FirstByte));
}

#[tokio::test(start_paused = true)]
async fn a_download_that_falls_silent_times_out() {
    let mock = download([bytes("ab"), MockChunk::Stall]);
    let call = client_with(&mock).files().download("f1");
    let mut content = call.idle_timeout(Duration::from_secs(5)).await.unwrap();
    assert_eq!(content.next().await.unwrap().unwrap(), "ab");
    let error = content.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(content.next().await.is_none());
}

fn page(ids: &[&str], total: Option<u64>) -> MockReply {
    let data: Vec<_> = ids.iter().map(|id| json!({ "id": id })).collect();
    reply(200, &json!({ "data": data, "total": total }).to_string())
}

async fn ids(mock: &MockTransport, request: &ListFilesRequest) -> Result<Vec<String>, Error> {
    let items = client_with(&mock).files().list(request).pages().items();
    let files: Vec<_> = items.collect().await;
    files
        .into_iter()
        .map(|file| file.map(|file| file.id))
        .collect()
}

fn asked(mock: &MockTransport) -> Vec<String> {
    let sent = mock.requests();
    sent.iter()
        .map(|sent| sent.uri.query().unwrap_or("").to_owned())
        .collect()
}

#[tokio::test]
async fn pages_follow_one_another_until_all_is_seen() {
    let mock = scripted([
        page(&["1", "2"], Some(5)),
        page(&["3", "4"], Some(5)),
        page(&["5"], Some(5)),
    ]);
    let request = ListFilesRequest::new().page_size(2);
    assert_eq!(
        ids(&mock, &request).await.unwrap(),
        ["1", "2", "3", "4", "5"]
    );
    assert_eq!(
        asked(&mock),
        ["page_size=2", "page_size=2&page=1", "page_size=2&page=2"]
    );

    // Without a total, an empty page is the end; and it may begin anywhere.
    let mock = scripted([page(&["7"], None), page(&[], None)]);
    assert_eq!(
        ids(&mock, &ListFilesRequest::new().page(3)).await.unwrap(),
        ["7"]
    );
    assert_eq!(asked(&mock), ["page=3", "page=4"]);

    // A server that gives fewer than were asked for does not end the list.
    let mock = scripted([page(&["1"], Some(2)), page(&["2"], Some(2))]);
    let request = ListFilesRequest::new().page_size(1000);
    assert_eq!(ids(&mock, &request).await.unwrap(), ["1", "2"]);
}

#[tokio::test]
async fn pages_end_with_their_first_error() {
    let mock = scripted([page(&["1"], Some(9)), reply(404, "{}")]);
    let mut pages = client_with(&mock)
        .files()
        .list(&ListFilesRequest::new())
        .pages();
    assert_eq!(pages.next().await.unwrap().unwrap().data.len(), 1);
    assert_eq!(
        pages.next().await.unwrap().unwrap_err().kind(),
        ErrorKind::NotFound
    );
    assert!(pages.next().await.is_none());
    assert_eq!(mock.requests().len(), 2);

    let list = client_with(&mock).files().list(&ListFilesRequest::new());
    let mut pages = list.header("x y", "z").pages();
    assert_eq!(
        pages.next().await.unwrap().unwrap_err().kind(),
        ErrorKind::Config
    );
    assert!(pages.next().now_or_never().unwrap().is_none());
}
