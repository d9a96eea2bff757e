//! Downloads: responses that are bytes.

use std::borrow::Cow;
use std::fmt;
use std::fs::File;
use std::future::poll_fn;
use std::io::{self, Write};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use http::header::CONTENT_TYPE;

use crate::error::{Error, ErrorKind, Result};
use crate::pipeline::classify::RawResponse;
use crate::pipeline::deadline::IdleTimer;
use crate::pipeline::telemetry::{CallOutcome, Trace};
use crate::transport::{Body, RequestTarget, run_blocking};

/// The number of bytes that are collected before they are written. HTTP/2 delivers 16 KiB at a time,
/// and each write switches threads twice. HTTP/1.1 delivers up to 400 KiB, and holding more than one
/// such chunk costs more in new memory than it saves in writes.
const MIN_WRITE_SIZE: usize = 256 * 1024;
/// The largest number of chunks that are collected, because a server may send single bytes.
const MAX_CHUNKS_PER_WRITE: usize = 1024;

type DownloadProgress = Box<dyn FnMut(u64, Option<u64>) + Send + Sync>;

/// The bytes of a download, read as they arrive.
///
/// Read it as a [`Stream`], into memory with [`bytes`](Self::bytes), or into a file with
/// [`write_to`](Self::write_to). A download that stops before its end fails with
/// [`ErrorKind::Truncated`]. Dropping it cancels the download and closes its connection.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = mistral_emulator::Emulator::start()?;
/// # let client = mistral_sdk::Client::new(
/// #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
/// # )?;
/// # use mistral_sdk::files::{FilePurpose, UploadFileRequest};
/// # use mistral_sdk::files::FileSource;
/// # let file = FileSource::from_bytes("a.jsonl", "{}\n");
/// # let file = client.files().upload(&UploadFileRequest::new(FilePurpose::Batch, file)).await?;
/// let content = client.files().download(&file.id).await?;
/// println!("{:?} bytes of {:?}", content.content_length(), content.content_type());
/// let bytes = content.bytes().await?;
/// # assert_eq!(bytes, "{}\n");
/// # Ok(()) }
/// ```
pub struct ByteStream {
    operation: Cow<'static, str>,
    attempts: u32,
    request_id: Option<Box<str>>,
    content_type: Option<Box<str>>,
    length: Option<u64>,
    read: u64,
    /// `None` once the stream has ended.
    body: Option<Body>,
    idle_timer: IdleTimer,
    progress: Option<DownloadProgress>,
    trace: Option<Box<Trace>>,
    target: Arc<RequestTarget>,
}

impl ByteStream {
    pub(crate) fn new(operation: Cow<'static, str>, raw: RawResponse) -> Self {
        let (head, body) = raw.response.http.into_parts();
        let content_type = head.headers.get(CONTENT_TYPE);
        Self {
            operation,
            attempts: raw.attempts,
            request_id: crate::error::request_id(&head.headers).map(Box::from),
            content_type: content_type
                .and_then(|value| value.to_str().ok())
                .map(Box::from),
            length: body.content_length(),
            read: 0,
            body: Some(body),
            idle_timer: IdleTimer::new(raw.idle, raw.deadline),
            progress: None,
            trace: raw.trace,
            target: raw.response.context.target,
        }
    }

    /// Returns the total number of bytes, if the server sent it.
    pub fn content_length(&self) -> Option<u64> {
        self.length
    }

    /// Returns the media type of the bytes, if the server sent it.
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// Returns the server's id of the request, which its support may ask for.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// Calls `report` for every chunk that arrives, with the number of bytes so far and the total
    /// number, if it is known. `report` must not block.
    #[must_use]
    pub fn on_progress(
        mut self,
        report: impl FnMut(u64, Option<u64>) + Send + Sync + 'static,
    ) -> Self {
        self.progress = Some(Box::new(report));
        self
    }

    /// Returns the next chunk, or `None` at the end.
    pub async fn next(&mut self) -> Option<Result<Bytes>> {
        poll_fn(|cx| self.poll_bytes(cx)).await
    }

    /// Reads all bytes into memory.
    ///
    /// # Errors
    /// Fails when the download stops before its end, or a timeout expires.
    pub async fn bytes(mut self) -> Result<Bytes> {
        let mut buffer = BytesMut::new();
        while let Some(bytes) = self.next().await {
            buffer.extend_from_slice(&bytes?);
        }
        Ok(buffer.freeze())
    }

    /// Writes all bytes to the file at `path` and returns their number.
    ///
    /// An existing file is overwritten. If the download fails, the partial file is removed.
    ///
    /// # Errors
    /// Fails when the download stops before its end, when a timeout expires, or, with
    /// [`ErrorKind::Io`], when the file cannot be written.
    pub async fn write_to(mut self, path: impl AsRef<Path>) -> Result<u64> {
        let path = path.as_ref().to_owned();
        let create = path.clone();
        let file = match run_blocking(move || File::create(create)).await {
            Ok(file) => file,
            Err(error) => return Err(self.write_error(&path, error)),
        };
        if let Err(error) = self.write_chunks(file, &path).await {
            let _ = run_blocking(move || remove(&path)).await; // the first error is returned
            return Err(error);
        }
        Ok(self.read)
    }

    async fn write_chunks(&mut self, mut file: File, path: &Path) -> Result<()> {
        loop {
            let chunks = self.next_chunks().await?;
            if chunks.is_empty() {
                return Ok(());
            }
            let write = move || {
                for chunk in chunks {
                    file.write_all(&chunk)?;
                }
                Ok(file)
            };
            file = match run_blocking(write).await {
                Ok(file) => file,
                Err(error) => return Err(self.write_error(path, error)),
            };
        }
    }

    /// Collects chunks that are worth a write on another thread. Empty at the end.
    async fn next_chunks(&mut self) -> Result<Vec<Bytes>> {
        let (mut chunks, mut size) = (Vec::new(), 0);
        while size < MIN_WRITE_SIZE && chunks.len() < MAX_CHUNKS_PER_WRITE {
            let Some(bytes) = self.next().await else {
                break;
            };
            let bytes = bytes?;
            size += bytes.len();
            chunks.push(bytes);
        }
        Ok(chunks)
    }

    fn write_error(&self, path: &Path, error: io::Error) -> Error {
        let message = format!("the file `{}` cannot be written", path.display());
        self.error(Error::io(message, error))
    }

    #[cfg(feature = "blocking")]
    pub(crate) fn has_ended(&self) -> bool {
        self.body.is_none()
    }

    /// Puts bytes back at the start, to be read again.
    #[cfg(feature = "blocking")]
    pub(crate) fn unread(&mut self, bytes: Bytes) {
        if let Some(body) = &mut self.body
            && !bytes.is_empty()
        {
            self.read -= bytes.len() as u64;
            body.unread(bytes);
        }
    }

    pub(crate) fn error(&self, error: Error) -> Error {
        error
            .with_url(&self.target.url)
            .with_request_id(self.request_id.as_deref())
            .at(self.operation.clone(), self.attempts)
    }

    fn poll_bytes(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        let error = match Pin::new(body).poll_next(cx) {
            Poll::Ready(Some(Ok(bytes))) => {
                self.idle_timer.reset();
                self.read += bytes.len() as u64;
                if let Some(report) = &mut self.progress {
                    report(self.read, self.length);
                }
                return Poll::Ready(Some(Ok(bytes)));
            }
            Poll::Ready(None) if self.length.is_none_or(|length| length == self.read) => {
                self.body = None;
                if let Some(trace) = self.trace.take() {
                    trace.end(None, CallOutcome::Completed);
                }
                return Poll::Ready(None);
            }
            Poll::Ready(None) => self.truncated("the server closed the connection"),
            Poll::Ready(Some(Err(cause))) => {
                let error = self.truncated(&cause.to_string());
                error.with_source(cause.into_source())
            }
            Poll::Pending => match self.idle_timer.poll(cx) {
                Poll::Ready(error) => error,
                Poll::Pending => return Poll::Pending,
            },
        };
        self.body = None;
        let error = self.error(error);
        if let Some(trace) = self.trace.take() {
            trace.end(None, CallOutcome::Failed(&error));
        }
        Poll::Ready(Some(Err(error)))
    }

    fn truncated(&self, reason: &str) -> Error {
        let read = self.read;
        let of = self
            .length
            .map_or(String::new(), |all| format!(" of {all}"));
        let message = format!("the download stopped after {read}{of} bytes: {reason}");
        Error::new(ErrorKind::Truncated, message)
    }
}

/// Removes a regular file, and leaves devices alone.
fn remove(path: &Path) -> io::Result<()> {
    if std::fs::metadata(path)?.is_file() {
        std::fs::remove_file(path)?;
    }
    Ok(())
}

impl Stream for ByteStream {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_bytes(cx)
    }
}

impl fmt::Debug for ByteStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByteStream")
            .field("operation", &self.operation)
            .field("content_type", &self.content_type)
            .field("content_length", &self.length)
            .field("read", &self.read)
            .finish_non_exhaustive()
    }
}
