//! The queue of requests that wait until the limits allow them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::StatusCode;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::estimate::report_usage;
use super::pause::Pause;
use super::token_bucket::{TIMER_SLACK, TokenBucket};
use super::wait_limit::{NO_PERMIT, TIMER_RESOLUTION, WaitLimit, refused};
use crate::call::response::RateLimit;
use crate::pipeline::classify::is_event_stream;
use crate::retry::retry_after;
use crate::transport::{Body, TransportError, TransportErrorKind, current_runtime};

/// The pause after a 429 without `retry-after`.
const DEFAULT_PAUSE: Duration = Duration::from_secs(1);

/// A first-in, first-out queue of requests, limited by a token bucket each for requests and
/// tokens.
///
/// A request is charged when it joins the queue and waits with a timer of its own. Therefore a
/// call that is not polled does not block the others: it misses its time, and is queued again
/// when it is polled. Only the first waiter is notified of a change that may let it be sent
/// earlier.
#[derive(Debug)]
pub(super) struct FairQueue {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    requests: TokenBucket,
    tokens: TokenBucket,
    burst: Duration,
    pause: Pause,
    /// The waiting requests, by ascending number.
    waiting: VecDeque<Waiter>,
    /// The number of the next request.
    next_number: u64,
}

#[derive(Debug)]
struct Waiter {
    number: u64,
    tokens: f64,
    changed: Arc<Notify>,
}

/// The amounts sent within a minute at the time of a request, including the request.
#[derive(Debug, Clone, Copy)]
pub(super) struct RecentlySent {
    at: Instant,
    requests: f64,
    tokens: f64,
}

impl State {
    /// Returns the time until a request can be sent.
    fn time_until(&self, now: Instant, number: u64) -> Duration {
        let (requests, tokens) = self.amount_from(number);
        let requests = self.requests.time_until(now, requests);
        let tokens = self.tokens.time_until(now, tokens);
        let paced = requests.max(tokens).saturating_sub(self.burst);
        let wait = paced.max(self.pause.until.saturating_duration_since(now));
        if wait < TIMER_RESOLUTION {
            Duration::ZERO
        } else {
            wait
        }
    }

    /// Returns the number of requests and of tokens of a request and all behind it.
    fn amount_from(&self, number: u64) -> (f64, f64) {
        if let Some(last) = self.waiting.back().filter(|last| last.number == number) {
            return (1.0, last.tokens); // the usual case: the request has just joined the queue
        }
        let before = self.waiting.iter().take_while(|it| it.number < number);
        let all = (self.requests.reserved(), self.tokens.reserved());
        before.fold(all, |(requests, left), waiter| {
            (requests - 1.0, left - waiter.tokens)
        })
    }

    fn reserve(&mut self, now: Instant, mut waiter: Waiter) -> u64 {
        self.requests.reserve(now, 1.0);
        self.tokens.reserve(now, waiter.tokens);
        let number = self.next_number;
        self.next_number += 1;
        waiter.number = number;
        self.waiting.push_back(waiter);
        number
    }

    /// Removes a request from the queue, if it still waits.
    fn remove(&mut self, number: u64) -> Option<Waiter> {
        let found = self.waiting.binary_search_by_key(&number, |it| it.number);
        self.waiting.remove(found.ok()?)
    }

    /// Removes a request that is not sent.
    fn release(&mut self, now: Instant, number: u64, is_missed: bool) -> Option<Waiter> {
        let waiter = self.remove(number)?;
        self.requests.release(now, 1.0, is_missed);
        self.tokens.release(now, waiter.tokens, is_missed);
        Some(waiter)
    }

    fn notify_first(&self) {
        if let Some(first) = self.waiting.front() {
            first.changed.notify_one();
        }
    }
}

impl Default for FairQueue {
    fn default() -> Self {
        let now = Instant::now();
        Self {
            state: Mutex::new(State {
                requests: TokenBucket::new(now),
                tokens: TokenBucket::new(now),
                burst: Duration::ZERO,
                pause: Pause::new(now),
                waiting: VecDeque::new(),
                next_number: 0,
            }),
        }
    }
}

impl FairQueue {
    pub(super) fn set_requests(&self, per_minute: u64) {
        let mut state = self.state();
        state.requests.set_limit(Instant::now(), per_minute);
        state.notify_first();
    }

    pub(super) fn set_tokens(&self, per_minute: u64) {
        let mut state = self.state();
        state.tokens.set_limit(Instant::now(), per_minute);
        state.notify_first();
    }

    pub(super) fn set_burst(&self, ahead: Duration) {
        let mut state = self.state();
        state.burst = ahead;
        state.notify_first();
    }

    /// Returns the limits on requests and tokens per minute.
    pub(super) fn limits(&self) -> (Option<u64>, Option<u64>) {
        let state = self.state();
        (state.requests.limit(), state.tokens.limit())
    }

    /// Waits until a request of `tokens` tokens can be sent, and charges it.
    pub(super) async fn wait(
        &self,
        tokens: u64,
        limit: WaitLimit,
    ) -> Result<RecentlySent, TransportError> {
        let mut ticket = Ticket::new(self, tokens)?;
        loop {
            let now = Instant::now();
            let wait = match ticket.try_send(now) {
                Ok(sent) => return Ok(sent),
                Err(wait) => wait,
            };
            limit.check(now, wait)?;
            current_runtime()?;
            ticket.due = now.checked_add(wait);
            match ticket.due {
                Some(due) => _ = timeout_at(due, ticket.changed.notified()).await,
                None => ticket.changed.notified().await,
            }
        }
    }

    /// Charges a request of `tokens` tokens if it can be sent immediately.
    pub(super) fn try_send(&self, tokens: u64) -> Result<(), TransportError> {
        let sent = Ticket::new(self, tokens)?.try_send(Instant::now());
        sent.map(drop).map_err(|wait| refused(wait, &NO_PERMIT))
    }

    /// Removes the charge of a request that was not sent.
    pub(super) fn uncharge(&self, tokens: u64) {
        let now = Instant::now();
        let mut state = self.state();
        state.requests.adjust(now, -1.0);
        state.tokens.adjust(now, -(tokens as f64));
        state.notify_first();
    }

    /// Replaces the number of tokens that a request was charged by `tokens`.
    pub(super) fn correct(&self, charged: u64, tokens: u64) {
        let difference = tokens as f64 - charged as f64;
        let mut state = self.state();
        state.tokens.adjust(Instant::now(), difference);
        state.notify_first();
    }

    /// Applies the limits in the headers of a response, and corrects the tokens charged for its
    /// request.
    pub(super) fn apply_response(
        self: &Arc<Self>,
        mut charged: u64,
        mut sent: RecentlySent,
        response: http::Response<Body>,
    ) -> http::Response<Body> {
        let headers = response.headers();
        let limits = RateLimit::read(headers);
        let cost = match limits.query_cost {
            _ if !response.status().is_success() => Some(0), // failed requests consume no tokens
            cost => cost.and_then(|cost| u64::try_from(cost).ok()),
        };
        if let Some(cost) = cost {
            self.correct(charged, cost);
            sent.tokens += cost as f64 - charged as f64;
            charged = cost;
        }
        let is_limited = {
            let now = Instant::now();
            let mut state = self.state();
            let State {
                requests, tokens, ..
            } = &mut *state;
            let (limit, remaining) = (limits.limit_requests, limits.remaining_requests);
            requests.apply_server_limit(now, sent.requests, limit, remaining);
            let (limit, remaining) = (limits.limit_tokens, limits.remaining_tokens);
            tokens.apply_server_limit(now, sent.tokens, limit, remaining);
            if response.status() == StatusCode::TOO_MANY_REQUESTS {
                let delay = retry_after(headers).unwrap_or(DEFAULT_PAUSE);
                state.pause.begin(now, delay, sent.at);
                let pause = state.pause.until.saturating_duration_since(now);
                tracing::debug!(
                    ?pause,
                    "the server's rate limit is exceeded: no requests are sent"
                );
            } else if !response.status().is_server_error() {
                state.pause.end_by_response(sent.at);
            }
            state.notify_first();
            state.tokens.limit().is_some()
        };
        // The headers of a stream cannot include the tokens of its completion.
        let is_known = (cost.is_some() || limits.remaining_tokens.is_some())
            && !is_event_stream(response.headers());
        if !is_limited || is_known || charged == 0 || !response.status().is_success() {
            return response;
        }
        let queue = Arc::clone(self);
        response.map(|body| report_usage(body, move |tokens| queue.correct(charged, tokens)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of a request in the queue. Dropping it removes the request.
struct Ticket<'a> {
    queue: &'a FairQueue,
    number: u64,
    changed: Arc<Notify>,
    /// The time at which the request can be sent, as far as is known.
    due: Option<Instant>,
}

impl<'a> Ticket<'a> {
    fn new(queue: &'a FairQueue, tokens: u64) -> Result<Self, TransportError> {
        let now = Instant::now();
        let changed = Arc::new(Notify::new());
        let mut state = queue.state();
        let waiter = Waiter {
            number: 0, // set when it joins the queue
            tokens: state.tokens.amount_to_charge(tokens as f64),
            changed: Arc::clone(&changed),
        };
        let limits = [state.requests.limit(), state.tokens.limit()];
        if limits.contains(&Some(0)) {
            let message = "the rate limiter has a limit of zero: set `requests_per_minute` and \
                           `tokens_per_minute` to at least one request and one token";
            return Err(TransportError::new(TransportErrorKind::Config, message));
        }
        let number = state.reserve(now, waiter);
        let wait = state.time_until(now, number);
        let waiting = state.waiting.len() - 1;
        drop(state);
        if !wait.is_zero() {
            tracing::debug!(?wait, waiting, "a request waits for the rate limiter");
        }
        Ok(Self {
            queue,
            number,
            changed,
            due: None,
        })
    }

    /// Charges the request as sent, or returns the time until it can be sent.
    fn try_send(&mut self, now: Instant) -> Result<RecentlySent, Duration> {
        let mut state = self.queue.state();
        if self.is_missed(now)
            && let Some(waiter) = state.release(now, self.number, true)
        {
            self.number = state.reserve(now, waiter);
            self.due = None;
        }
        let wait = state.time_until(now, self.number);
        if !wait.is_zero() {
            return Err(wait);
        }
        let (requests, tokens) = state.amount_from(self.number);
        if let Some(waiter) = state.remove(self.number) {
            state.requests.consume(now, 1.0, requests);
            state.tokens.consume(now, waiter.tokens, tokens);
        }
        state.pause.request_sent(now);
        state.notify_first();
        Ok(RecentlySent {
            at: now,
            requests: state.requests.sent_in_last_minute(now),
            tokens: state.tokens.sent_in_last_minute(now),
        })
    }

    /// Whether the time to send was so long ago that other requests have been sent instead.
    fn is_missed(&self, now: Instant) -> bool {
        self.due
            .is_some_and(|due| now.saturating_duration_since(due) > TIMER_SLACK)
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        let now = Instant::now();
        let mut state = self.queue.state();
        if state
            .release(now, self.number, self.is_missed(now))
            .is_some()
        {
            state.notify_first();
        }
    }
}
