//! A local file as a stream of large pieces, each read ahead of its turn.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use tokio::task::{JoinHandle, spawn_blocking};

use super::{TransportError, TransportErrorKind};

/// Measured: from 256 KiB on, larger pieces gain nothing.
const PIECE: u64 = 512 * 1024;

/// Reads a file on the threads that may block.
pub(super) struct FileChunks {
    path: PathBuf,
    /// `None` once all has been read.
    reading: Option<JoinHandle<Piece>>,
}

struct Piece {
    file: File,
    left: u64,
    bytes: io::Result<Vec<u8>>,
}

impl FileChunks {
    /// Opens the file and begins to read it. Gives its length, too.
    pub(super) async fn open(path: PathBuf) -> Result<(Self, u64), TransportError> {
        let opened = {
            let path = path.clone();
            blocking(move || {
                let file = File::open(path)?;
                let metadata = file.metadata()?;
                if metadata.is_dir() {
                    return Err(io::Error::other("it is a directory"));
                }
                Ok((file, metadata.len()))
            })
            .await
        };
        let (file, length) = opened.map_err(|error| {
            unreadable(format!(
                "the file `{}` cannot be read: {error}",
                path.display()
            ))
        })?;
        let reading = Some(spawn_blocking(move || read(file, length)));
        Ok((Self { path, reading }, length))
    }
}

/// Runs `work` where it may block.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    spawn_blocking(work).await.map_err(io::Error::other)?
}

/// Reads the next piece. With the last one it makes sure that the file ends there: what is
/// sent must be what was announced.
fn read(mut file: File, left: u64) -> Piece {
    let size = left.min(PIECE);
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
    let mut fill = || {
        file.by_ref().take(size).read_to_end(&mut bytes)?;
        if (bytes.len() as u64) < size {
            return Err(io::Error::other("it became shorter while it was sent"));
        }
        if left == size && file.read(&mut [0])? > 0 {
            return Err(io::Error::other("it became longer while it was sent"));
        }
        Ok(())
    };
    let bytes = fill().map(|()| bytes);
    Piece {
        file,
        left: left - size,
        bytes,
    }
}

impl Stream for FileChunks {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(reading) = &mut self.reading else {
            return Poll::Ready(None);
        };
        let read_piece = ready!(Pin::new(reading).poll(cx)).map_err(io::Error::other);
        self.reading = None;
        let bytes = read_piece.and_then(|piece| {
            let bytes = piece.bytes?;
            if piece.left > 0 {
                self.reading = Some(spawn_blocking(move || read(piece.file, piece.left)));
            }
            Ok(bytes)
        });
        Poll::Ready(match bytes {
            Ok(bytes) if bytes.is_empty() => None,
            Ok(bytes) => Some(Ok(bytes.into())),
            Err(error) => Some(Err(unreadable(format!(
                "the file `{}`: {error}",
                self.path.display()
            )))),
        })
    }
}

pub(super) fn unreadable(
    cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> TransportError {
    TransportError::new(TransportErrorKind::RequestBody, cause)
}
