use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use futures_core::Stream;

use crate::error::{Error, Result};
use crate::mode::Blocking;
use crate::mode::blocking_runtime::may_wait;

/// What is read piece by piece.
pub(super) trait Source: Stream<Item = Result<Self::Piece>> + Unpin {
    type Piece;

    /// Whether something is sent for the next piece.
    const SENDS: bool;

    /// The next piece, or the end, if there is no need to wait for it.
    fn arrived(&mut self) -> Poll<Option<Self::Item>>;

    /// Says in an error what it is about.
    fn error(&self, error: Error) -> Error;
}

/// Waits for one piece of a source after the other.
#[derive(Debug)]
pub(super) struct Waiting<S> {
    pub(super) source: S,
    pub(super) mode: Blocking,
    /// Whether waiting was refused. There are no more pieces then, or a loop that skips errors
    /// would not end.
    refused: bool,
}

impl<S: Source> Waiting<S> {
    pub(super) fn new(source: S, mode: Blocking) -> Self {
        Self {
            source,
            mode,
            refused: false,
        }
    }

    pub(super) fn next(&mut self) -> Option<Result<S::Piece>> {
        if self.refused {
            return None;
        }
        if let Poll::Ready(next) = self.source.arrived() {
            return next;
        }
        let next = poll_fn(|cx| Pin::new(&mut self.source).poll_next(cx));
        let driver = &self.mode.driver;
        let next = if S::SENDS {
            driver.perform(next)
        } else {
            driver.wait(next)
        };
        next.unwrap_or_else(|error| {
            self.refused = true;
            Some(Err(self.source.error(error)))
        })
    }

    /// Waits for what becomes of the whole source.
    pub(super) fn finish<T>(self, end: impl AsyncFnOnce(S) -> Result<T>) -> Result<T> {
        if let Err(error) = may_wait() {
            return Err(self.source.error(error));
        }
        let driver = &self.mode.driver;
        if S::SENDS {
            driver.perform(end(self.source))?
        } else {
            driver.wait(end(self.source))?
        }
    }
}
