use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::transport::FileSource;

/// The number of bytes that are requested from a reader at a time.
const READ_SIZE: usize = 256 * 1024;

#[cfg(feature = "blocking")]
impl FileSource {
    /// Creates a file from a blocking `reader`, which yields `length` bytes, if known.
    ///
    /// The reader may block: it runs on tokio's blocking thread pool. If it yields more or
    /// fewer bytes than `length`, the call fails.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = mistral_emulator::Emulator::start()?;
    /// # let client = mistral_sdk::blocking::Client::new(
    /// #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
    /// # )?;
    /// use mistral_sdk::files::{FilePurpose, FileSource, UploadFileRequest};
    ///
    /// let requests = std::io::Cursor::new("{}\n"); // or a file, a pipe, `std::io::stdin()`
    /// let source = FileSource::from_blocking_reader("requests.jsonl", requests, None);
    /// let request = UploadFileRequest::new(FilePurpose::Batch, source);
    /// let file = client.files().upload(&request).send()?;
    /// # assert_eq!(file.bytes, Some(3));
    /// # Ok(()) }
    /// ```
    pub fn from_blocking_reader(
        file_name: impl Into<String>,
        reader: impl Read + Send + 'static,
        length: impl Into<Option<u64>>,
    ) -> Self {
        let chunks = ReaderChunks {
            state: ReaderState::Idle(Box::new(reader)),
        };
        Self::from_stream(file_name, chunks, length)
    }
}

type Reader = Box<dyn Read + Send>;

/// The chunks of a reader, which is read on tokio's blocking thread pool.
struct ReaderChunks {
    state: ReaderState,
}

enum ReaderState {
    Idle(Reader),
    Reading(JoinHandle<(Reader, io::Result<Bytes>)>),
    Ended,
}

impl Stream for ReaderChunks {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match std::mem::replace(&mut self.state, ReaderState::Ended) {
                ReaderState::Ended => return Poll::Ready(None),
                ReaderState::Idle(reader) => {
                    self.state = ReaderState::Reading(spawn_blocking(move || read(reader)));
                }
                ReaderState::Reading(mut reading) => {
                    let Poll::Ready(result) = Pin::new(&mut reading).poll(cx) else {
                        self.state = ReaderState::Reading(reading);
                        return Poll::Pending;
                    };
                    let (reader, bytes) = result.map_err(io::Error::other)?;
                    let bytes = bytes?;
                    if bytes.is_empty() {
                        return Poll::Ready(None);
                    }
                    self.state = ReaderState::Idle(reader);
                    return Poll::Ready(Some(Ok(bytes)));
                }
            }
        }
    }
}

/// Reads the next chunk. Returns the reader with it, to be moved back from the thread.
fn read(mut reader: Reader) -> (Reader, io::Result<Bytes>) {
    let mut buffer = vec![0; READ_SIZE];
    let bytes = loop {
        match reader.read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(length) if length > READ_SIZE / 2 => {
                buffer.truncate(length);
                break Ok(Bytes::from(buffer));
            }
            // A small chunk must not keep a large buffer alive.
            Ok(length) => break Ok(buffer.drain(..length).collect()),
            Err(error) => break Err(error),
        }
    };
    (reader, bytes)
}
