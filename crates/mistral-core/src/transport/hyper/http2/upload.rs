//! Sending the body of a request.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use h2::{Reason, SendStream};

use crate::transport::{Body, TransportError};

/// A body that is sent while it is read. It stops when it is dropped.
pub(super) struct Upload {
    body: Body,
    /// The number of bytes that have not been read yet, if it is known.
    remaining: Option<u64>,
    /// The part of the last chunk that has not been handed to h2.
    chunk: Bytes,
    stream: SendStream<Bytes>,
    is_finished: bool,
}

impl Upload {
    pub(super) fn new(body: Body, stream: SendStream<Bytes>) -> Self {
        Self {
            remaining: body.content_length(),
            body,
            chunk: Bytes::new(),
            stream,
            is_finished: false,
        }
    }

    /// Sends what can be sent. Is ready at the end of the upload, which the server may cause: the
    /// response then has the reason.
    ///
    /// # Errors
    /// Fails when the body cannot be read. The stream is reset then.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        while !self.is_finished {
            if !self.chunk.is_empty() {
                ready!(self.poll_send(cx));
                continue;
            }
            match ready!(Pin::new(&mut self.body).poll_next(cx)) {
                Some(Ok(chunk)) => {
                    if let Some(remaining) = &mut self.remaining {
                        *remaining = remaining.saturating_sub(chunk.len() as u64);
                    }
                    self.chunk = chunk;
                }
                Some(Err(error)) => {
                    self.is_finished = true;
                    self.stream.send_reset(Reason::CANCEL);
                    return Poll::Ready(Err(error));
                }
                None => self.send(Bytes::new(), true),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Sends a part of the chunk as soon as the windows of the server allow it.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.stream.reserve_capacity(self.chunk.len());
        while self.stream.capacity() == 0 {
            if !matches!(ready!(self.stream.poll_capacity(cx)), Some(Ok(_))) {
                self.is_finished = true;
                return Poll::Ready(());
            }
        }
        let length = self.stream.capacity().min(self.chunk.len());
        let part = self.chunk.split_to(length);
        let is_last = self.chunk.is_empty() && self.remaining == Some(0);
        self.send(part, is_last);
        Poll::Ready(())
    }

    fn send(&mut self, part: Bytes, is_last: bool) {
        let sent = self.stream.send_data(part, is_last);
        self.is_finished = is_last || sent.is_err();
    }
}
