//! The circuit breaker of a client of a failover.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::run::TARGET;
use crate::error::{Error, ErrorKind, ProviderFailure};
use crate::pipeline::telemetry::describe;

/// The number of failures in a row after which a client is skipped, and for how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SkipRule {
    pub(crate) failures: u32,
    pub(crate) pause: Duration,
}

impl Default for SkipRule {
    #[inline]
    fn default() -> Self {
        Self {
            failures: 5,
            pause: Duration::from_secs(30),
        }
    }
}

/// The circuit breaker of one client: it is open while the client is skipped.
#[derive(Debug)]
pub(crate) struct CircuitBreaker {
    pub(crate) provider: &'static str,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The number of failures since the last success.
    failures: u32,
    /// The last failure, once there are enough of them to skip the client.
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    until: Instant,
    kind: ErrorKind,
    reason: String,
}

impl CircuitBreaker {
    #[inline]
    pub(crate) fn new(provider: &'static str) -> Self {
        Self {
            provider,
            state: Mutex::default(),
        }
    }

    #[inline]
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the failure that stands for the client while it is skipped. `None`: a call may try it.
    ///
    /// After the pause, one call tries it and the others skip it for another pause. That ends earlier
    /// if the call succeeds, and is long enough if it is dropped.
    #[inline]
    pub(crate) fn skip(&self, rule: SkipRule) -> Option<ProviderFailure> {
        let mut state = self.lock();
        let failures = state.failures;
        let open = state.open.as_mut()?;
        let now = Instant::now();
        if open.until <= now {
            open.pause(now, rule);
            return None;
        }
        let reason = &open.reason;
        let message = match failures {
            1 => format!("skipped after a failure: {reason}"),
            _ => {
                format!("skipped after {failures} consecutive failures, the last of them: {reason}")
            }
        };
        let error = Error::new(open.kind, message);
        Some(ProviderFailure {
            provider: self.provider,
            error: error.with_retry_after(open.until.saturating_duration_since(now)),
            is_skipped: true,
        })
    }

    /// Returns the end of the pause of a client that is skipped.
    #[inline]
    pub(crate) fn skipped_until(&self) -> Option<Instant> {
        self.lock().open.as_ref().map(|open| open.until)
    }

    /// Records a failure. The client is skipped if it is one too many.
    #[inline]
    pub(crate) fn failed(&self, error: &Error, rule: SkipRule) {
        let mut state = self.lock();
        state.failures = state.failures.saturating_add(1);
        if state.failures < rule.failures {
            return;
        }
        let failures = state.failures;
        let was_open = state.open.is_some();
        let now = Instant::now();
        let open = state.open.insert(Open {
            until: now,
            kind: error.kind(),
            reason: describe(error),
        });
        open.pause(now, rule);
        if !was_open {
            let provider = self.provider;
            let (pause, error) = (rule.pause, &*open.reason);
            tracing::warn!(target: TARGET, provider, failures, ?pause, error, "skipping the provider");
        }
    }

    /// Records a response of the server, after which the client is not skipped.
    #[inline]
    pub(crate) fn responded(&self) {
        let mut state = self.lock();
        state.failures = 0;
        if state.open.take().is_some() {
            let provider = self.provider;
            tracing::info!(target: TARGET, provider, "the provider responds again");
        }
    }
}

impl Open {
    /// Starts a pause. One that is too long to represent lasts for a year.
    #[inline]
    fn pause(&mut self, now: Instant, rule: SkipRule) {
        const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
        self.until = now.checked_add(rule.pause).unwrap_or(now + YEAR);
    }
}
