//! The longest wait of a request for its turn, and the error beyond it.

use std::fmt;
use std::time::Duration;

use tokio::time::Instant;

use crate::transport::{TransportError, TransportErrorKind};

/// The resolution of tokio's timers.
pub(super) const TIMER_RESOLUTION: Duration = Duration::from_millis(1);

/// The reason of [`RateLimiter::try_acquire`](super::RateLimiter::try_acquire).
pub(super) const NO_PERMIT: &str = "no permit is available";

/// The longest wait of a request for its turn.
#[derive(Debug, Clone, Copy)]
pub(super) enum WaitLimit {
    Unlimited,
    /// The deadline of the call that the request belongs to.
    Call(Instant),
    /// The end of the timeout of [`RateLimiter::acquire_timeout`](super::RateLimiter::acquire_timeout).
    Permit(Instant),
}

impl WaitLimit {
    pub(super) fn of_call(deadline: Option<Instant>) -> Self {
        // Earlier than the timeout of the call, whose error would not name the reason.
        let deadline = deadline.and_then(|deadline| deadline.checked_sub(TIMER_RESOLUTION));
        deadline.map_or(Self::Unlimited, Self::Call)
    }

    pub(super) fn of_permit(timeout: Duration) -> Self {
        let end = Instant::now().checked_add(timeout);
        end.map_or(Self::Unlimited, Self::Permit)
    }

    /// Fails if the wait ends after the limit.
    pub(super) fn check(self, now: Instant, wait: Duration) -> Result<(), TransportError> {
        let (Self::Call(end) | Self::Permit(end)) = self else {
            return Ok(());
        };
        let remaining = end.saturating_duration_since(now);
        if wait <= remaining {
            return Ok(());
        }
        Err(match self {
            Self::Call(_) => refused(
                wait,
                &format_args!(
                    "the deadline of the call is in {remaining:.1?}. Raise `timeout` and \
                     `first_byte_timeout`, or send fewer requests at once"
                ),
            ),
            _ => refused(
                wait,
                &format_args!("the timeout of the permit is in {remaining:.1?}"),
            ),
        })
    }
}

/// Creates the error of a request whose turn comes in `wait`, too late for the `reason`.
pub(super) fn refused(wait: Duration, reason: &dyn fmt::Display) -> TransportError {
    let message = format!(
        "the rate limiter did not send this request: its turn comes in {wait:.1?}, and {reason}"
    );
    TransportError::new(TransportErrorKind::RateLimited, message).with_retry_after(wait)
}
