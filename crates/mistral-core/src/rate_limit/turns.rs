//! Whose turn it is.

use std::sync::{Arc, Mutex as StdMutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::StatusCode;
use tokio::sync::{Mutex, Notify};
use tokio::time::{Instant, timeout_at};

use super::allowance::Allowance;
use super::tokens::watch;
use crate::answer::is_event_stream;
use crate::error::retry_after;
use crate::http::{Body, TransportError, TransportErrorKind};
use crate::response::RateLimit;

/// How long nothing goes out after a 429 that does not say how long.
const PAUSE: Duration = Duration::from_secs(1);

/// Tokio's timers do not tell shorter times apart.
const GRAIN: Duration = Duration::from_millis(1);

/// Lets requests go one after the other, each in its time.
///
/// Those who wait stand in the queue of a fair mutex. Only the first of them has a timer; the
/// others sleep until it has gone or given up.
#[derive(Debug)]
pub(super) struct Turns {
    first: Mutex<()>,
    /// Tells the first one that its time may have come earlier.
    changed: Notify,
    state: StdMutex<State>,
}

#[derive(Debug)]
struct State {
    requests: Allowance,
    tokens: Allowance,
    burst: Duration,
    /// Until when the server wants nothing.
    paused_until: Instant,
    waiting: Waiting,
}

/// How much had gone out within a minute when a request did, with itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct GoneOut {
    requests: f64,
    tokens: f64,
}

/// What has not gone out yet.
#[derive(Debug, Clone, Copy, Default)]
struct Waiting {
    requests: u64,
    tokens: u64,
}

impl State {
    /// How long it is until something may go out after those `before` it.
    fn wait(&self, now: Instant, before: Waiting) -> Duration {
        let requests = self.requests.wait(now, before.requests as f64);
        let tokens = self.tokens.wait(now, before.tokens as f64);
        let paced = requests.max(tokens).saturating_sub(self.burst);
        let wait = paced.max(self.paused_until.saturating_duration_since(now));
        if wait < GRAIN { Duration::ZERO } else { wait }
    }
}

impl Default for Turns {
    fn default() -> Self {
        let now = Instant::now();
        Self {
            first: Mutex::new(()),
            changed: Notify::new(),
            state: StdMutex::new(State {
                requests: Allowance::new(now),
                tokens: Allowance::new(now),
                burst: Duration::ZERO,
                paused_until: now,
                waiting: Waiting::default(),
            }),
        }
    }
}

impl Turns {
    pub(super) fn set_requests(&self, per_minute: u64) {
        self.state().requests.allow(Instant::now(), per_minute);
        self.changed.notify_one();
    }

    pub(super) fn set_tokens(&self, per_minute: u64) {
        self.state().tokens.allow(Instant::now(), per_minute);
        self.changed.notify_one();
    }

    pub(super) fn set_burst(&self, ahead: Duration) {
        self.state().burst = ahead;
        self.changed.notify_one();
    }

    /// How many requests and tokens per minute may go out.
    pub(super) fn limits(&self) -> (Option<u64>, Option<u64>) {
        let state = self.state();
        (state.requests.limit(), state.tokens.limit())
    }

    /// Waits until a request of so many tokens may go out, and counts it.
    pub(super) async fn wait(
        &self,
        tokens: u64,
        deadline: Option<Instant>,
    ) -> Result<GoneOut, TransportError> {
        // Before the call itself gives up, which could not say why.
        let deadline = deadline.and_then(|deadline| deadline.checked_sub(GRAIN));
        let place = Place::take(self, tokens, deadline)?;
        let first = match deadline {
            None => self.first.lock().await,
            Some(deadline) => match timeout_at(deadline, self.first.lock()).await {
                Ok(first) => first,
                Err(_) => return Err(too_late("has not come in the call's time".to_owned())),
            },
        };
        let mut due = None;
        let gone_out = loop {
            let now = Instant::now();
            let wait = {
                let mut state = self.state();
                let wait = state.wait(now, Waiting::default());
                if wait.is_zero() {
                    // Timers are late. Those who come next do not wait for that, too. A turn
                    // may also come before it was due.
                    let due = due.map_or(now, |due: Instant| due.min(now));
                    state.requests.count(due, 1.0);
                    state.tokens.count(due, tokens as f64);
                    break GoneOut {
                        requests: state.requests.gone_out(now),
                        tokens: state.tokens.gone_out(now),
                    };
                }
                wait
            };
            in_time(now, wait, deadline)?;
            due = now.checked_add(wait);
            match due {
                Some(due) => _ = timeout_at(due, self.changed.notified()).await,
                None => self.changed.notified().await,
            }
        };
        drop(place); // before the next one looks
        drop(first);
        Ok(gone_out)
    }

    /// Replaces what was counted for a request.
    pub(super) fn correct(&self, counted: u64, tokens: u64) {
        let difference = tokens as f64 - counted as f64;
        self.state().tokens.count(Instant::now(), difference);
        self.changed.notify_one();
    }

    /// Takes up what a response says about the limits.
    pub(super) fn learn(
        self: &Arc<Self>,
        mut counted: u64,
        mut gone_out: GoneOut,
        response: http::Response<Body>,
    ) -> http::Response<Body> {
        let headers = response.headers();
        let says = RateLimit::read(headers);
        let cost = match says.query_cost {
            _ if !response.status().is_success() => Some(0), // nothing was computed
            cost => cost.and_then(|cost| u64::try_from(cost).ok()),
        };
        if let Some(cost) = cost {
            self.correct(counted, cost);
            gone_out.tokens += cost as f64 - counted as f64;
            counted = cost;
        }
        let is_limited = {
            let now = Instant::now();
            let mut state = self.state();
            let State {
                requests, tokens, ..
            } = &mut *state;
            let (limit, left) = (says.limit_requests, says.remaining_requests);
            requests.heed(now, gone_out.requests, limit, left);
            let (limit, left) = (says.limit_tokens, says.remaining_tokens);
            tokens.heed(now, gone_out.tokens, limit, left);
            if response.status() == StatusCode::TOO_MANY_REQUESTS {
                let pause = retry_after(headers).unwrap_or(PAUSE);
                let until = now.checked_add(pause).unwrap_or(state.paused_until);
                state.paused_until = state.paused_until.max(until);
                tracing::debug!(?pause, "the server is at its limit: nothing goes out");
            }
            state.tokens.limit().is_some()
        };
        self.changed.notify_one();
        // The head of a stream cannot tell what its answer will take.
        let is_known = (cost.is_some() || says.remaining_tokens.is_some())
            && !is_event_stream(response.headers());
        if !is_limited || is_known || counted == 0 || !response.status().is_success() {
            return response;
        }
        let turns = Arc::clone(self);
        response.map(|body| watch(body, move |tokens| turns.correct(counted, tokens)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in the queue, free again when it is dropped.
struct Place<'a> {
    turns: &'a Turns,
    tokens: u64,
}

impl<'a> Place<'a> {
    fn take(
        turns: &'a Turns,
        tokens: u64,
        deadline: Option<Instant>,
    ) -> Result<Self, TransportError> {
        let now = Instant::now();
        let mut state = turns.state();
        let limits = [state.requests.limit(), state.tokens.limit()];
        if limits.contains(&Some(0)) {
            let why = "the rate limiter lets nothing out: allow at least one request and one \
                token per minute";
            return Err(TransportError::new(TransportErrorKind::Config, why));
        }
        let wait = state.wait(now, state.waiting);
        in_time(now, wait, deadline)?;
        if !wait.is_zero() {
            tracing::debug!(?wait, waiting = state.waiting.requests, "a request waits");
        }
        state.waiting.requests += 1;
        state.waiting.tokens = state.waiting.tokens.saturating_add(tokens);
        Ok(Self { turns, tokens })
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let waiting = &mut self.turns.state().waiting;
        waiting.requests = waiting.requests.saturating_sub(1);
        waiting.tokens = waiting.tokens.saturating_sub(self.tokens);
    }
}

/// Fails if the wait ends after the deadline.
fn in_time(now: Instant, wait: Duration, deadline: Option<Instant>) -> Result<(), TransportError> {
    let Some(deadline) = deadline else {
        return Ok(());
    };
    let left = deadline.saturating_duration_since(now);
    if wait <= left {
        return Ok(());
    }
    Err(too_late(format!(
        "comes in {wait:.1?}, and the call's time ends in {left:.1?}"
    )))
}

fn too_late(turn: String) -> TransportError {
    let why = format!(
        "the rate limiter did not send this request: its turn {turn}. Raise `timeout` and \
         `first_byte_timeout`, or ask for less at once"
    );
    TransportError::new(TransportErrorKind::RateLimited, why)
}
