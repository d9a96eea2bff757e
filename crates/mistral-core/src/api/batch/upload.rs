//! The upload of requests as input files, encoded while they are sent.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;

use super::batchable::Batchable;
use super::input::{BatchInput, BatchItem, encode_line};
use crate::error::{Error, Result};

/// The size of a chunk of the request body, in bytes.
const CHUNK_SIZE: usize = 64 * 1024;

/// The requests that are not sent yet, shared by the input files of a batch.
pub(super) struct Upload<R> {
    /// The requests that were read to decide between inline and upload.
    prefetched: VecDeque<BatchItem<R>>,
    requests: BatchInput<R>,
    /// The line that exceeded the size limit of the previous file.
    carried_over: Option<Vec<u8>>,
    is_all_sent: bool,
    /// Whether all lines of the current file have been read from the stream.
    is_file_complete: bool,
    /// The error that ended the current file early.
    error: Option<Error>,
}

impl<R: Batchable> Upload<R> {
    pub(super) fn new(prefetched: Vec<BatchItem<R>>, requests: BatchInput<R>) -> Arc<Mutex<Self>> {
        Arc::new(Mutex::new(Self {
            prefetched: prefetched.into(),
            requests,
            carried_over: None,
            is_all_sent: false,
            is_file_complete: false,
            error: None,
        }))
    }

    fn poll_line(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Vec<u8>>>> {
        if let Some(line) = self.carried_over.take() {
            return Poll::Ready(Some(Ok(line)));
        }
        let next = match self.prefetched.pop_front() {
            Some(request) => Some(Ok(request)),
            None => ready!(self.requests.poll(cx)),
        };
        self.is_all_sent = next.is_none();
        Poll::Ready(next.map(|request| encode_line(&request?)))
    }
}

/// Returns whether all requests have been sent.
///
/// # Errors
/// Fails, once, with the error that ended a file early.
pub(super) fn is_all_sent<R>(upload: &Mutex<Upload<R>>) -> Result<bool> {
    let mut upload = upload.lock().unwrap_or_else(PoisonError::into_inner);
    match upload.error.take() {
        Some(error) => Err(error),
        None => Ok(upload.is_all_sent),
    }
}

/// Returns whether the current file was read to its end.
pub(super) fn is_file_complete<R>(upload: &Mutex<Upload<R>>) -> bool {
    let upload = upload.lock().unwrap_or_else(PoisonError::into_inner);
    upload.is_file_complete
}

/// One input file, as a stream of chunks.
pub(super) struct InputFile<R> {
    upload: Arc<Mutex<Upload<R>>>,
    /// The number of bytes left until the size limit.
    remaining_bytes: u64,
    is_empty: bool,
}

impl<R: Batchable> InputFile<R> {
    pub(super) fn new(upload: &Arc<Mutex<Upload<R>>>, file_limit: u64) -> Self {
        Self {
            upload: Arc::clone(upload),
            remaining_bytes: file_limit,
            is_empty: true,
        }
    }

    /// Appends lines to `chunk` until it is full or the file is complete.
    fn fill(&mut self, chunk: &mut Vec<u8>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let upload = Arc::clone(&self.upload);
        let mut upload = upload.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_empty {
            upload.is_file_complete = false;
        }
        while chunk.len() < CHUNK_SIZE && !upload.is_file_complete {
            let Some(line) = ready!(upload.poll_line(cx)).transpose()? else {
                upload.is_file_complete = true;
                break;
            };
            let length = line.len() as u64;
            if length > self.remaining_bytes && !self.is_empty {
                upload.carried_over = Some(line);
                upload.is_file_complete = true;
                break;
            }
            self.remaining_bytes = self.remaining_bytes.saturating_sub(length);
            self.is_empty = false;
            chunk.extend_from_slice(&line);
        }
        Poll::Ready(Ok(()))
    }
}

impl<R: Batchable> Stream for InputFile<R> {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut chunk = Vec::with_capacity(CHUNK_SIZE + CHUNK_SIZE / 4);
        match self.fill(&mut chunk, cx) {
            Poll::Ready(Err(error)) => {
                let shown = io::Error::other(error.to_string());
                let mut upload = self.upload.lock().unwrap_or_else(PoisonError::into_inner);
                upload.error = Some(error);
                Poll::Ready(Some(Err(shown)))
            }
            Poll::Pending if chunk.is_empty() => Poll::Pending,
            _ if chunk.is_empty() => Poll::Ready(None),
            _ => Poll::Ready(Some(Ok(chunk.into()))),
        }
    }
}
