use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::transport::FileSource;

/// How much is asked of a reader at once.
const READ_SIZE: usize = 256 * 1024;

impl FileSource {
    /// A file that is read from `reader`, which gives `length` bytes if that is known.
    ///
    /// The reader may take its time: it is read on a thread of its own. One that gives more or
    /// fewer bytes than announced is the error of the call.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = mistral_emulator::Emulator::start()?;
    /// # let client = mistral_sdk::blocking::Client::new(
    /// #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
    /// # )?;
    /// use mistral_sdk::files::FileSource;
    /// use mistral_sdk::files::{FilePurpose, UploadFileRequest};
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
            state: State::Idle(Box::new(reader)),
        };
        Self::from_stream(file_name, chunks, length)
    }
}

type Reader = Box<dyn Read + Send>;

/// What a reader gives, piece by piece, read on the threads that may block.
struct ReaderChunks {
    state: State,
}

enum State {
    Idle(Reader),
    Reading(JoinHandle<(Reader, io::Result<Bytes>)>),
    Ended,
}

impl Stream for ReaderChunks {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match std::mem::replace(&mut self.state, State::Ended) {
                State::Ended => return Poll::Ready(None),
                State::Idle(reader) => {
                    self.state = State::Reading(spawn_blocking(move || read(reader)));
                }
                State::Reading(mut reading) => {
                    let Poll::Ready(piece) = Pin::new(&mut reading).poll(cx) else {
                        self.state = State::Reading(reading);
                        return Poll::Pending;
                    };
                    let (reader, bytes) = piece.map_err(io::Error::other)?;
                    let bytes = bytes?;
                    if bytes.is_empty() {
                        return Poll::Ready(None);
                    }
                    self.state = State::Idle(reader);
                    return Poll::Ready(Some(Ok(bytes)));
                }
            }
        }
    }
}

/// Reads what is there, or waits for it.
fn read(mut reader: Reader) -> (Reader, io::Result<Bytes>) {
    let mut buffer = vec![0; READ_SIZE];
    let bytes = loop {
        match reader.read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(length) if length > READ_SIZE / 2 => {
                buffer.truncate(length);
                break Ok(Bytes::from(buffer));
            }
            // A small piece must not keep a large buffer.
            Ok(length) => break Ok(buffer.drain(..length).collect()),
            Err(error) => break Err(error),
        }
    };
    (reader, bytes)
}
