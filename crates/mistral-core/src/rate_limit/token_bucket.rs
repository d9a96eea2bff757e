//! A token bucket, for requests or for tokens per minute.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// The maximum delay of a timer. A request that is sent no later than this after its time has
/// not lost its place.
pub(super) const TIMER_SLACK: Duration = Duration::from_secs(1);

const SECONDS_PER_MINUTE: f64 = 60.0;

/// The longest time that numbers of the server can delay a request for, in minutes. An odd
/// number in one response must not stop all requests for good.
const MAX_CORRECTION_MINUTES: f64 = 2.0;

/// A token bucket that stores its debt: the amount sent and not yet refilled.
///
/// The debt decreases at the rate of the limit, and the next request waits until it is zero.
/// A waiting request adds to the debt already, so that later ones know their waiting time.
/// Therefore no minute exceeds the limit by more than the last request, whenever the server's
/// minute begins.
#[derive(Debug)]
pub(super) struct TokenBucket {
    /// The limit per minute that the program set.
    configured: Option<u64>,
    /// The limit per minute that the server reported.
    server_limit: Option<u64>,
    debt: f64,
    /// The part of the debt that has not been sent yet.
    reserved: f64,
    /// The time at which `debt` was computed.
    updated: Instant,
    window: SlidingWindow,
}

impl TokenBucket {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            configured: None,
            server_limit: None,
            debt: 0.0,
            reserved: 0.0,
            updated: now,
            window: SlidingWindow::new(now),
        }
    }

    /// Returns the limit per minute, if there is one.
    pub(super) fn limit(&self) -> Option<u64> {
        match (self.configured, self.server_limit) {
            (Some(configured), Some(server_limit)) => Some(configured.min(server_limit)),
            (configured, server_limit) => configured.or(server_limit),
        }
    }

    /// Sets the limit per minute of the program.
    pub(super) fn set_limit(&mut self, now: Instant, limit: u64) {
        self.charge(now, 0.0); // the debt decreased at the old rate until now
        self.configured = Some(limit);
    }

    fn per_second(&self) -> Option<f64> {
        Some(self.limit()? as f64 / SECONDS_PER_MINUTE)
    }

    /// Returns the time until a request can be sent. `own_and_behind` is the amount of the request
    /// and of all behind it, which is part of the debt.
    pub(super) fn time_until(&self, now: Instant, own_and_behind: f64) -> Duration {
        let Some(per_second) = self.per_second() else {
            return Duration::ZERO;
        };
        let seconds = (self.debt_at(now) - own_and_behind).max(0.0) / per_second;
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
    }

    /// Returns the amount of all waiting requests.
    pub(super) fn reserved(&self) -> f64 {
        self.reserved
    }

    /// Adds the amount of a request that waits from now on.
    pub(super) fn reserve(&mut self, now: Instant, amount: f64) {
        self.reserved += amount;
        self.charge(now, amount);
    }

    /// Removes the amount of a waiting request. If the request missed its time, its amount has been
    /// refilled already and stays charged, so that no other request is sent earlier.
    pub(super) fn release(&mut self, now: Instant, amount: f64, is_missed: bool) {
        self.reserved -= amount;
        if !is_missed {
            self.charge(now, -amount);
        }
    }

    /// Consumes a reserved amount, because its request is sent now.
    pub(super) fn consume(&mut self, now: Instant, amount: f64, own_and_behind: f64) {
        // The refill of a pause is not saved up. But timers fire late, and later requests must
        // not wait for that, too.
        let slack = self.per_second().unwrap_or_default() * TIMER_SLACK.as_secs_f64();
        let missing = own_and_behind - self.debt_at(now);
        if missing > slack {
            self.charge(now, missing);
        }
        self.reserved -= amount;
        self.window.add(now, amount);
    }

    /// Adds the amount that other programs sent, or corrects an estimate that was too low or, with
    /// a negative `amount`, too high. The debt that this adds is at most that of two minutes.
    pub(super) fn adjust(&mut self, now: Instant, amount: f64) {
        let room = (self.max_corrected_debt() - self.debt_at(now)).max(0.0);
        let amount = amount.min(room);
        self.window.add(now, amount);
        self.charge(now, amount);
    }

    /// Returns the amount that a request is charged. A limit that the server reported delays the
    /// requests behind it by two minutes at most: the server itself enforces it, if it is real.
    pub(super) fn amount_to_charge(&self, amount: f64) -> f64 {
        match self.server_limit {
            Some(limit) if self.configured.is_none_or(|own| limit < own) => {
                amount.min(MAX_CORRECTION_MINUTES * limit as f64)
            }
            _ => amount,
        }
    }

    /// Returns the debt that numbers of the server can lead to.
    fn max_corrected_debt(&self) -> f64 {
        let per_minute = self.limit().map_or(f64::INFINITY, |limit| limit as f64);
        self.reserved + MAX_CORRECTION_MINUTES * per_minute
    }

    /// Adds `amount` to the debt, which may be negative.
    fn charge(&mut self, now: Instant, amount: f64) {
        let debt = self.debt_at(now);
        let min = self.reserved.min(debt); // waiting requests must not be sent earlier
        // Without a limit there is no rate at which a debt would decrease.
        let charged = self.per_second().map_or(0.0, |_| debt + amount);
        self.debt = charged.max(min).max(0.0);
        self.updated = now.max(self.updated);
    }

    /// Returns the amount sent within the last minute.
    pub(super) fn sent_in_last_minute(&mut self, now: Instant) -> f64 {
        self.window.sum(now)
    }

    /// Applies the limit that the server reported, and its remaining amount.
    ///
    /// If less remains than this program accounts for, other programs use the same limit, and the
    /// amount that they sent is charged here, too. Some servers report the amount that remained
    /// when the request arrived; `sent` is the amount that had been sent by then.
    pub(super) fn apply_server_limit(
        &mut self,
        now: Instant,
        sent: f64,
        limit: Option<i64>,
        remaining: Option<i64>,
    ) {
        if let Some(limit) = limit.and_then(|limit| u64::try_from(limit).ok())
            && limit > 0
        {
            self.charge(now, 0.0); // the debt decreased at the old rate until now
            let before = self.limit();
            self.server_limit = Some(limit);
            if before.is_some() && self.limit() != before {
                self.debt = self.debt.min(self.max_corrected_debt());
            }
        }
        if let (Some(limit), Some(remaining)) = (self.limit(), remaining) {
            let ours = self.sent_in_last_minute(now).max(sent);
            // Some servers report less than nothing.
            let by_others = limit as f64 - ours - remaining.max(0) as f64;
            if by_others > 0.0 {
                self.adjust(now, by_others);
            }
        }
    }

    fn debt_at(&self, now: Instant) -> f64 {
        let refilled = self.per_second().unwrap_or_default()
            * now.saturating_duration_since(self.updated).as_secs_f64();
        (self.debt - refilled).max(0.0)
    }
}

/// The amounts sent in the last minute, per second.
#[derive(Debug)]
struct SlidingWindow {
    seconds: VecDeque<f64>,
    start: Instant,
    /// The second at the front of `seconds`, counted from `start`.
    current: u64,
}

impl SlidingWindow {
    /// One more than a minute has, because the oldest second may be within the window in part.
    const SECONDS: usize = 61;

    fn new(now: Instant) -> Self {
        Self {
            seconds: VecDeque::from([0.0; Self::SECONDS]),
            start: now,
            current: 0,
        }
    }

    fn add(&mut self, now: Instant, amount: f64) {
        self.advance_to(now);
        if let Some(current) = self.seconds.front_mut() {
            *current += amount;
        }
    }

    fn sum(&mut self, now: Instant) -> f64 {
        self.advance_to(now);
        self.seconds.iter().sum()
    }

    fn advance_to(&mut self, now: Instant) {
        let second = now.saturating_duration_since(self.start).as_secs();
        let passed = second.saturating_sub(self.current);
        for _ in 0..passed.min(Self::SECONDS as u64) {
            self.seconds.pop_back();
            self.seconds.push_front(0.0);
        }
        self.current += passed;
    }
}
