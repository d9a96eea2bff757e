//! The lines of a job's result files, read while they arrive.

use std::collections::VecDeque;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use memchr::memchr;

use super::response::BatchJob;
use super::result::BatchResult;
use crate::api::files::Files;
use crate::call::byte_stream::ByteStream;
use crate::error::{Error, ErrorKind, Result};

/// The longest line that is read: results of OCR carry images.
const MOST_BYTES: usize = 64 * 1024 * 1024;

type DownloadFuture = Pin<Box<dyn Future<Output = Result<ByteStream>> + Send>>;

/// One result as it came, and where from.
pub(super) struct Line {
    pub(super) json: Bytes,
    pub(super) file: Arc<str>,
    pub(super) number: u64,
}

impl Line {
    /// How an error names it.
    pub(super) fn place(&self) -> String {
        format!("line {} of `{}`", self.number, self.file)
    }

    /// A line that has been read before.
    pub(super) fn kept(json: Vec<u8>) -> Self {
        Self {
            json: json.into(),
            file: "".into(),
            number: 0,
        }
    }

    /// The `custom_id` of the line's result.
    pub(super) fn id(&self, result: &mut BatchResult) -> Result<String> {
        result.custom_id.take().ok_or_else(|| {
            let message = format!("{} has no `custom_id`", self.place());
            Error::new(ErrorKind::Decode, message)
        })
    }
}

/// The lines of all of a job's results.
pub(super) struct Lines {
    files: Files,
    /// The files that are not opened yet.
    waiting: VecDeque<String>,
    opening: Option<(Arc<str>, DownloadFuture)>,
    reading: Option<FileLines>,
    /// What came with the job itself.
    outputs: VecDeque<Bytes>,
    taken: u64,
    /// Whether a file could not be read. Then there are no more lines.
    pub(super) is_broken: bool,
}

impl Lines {
    #[inline]
    pub(super) fn of(files: Files, job: &BatchJob) -> Self {
        let ids = [&job.output_file, &job.error_file].into_iter().flatten();
        let outputs = job.outputs.iter().flatten();
        let as_json = |output| serde_json::to_vec(output).unwrap_or_default().into();
        Self {
            files,
            waiting: ids.cloned().collect(),
            opening: None,
            reading: None,
            outputs: outputs.map(as_json).collect(),
            taken: 0,
            is_broken: false,
        }
    }

    /// The next line. An error may be about a line, and then others follow, or about a file.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Line>>> {
        if let Some(json) = self.outputs.pop_front() {
            self.taken += 1;
            return Poll::Ready(Some(Ok(Line {
                json,
                file: "outputs".into(),
                number: self.taken,
            })));
        }
        while !self.is_broken {
            if let Some(reading) = &mut self.reading {
                if let Some(line) = ready!(reading.poll(cx)) {
                    self.is_broken = reading.is_broken;
                    return Poll::Ready(Some(line));
                }
                self.reading = None;
            } else if let Some((name, opening)) = &mut self.opening {
                let opened = ready!(opening.as_mut().poll(cx));
                match opened {
                    Ok(bytes) => self.reading = Some(FileLines::new(Arc::clone(name), bytes)),
                    Err(error) => {
                        self.is_broken = true;
                        return Poll::Ready(Some(Err(error)));
                    }
                }
                self.opening = None;
            } else if let Some(id) = self.waiting.pop_front() {
                let opening = self.files.download(&id).into_future();
                self.opening = Some((id.into(), opening));
            } else {
                break;
            }
        }
        Poll::Ready(None)
    }
}

/// The lines of one file.
struct FileLines {
    name: Arc<str>,
    bytes: ByteStream,
    buffer: BytesMut,
    /// How much of the buffer is known to have no end of a line.
    searched: usize,
    number: u64,
    /// Whether the line is too long to be kept.
    is_skipping: bool,
    is_over: bool,
    is_broken: bool,
}

impl FileLines {
    fn new(name: Arc<str>, bytes: ByteStream) -> Self {
        Self {
            name,
            bytes,
            buffer: BytesMut::new(),
            searched: 0,
            number: 0,
            is_skipping: false,
            is_over: false,
            is_broken: false,
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Line>>> {
        loop {
            while let Some(line) = self.take_line() {
                if let Some(line) = self.read(line) {
                    return Poll::Ready(Some(line));
                }
            }
            if self.is_over {
                return Poll::Ready(None);
            }
            match ready!(Pin::new(&mut self.bytes).poll_next(cx)) {
                Some(Ok(bytes)) => self.buffer.extend_from_slice(&bytes),
                Some(Err(error)) => {
                    self.is_broken = true;
                    return Poll::Ready(Some(Err(error)));
                }
                None => self.is_over = true,
            }
        }
    }

    /// The bytes up to the next end of a line, or up to the end of the file.
    #[inline]
    fn take_line(&mut self) -> Option<Bytes> {
        let unsearched = self.buffer.get(self.searched..).unwrap_or_default();
        if let Some(at) = memchr(b'\n', unsearched) {
            let length = std::mem::take(&mut self.searched) + at + 1;
            return Some(self.buffer.split_to(length).freeze());
        }
        self.searched = self.buffer.len();
        if self.searched > MOST_BYTES {
            self.is_skipping = true;
            self.buffer.clear();
            self.searched = 0;
        }
        if !self.is_over || (self.buffer.is_empty() && !self.is_skipping) {
            return None;
        }
        self.searched = 0;
        Some(self.buffer.split().freeze())
    }

    /// `None` for a blank line.
    fn read(&mut self, line: Bytes) -> Option<Result<Line>> {
        self.number += 1;
        let line = Line {
            json: line,
            file: Arc::clone(&self.name),
            number: self.number,
        };
        if std::mem::take(&mut self.is_skipping) {
            let message = format!("{} has more than {MOST_BYTES} bytes", line.place());
            return Some(Err(Error::new(ErrorKind::TooLarge, message)));
        }
        (!line.json.trim_ascii().is_empty()).then_some(Ok(line))
    }
}
