use std::io::{self, Read, Write};
use std::path::Path;
use std::task::Poll;

use bytes::{Buf, Bytes};

use super::blocking_stream::{AsyncSource, BlockingStream};
use crate::call::byte_stream;
use crate::error::{Error, Result};
use crate::mode::Blocking;

/// The body of a download, as a blocking stream of bytes.
///
/// Read it with [`Read`], as an iterator, at once with [`bytes`](Self::bytes), or directly into
/// a file or a writer. An incomplete download fails with
/// [`ErrorKind::Truncated`](crate::ErrorKind::Truncated). Dropping the stream closes its
/// connection.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = mistral_emulator::Emulator::start()?;
/// # let client = mistral_sdk::blocking::Client::new(
/// #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
/// # )?;
/// # use mistral_sdk::files::{FilePurpose, FileSource, UploadFileRequest};
/// # let file = FileSource::from_bytes("a.jsonl", "{}\n");
/// # let file = client.files().upload(&UploadFileRequest::new(FilePurpose::Batch, file)).send()?;
/// use std::io::{BufRead, BufReader};
///
/// let content = client.files().download(&file.id).send()?;
/// for line in BufReader::new(content).lines() {
///     println!("{}", line?);
/// }
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct ByteStream {
    stream: BlockingStream<byte_stream::ByteStream>,
    /// The rest of the chunk that [`Read`] has started to read.
    unread: Bytes,
}

impl ByteStream {
    pub(super) fn new(stream: byte_stream::ByteStream, mode: Blocking) -> Self {
        Self {
            stream: BlockingStream::new(stream, mode),
            unread: Bytes::new(),
        }
    }

    /// Returns the total number of bytes, if the server sent `Content-Length`.
    pub fn content_length(&self) -> Option<u64> {
        self.stream.inner.content_length()
    }

    /// Returns the media type, if the server sent `Content-Type`.
    pub fn content_type(&self) -> Option<&str> {
        self.stream.inner.content_type()
    }

    /// Returns the server's request id, for support requests.
    pub fn request_id(&self) -> Option<&str> {
        self.stream.inner.request_id()
    }

    /// Calls `report` after each chunk, with the number of bytes received so far and the total
    /// number, if known.
    #[must_use]
    pub fn on_progress(
        mut self,
        report: impl FnMut(u64, Option<u64>) + Send + Sync + 'static,
    ) -> Self {
        self.stream.inner = self.stream.inner.on_progress(report);
        self
    }

    /// Reads all bytes into memory.
    ///
    /// # Errors
    /// Fails if the download is incomplete or times out.
    pub fn bytes(self) -> Result<Bytes> {
        self.into_unread()
            .collect(async |stream| stream.bytes().await)
    }

    /// Writes all bytes to the file at `path`, and returns their number.
    ///
    /// An existing file is overwritten. A download that fails leaves no file.
    ///
    /// # Errors
    /// Fails if the download is incomplete or times out, or with
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) if the file cannot be written.
    pub fn write_to(self, path: impl AsRef<Path>) -> Result<u64> {
        self.into_unread()
            .collect(async move |stream| stream.write_to(path).await)
    }

    /// Returns the stream, including the rest of a chunk that [`Read`] has started to read.
    fn into_unread(mut self) -> BlockingStream<byte_stream::ByteStream> {
        self.stream.inner.unread(self.unread);
        self.stream
    }

    /// Writes all bytes to `writer`, and returns their number.
    ///
    /// # Errors
    /// Fails if the download is incomplete or times out, or with
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) if `writer` fails.
    pub fn copy_to(mut self, mut writer: impl Write) -> Result<u64> {
        let mut written = 0;
        while let Some(bytes) = self.next() {
            let bytes = bytes?;
            writer.write_all(&bytes).map_err(|error| {
                let what = "the download cannot be written to the writer";
                self.stream.inner.error(Error::io(what, error))
            })?;
            written += bytes.len() as u64;
        }
        Ok(written)
    }
}

impl Iterator for ByteStream {
    type Item = Result<Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.unread.has_remaining() {
            return Some(Ok(std::mem::take(&mut self.unread)));
        }
        self.stream.next()
    }
}

/// Wraps errors of the download, which are an [`Error`](crate::Error), in an [`io::Error`].
impl Read for ByteStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !self.unread.has_remaining() && !buffer.is_empty() {
            match self.stream.next().transpose().map_err(io::Error::other)? {
                Some(bytes) => self.unread = bytes,
                None => return Ok(0),
            }
        }
        let length = buffer.len().min(self.unread.len());
        let (read, _) = buffer.split_at_mut(length);
        self.unread.copy_to_slice(read);
        Ok(length)
    }
}

impl AsyncSource for byte_stream::ByteStream {
    type Element = Bytes;
    const SENDS_REQUESTS: bool = false;

    fn next_buffered(&mut self) -> Poll<Option<Result<Bytes>>> {
        if self.has_ended() {
            Poll::Ready(None)
        } else {
            Poll::Pending
        }
    }

    fn with_context(&self, error: Error) -> Error {
        self.error(error)
    }
}
