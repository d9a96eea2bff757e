//! A local file as a stream of large chunks, one of which is read ahead.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use tokio::task::{JoinHandle, spawn_blocking};

use super::{TransportError, TransportErrorKind, current_runtime};

/// The size of a chunk, in bytes. Measured: from 256 KiB on, larger chunks gain nothing.
const CHUNK_SIZE: u64 = 512 * 1024;

/// Reads a file on the blocking threads of the runtime.
pub(super) struct FileChunks {
    path: PathBuf,
    /// The read in progress, or `None` at the end.
    reading: Option<JoinHandle<ReadChunk>>,
}

/// One chunk, and the file to read the next one from.
struct ReadChunk {
    file: File,
    remaining: u64,
    bytes: io::Result<Vec<u8>>,
}

impl FileChunks {
    /// Opens the file and starts to read it. Returns its length, too.
    pub(super) async fn open(path: PathBuf) -> Result<(Self, u64), TransportError> {
        current_runtime()?;
        let opened = {
            let path = path.clone();
            run_blocking(move || {
                let file = File::open(path)?;
                let metadata = file.metadata()?;
                if metadata.is_dir() {
                    return Err(io::Error::other("it is a directory"));
                }
                Ok((file, metadata.len()))
            })
            .await
        };
        let (file, length) =
            opened.map_err(|error| unreadable(FileError::new("read", &path, error)))?;
        let reading = Some(spawn_blocking(move || read_chunk(file, length)));
        Ok((Self { path, reading }, length))
    }
}

/// Runs `work` on a blocking thread of the runtime. Without one, the error holds a
/// [`TransportError`].
pub(crate) async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    current_runtime().map_err(io::Error::other)?;
    spawn_blocking(work).await.map_err(io::Error::other)?
}

/// Reads the next chunk. After the last one it checks that the file ends there, because the length
/// has been sent already.
fn read_chunk(mut file: File, remaining: u64) -> ReadChunk {
    let size = remaining.min(CHUNK_SIZE);
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
    let mut fill = || {
        file.by_ref().take(size).read_to_end(&mut bytes)?;
        if (bytes.len() as u64) < size {
            return Err(io::Error::other("it became shorter during the upload"));
        }
        if remaining == size && file.read(&mut [0])? > 0 {
            return Err(io::Error::other("it became longer during the upload"));
        }
        Ok(())
    };
    let bytes = fill().map(|()| bytes);
    ReadChunk {
        file,
        remaining: remaining - size,
        bytes,
    }
}

impl Stream for FileChunks {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(reading) = &mut self.reading else {
            return Poll::Ready(None);
        };
        let chunk = ready!(Pin::new(reading).poll(cx)).map_err(io::Error::other);
        self.reading = None;
        let bytes = chunk.and_then(|chunk| {
            let bytes = chunk.bytes?;
            if chunk.remaining > 0 {
                self.reading = Some(spawn_blocking(move || {
                    read_chunk(chunk.file, chunk.remaining)
                }));
            }
            Ok(bytes)
        });
        Poll::Ready(match bytes {
            Ok(bytes) if bytes.is_empty() => None,
            Ok(bytes) => Some(Ok(bytes.into())),
            Err(error) => Some(Err(unreadable(FileError::new(
                "uploaded", &self.path, error,
            )))),
        })
    }
}

/// The error of a file, with its path.
#[derive(Debug)]
struct FileError {
    message: String,
    cause: io::Error,
}

impl FileError {
    fn new(step: &str, path: &Path, cause: io::Error) -> Self {
        let message = format!("the file `{}` cannot be {step}", path.display());
        Self { message, cause }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for FileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.cause)
    }
}

/// Creates the error of a request body that cannot be read.
pub(super) fn unreadable(
    cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> TransportError {
    TransportError::new(TransportErrorKind::RequestBody, cause)
}
