//! Uploads and downloads with `std::io`.

use std::io::{self, BufRead, BufReader, Cursor, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use mistral_sdk::error::TimeoutPhase;
use mistral_sdk::files::{FilePurpose, FileSource, UploadFileRequest};
use mistral_sdk::{ErrorKind, Result, blocking};

use super::start;

/// Returns a line of JSON that spans several distinct chunks of a reader.
fn content() -> Vec<u8> {
    let letters = (0..3 * 256 * 1024).map(|at| char::from(b'a' + (at % 23) as u8));
    format!("{{\"a\":\"{}\"}}", letters.collect::<String>()).into()
}

fn length() -> u64 {
    content().len() as u64
}

fn upload(client: &blocking::Client, source: FileSource) -> Result<String> {
    let request = UploadFileRequest::new(FilePurpose::Batch, source);
    Ok(client.files().upload(&request).send()?.id)
}

fn download(client: &blocking::Client, id: &str) -> blocking::ByteStream {
    client.files().download(id).send().unwrap()
}

/// A path without a file. The file that a test creates there is removed on drop.
struct TempPath(PathBuf);

impl TempPath {
    fn new(name: &str) -> Self {
        let name = format!("mistral-blocking-{name}-{}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for TempPath {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn multipart_upload_from_path_bytes_and_reader() {
    let (_emulator, client) = start();
    let path = TempPath::new("upload.jsonl");
    std::fs::write(&path.0, content()).unwrap();
    let sources = [
        FileSource::from_path(&path.0),
        FileSource::from_bytes("a.jsonl", content()),
        FileSource::from_blocking_reader("a.jsonl", Cursor::new(content()), length()),
        FileSource::from_blocking_reader("a.jsonl", Cursor::new(content()), None),
    ];
    for source in sources {
        let debug = format!("{source:?}");
        let sent = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&sent);
        let source = source.on_progress(move |sent, _| count.store(sent, Ordering::SeqCst));
        let id = upload(&client, source).unwrap();
        assert_eq!(sent.load(Ordering::SeqCst), length(), "{debug}");
        assert_eq!(
            download(&client, &id).bytes().unwrap(),
            content(),
            "{debug}"
        );
    }
}

/// Returns some bytes, then fails.
struct FailingReader(usize);

impl Read for FailingReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match std::mem::take(&mut self.0) {
            0 => Err(io::Error::other("the tape is torn")),
            length => {
                buffer[..length].fill(b'a');
                Ok(length)
            }
        }
    }
}

/// Returns `Interrupted` before each read.
struct InterruptedReader(Cursor<Vec<u8>>, bool);

impl Read for InterruptedReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.1 = !self.1;
        if self.1 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        self.0.read(buffer)
    }
}

struct PanickingReader;

impl Read for PanickingReader {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        panic!("on purpose")
    }
}

#[test]
fn multipart_upload_reader_error_fails_the_call() {
    let (emulator, client) = start();
    let source = |reader: Box<dyn Read + Send>, length: Option<u64>| {
        upload(
            &client,
            FileSource::from_blocking_reader("a.jsonl", reader, length),
        )
    };
    let cases: [(Box<dyn Read + Send>, _, _); 4] = [
        (Box::new(FailingReader(100)), None, "the tape is torn"),
        (
            Box::new(Cursor::new("four")),
            Some(5),
            "returned 4 bytes, but its `length` is 5",
        ),
        (
            Box::new(Cursor::new("four")),
            Some(3),
            "but its `length` is 3",
        ),
        (Box::new(PanickingReader), None, "panic"),
    ];
    for (reader, length, words) in cases {
        let error = source(reader, length).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io, "{error:#}");
        assert!(format!("{error:#}").contains(words), "{error:#}");
    }
    assert!(emulator.requests().is_empty());

    let interrupted = InterruptedReader(Cursor::new(content()), false);
    let id = source(Box::new(interrupted), Some(length())).unwrap();
    assert_eq!(download(&client, &id).bytes().unwrap(), content());
}

/// Blocks until the sender of the channel is dropped.
struct BlockedReader(Receiver<()>);

impl Read for BlockedReader {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        let _ = self.0.recv();
        Ok(0)
    }
}

#[test]
fn multipart_upload_stuck_reader_delays_no_timeout_call_or_drop() {
    let (_emulator, client) = start();
    let (end, reader) = channel();
    let source = FileSource::from_blocking_reader("a.jsonl", BlockedReader(reader), None);
    let request = UploadFileRequest::new(FilePurpose::Batch, source);
    std::thread::scope(|scope| {
        let call = client.files().upload(&request);
        let sending = scope.spawn(|| call.timeout(Duration::from_millis(100)).send());
        client.models().list().send().unwrap();
        let error = sending.join().unwrap().unwrap_err();
        assert_eq!(
            error.timeout_phase(),
            Some(TimeoutPhase::Total),
            "{error:#}"
        );
    });
    drop(client);
    drop(end);
}

#[test]
fn download_writes_to_file_and_writer() {
    let (_emulator, client) = start();
    let id = upload(&client, FileSource::from_bytes("a.jsonl", content())).unwrap();

    let mut read = Vec::new();
    let mut stream = download(&client, &id);
    assert_eq!(stream.content_length(), Some(length()));
    assert!(stream.content_type().is_some() && stream.request_id().is_some());
    assert_eq!(stream.read(&mut []).unwrap(), 0);
    stream.read_exact(&mut [0; 10]).unwrap();
    stream.read_to_end(&mut read).unwrap();
    assert_eq!(read, content()[10..]);

    let mut first = [0; 10];
    let mut stream = download(&client, &id);
    stream.read_exact(&mut first).unwrap();
    let rest: Vec<_> = stream.flat_map(Result::unwrap).collect();
    assert_eq!([&first, &*rest].concat(), content());

    let path = TempPath::new("download.jsonl");
    let arrived = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&arrived);
    let stream = download(&client, &id);
    let stream = stream.on_progress(move |read, _| count.store(read, Ordering::SeqCst));
    assert_eq!(stream.write_to(&path.0).unwrap(), length());
    assert_eq!(arrived.load(Ordering::SeqCst), length());
    assert_eq!(std::fs::read(&path.0).unwrap(), content());

    let mut copy = Vec::new();
    let copied = download(&client, &id).copy_to(&mut copy).unwrap();
    assert_eq!((copied, &copy), (length(), &content()));
}

#[test]
fn download_partly_read_bytes_are_neither_lost_nor_repeated() {
    let (_emulator, client) = start();
    let id = upload(&client, FileSource::from_bytes("a.jsonl", content())).unwrap();
    let partly_read = || {
        let mut stream = download(&client, &id);
        stream.read_exact(&mut [0; 10]).unwrap();
        stream
    };
    let rest = &content()[10..];
    assert_eq!(partly_read().bytes().unwrap(), rest);
    let mut copy = Vec::new();
    assert_eq!(partly_read().copy_to(&mut copy).unwrap(), rest.len() as u64);
    assert_eq!(copy, rest);
    let path = TempPath::new("rest.jsonl");
    partly_read().write_to(&path.0).unwrap();
    assert_eq!(std::fs::read(&path.0).unwrap(), rest);
}

struct FullWriter;

impl Write for FullWriter {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::Error::other("the tape is full"))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn download_io_error_names_the_operation() {
    let (emulator, client) = start();
    let id = upload(&client, FileSource::from_bytes("a.jsonl", content())).unwrap();
    let error = download(&client, &id).copy_to(FullWriter).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.to_string().starts_with("files.download: "), "{error}");
    assert!(
        format!("{error:#}").contains("the tape is full"),
        "{error:#}"
    );
    let nowhere = TempPath::new("directory").0.join("file");
    let error = download(&client, &id).write_to(nowhere).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);

    emulator.push_fault(mistral_emulator::Fault::cut_after_bytes(1000));
    let mut stream = download(&client, &id);
    let error = stream.read_to_end(&mut Vec::new()).unwrap_err();
    let cause = error
        .get_ref()
        .unwrap()
        .downcast_ref::<mistral_sdk::Error>();
    assert_eq!(cause.unwrap().kind(), ErrorKind::Truncated);
}

#[test]
fn download_is_bufread_and_can_be_an_upload_source() {
    let (_emulator, client) = start();
    let id = upload(
        &client,
        FileSource::from_bytes("a.jsonl", "{\"a\":1}\n{\"b\":2}\n"),
    )
    .unwrap();
    let lines = BufReader::new(download(&client, &id)).lines();
    let lines: Vec<_> = lines.map(Result::unwrap).collect();
    assert_eq!(lines, ["{\"a\":1}", "{\"b\":2}"]);

    let copy = FileSource::from_blocking_reader("b.jsonl", download(&client, &id), None);
    let copy = upload(&client, copy).unwrap();
    assert_eq!(
        download(&client, &copy).bytes().unwrap(),
        "{\"a\":1}\n{\"b\":2}\n"
    );
}
