//! How much of one thing, requests or tokens, may go out in a minute.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// By how much a turn may be late without being a new one.
pub(super) const LATE: Duration = Duration::from_secs(1);

const MINUTE: f64 = 60.0;

/// What goes out is a debt that is paid off evenly, so much per second. Who comes next waits
/// until it is. What waits is owed already, so that each knows how long it is to those before it.
///
/// So no minute sees more than the limit and the last request, whenever the server's minute
/// begins.
#[derive(Debug)]
pub(super) struct Allowance {
    /// What the program allows itself per minute.
    own: Option<u64>,
    /// What the server says that it allows.
    announced: Option<u64>,
    debt: f64,
    /// The part of the debt that has not gone out yet.
    reserved: f64,
    as_of: Instant,
    lately: Lately,
}

impl Allowance {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            own: None,
            announced: None,
            debt: 0.0,
            reserved: 0.0,
            as_of: now,
            lately: Lately::new(now),
        }
    }

    /// How much may go out per minute; `None`: any amount.
    pub(super) fn limit(&self) -> Option<u64> {
        match (self.own, self.announced) {
            (Some(own), Some(announced)) => Some(own.min(announced)),
            (own, announced) => own.or(announced),
        }
    }

    /// Sets what the program allows itself per minute.
    pub(super) fn allow(&mut self, now: Instant, limit: u64) {
        self.owe(now, 0.0); // up to here the debt was paid off at the old pace
        self.own = Some(limit);
    }

    fn per_second(&self) -> Option<f64> {
        Some(self.limit()? as f64 / MINUTE)
    }

    /// How long it is until something may go out that takes, with all behind it, `from_it_on`.
    pub(super) fn wait(&self, now: Instant, from_it_on: f64) -> Duration {
        let Some(per_second) = self.per_second() else {
            return Duration::ZERO;
        };
        let seconds = (self.debt_at(now) - from_it_on).max(0.0) / per_second;
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
    }

    /// What all take that wait.
    pub(super) fn reserved(&self) -> f64 {
        self.reserved
    }

    /// Takes up what waits from now on.
    pub(super) fn reserve(&mut self, now: Instant, amount: f64) {
        self.reserved += amount;
        self.owe(now, amount);
    }

    /// Takes back what was reserved. If its turn has passed it has been paid for, and nobody
    /// gains by it.
    pub(super) fn release(&mut self, now: Instant, amount: f64, has_passed: bool) {
        self.reserved -= amount;
        if !has_passed {
            self.owe(now, -amount);
        }
    }

    /// Counts what was reserved as gone out.
    pub(super) fn go(&mut self, now: Instant, amount: f64, from_it_on: f64) {
        // What was paid off while nothing could go out is not saved up. But timers are late:
        // those who come next do not wait for that, too.
        let forgiven = self.per_second().unwrap_or_default() * LATE.as_secs_f64();
        let missing = from_it_on - self.debt_at(now);
        if missing > forgiven {
            self.owe(now, missing);
        }
        self.reserved -= amount;
        self.lately.add(now, amount);
    }

    /// Counts what others took, or takes back (below zero) what was counted too high.
    pub(super) fn count(&mut self, now: Instant, amount: f64) {
        self.lately.add(now, amount);
        self.owe(now, amount);
    }

    fn owe(&mut self, now: Instant, amount: f64) {
        let debt = self.debt_at(now);
        let least = self.reserved.min(debt); // those who wait gain nothing
        // Without a limit nothing is paid off.
        let owed = self.per_second().map_or(0.0, |_| debt + amount);
        self.debt = owed.max(least).max(0.0);
        self.as_of = now.max(self.as_of);
    }

    /// How much has gone out within a minute.
    pub(super) fn gone_out(&mut self, now: Instant) -> f64 {
        self.lately.sum(now)
    }

    /// Takes up what the server says: its limit, and how much of it is left.
    ///
    /// If less is left than can be told from what went out here, others use the limit too. What
    /// they took counts as if it had gone out from here. Some servers tell what was left when
    /// the request came, for which `gone_out` says how much had gone out by then.
    pub(super) fn heed(
        &mut self,
        now: Instant,
        gone_out: f64,
        limit: Option<i64>,
        remaining: Option<i64>,
    ) {
        if let Some(limit) = limit.and_then(|limit| u64::try_from(limit).ok())
            && limit > 0
        {
            self.owe(now, 0.0); // as above
            self.announced = Some(limit);
        }
        if let (Some(limit), Some(remaining)) = (self.limit(), remaining) {
            let ours = self.gone_out(now).max(gone_out);
            let by_others = limit as f64 - ours - remaining as f64;
            if by_others > 0.0 {
                self.count(now, by_others);
            }
        }
    }

    fn debt_at(&self, now: Instant) -> f64 {
        let paid = self.per_second().unwrap_or_default()
            * now.saturating_duration_since(self.as_of).as_secs_f64();
        (self.debt - paid).max(0.0)
    }
}

/// What went out in the last minute, by seconds.
#[derive(Debug)]
struct Lately {
    seconds: VecDeque<f64>,
    start: Instant,
    /// The second that is at the front, counted from the start.
    current: u64,
}

impl Lately {
    /// One more than a minute has: the oldest may have passed only in part.
    const SECONDS: usize = 61;

    fn new(now: Instant) -> Self {
        Self {
            seconds: VecDeque::from([0.0; Self::SECONDS]),
            start: now,
            current: 0,
        }
    }

    fn add(&mut self, now: Instant, amount: f64) {
        self.turn_to(now);
        if let Some(current) = self.seconds.front_mut() {
            *current += amount;
        }
    }

    fn sum(&mut self, now: Instant) -> f64 {
        self.turn_to(now);
        self.seconds.iter().sum()
    }

    fn turn_to(&mut self, now: Instant) {
        let second = now.saturating_duration_since(self.start).as_secs();
        let passed = second.saturating_sub(self.current);
        for _ in 0..passed.min(Self::SECONDS as u64) {
            self.seconds.pop_back();
            self.seconds.push_front(0.0);
        }
        self.current += passed;
    }
}
