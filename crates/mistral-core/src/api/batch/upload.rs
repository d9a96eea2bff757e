//! Requests as files of lines, written while they are sent.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;

use super::batchable::Batchable;
use super::requests::{Named, Requests, line};
use crate::error::{Error, Result};

/// How much is handed over to be sent at once.
const PIECE: usize = 64 * 1024;

/// The requests that are not sent yet, shared by the files that they go into.
pub(super) struct Upload<R> {
    /// Those that were taken to find out how many there are.
    first: VecDeque<Named<R>>,
    requests: Requests<R>,
    /// The line that did not fit into the last file.
    left_over: Option<Vec<u8>>,
    is_over: bool,
    /// Whether the file that is sent has all its lines.
    is_whole: bool,
    /// Why a file could not be written to its end.
    failure: Option<Error>,
}

impl<R: Batchable> Upload<R> {
    pub(super) fn new(first: Vec<Named<R>>, requests: Requests<R>) -> Arc<Mutex<Self>> {
        Arc::new(Mutex::new(Self {
            first: first.into(),
            requests,
            left_over: None,
            is_over: false,
            is_whole: false,
            failure: None,
        }))
    }

    fn poll_line(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Vec<u8>>>> {
        if let Some(line) = self.left_over.take() {
            return Poll::Ready(Some(Ok(line)));
        }
        let next = match self.first.pop_front() {
            Some(request) => Some(Ok(request)),
            None => ready!(self.requests.poll(cx)),
        };
        self.is_over = next.is_none();
        Poll::Ready(next.map(|request| line(&request?)))
    }
}

/// Whether all requests are in files now, or why they cannot be.
pub(super) fn is_over<R>(upload: &Mutex<Upload<R>>) -> Result<bool> {
    let mut upload = upload.lock().unwrap_or_else(PoisonError::into_inner);
    match upload.failure.take() {
        Some(error) => Err(error),
        None => Ok(upload.is_over),
    }
}

/// Whether the last file was sent to its end.
pub(super) fn is_whole<R>(upload: &Mutex<Upload<R>>) -> bool {
    let upload = upload.lock().unwrap_or_else(PoisonError::into_inner);
    upload.is_whole
}

/// One file.
pub(super) struct Lines<R> {
    upload: Arc<Mutex<Upload<R>>>,
    /// How many bytes the file may still have.
    room: u64,
    is_empty: bool,
}

impl<R: Batchable> Lines<R> {
    pub(super) fn new(upload: &Arc<Mutex<Upload<R>>>, file_limit: u64) -> Self {
        Self {
            upload: Arc::clone(upload),
            room: file_limit,
            is_empty: true,
        }
    }

    /// Adds lines to `piece` until it is large enough, or there is nothing to add.
    fn fill(&mut self, piece: &mut Vec<u8>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let upload = Arc::clone(&self.upload);
        let mut upload = upload.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_empty {
            upload.is_whole = false;
        }
        while piece.len() < PIECE && !upload.is_whole {
            let Some(line) = ready!(upload.poll_line(cx)).transpose()? else {
                upload.is_whole = true;
                break;
            };
            let length = line.len() as u64;
            if length > self.room && !self.is_empty {
                upload.left_over = Some(line);
                upload.is_whole = true;
                break;
            }
            self.room = self.room.saturating_sub(length);
            self.is_empty = false;
            piece.extend_from_slice(&line);
        }
        Poll::Ready(Ok(()))
    }
}

impl<R: Batchable> Stream for Lines<R> {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut piece = Vec::with_capacity(PIECE + PIECE / 4);
        match self.fill(&mut piece, cx) {
            Poll::Ready(Err(error)) => {
                let shown = io::Error::other(error.to_string());
                let mut upload = self.upload.lock().unwrap_or_else(PoisonError::into_inner);
                upload.failure = Some(error);
                Poll::Ready(Some(Err(shown)))
            }
            Poll::Pending if piece.is_empty() => Poll::Pending,
            _ if piece.is_empty() => Poll::Ready(None),
            _ => Poll::Ready(Some(Ok(piece.into()))),
        }
    }
}
