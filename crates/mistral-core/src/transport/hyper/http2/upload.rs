//! Sending the body of a request.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use h2::SendStream;

use crate::transport::{Body, TransportError};

/// A body that is sent while it is read. If it is dropped with the response, the stream is reset.
pub(super) struct Upload {
    body: Body,
    /// The number of bytes that have not been read yet, if it is known.
    remaining: Option<u64>,
    stream: SendStream<Bytes>,
}

impl Upload {
    pub(super) fn new(body: Body, stream: SendStream<Bytes>) -> Self {
        Self {
            remaining: body.content_length(),
            body,
            stream,
        }
    }

    /// Reads and sends the body as far as the windows of the server allow it. Is ready at the end of
    /// the upload, which the server may cause: the response then has the reason.
    ///
    /// # Errors
    /// Fails when the body cannot be read. The stream is reset when it is dropped.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        while ready!(self.poll_capacity(cx)) {
            let (chunk, is_last) = match ready!(Pin::new(&mut self.body).poll_next(cx)) {
                Some(Ok(chunk)) => {
                    self.remaining = self
                        .remaining
                        .map(|remaining| remaining.saturating_sub(chunk.len() as u64));
                    (chunk, self.remaining == Some(0))
                }
                Some(Err(error)) => return Poll::Ready(Err(error)),
                None => (Bytes::new(), true),
            };
            // h2 keeps the part of the chunk that is beyond the window.
            if self.stream.send_data(chunk, is_last).is_err() || is_last {
                break;
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Waits until the server allows more to be sent. Returns whether it will.
    fn poll_capacity(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        self.stream.reserve_capacity(1);
        while self.stream.capacity() == 0 {
            if !matches!(ready!(self.stream.poll_capacity(cx)), Some(Ok(_))) {
                return Poll::Ready(false);
            }
        }
        Poll::Ready(true)
    }
}
