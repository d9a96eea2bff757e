//! The retry policy: which errors are retried, and the delay before each attempt.

use std::time::Duration;

use http::StatusCode;

use crate::error::{Error, ErrorKind};
use crate::provider::RetrySafety;

/// The number of retries of a failed call, and the delays between them.
///
/// A call is retried after a response with the status 408, 429, 500, 502, 503, 504 or 520 to 529, and
/// after a failure before the server can have received the request. The delay is random between zero
/// and a bound that grows exponentially ("full jitter"). If the server sends a delay (`retry-after`
/// in seconds or as a date, `retry-after-ms`, `x-ms-retry-after-ms`, or the `RetryInfo` of a Google
/// error), it is added to the random delay.
///
/// A call is never retried after another status, after a 429 whose code means that the quota is
/// exhausted, after a 500 whose message means that the input is too large (llama.cpp), after the first event of a stream, or if its body can be read only once. After a 504
/// or 524, a gateway gave up waiting for a server that may still process the request: a
/// [`Billable`](RetrySafety::Billable) call is retried only with
/// [`retry_ambiguous`](Self::retry_ambiguous). A
/// [`NonIdempotent`](RetrySafety::NonIdempotent) request, such as an upload or the creation of a job,
/// is retried only if the server certainly did not receive it.
///
/// The retries of all calls of a client together are bounded by its
/// [`retry_quota`](crate::ClientBuilder::retry_quota), which failures use up and successes refill. A
/// call that cannot pay for its retry fails at once. [`Hedging`](crate::retry::Hedging) is paid from it
/// as well.
///
/// ```
/// use std::time::Duration;
/// use mistral_sdk::RetryPolicy;
///
/// let patient = RetryPolicy::default().max_retries(5).max_elapsed(Duration::from_secs(300));
/// assert_eq!(patient.max_retries, 5);
/// assert_eq!(RetryPolicy::none().max_retries, 0);
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// The largest number of retries, which is one less than the number of attempts. Default: 2.
    pub max_retries: u32,
    /// The upper bound of the first delay. Default: 0.5 s.
    pub initial_delay: Duration,
    /// The upper bound of every delay. Default: 8 s.
    pub max_delay: Duration,
    /// The factor by which the bound grows with each retry; values below 1 count as 1. Default: 2.
    pub exponent: f64,
    /// The longest time from the start of the call to the start of a retry. Default: 120 s.
    pub max_elapsed: Duration,
    /// The longest delay of the server that is obeyed. With a longer one, the call fails immediately
    /// and [`Error::retry_after`] returns the delay. Default: 60 s.
    pub max_retry_after: Duration,
    /// Whether [`Billable`](RetrySafety::Billable) calls (chat, FIM, embeddings, …) are also retried
    /// when the connection broke or a timeout expired, that of the client or of a gateway (504, 524),
    /// after the server may have received the request. Such a call may be billed twice. Default:
    /// `false`.
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
    /// Creates a policy without retries.
    pub fn none() -> Self {
        Self::default().max_retries(0)
    }

    /// Creates a policy with the parameters of the official SDK's `BackoffStrategy`.
    ///
    /// The number of retries is limited by `max_elapsed` alone.
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

    /// Sets the largest number of retries.
    #[must_use]
    pub fn max_retries(mut self, retries: u32) -> Self {
        self.max_retries = retries;
        self
    }

    /// Sets the longest time from the start of the call to the start of a retry.
    #[must_use]
    pub fn max_elapsed(mut self, elapsed: Duration) -> Self {
        self.max_elapsed = elapsed;
        self
    }

    /// Sets the longest delay of the server that is obeyed.
    #[must_use]
    pub fn max_retry_after(mut self, delay: Duration) -> Self {
        self.max_retry_after = delay;
        self
    }

    /// Sets whether [`Billable`](RetrySafety::Billable) calls are retried even if the server may have
    /// received them.
    #[must_use]
    pub fn retry_ambiguous(mut self, retry: bool) -> Self {
        self.retry_ambiguous = retry;
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
        if retries >= self.max_retries || !self.is_retryable(error, safety) {
            return None;
        }
        let jitter = self.bound(retries).mul_f64(jitter);
        let delay = match error.retry_after() {
            Some(requested) if requested > self.max_retry_after => return None,
            Some(requested) => requested.saturating_add(jitter),
            None => jitter,
        };
        (elapsed.saturating_add(delay) <= self.max_elapsed).then_some(delay)
    }

    fn is_retryable(&self, error: &Error, safety: RetrySafety) -> bool {
        if error.is_not_sent() {
            return true;
        }
        match (error.status(), safety) {
            (_, RetrySafety::NonIdempotent) => false,
            (Some(status), RetrySafety::Billable) if is_ambiguous_status(status) => {
                self.retry_ambiguous
            }
            (Some(status), _) => {
                let is_final = matches!(
                    error.kind(),
                    ErrorKind::QuotaExceeded | ErrorKind::InvalidRequest
                );
                is_retryable_status(status) && !is_final
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

/// Whether the same request may succeed later after a response with this status.
fn is_retryable_status(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 500 | 502..=504 | 520..=529)
}

/// Whether a gateway gave up waiting with this status, so that the server may still process the
/// request and bill it: the same situation as after a timeout of the client.
fn is_ambiguous_status(status: StatusCode) -> bool {
    matches!(status.as_u16(), 504 | 524)
}

impl Error {
    /// Whether the same call may succeed later.
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
    use crate::transport::{TransportError, TransportErrorKind};

    fn status_error(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Error {
        let headers = headers
            .iter()
            .map(|(name, value)| ((*name).parse().unwrap(), HeaderValue::from_static(value)))
            .collect();
        let status = StatusCode::from_u16(status).unwrap();
        Error::from(ApiError::parse(status, headers, body.as_bytes()))
    }

    fn transport_error(kind: TransportErrorKind) -> Error {
        TransportError::new(kind, "reset").into()
    }

    fn retries(policy: &RetryPolicy, error: &Error, safety: RetrySafety) -> bool {
        policy
            .next_delay(error, safety, 0, Duration::ZERO, 0.5)
            .is_some()
    }

    #[test]
    fn retry_depends_on_status_and_retry_safety() {
        use RetrySafety::{Billable, Idempotent, NonIdempotent};
        let policy = RetryPolicy::default();
        for status in 300..600_u16 {
            let error = status_error(status, &[], "");
            let expected = matches!(status, 408 | 429 | 500 | 502 | 503 | 504 | 520..=529);
            let allowing = policy.clone().retry_ambiguous(true);
            let billable = expected && !matches!(status, 504 | 524);
            assert_eq!(retries(&policy, &error, Billable), billable, "{status}");
            assert_eq!(retries(&allowing, &error, Billable), expected, "{status}");
            assert!(!retries(&allowing, &error, NonIdempotent), "{status}");
            assert_eq!(retries(&policy, &error, Idempotent), expected, "{status}");
            assert!(!retries(&policy, &error, NonIdempotent), "{status}");
        }
        let quota = status_error(
            429,
            &[],
            r#"{"code":"insufficient_quota","message":"no more"}"#,
        );
        assert_eq!(quota.kind(), ErrorKind::QuotaExceeded);
        assert!(!retries(&policy, &quota, Idempotent));
    }

    #[test]
    fn retry_after_broken_connection_only_if_it_has_no_second_effect() {
        use RetrySafety::{Billable, Idempotent, NonIdempotent};
        let policy = RetryPolicy::default();
        for kind in [
            TransportErrorKind::Connect,
            TransportErrorKind::ConnectTimeout,
            TransportErrorKind::NotSent,
        ] {
            for safety in [NonIdempotent, Idempotent, Billable] {
                assert!(
                    retries(&policy, &transport_error(kind), safety),
                    "{kind:?} {safety:?}"
                );
            }
        }
        let late = || Error::timeout(TimeoutPhase::FirstByte, Duration::from_secs(1));
        for error in [transport_error(TransportErrorKind::Interrupted), late()] {
            assert!(retries(&policy, &error, Idempotent));
            assert!(!retries(&policy, &error, Billable));
            assert!(!retries(&policy, &error, NonIdempotent));
        }
        assert!(retries(&policy.retry_ambiguous(true), &late(), Billable));
    }

    #[test]
    fn backoff_delay_stays_below_exponential_bound() {
        let policy = RetryPolicy::default().max_retries(10);
        let error = status_error(503, &[], "");
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
    fn retry_after_header_is_obeyed_up_to_cap() {
        let policy = RetryPolicy::default();
        let delay = |headers| {
            policy.next_delay(
                &status_error(429, headers, ""),
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
        between(delay(&[("retry-after", "nan")]), 0.0, 0.5);
        assert_eq!(delay(&[("retry-after", "61")]), None);
        let endless = [
            ("retry-after", "1e30"),
            ("retry-after", "99999999999999999999999999"),
            ("retry-after-ms", "1e400"),
        ];
        for header in endless {
            let error = status_error(429, &[header], "");
            assert_eq!(error.retry_after(), Some(Duration::MAX), "{header:?}");
            assert!(!retries(&policy, &error, RetrySafety::Billable));
        }
        assert_eq!(
            delay(&[("retry-after", "Fri, 01 Jan 2100 00:00:00 GMT")]),
            None
        );
    }

    #[test]
    fn retry_stops_at_max_retries_and_max_elapsed() {
        let policy = RetryPolicy::default();
        let error = status_error(503, &[], "");
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
