//! The lines of a job's result files, read while they are downloaded.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use memchr::memchr;

use super::response::BatchJob;
use super::result::BatchResult;
use crate::api::files::Files;
use crate::call::DownloadCall;
use crate::call::byte_stream::ByteStream;
use crate::error::{Error, ErrorKind, Result};

/// The maximum length of a line. Generous, because OCR results contain images.
const MAX_LINE_BYTES: usize = 64 * 1024 * 1024;

/// The JSON of one result, and its position in the results.
pub(super) struct ResultLine {
    pub(super) json: Bytes,
    pub(super) file: Arc<str>,
    pub(super) number: u64,
}

impl ResultLine {
    /// Returns the position of the line, for error messages.
    pub(super) fn location(&self) -> String {
        format!("line {} of `{}`", self.number, self.file)
    }

    /// Creates a line from the spool, where it was checked before.
    pub(super) fn spooled(json: Vec<u8>) -> Self {
        Self {
            json: json.into(),
            file: "".into(),
            number: 0,
        }
    }

    /// Removes and returns the `custom_id` of the line's result.
    pub(super) fn take_id(&self, result: &mut BatchResult) -> Result<String> {
        result.custom_id.take().ok_or_else(|| {
            let message = format!("{} has no `custom_id`", self.location());
            Error::new(ErrorKind::Decode, message)
        })
    }
}

/// The result lines of a job: those inlined in it, or those of both of its files.
pub(super) struct ResultLines {
    files: Files,
    /// The ids of the files that are not opened yet.
    queued_files: VecDeque<String>,
    opening: Option<(Arc<str>, DownloadCall)>,
    reading: Option<FileLines>,
    /// The results that are inlined in the job.
    outputs: VecDeque<Bytes>,
    outputs_read: u64,
    /// Whether a download failed. No lines follow.
    pub(super) has_failed: bool,
}

impl ResultLines {
    #[inline]
    pub(super) fn new(files: Files, job: &BatchJob) -> Self {
        let ids = [&job.output_file, &job.error_file].into_iter().flatten();
        let outputs = job.outputs.iter().flatten();
        let as_json = |output| serde_json::to_vec(output).unwrap_or_default().into();
        Self {
            files,
            queued_files: ids.cloned().collect(),
            opening: None,
            reading: None,
            outputs: outputs.map(as_json).collect(),
            outputs_read: 0,
            has_failed: false,
        }
    }

    /// Polls for the next line.
    ///
    /// Lines follow after an error unless [`has_failed`](Self::has_failed) is set.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<ResultLine>>> {
        if let Some(json) = self.outputs.pop_front() {
            self.outputs_read += 1;
            return Poll::Ready(Some(Ok(ResultLine {
                json,
                file: "outputs".into(),
                number: self.outputs_read,
            })));
        }
        while !self.has_failed {
            if let Some(reading) = &mut self.reading {
                if let Some(line) = ready!(reading.poll(cx)) {
                    self.has_failed = reading.has_failed;
                    return Poll::Ready(Some(line));
                }
                self.reading = None;
            } else if let Some((name, opening)) = &mut self.opening {
                let opened = ready!(Pin::new(opening).poll(cx));
                match opened {
                    Ok(bytes) => self.reading = Some(FileLines::new(Arc::clone(name), bytes)),
                    Err(error) => {
                        self.has_failed = true;
                        return Poll::Ready(Some(Err(error)));
                    }
                }
                self.opening = None;
            } else if let Some(id) = self.queued_files.pop_front() {
                let opening = self.files.download(&id);
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
    /// The length of the buffer's prefix that contains no line break.
    searched: usize,
    number: u64,
    /// Whether the current line exceeds [`MAX_LINE_BYTES`] and is discarded.
    is_skipping: bool,
    is_at_eof: bool,
    has_failed: bool,
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
            is_at_eof: false,
            has_failed: false,
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<ResultLine>>> {
        loop {
            while let Some(line) = self.take_line() {
                if let Some(line) = self.parse_line(line) {
                    return Poll::Ready(Some(line));
                }
            }
            if self.is_at_eof {
                return Poll::Ready(None);
            }
            match ready!(Pin::new(&mut self.bytes).poll_next(cx)) {
                Some(Ok(bytes)) => self.buffer.extend_from_slice(&bytes),
                Some(Err(error)) => {
                    self.has_failed = true;
                    return Poll::Ready(Some(Err(error)));
                }
                None => self.is_at_eof = true,
            }
        }
    }

    /// Removes and returns the bytes up to the next line break, or up to the end of the file.
    #[inline]
    fn take_line(&mut self) -> Option<Bytes> {
        let unsearched = self.buffer.get(self.searched..).unwrap_or_default();
        if let Some(at) = memchr(b'\n', unsearched) {
            let length = std::mem::take(&mut self.searched) + at + 1;
            return Some(self.buffer.split_to(length).freeze());
        }
        self.searched = self.buffer.len();
        if self.searched > MAX_LINE_BYTES {
            self.is_skipping = true;
            self.buffer.clear();
            self.searched = 0;
        }
        if !self.is_at_eof || (self.buffer.is_empty() && !self.is_skipping) {
            return None;
        }
        self.searched = 0;
        Some(self.buffer.split().freeze())
    }

    /// Returns the line with its position, or `None` for a blank line.
    fn parse_line(&mut self, line: Bytes) -> Option<Result<ResultLine>> {
        self.number += 1;
        let line = ResultLine {
            json: line,
            file: Arc::clone(&self.name),
            number: self.number,
        };
        if std::mem::take(&mut self.is_skipping) {
            let message = format!("{} has more than {MAX_LINE_BYTES} bytes", line.location());
            return Some(Err(Error::new(ErrorKind::TooLarge, message)));
        }
        (!line.json.trim_ascii().is_empty()).then_some(Ok(line))
    }
}
