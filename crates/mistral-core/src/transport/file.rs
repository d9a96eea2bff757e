use std::fmt;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use futures_io::AsyncRead;

use super::file_chunks::{FileChunks, unreadable};
use super::{Body, TransportError};

/// The size of a read, in bytes. Large, because every read has a fixed cost.
const READ_SIZE: usize = 256 * 1024;

type Progress = Arc<dyn Fn(u64, Option<u64>) + Send + Sync>;

/// A file to upload: from a path, from bytes in memory, or from a reader or stream.
///
/// A file from a path or a reader is streamed: it is never in memory as a whole. A call with a
/// file from a path or from bytes can be retried. A reader or stream can be read only once, so a
/// call with one is never retried.
///
/// ```
/// use mistral_core::files::FileSource;
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
    content: Content,
    progress: Option<Progress>,
}

#[derive(Clone)]
enum Content {
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
        Self::new(name, Content::Path(path.to_owned()))
    }

    /// Uploads `bytes`.
    pub fn from_bytes(file_name: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        Self::new(file_name, Content::Bytes(bytes.into()))
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
        Self::new(file_name, Content::Once { body, length })
    }

    fn new(file_name: impl Into<String>, content: Content) -> Self {
        Self {
            file_name: file_name.into(),
            content_type: None,
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

    /// Sets the media type. Default: derived from the extension of the file name.
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

    /// Returns the media type that is sent to the server.
    pub fn media_type(&self) -> &str {
        match &self.content_type {
            Some(media_type) => media_type,
            None => super::media_type::of_file_name(&self.file_name),
        }
    }

    /// Whether the file can be read again for a retry.
    pub(crate) fn is_replayable(&self) -> bool {
        !matches!(self.content, Content::Once { .. })
    }

    /// Opens the file.
    pub(crate) async fn open(&self) -> Result<Body, TransportError> {
        let body = match &self.content {
            Content::Bytes(bytes) => Body::from(bytes.clone()),
            Content::Path(path) => {
                let (chunks, length) = FileChunks::open(path.clone()).await?;
                Body::from_stream(chunks).with_content_length(length)
            }
            Content::Once { body, .. } => {
                let mut slot = body.lock().unwrap_or_else(PoisonError::into_inner);
                slot.take().ok_or_else(|| {
                    unreadable(format!(
                        "the reader of `{}` was already consumed by an earlier call: create a \
                         new `FileSource`",
                        self.file_name
                    ))
                })?
            }
        };
        let Some(report) = self.progress.clone() else {
            return Ok(body);
        };
        let (mut sent, length) = (0, body.content_length());
        Ok(body.on_chunk(move |bytes| {
            sent += bytes as u64;
            report(sent, length);
        }))
    }
}

/// Writes the name and the origin of the bytes, never the bytes.
impl fmt::Debug for FileSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("FileSource");
        debug.field("file_name", &self.file_name);
        match &self.content {
            Content::Path(path) => debug.field("path", path),
            Content::Bytes(bytes) => debug.field("bytes", &bytes.len()),
            Content::Once { length, .. } => debug.field("length", length),
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
