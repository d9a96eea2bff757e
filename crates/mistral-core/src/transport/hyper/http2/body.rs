//! The body of a response.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use h2::{Reason, RecvStream};

use super::exchange::ExchangeGuard;
use super::upload::Upload;
use crate::transport::TransportError;

/// The body of a response without its head, which is dropped while a stream is read.
pub(super) struct ResponseBody {
    stream: RecvStream,
    /// The number of bytes that have not arrived yet, if it is known.
    remaining: Option<u64>,
    /// The rest of the request.
    upload: Option<Upload>,
    guard: Option<ExchangeGuard>,
}

impl ResponseBody {
    pub(super) fn new(
        stream: RecvStream,
        length: Option<u64>,
        upload: Option<Upload>,
        guard: ExchangeGuard,
    ) -> Self {
        Self {
            stream,
            remaining: length,
            upload,
            guard: Some(guard),
        }
    }

    fn received(&mut self, data: Bytes) -> Bytes {
        let length = data.len();
        // It fails only for a stream that is closed, whose window is of no use.
        let _closed = self.stream.flow_control().release_capacity(length);
        if let Some(remaining) = &mut self.remaining {
            *remaining = remaining.saturating_sub(length as u64);
        }
        data
    }

    fn end(&mut self) {
        (self.upload, self.guard) = (None, None);
    }

    #[cold]
    fn fail(&mut self, error: h2::Error) -> Option<Result<Bytes, TransportError>> {
        let guard = self.guard.take()?;
        self.upload = None;
        // A server that has no use for the rest of the request resets a response that is complete.
        let is_complete = self.remaining == Some(0)
            && error.is_remote()
            && error.reason() == Some(Reason::NO_ERROR);
        (!is_complete).then(|| Err(guard.response_error(error)))
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
