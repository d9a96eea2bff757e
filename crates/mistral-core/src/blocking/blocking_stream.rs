use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use futures_core::Stream;

use crate::error::{Error, Result};
use crate::mode::Blocking;
use crate::mode::blocking_runtime::check_not_in_async;

/// An asynchronous stream that a [`BlockingStream`] can read.
pub(super) trait AsyncSource: Stream<Item = Result<Self::Element>> + Unpin {
    type Element;

    /// Whether reading an element may send a request.
    const SENDS_REQUESTS: bool;

    /// Returns the next element or the end of the stream, if either is available without I/O.
    fn next_buffered(&mut self) -> Poll<Option<Self::Item>>;

    /// Adds the operation and the request id to an error.
    fn with_context(&self, error: Error) -> Error;
}

/// A blocking iterator over the elements of an asynchronous stream.
#[derive(Debug)]
pub(super) struct BlockingStream<S> {
    pub(super) inner: S,
    pub(super) mode: Blocking,
    /// Whether blocking was rejected. The iterator then ends, because a loop that skips errors
    /// would not terminate otherwise.
    has_failed: bool,
}

impl<S: AsyncSource> BlockingStream<S> {
    pub(super) fn new(inner: S, mode: Blocking) -> Self {
        Self {
            inner,
            mode,
            has_failed: false,
        }
    }

    pub(super) fn next(&mut self) -> Option<Result<S::Element>> {
        if self.has_failed {
            return None;
        }
        if let Poll::Ready(next) = self.inner.next_buffered() {
            return next;
        }
        let next = poll_fn(|cx| Pin::new(&mut self.inner).poll_next(cx));
        let runtime = &self.mode.runtime;
        let next = if S::SENDS_REQUESTS {
            runtime.block_on_call(next)
        } else {
            runtime.block_on(next)
        };
        next.unwrap_or_else(|error| {
            self.has_failed = true;
            Some(Err(self.inner.with_context(error)))
        })
    }

    /// Blocks until `collect` has consumed the stream.
    pub(super) fn collect<T>(self, collect: impl AsyncFnOnce(S) -> Result<T>) -> Result<T> {
        if let Err(error) = check_not_in_async() {
            return Err(self.inner.with_context(error));
        }
        let runtime = &self.mode.runtime;
        if S::SENDS_REQUESTS {
            runtime.block_on_call(collect(self.inner))?
        } else {
            runtime.block_on(collect(self.inner))?
        }
    }
}
