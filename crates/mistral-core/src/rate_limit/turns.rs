//! Whose turn it is.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::StatusCode;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::allowance::{Allowance, LATE};
use super::tokens::watch;
use crate::call::response::RateLimit;
use crate::pipeline::classify::is_event_stream;
use crate::retry::retry_after;
use crate::transport::{Body, TransportError, TransportErrorKind};

/// How long nothing goes out after a 429 that does not say how long.
const PAUSE: Duration = Duration::from_secs(1);

/// Tokio's timers do not tell shorter times apart.
const GRAIN: Duration = Duration::from_millis(1);

/// Lets requests go one after the other, each in its time.
///
/// What waits is owed from the moment when it comes, and each has its own timer. So a call that
/// nobody polls holds nobody up: its turn passes, and it takes another when it is polled again.
/// Only the first of those who wait is told when its time may have come earlier.
#[derive(Debug)]
pub(super) struct Turns {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    requests: Allowance,
    tokens: Allowance,
    burst: Duration,
    /// Until when the server wants nothing.
    paused_until: Instant,
    /// Who has not gone out yet, in the order in which they came.
    waiting: BTreeMap<u64, Waiter>,
    /// The number of the next one to come.
    next: u64,
}

#[derive(Debug)]
struct Waiter {
    tokens: f64,
    changed: Arc<Notify>,
}

/// How much had gone out within a minute when a request did, with itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct GoneOut {
    requests: f64,
    tokens: f64,
}

impl State {
    /// How long it is until this one may go out.
    fn wait(&self, now: Instant, number: u64) -> Duration {
        let (requests, tokens) = self.from(number);
        let requests = self.requests.wait(now, requests);
        let tokens = self.tokens.wait(now, tokens);
        let paced = requests.max(tokens).saturating_sub(self.burst);
        let wait = paced.max(self.paused_until.saturating_duration_since(now));
        if wait < GRAIN { Duration::ZERO } else { wait }
    }

    /// How many requests and tokens this one takes, with all behind it.
    fn from(&self, number: u64) -> (f64, f64) {
        let behind = self.waiting.range(number.saturating_add(1)..).next();
        if let (Some(this), None) = (self.waiting.get(&number), behind) {
            return (1.0, this.tokens); // mostly it has just come
        }
        let before = self
            .waiting
            .range(..number)
            .map(|(_, waiter)| waiter.tokens);
        let all = (self.requests.reserved(), self.tokens.reserved());
        before.fold(all, |(requests, left), tokens| {
            (requests - 1.0, left - tokens)
        })
    }

    fn reserve(&mut self, now: Instant, waiter: Waiter) -> u64 {
        self.requests.reserve(now, 1.0);
        self.tokens.reserve(now, waiter.tokens);
        let number = self.next;
        self.next += 1;
        self.waiting.insert(number, waiter);
        number
    }

    /// Takes a request out that does not go.
    fn release(&mut self, now: Instant, number: u64, has_passed: bool) -> Option<Waiter> {
        let waiter = self.waiting.remove(&number)?;
        self.requests.release(now, 1.0, has_passed);
        self.tokens.release(now, waiter.tokens, has_passed);
        Some(waiter)
    }

    fn tell_first(&self) {
        if let Some((_, first)) = self.waiting.first_key_value() {
            first.changed.notify_one();
        }
    }
}

impl Default for Turns {
    fn default() -> Self {
        let now = Instant::now();
        Self {
            state: Mutex::new(State {
                requests: Allowance::new(now),
                tokens: Allowance::new(now),
                burst: Duration::ZERO,
                paused_until: now,
                waiting: BTreeMap::new(),
                next: 0,
            }),
        }
    }
}

impl Turns {
    pub(super) fn set_requests(&self, per_minute: u64) {
        let mut state = self.state();
        state.requests.allow(Instant::now(), per_minute);
        state.tell_first();
    }

    pub(super) fn set_tokens(&self, per_minute: u64) {
        let mut state = self.state();
        state.tokens.allow(Instant::now(), per_minute);
        state.tell_first();
    }

    pub(super) fn set_burst(&self, ahead: Duration) {
        let mut state = self.state();
        state.burst = ahead;
        state.tell_first();
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
        let mut place = Place::take(self, tokens)?;
        loop {
            let now = Instant::now();
            let wait = match place.go(now) {
                Ok(gone_out) => return Ok(gone_out),
                Err(wait) => wait,
            };
            in_time(now, wait, deadline)?;
            place.due = now.checked_add(wait);
            match place.due {
                Some(due) => _ = timeout_at(due, place.changed.notified()).await,
                None => place.changed.notified().await,
            }
        }
    }

    /// Replaces what was counted for a request.
    pub(super) fn correct(&self, counted: u64, tokens: u64) {
        let difference = tokens as f64 - counted as f64;
        let mut state = self.state();
        state.tokens.count(Instant::now(), difference);
        state.tell_first();
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
            state.tell_first();
            state.tokens.limit().is_some()
        };
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

/// A place among those who wait, free again when it is dropped.
struct Place<'a> {
    turns: &'a Turns,
    number: u64,
    changed: Arc<Notify>,
    /// When its turn comes, as far as is known.
    due: Option<Instant>,
}

impl<'a> Place<'a> {
    fn take(turns: &'a Turns, tokens: u64) -> Result<Self, TransportError> {
        let now = Instant::now();
        let changed = Arc::new(Notify::new());
        let waiter = Waiter {
            tokens: tokens as f64,
            changed: Arc::clone(&changed),
        };
        let mut state = turns.state();
        let limits = [state.requests.limit(), state.tokens.limit()];
        if limits.contains(&Some(0)) {
            let why = "the rate limiter lets nothing out: allow at least one request and one \
                token per minute";
            return Err(TransportError::new(TransportErrorKind::Config, why));
        }
        let number = state.reserve(now, waiter);
        let wait = state.wait(now, number);
        let waiting = state.waiting.len() - 1;
        drop(state);
        if !wait.is_zero() {
            tracing::debug!(?wait, waiting, "a request waits");
        }
        Ok(Self {
            turns,
            number,
            changed,
            due: None,
        })
    }

    /// Goes out, or says how long it is until it may.
    fn go(&mut self, now: Instant) -> Result<GoneOut, Duration> {
        let mut state = self.turns.state();
        if self.has_passed(now)
            && let Some(waiter) = state.release(now, self.number, true)
        {
            self.number = state.reserve(now, waiter);
            self.due = None;
        }
        let wait = state.wait(now, self.number);
        if !wait.is_zero() {
            return Err(wait);
        }
        let (requests, tokens) = state.from(self.number);
        if let Some(waiter) = state.waiting.remove(&self.number) {
            state.requests.go(now, 1.0, requests);
            state.tokens.go(now, waiter.tokens, tokens);
        }
        state.tell_first();
        Ok(GoneOut {
            requests: state.requests.gone_out(now),
            tokens: state.tokens.gone_out(now),
        })
    }

    /// Whether its turn was so long ago that others have had it.
    fn has_passed(&self, now: Instant) -> bool {
        self.due
            .is_some_and(|due| now.saturating_duration_since(due) > LATE)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let now = Instant::now();
        let mut state = self.turns.state();
        if state
            .release(now, self.number, self.has_passed(now))
            .is_some()
        {
            state.tell_first();
        }
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
