//! How much of one thing, requests or tokens, may go out in a minute.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

const MINUTE: f64 = 60.0;

/// What goes out is a debt that is paid off evenly, so much per second. Who comes next waits
/// until it is.
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
    as_of: Instant,
    lately: Lately,
}

impl Allowance {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            own: None,
            announced: None,
            debt: 0.0,
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
        self.count(now, 0.0); // up to here the debt was paid off at the old pace
        self.own = Some(limit);
    }

    fn per_second(&self) -> Option<f64> {
        Some(self.limit()? as f64 / MINUTE)
    }

    /// How long it is until something may go out after `before` has.
    pub(super) fn wait(&self, now: Instant, before: f64) -> Duration {
        let Some(per_second) = self.per_second() else {
            return Duration::ZERO;
        };
        let seconds = (self.debt_at(now) + before) / per_second;
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
    }

    /// Counts what goes out, or takes back (below zero) what was counted too high.
    pub(super) fn count(&mut self, now: Instant, amount: f64) {
        self.lately.add(now, amount);
        // Without a limit nothing is paid off.
        let owed = self
            .per_second()
            .map_or(0.0, |_| self.debt_at(now) + amount);
        self.debt = owed.max(0.0);
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
            self.count(now, 0.0); // as above
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
