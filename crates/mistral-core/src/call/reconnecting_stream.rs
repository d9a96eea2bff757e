use std::borrow::Cow;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use tokio::time::{Instant, Sleep, sleep};

use super::{EventStream, StreamCall, StreamEvent};
use crate::error::{Error, ErrorKind, Result};
use crate::mode::{Async, Mode};
use crate::transport::current_runtime;

/// An event with a place in its stream, from which the stream can be resumed.
pub trait SequencedEvent: StreamEvent {
    /// Returns the sequence number of the event, which grows from event to event.
    fn sequence(&self) -> Option<i64>;
}

type OpenStream<T> = Box<dyn FnMut(Option<i64>) -> StreamCall<T> + Send>;

/// A stream of events that outlives its connections. Created by
/// [`Client::reconnecting`](crate::Client::reconnecting).
///
/// The stream is requested again, from the event after the last one, when the connection is lost, when
/// the server closes it before the last event, and when the server reports a temporary error. No
/// event is returned twice. Nothing is sent before the stream is read for the first time, nor while
/// it is not read, nor after it was dropped.
///
/// If ten connections in a row bring no event, the stream fails with the error of the last one.
/// Errors that another connection does not mend, such as a `404`, end the stream at once. The stream
/// ends after its first error.
///
/// Asynchronous, it is a [`Stream`]; with a blocking client, an iterator.
#[must_use = "a stream does nothing until it is read"]
pub struct ReconnectingStream<T: SequencedEvent, M: Mode = Async> {
    #[cfg_attr(not(feature = "blocking"), expect(dead_code))] // only read by the iterator
    pub(crate) mode: M,
    /// The operation, once it was requested.
    operation: Cow<'static, str>,
    open: OpenStream<T>,
    is_last: Box<dyn Fn(&T) -> bool + Send>,
    next_sequence: Option<i64>,
    failures: u32,
    max_reconnects: u32,
    min_delay: Duration,
    max_delay: Duration,
    state: State<T>,
}

enum State<T: SequencedEvent> {
    Closed,
    Delayed(Pin<Box<Sleep>>),
    Opening(StreamCall<T>),
    Open(Box<EventStream<T>>, Instant),
    Ended,
}

impl<T: SequencedEvent, M: Mode> ReconnectingStream<T, M> {
    pub(crate) fn new(
        mode: M,
        open: impl FnMut(Option<i64>) -> StreamCall<T> + Send + 'static,
        is_last: impl Fn(&T) -> bool + Send + 'static,
    ) -> Self {
        Self {
            mode,
            operation: Cow::Borrowed(""),
            open: Box::new(open),
            is_last: Box::new(is_last),
            next_sequence: None,
            failures: 0,
            max_reconnects: 10,
            min_delay: Duration::from_secs(1),
            max_delay: Duration::from_secs(30),
            state: State::Closed,
        }
    }

    /// Sets the number of times in a row that the stream is requested again without an event.
    /// Default: 10.
    pub fn max_reconnects(mut self, count: u32) -> Self {
        self.max_reconnects = count;
        self
    }

    /// Sets the minimum and maximum delay before the stream is requested again. It starts at `min`
    /// and doubles with each time in a row, up to `max`. The first time that the server closes the
    /// stream, there is no delay. Default: 1 s, 30 s.
    pub fn backoff(mut self, min: Duration, max: Duration) -> Self {
        (self.min_delay, self.max_delay) = (min, max);
        self
    }

    /// Returns the sequence number from which the stream is resumed: that of the last event that was
    /// returned, plus one. A program that stores it can resume the stream after a restart.
    pub fn next_sequence(&self) -> Option<i64> {
        self.next_sequence
    }

    pub(crate) fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        loop {
            let outcome = match &mut self.state {
                State::Ended => return Poll::Ready(None),
                State::Closed => {
                    let call = (self.open)(self.next_sequence);
                    if let Some(parts) = call.request.parts() {
                        self.operation = parts.operation.name.clone();
                    }
                    self.state = State::Opening(call);
                    continue;
                }
                State::Delayed(timer) => {
                    ready!(timer.as_mut().poll(cx));
                    self.state = State::Closed;
                    continue;
                }
                State::Opening(call) => match ready!(Pin::new(call).poll(cx)) {
                    Ok(stream) => {
                        self.state = State::Open(Box::new(stream), Instant::now());
                        continue;
                    }
                    Err(error) => Some(error),
                },
                State::Open(stream, opened) => {
                    let opened = *opened;
                    match ready!(Pin::new(stream).poll_next(cx)) {
                        Some(Ok(event)) if self.is_repeated(&event) => continue,
                        Some(Ok(event)) => return Poll::Ready(Some(Ok(self.accept(event)))),
                        end => {
                            // A quiet stream that the server closes now and then is no failure.
                            if opened.elapsed() >= self.max_delay {
                                self.failures = 0;
                            }
                            end.and_then(Result::err)
                        }
                    }
                }
            };
            if let Err(error) = self.reconnect(outcome) {
                self.state = State::Ended;
                return Poll::Ready(Some(Err(error)));
            }
        }
    }

    #[cfg(feature = "blocking")]
    pub(crate) fn has_ended(&self) -> bool {
        matches!(self.state, State::Ended)
    }

    /// Ends the stream with `error`. Nothing is sent any more.
    #[cfg(feature = "blocking")]
    pub(crate) fn end(&mut self, error: Error) -> Error {
        self.state = State::Ended;
        self.error(error)
    }

    fn error(&self, error: Error) -> Error {
        error.at(self.operation.clone(), 0)
    }

    fn is_repeated(&self, event: &T) -> bool {
        let next = self.next_sequence;
        event
            .sequence()
            .is_some_and(|it| next.is_some_and(|next| it < next))
    }

    fn accept(&mut self, event: T) -> T {
        if let Some(sequence) = event.sequence() {
            self.next_sequence = Some(sequence.saturating_add(1));
        }
        self.failures = 0;
        if (self.is_last)(&event) {
            self.state = State::Ended;
        }
        event
    }

    /// Prepares the next connection. `None`: the server closed the last one.
    fn reconnect(&mut self, error: Option<Error>) -> Result<()> {
        let retry_after = error.as_ref().and_then(Error::retry_after);
        if self.failures >= self.max_reconnects
            || error.as_ref().is_some_and(|error| !error.is_retryable())
        {
            return Err(error.unwrap_or_else(|| self.error(closed_too_often())));
        }
        let factor = 2_u32.saturating_pow(self.failures);
        let backoff = self.min_delay.saturating_mul(factor).min(self.max_delay);
        let delay = match &error {
            None if self.failures == 0 => Duration::ZERO,
            _ => backoff.max(retry_after.unwrap_or_default()),
        };
        self.failures += 1;
        tracing::debug!(
            attempt = self.failures,
            ?delay,
            next_sequence = self.next_sequence,
            error = error.as_ref().map(tracing::field::display),
            "the stream of events is requested again"
        );
        self.state = if delay.is_zero() {
            State::Closed
        } else {
            current_runtime().map_err(|error| self.error(error.into()))?;
            State::Delayed(Box::pin(sleep(delay)))
        };
        Ok(())
    }
}

#[cold]
fn closed_too_often() -> Error {
    let message = "the server closed the stream before its last event, on every connection";
    Error::new(ErrorKind::Truncated, message)
}

impl<T: SequencedEvent> ReconnectingStream<T> {
    /// Returns the next event, or `None` after the last one.
    ///
    /// # Cancel safety
    /// No event is lost when the future is dropped before it completes.
    pub async fn next(&mut self) -> Option<Result<T>> {
        poll_fn(|cx| self.poll_event(cx)).await
    }
}

impl<T: SequencedEvent> Stream for ReconnectingStream<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_event(cx)
    }
}

impl<T: SequencedEvent, M: Mode> fmt::Debug for ReconnectingStream<T, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReconnectingStream")
            .field("next_sequence", &self.next_sequence)
            .field("failures", &self.failures)
            .field("ended", &matches!(self.state, State::Ended))
            .finish_non_exhaustive()
    }
}
