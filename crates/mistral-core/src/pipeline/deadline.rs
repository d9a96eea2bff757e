//! Timeouts, deadlines and the idle timer.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::error::{Error, Result, TimeoutPhase};
use crate::transport::{Body, current_runtime};

/// The timeouts of the phases of a call.
///
/// ```
/// use std::time::Duration;
/// use mistral_sdk::Timeouts;
///
/// let timeouts = Timeouts::default()
///     .first_byte(Duration::from_secs(20))
///     .idle(Duration::from_secs(10));
/// assert_eq!(timeouts.connect, Duration::from_secs(10));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// The timeout of making a connection. Default: 10 s. The built-in transport observes it; a
    /// custom one decides for itself.
    pub connect: Duration,
    /// The time from sending a request to the head of its response, per attempt. While a file
    /// is uploaded, it counts from the last chunk. Default: 300 s.
    pub first_byte: Duration,
    /// The longest wait for the next bytes of the body of a response, streamed or not. The time
    /// that the program takes between two reads does not count. SSE comments (keep-alives) end
    /// the wait as events do. Default: 300 s.
    pub idle: Duration,
    /// The total time of a call, retries included, unless it is streamed in either direction
    /// (an upload, a download, a stream of events). Default: 300 s.
    pub total: Option<Duration>,
    /// The total time of a streamed call, up to its last event. Default: no limit.
    pub stream_total: Option<Duration>,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            first_byte: Duration::from_secs(300),
            idle: Duration::from_secs(300),
            total: Some(Duration::from_secs(300)),
            stream_total: None,
        }
    }
}

impl Timeouts {
    /// Sets the timeout of making a connection.
    #[must_use]
    pub fn connect(mut self, time: Duration) -> Self {
        self.connect = time;
        self
    }

    /// Sets the timeout of the head of a response.
    #[must_use]
    pub fn first_byte(mut self, time: Duration) -> Self {
        self.first_byte = time;
        self
    }

    /// Sets the idle timeout of a body.
    #[must_use]
    pub fn idle(mut self, time: Duration) -> Self {
        self.idle = time;
        self
    }

    /// Sets the total time of a call that is not streamed. `None`: no limit.
    #[must_use]
    pub fn total(mut self, time: impl Into<Option<Duration>>) -> Self {
        self.total = time.into();
        self
    }

    /// Sets the total time of a streamed call. `None`: no limit.
    #[must_use]
    pub fn stream_total(mut self, time: impl Into<Option<Duration>>) -> Self {
        self.stream_total = time.into();
        self
    }
}

/// The timeouts that one call sets.
#[derive(Debug, Clone, Default)]
pub(crate) struct TimeoutOverrides {
    pub(crate) connect: Option<Duration>,
    pub(crate) first_byte: Option<Duration>,
    pub(crate) idle: Option<Duration>,
    pub(crate) total: Option<Duration>,
}

impl TimeoutOverrides {
    pub(crate) fn over(&self, client: &Timeouts) -> Timeouts {
        Timeouts {
            connect: self.connect.unwrap_or(client.connect),
            first_byte: self.first_byte.unwrap_or(client.first_byte),
            idle: self.idle.unwrap_or(client.idle),
            total: self.total.or(client.total),
            stream_total: self.total.or(client.stream_total),
        }
    }
}

/// A point in time, and the error once it has passed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    pub(crate) at: Instant,
    pub(crate) limit: Duration,
    pub(crate) phase: TimeoutPhase,
}

impl Deadline {
    /// Returns `None` if there is no limit, or one too long to represent.
    pub(crate) fn after(limit: Option<Duration>, phase: TimeoutPhase) -> Option<Self> {
        Self::of(Instant::now(), limit?, phase)
    }

    pub(crate) fn of(start: Instant, limit: Duration, phase: TimeoutPhase) -> Option<Self> {
        let at = start.checked_add(limit)?;
        Some(Self { at, limit, phase })
    }

    /// Returns the deadline of one phase or of the call, whichever is earlier. Of two at the same
    /// time it is the call's, after which nothing is retried.
    pub(crate) fn earlier(one: Option<Self>, total: Option<Self>) -> Option<Self> {
        match (one, total) {
            (Some(one), Some(total)) if total.at <= one.at => Some(total),
            (one, total) => one.or(total),
        }
    }

    pub(crate) fn error(&self) -> Error {
        Error::timeout(self.phase, self.limit)
    }
}

/// The timer of a call, which is set when the call has to wait for the first time.
pub(crate) type Timer<'a> = Pin<&'a mut Option<Sleep>>;

/// Runs `work` until the deadline.
pub(crate) fn timeout_at<'a, F: Future + ?Sized>(
    mut timer: Timer<'a>,
    deadline: Option<Deadline>,
    mut work: Pin<&'a mut F>,
) -> impl Future<Output = Result<F::Output>> + use<'a, F> {
    poll_fn(move |cx| match work.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Ok(output)),
        Poll::Pending => poll_deadline(timer.as_mut(), deadline, cx).map(Err),
    })
}

#[inline(never)] // what all calls of `timeout_at` share
fn poll_deadline(
    mut timer: Timer<'_>,
    deadline: Option<Deadline>,
    cx: &mut Context<'_>,
) -> Poll<Error> {
    let Some(deadline) = deadline else {
        return Poll::Pending;
    };
    match timer.as_mut().as_pin_mut() {
        None => match timer_at(deadline.at) {
            Ok(new) => timer.set(Some(new)),
            Err(error) => return Poll::Ready(error),
        },
        Some(timer) if timer.deadline() != deadline.at => timer.reset(deadline.at),
        Some(_) => {}
    }
    let timer = timer.as_pin_mut();
    let is_over = timer.is_none_or(|timer| timer.poll(cx).is_ready())
        // Work that uses up the task's budget at every poll leaves none for the timer.
        || Instant::now() >= deadline.at;
    if is_over {
        Poll::Ready(deadline.error())
    } else {
        Poll::Pending
    }
}

/// Creates a timer. Fails outside of a Tokio runtime, which drives it.
fn timer_at(at: Instant) -> Result<Sleep> {
    current_runtime()?;
    Ok(sleep_until(at))
}

/// The idle timeout of a body, and the deadline of its call.
///
/// The clock is read and the timer set only when there is nothing to read, and the timer is moved
/// at most once per idle timeout.
pub(crate) struct IdleTimer {
    idle: Duration,
    deadline: Option<Deadline>,
    /// The time since which there has been nothing to read.
    idle_since: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl IdleTimer {
    pub(crate) fn new(idle: Duration, deadline: Option<Deadline>) -> Self {
        Self {
            idle,
            deadline,
            idle_since: None,
            timer: None,
        }
    }

    /// Returns the deadline for what is read next, if its time starts now.
    pub(crate) fn next_deadline(&self) -> Option<Deadline> {
        let idle = Deadline::after(Some(self.idle), TimeoutPhase::Idle);
        Deadline::earlier(idle, self.deadline)
    }

    /// Starts the idle timeout anew, from the next time that there is nothing to read.
    pub(crate) fn reset(&mut self) {
        self.idle_since = None;
    }

    /// Returns the error once the body has been idle for too long or the deadline has passed.
    /// Called when there is nothing to read.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Error> {
        let idle_since = *self.idle_since.get_or_insert_with(Instant::now);
        let idle_until = idle_since.checked_add(self.idle);
        let total = self
            .deadline
            .filter(|total| idle_until.is_none_or(|idle| total.at <= idle));
        let (until, error) = match (total, idle_until) {
            (Some(total), _) => (total.at, (TimeoutPhase::Total, total.limit)),
            (None, Some(idle)) => (idle, (TimeoutPhase::Idle, self.idle)),
            (None, None) => return Poll::Pending,
        };
        let timer = match &mut self.timer {
            Some(timer) => timer,
            None => match timer_at(until) {
                Ok(new) => self.timer.insert(Box::pin(new)),
                Err(error) => return Poll::Ready(error),
            },
        };
        loop {
            let is_pending = timer.as_mut().poll(cx).is_pending();
            // A task that has used up its budget polls a timer in vain.
            if Instant::now() >= until {
                let (phase, after) = error;
                return Poll::Ready(Error::timeout(phase, after));
            }
            if is_pending {
                return Poll::Pending;
            }
            timer.as_mut().reset(until); // something was read since the timer was set
        }
    }

    /// Reads the next chunk of a body. Fails when the timer runs out first.
    pub(crate) fn poll_chunk(
        &mut self,
        body: &mut Body,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes>>> {
        match Pin::new(body).poll_next(cx) {
            Poll::Ready(Some(Ok(chunk))) => {
                self.reset();
                Poll::Ready(Some(Ok(chunk)))
            }
            Poll::Ready(end) => Poll::Ready(end.map(|end| end.map_err(Error::from))),
            Poll::Pending => self.poll(cx).map(|error| Some(Err(error))),
        }
    }
}
