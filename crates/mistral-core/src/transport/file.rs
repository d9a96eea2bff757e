use std::fmt;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use futures_io::AsyncRead;

use super::file_chunks::{FileChunks, unreadable};
use super::signature::{self, SIGNATURE_BYTES};
use super::{Body, TransportError, media_type};

/// The size of a read, in bytes. Large, because every read has a fixed cost.
const READ_SIZE: usize = 256 * 1024;

type UploadProgress = Arc<dyn Fn(u64, Option<u64>) + Send + Sync>;

/// A file to upload: from a path, from bytes in memory, or from a reader or stream.
///
/// A file from a path or a reader is streamed: it is never in memory as a whole. A call with a
/// file from a path or from bytes can be retried. A reader or stream can be read only once, so a
/// call with one is never retried.
///
/// ```
/// use mistral_sdk::files::FileSource;
///
/// let by_path = FileSource::from_path("data/questions.jsonl");
/// assert_eq!(by_path.file_name(), "questions.jsonl");
/// let from_memory = FileSource::from_bytes("note.txt", "hello").content_type("text/plain");
/// # let _ = from_memory;
/// ```
#[derive(Clone)]
pub struct FileSource {
    file_name: String,
    content_type: Option<String>,
    /// Whether the file is a recording, though its name may be that of a film.
    is_audio: bool,
    content: FileContent,
    progress: Option<UploadProgress>,
}

/// A file that is ready to be sent.
pub(crate) struct OpenFile {
    pub(crate) body: Body,
    pub(crate) media_type: String,
}

#[derive(Clone)]
enum FileContent {
    Path(PathBuf),
    Bytes(Bytes),
    Once {
        body: Arc<Mutex<Option<Body>>>,
        length: Option<u64>,
    },
}

impl FileSource {
    /// Uploads the file at `path` under its own name.
    ///
    /// The call fails when the file is missing, unreadable or a directory.
    pub fn from_path(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Self::new(name, FileContent::Path(path.to_owned()))
    }

    /// Uploads `bytes`.
    pub fn from_bytes(file_name: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        Self::new(file_name, FileContent::Bytes(bytes.into()))
    }

    /// Uploads the bytes of `reader`, which are `length` bytes if that is known.
    ///
    /// The call fails when the reader returns more or fewer bytes than `length`.
    pub fn from_reader(
        file_name: impl Into<String>,
        reader: impl AsyncRead + Send + 'static,
        length: impl Into<Option<u64>>,
    ) -> Self {
        Self::from_stream(file_name, ReaderStream::new(Box::pin(reader)), length)
    }

    /// Uploads the chunks of `stream`, which are `length` bytes in total if that is known.
    ///
    /// The call fails when the stream returns more or fewer bytes than `length`.
    pub fn from_stream(
        file_name: impl Into<String>,
        stream: impl Stream<Item = std::io::Result<Bytes>> + Send + 'static,
        length: impl Into<Option<u64>>,
    ) -> Self {
        let length = length.into();
        let body = Body::from_stream(LengthChecked {
            stream: Box::pin(stream),
            expected: length,
            read: 0,
        });
        let body = match length {
            Some(length) => body.with_content_length(length),
            None => body,
        };
        let body = Arc::new(Mutex::new(Some(body)));
        Self::new(file_name, FileContent::Once { body, length })
    }

    fn new(file_name: impl Into<String>, content: FileContent) -> Self {
        Self {
            file_name: file_name.into(),
            content_type: None,
            is_audio: false,
            content,
            progress: None,
        }
    }

    /// Sets the file name that is sent to the server.
    #[must_use]
    pub fn with_file_name(mut self, file_name: impl Into<String>) -> Self {
        self.file_name = file_name.into();
        self
    }

    /// Sets the media type. Default: that of the extension of the file name or, if it is not
    /// known, that of the first bytes. Those of a reader or stream are not looked at.
    #[must_use]
    pub fn content_type(mut self, media_type: impl Into<String>) -> Self {
        self.content_type = Some(media_type.into());
        self
    }

    /// Calls `report` for every chunk that is passed to the connection, with the number of bytes so
    /// far and the total number, if it is known. `report` must not block.
    #[must_use]
    pub fn on_progress(
        mut self,
        report: impl Fn(u64, Option<u64>) + Send + Sync + 'static,
    ) -> Self {
        self.progress = Some(Arc::new(report));
        self
    }

    /// Returns the file name that is sent to the server.
    pub fn file_name(&self) -> &str {
        &self.file_name
    }

    /// Returns the media type that is sent to the server. `application/octet-stream` if it is not
    /// known before the file is opened.
    pub fn media_type(&self) -> &str {
        self.known_media_type().unwrap_or(media_type::UNKNOWN)
    }

    /// Marks the file as a recording: a container that may hold a film is sent as audio.
    pub(crate) fn with_audio_type(mut self) -> Self {
        self.is_audio = true;
        self
    }

    fn known_media_type(&self) -> Option<&str> {
        if let Some(content_type) = &self.content_type {
            return Some(content_type);
        }
        let by_content = || match &self.content {
            FileContent::Bytes(bytes) => signature::of_bytes(bytes),
            FileContent::Path(_) | FileContent::Once { .. } => None,
        };
        let found = media_type::of_file_name(&self.file_name).or_else(by_content)?;
        Some(self.in_context(found))
    }

    fn in_context(&self, media_type: &'static str) -> &'static str {
        if self.is_audio {
            media_type::as_audio(media_type)
        } else {
            media_type
        }
    }

    /// Whether the file can be read again for a retry.
    pub(crate) fn is_replayable(&self) -> bool {
        !matches!(self.content, FileContent::Once { .. })
    }

    /// Opens the file. Its first bytes are read if nothing else tells its media type.
    pub(crate) async fn open(&self) -> Result<OpenFile, TransportError> {
        let mut body = self.open_body().await?;
        let media_type = match (self.known_media_type(), &self.content) {
            (Some(known), _) => known.to_owned(),
            (None, FileContent::Path(_)) => {
                let found = signature::of_bytes(&peek(&mut body).await?);
                let found = found.unwrap_or(media_type::UNKNOWN);
                self.in_context(found).to_owned()
            }
            // A reader may be slow, and nothing has been sent yet.
            (None, _) => media_type::UNKNOWN.to_owned(),
        };
        if let Some(report) = self.progress.clone() {
            let (mut sent, length) = (0, body.content_length());
            body = body.on_chunk(move |bytes| {
                sent += bytes as u64;
                report(sent, length);
            });
        }
        Ok(OpenFile { body, media_type })
    }

    async fn open_body(&self) -> Result<Body, TransportError> {
        Ok(match &self.content {
            FileContent::Bytes(bytes) => Body::from(bytes.clone()),
            FileContent::Path(path) => {
                let (chunks, length) = FileChunks::open(path.clone()).await?;
                Body::from_stream(chunks).with_content_length(length)
            }
            FileContent::Once { body, .. } => {
                let mut slot = body.lock().unwrap_or_else(PoisonError::into_inner);
                slot.take().ok_or_else(|| {
                    unreadable(format!(
                        "the reader of `{}` was already consumed by an earlier call: create a \
                         new `FileSource`",
                        self.file_name
                    ))
                })?
            }
        })
    }
}

/// Returns the first bytes of a body, which stay in it.
async fn peek(body: &mut Body) -> Result<Bytes, TransportError> {
    let mut first = BytesMut::new();
    while first.len() < SIGNATURE_BYTES {
        let Some(chunk) = body.chunk().await else {
            // A stream must not be polled after its end.
            *body = first.clone().freeze().into();
            return Ok(first.freeze());
        };
        first.extend_from_slice(&chunk?);
    }
    let first = first.freeze();
    body.unread(first.clone());
    Ok(first)
}

/// Writes the name and the origin of the bytes, never the bytes.
impl fmt::Debug for FileSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("FileSource");
        debug.field("file_name", &self.file_name);
        match &self.content {
            FileContent::Path(path) => debug.field("path", path),
            FileContent::Bytes(bytes) => debug.field("bytes", &bytes.len()),
            FileContent::Once { length, .. } => debug.field("length", length),
        };
        debug.finish_non_exhaustive()
    }
}

/// A stream that fails unless it has the length that was announced.
struct LengthChecked<S> {
    stream: Pin<Box<S>>,
    expected: Option<u64>,
    read: u64,
}

impl<S: Stream<Item = std::io::Result<Bytes>>> Stream for LengthChecked<S> {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = ready!(self.stream.as_mut().poll_next(cx));
        let length = next
            .as_ref()
            .and_then(|bytes| bytes.as_ref().ok())
            .map(Bytes::len);
        self.read += length.unwrap_or_default() as u64;
        let mismatch = self.expected.filter(|&expected| match &next {
            Some(_) => self.read > expected,
            None => self.read != expected,
        });
        Poll::Ready(match (mismatch, next) {
            (Some(expected), Some(Ok(_)) | None) => {
                self.expected = None; // reported once
                Some(Err(unreadable(format!(
                    "the reader returned {} bytes, but its `length` is {expected}",
                    self.read
                ))))
            }
            (_, Some(Ok(bytes))) => Some(Ok(bytes)),
            (_, Some(Err(error))) => Some(Err(unreadable(error))),
            (None, None) => None,
        })
    }
}

/// The bytes of a reader, in large chunks.
struct ReaderStream<R> {
    reader: Pin<Box<R>>,
    buffer: Vec<u8>,
}

impl<R> ReaderStream<R> {
    fn new(reader: Pin<Box<R>>) -> Self {
        Self {
            reader,
            buffer: Vec::new(),
        }
    }
}

impl<R: AsyncRead> Stream for ReaderStream<R> {
    type Item = std::io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        this.buffer.resize(READ_SIZE, 0);
        let read = ready!(this.reader.as_mut().poll_read(cx, &mut this.buffer))?;
        if read == 0 {
            return Poll::Ready(None);
        }
        if read > READ_SIZE / 2 {
            this.buffer.truncate(read);
            return Poll::Ready(Some(Ok(std::mem::take(&mut this.buffer).into())));
        }
        let bytes = this.buffer.get(..read).unwrap_or_default();
        Poll::Ready(Some(Ok(Bytes::copy_from_slice(bytes))))
    }
}
