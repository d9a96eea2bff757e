use std::io::{self, Read, Write};
use std::path::Path;
use std::task::Poll;

use bytes::{Buf, Bytes};

use super::waiting::{Source, Waiting};
use crate::call::byte_stream;
use crate::error::{Error, Result};
use crate::mode::Blocking;

/// The bytes of a download, read as they arrive.
///
/// Take them with [`Read`], as an iterator, all at once with [`bytes`](Self::bytes), or
/// straight into a file or a writer. A download that stops before its end is an error
/// ([`ErrorKind::Truncated`](crate::ErrorKind::Truncated)). Dropping it closes its connection.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = mistral_emulator::Emulator::start()?;
/// # let client = mistral_sdk::blocking::Client::new(
/// #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
/// # )?;
/// # use mistral_sdk::files::{FilePurpose, UploadFileRequest};
/// # use mistral_sdk::files::FileSource;
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
    waiting: Waiting<byte_stream::ByteStream>,
    /// What [`Read`] has left of the piece that it reads.
    unread: Bytes,
}

impl ByteStream {
    pub(super) fn new(stream: byte_stream::ByteStream, mode: Blocking) -> Self {
        Self {
            waiting: Waiting::new(stream, mode),
            unread: Bytes::new(),
        }
    }

    /// How many bytes there are in all, if the server said so.
    pub fn content_length(&self) -> Option<u64> {
        self.waiting.source.content_length()
    }

    /// The media type of the bytes, if the server said so.
    pub fn content_type(&self) -> Option<&str> {
        self.waiting.source.content_type()
    }

    /// The server's id of the request, to be given to its support.
    pub fn request_id(&self) -> Option<&str> {
        self.waiting.source.request_id()
    }

    /// Calls `report` whenever bytes arrived, with how many there were so far and how many
    /// there are in all, if that is known.
    #[must_use]
    pub fn on_progress(
        mut self,
        report: impl FnMut(u64, Option<u64>) + Send + Sync + 'static,
    ) -> Self {
        self.waiting.source = self.waiting.source.on_progress(report);
        self
    }

    /// Reads all bytes into memory.
    ///
    /// # Errors
    /// Fails when the download stops before its end, or time runs out.
    pub fn bytes(self) -> Result<Bytes> {
        self.whole().finish(async |stream| stream.bytes().await)
    }

    /// Writes all bytes into the file at `path`, and says how many there were.
    ///
    /// A file that is there already is overwritten. A download that fails leaves no file:
    /// what has arrived of it is removed.
    ///
    /// # Errors
    /// Fails when the download stops before its end, when time runs out, or, with
    /// [`ErrorKind::Io`](crate::ErrorKind::Io), when the file cannot be written.
    pub fn write_to(self, path: impl AsRef<Path>) -> Result<u64> {
        self.whole()
            .finish(async move |stream| stream.write_to(path).await)
    }

    /// All that has not been read.
    fn whole(mut self) -> Waiting<byte_stream::ByteStream> {
        self.waiting.source.unread(self.unread);
        self.waiting
    }

    /// Writes all bytes to `writer`, and says how many there were.
    ///
    /// # Errors
    /// Fails when the download stops before its end, when time runs out, or, with
    /// [`ErrorKind::Io`](crate::ErrorKind::Io), when `writer` does.
    pub fn copy_to(mut self, mut writer: impl Write) -> Result<u64> {
        let mut written = 0;
        while let Some(bytes) = self.next() {
            let bytes = bytes?;
            writer.write_all(&bytes).map_err(|error| {
                let what = format!("the download cannot be written: {error}");
                self.waiting.source.error(Error::io(what, error))
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
        self.waiting.next()
    }
}

/// Its errors hold an [`Error`](crate::Error).
impl Read for ByteStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !self.unread.has_remaining() && !buffer.is_empty() {
            match self.waiting.next().transpose().map_err(io::Error::other)? {
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

impl Source for byte_stream::ByteStream {
    type Piece = Bytes;
    const SENDS: bool = false;

    fn arrived(&mut self) -> Poll<Option<Result<Bytes>>> {
        if self.has_ended() {
            Poll::Ready(None)
        } else {
            Poll::Pending
        }
    }

    fn error(&self, error: Error) -> Error {
        self.error(error)
    }
}
