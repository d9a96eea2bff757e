//! The body of a response.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use h2::RecvStream;

use super::guard::ExchangeGuard;
use super::upload::Upload;
use crate::transport::TransportError;

/// The number of bytes that are read before the window of their stream is opened again. It is a small
/// part of the window, so that the server need not wait. h2 opens the window of the connection for
/// the rest when the stream is dropped.
const RELEASE_SIZE: usize = 32 * 1024;

/// The body of a response without its head, which is dropped while a stream is read.
pub(super) struct ResponseBody {
    stream: RecvStream,
    /// The number of bytes that were read since the window was opened.
    unreleased: usize,
    /// The rest of the request.
    upload: Option<Upload>,
    guard: Option<ExchangeGuard>,
}

impl ResponseBody {
    pub(super) fn new(stream: RecvStream, upload: Option<Upload>, guard: ExchangeGuard) -> Self {
        Self {
            stream,
            unreleased: 0,
            upload,
            guard: Some(guard),
        }
    }

    fn received(&mut self, data: Bytes) -> Bytes {
        self.unreleased += data.len();
        if self.unreleased >= RELEASE_SIZE {
            let size = std::mem::take(&mut self.unreleased);
            // It fails only for a stream that is closed, whose window is of no use.
            let _closed = self.stream.flow_control().release_capacity(size);
        }
        data
    }

    fn end(&mut self) {
        (self.upload, self.guard) = (None, None);
    }

    #[cold]
    fn fail(&mut self, error: h2::Error) -> Option<Result<Bytes, TransportError>> {
        self.upload = None;
        let guard = self.guard.take()?; // reported once
        Some(Err(guard.response_error(error)))
    }

    fn poll_upload(&mut self, cx: &mut Context<'_>) -> Poll<TransportError> {
        match self.upload.as_mut().map(|upload| upload.poll(cx)) {
            Some(Poll::Pending) => Poll::Pending,
            Some(Poll::Ready(Err(error))) => {
                self.end();
                Poll::Ready(error)
            }
            Some(Poll::Ready(Ok(()))) => {
                self.upload = None;
                Poll::Pending
            }
            None => Poll::Pending,
        }
    }
}

impl Stream for ResponseBody {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            return match this.stream.poll_data(cx) {
                Poll::Ready(Some(Ok(data))) if data.is_empty() => continue,
                Poll::Ready(Some(Ok(data))) => Poll::Ready(Some(Ok(this.received(data)))),
                Poll::Ready(Some(Err(error))) => Poll::Ready(this.fail(error)),
                Poll::Ready(None) => {
                    this.end();
                    Poll::Ready(None)
                }
                Poll::Pending => this.poll_upload(cx).map(|error| Some(Err(error))),
            };
        }
    }
}
