//! The pause after a 429.

use std::time::Duration;

use tokio::time::Instant;

/// The longest pause without a request.
const MAX_PAUSE: Duration = Duration::from_secs(300);

/// The time in which nothing is sent, after a 429.
///
/// If the server requests more than [`MAX_PAUSE`], one request is sent after each such time. Its
/// response ends the pause, unless it is another 429: a server that requests a day by mistake
/// does not stop a program for a day.
#[derive(Debug)]
pub(super) struct Pause {
    /// The time of the last 429.
    since: Instant,
    /// The time until which nothing is sent.
    pub(super) until: Instant,
    /// The end that the server requested. `None` if it is beyond all time.
    requested: Option<Instant>,
}

impl Pause {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            since: now,
            until: now,
            requested: Some(now),
        }
    }

    /// Begins a pause after the response to a request that was sent at `sent`, or extends the
    /// current one. A response to a request that was sent in the pause replaces it.
    pub(super) fn begin(&mut self, now: Instant, delay: Duration, sent: Instant) {
        let until = now + delay.min(MAX_PAUSE);
        let requested = now.checked_add(delay);
        if sent > self.since {
            self.until = until;
            self.requested = requested;
        } else {
            self.until = self.until.max(until);
            let earlier = self.requested;
            self.requested = earlier.and_then(|earlier| Some(earlier.max(requested?)));
        }
        self.since = now;
    }

    /// Records that a request is sent. Before the end that the server requested, it is the only
    /// one for a while.
    pub(super) fn request_sent(&mut self, now: Instant) {
        if self.requested.is_some_and(|end| end <= now) {
            return;
        }
        let next = now + MAX_PAUSE;
        self.until = self.requested.map_or(next, |end| end.min(next));
    }

    /// Ends the pause after a response to a request that was sent at `sent`, after the last 429.
    pub(super) fn end_by_response(&mut self, sent: Instant) {
        if sent > self.since && self.requested.is_none_or(|end| end > sent) {
            self.until = sent;
            self.requested = Some(sent);
        }
    }
}
