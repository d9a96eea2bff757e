//! When a call is repeated, and after how long.

use std::time::Duration;

use http::StatusCode;

use crate::error::{Error, ErrorKind};
use crate::provider::RetrySafety;

/// Says how often, and how soon, a failed call is repeated.
///
/// Repeated are calls that the server turned away with 408, 429, 500, 502, 503, 504 or
/// 520 to 529, and calls that surely never reached it. The delays grow exponentially and
/// are drawn at random between zero and the current bound ("full jitter"). When the
/// server names a delay (`retry-after` in seconds or as a date, `retry-after-ms`), the
/// call waits that long, plus such a random part.
///
/// Never repeated are: other statuses; a 429 whose code says that the quota is used up;
/// a stream after its first event; a request with effects, such as an upload or the
/// creation of a job, unless it surely never arrived; a body that can be read only once.
///
/// ```
/// use std::time::Duration;
/// use mistral_core::RetryPolicy;
///
/// let patient = RetryPolicy::default().max_retries(5).max_elapsed(Duration::from_secs(300));
/// assert_eq!(patient.max_retries, 5);
/// assert_eq!(RetryPolicy::none().max_retries, 0);
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// How many attempts may follow the first one. Default: 2.
    pub max_retries: u32,
    /// The bound of the first delay. Default: 0.5 s.
    pub initial_delay: Duration,
    /// The largest bound of a delay. Default: 8 s.
    pub max_delay: Duration,
    /// By how much the bound grows from one delay to the next. Default: 2.
    pub exponent: f64,
    /// No attempt starts later than this after the call began. Default: 120 s.
    pub max_elapsed: Duration,
    /// The longest delay that the server may ask for; beyond it the call fails at once
    /// and the error says how long to wait. Default: 60 s.
    pub max_retry_after: Duration,
    /// Whether inference calls (chat, FIM, embeddings, …) are also repeated when the
    /// connection broke, or the first byte did not come in time, after the request may
    /// have been received. Such a call may then be billed twice. Default: no.
    pub retry_ambiguous: bool,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_retries: 2,
            initial_delay: Duration::from_millis(500),
            max_delay: Duration::from_secs(8),
            exponent: 2.0,
            max_elapsed: Duration::from_secs(120),
            max_retry_after: Duration::from_secs(60),
            retry_ambiguous: false,
        }
    }
}

impl RetryPolicy {
    /// Never repeats a call.
    pub fn none() -> Self {
        Self::default().max_retries(0)
    }

    /// Repeats until time is up, as the official SDK's `BackoffStrategy` does.
    ///
    /// The number of attempts is bounded by `max_elapsed` alone.
    pub fn backoff(initial: Duration, max: Duration, exponent: f64, max_elapsed: Duration) -> Self {
        Self {
            max_retries: u32::MAX,
            initial_delay: initial,
            max_delay: max,
            exponent,
            max_elapsed,
            ..Self::default()
        }
    }

    /// Sets how many attempts may follow the first one.
    #[must_use]
    pub fn max_retries(mut self, retries: u32) -> Self {
        self.max_retries = retries;
        self
    }

    /// Sets when the last attempt may start, counted from the beginning of the call.
    #[must_use]
    pub fn max_elapsed(mut self, elapsed: Duration) -> Self {
        self.max_elapsed = elapsed;
        self
    }

    /// Sets the longest delay that the server may ask for.
    #[must_use]
    pub fn max_retry_after(mut self, delay: Duration) -> Self {
        self.max_retry_after = delay;
        self
    }

    /// Sets whether inference calls are repeated even if they may have been received.
    #[must_use]
    pub fn retry_ambiguous(mut self, repeat: bool) -> Self {
        self.retry_ambiguous = repeat;
        self
    }

    /// Returns the delay before the next attempt, or `None` to give up. `jitter` is a random
    /// number from 0 to 1.
    pub(crate) fn next_delay(
        &self,
        error: &Error,
        safety: RetrySafety,
        retries: u32,
        elapsed: Duration,
        jitter: f64,
    ) -> Option<Duration> {
        if retries >= self.max_retries || !self.allows(error, safety) {
            return None;
        }
        let jitter = self.bound(retries).mul_f64(jitter);
        let delay = match error.retry_after() {
            Some(asked) if asked > self.max_retry_after => return None,
            Some(asked) => asked.saturating_add(jitter),
            None => jitter,
        };
        (elapsed.saturating_add(delay) <= self.max_elapsed).then_some(delay)
    }

    fn allows(&self, error: &Error, safety: RetrySafety) -> bool {
        if error.is_not_sent() {
            return true;
        }
        match (error.status(), safety) {
            (_, RetrySafety::NonIdempotent) => false,
            (Some(status), _) => {
                is_retryable_status(status) && error.kind() != ErrorKind::QuotaExceeded
            }
            (None, _) if !matches!(error.kind(), ErrorKind::Connection | ErrorKind::Timeout) => {
                false
            }
            (None, RetrySafety::Idempotent) => true,
            (None, RetrySafety::Billable) => self.retry_ambiguous,
        }
    }

    /// The largest delay before attempt `retries + 2`.
    fn bound(&self, retries: u32) -> Duration {
        let factor = self.exponent.max(1.0).powf(f64::from(retries));
        let bound = self.initial_delay.as_secs_f64() * factor;
        Duration::try_from_secs_f64(bound).map_or(self.max_delay, |bound| bound.min(self.max_delay))
    }
}

/// Whether a response with this status is retried: the same request may succeed later.
fn is_retryable_status(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 500 | 502..=504 | 520..=529)
}

impl Error {
    /// Whether the same call may succeed a little later.
    pub fn is_retryable(&self) -> bool {
        match self.kind() {
            ErrorKind::QuotaExceeded => false,
            ErrorKind::RateLimited
            | ErrorKind::Overloaded
            | ErrorKind::Timeout
            | ErrorKind::Connection
            | ErrorKind::Truncated => true,
            ErrorKind::Server => self
                .status()
                .is_none_or(|status| status.is_success() || is_retryable_status(status)),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, StatusCode};

    use super::*;
    use crate::error::{ApiError, TimeoutPhase};
    use crate::retry::retry_after;
    use crate::transport::{TransportError, TransportErrorKind};

    fn answered(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Error {
        let headers = headers
            .iter()
            .map(|(name, value)| ((*name).parse().unwrap(), HeaderValue::from_static(value)))
            .collect();
        let status = StatusCode::from_u16(status).unwrap();
        let delay = retry_after(&headers);
        let error = Error::from(ApiError::parse(status, headers, body.as_bytes()));
        error.with_retry_after(delay)
    }

    fn broken(kind: TransportErrorKind) -> Error {
        TransportError::new(kind, "reset").into()
    }

    fn repeats(policy: &RetryPolicy, error: &Error, safety: RetrySafety) -> bool {
        policy
            .next_delay(error, safety, 0, Duration::ZERO, 0.5)
            .is_some()
    }

    #[test]
    fn what_is_repeated_depends_on_status_and_effects() {
        use RetrySafety::{Billable, Idempotent, NonIdempotent};
        let policy = RetryPolicy::default();
        for status in 300..600_u16 {
            let error = answered(status, &[], "");
            let expected = matches!(status, 408 | 429 | 500 | 502 | 503 | 504 | 520..=529);
            assert_eq!(repeats(&policy, &error, Billable), expected, "{status}");
            assert_eq!(repeats(&policy, &error, Idempotent), expected, "{status}");
            assert!(!repeats(&policy, &error, NonIdempotent), "{status}");
        }
        let quota = answered(
            429,
            &[],
            r#"{"code":"insufficient_quota","message":"no more"}"#,
        );
        assert_eq!(quota.kind(), ErrorKind::QuotaExceeded);
        assert!(!repeats(&policy, &quota, Idempotent));
    }

    #[test]
    fn a_broken_connection_is_repeated_only_if_nothing_can_happen_twice() {
        use RetrySafety::{Billable, Idempotent, NonIdempotent};
        let policy = RetryPolicy::default();
        for kind in [
            TransportErrorKind::Connect,
            TransportErrorKind::ConnectTimeout,
            TransportErrorKind::NotSent,
        ] {
            for repeat in [NonIdempotent, Idempotent, Billable] {
                assert!(
                    repeats(&policy, &broken(kind), repeat),
                    "{kind:?} {repeat:?}"
                );
            }
        }
        let late = || Error::timeout(TimeoutPhase::FirstByte, Duration::from_secs(1));
        for error in [broken(TransportErrorKind::Interrupted), late()] {
            assert!(repeats(&policy, &error, Idempotent));
            assert!(!repeats(&policy, &error, Billable));
            assert!(!repeats(&policy, &error, NonIdempotent));
        }
        assert!(repeats(&policy.retry_ambiguous(true), &late(), Billable));
    }

    #[test]
    fn delays_stay_below_their_growing_bound() {
        let policy = RetryPolicy::default().max_retries(10);
        let error = answered(503, &[], "");
        for (retries, bound) in [0.5, 1.0, 2.0, 4.0, 8.0, 8.0].into_iter().enumerate() {
            let bound = Duration::from_secs_f64(bound);
            let delays: Vec<_> = (0..200)
                .filter_map(|_| {
                    let retries = u32::try_from(retries).unwrap();
                    policy.next_delay(
                        &error,
                        RetrySafety::Billable,
                        retries,
                        Duration::ZERO,
                        fastrand::f64(),
                    )
                })
                .collect();
            assert_eq!(delays.len(), 200);
            assert!(delays.iter().all(|delay| *delay <= bound), "{retries}");
            assert!(delays.iter().any(|delay| *delay > bound / 2), "{retries}");
            assert!(delays.iter().any(|delay| *delay < bound / 2), "{retries}");
        }
    }

    #[test]
    fn the_server_may_ask_for_a_delay_up_to_a_cap() {
        let policy = RetryPolicy::default();
        let delay = |headers| {
            policy.next_delay(
                &answered(429, headers, ""),
                RetrySafety::Billable,
                0,
                Duration::ZERO,
                0.5,
            )
        };
        let between = |delay: Option<Duration>, from: f64, to: f64| {
            let seconds = delay.unwrap().as_secs_f64();
            assert!((from..=to).contains(&seconds), "{seconds}");
        };
        between(delay(&[("retry-after", "7")]), 7.0, 7.5);
        between(delay(&[("retry-after", "1.5")]), 1.5, 2.0);
        between(
            delay(&[("retry-after-ms", "250"), ("retry-after", "9")]),
            0.25,
            0.75,
        );
        between(
            delay(&[("retry-after", "Thu, 01 Jan 1970 00:00:00 GMT")]),
            0.0,
            0.5,
        );
        between(delay(&[("retry-after", "soon")]), 0.0, 0.5);
        between(delay(&[("retry-after", "-3")]), 0.0, 0.5);
        assert_eq!(delay(&[("retry-after", "61")]), None);
        assert_eq!(
            delay(&[("retry-after", "Fri, 01 Jan 2100 00:00:00 GMT")]),
            None
        );
    }

    #[test]
    fn attempts_and_time_are_bounded() {
        let policy = RetryPolicy::default();
        let error = answered(503, &[], "");
        let late = Duration::from_secs(121);
        assert_eq!(
            policy.next_delay(&error, RetrySafety::Billable, 2, Duration::ZERO, 0.5),
            None
        );
        assert_eq!(
            policy.next_delay(&error, RetrySafety::Billable, 0, late, 0.5),
            None
        );
        let endless = RetryPolicy::backoff(
            Duration::from_millis(100),
            Duration::from_millis(400),
            1.5,
            Duration::from_secs(9),
        );
        let delay = endless.next_delay(
            &error,
            RetrySafety::Billable,
            4_000_000,
            Duration::ZERO,
            0.5,
        );
        assert!(delay.unwrap() <= Duration::from_millis(400));
        assert_eq!(
            endless.next_delay(&error, RetrySafety::Billable, 0, late, 0.5),
            None
        );
    }
}
