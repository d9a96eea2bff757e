//! The retry quota of a client: a token bucket that limits the retries of all its calls together.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::error::{Error, ErrorKind, Result};

/// The number of tokens of a client for which none is set.
pub(crate) const DEFAULT_RETRY_QUOTA: u32 = 500;
/// The cost of a retry.
const RETRY_COST: u32 = 5;
/// The cost of a second request after a timeout, that of hedging included. A server that does not
/// respond in time is probably overloaded, and still works on the first request.
const TIMEOUT_COST: u32 = 10;
/// The tokens that a call returns which succeeds without a retry.
const SUCCESS_REFILL: u32 = 1;

/// The tokens that are left for the retries of a client. Clones of the client share them.
#[derive(Debug)]
pub(crate) struct RetryQuota {
    tokens: AtomicU32,
    /// The largest number of tokens. `None`: retries are not limited.
    size: Option<u32>,
}

/// A payment for a second request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Payment {
    pub(crate) cost: u32,
    /// The tokens that are left. `None`: retries are not limited.
    pub(crate) left: Option<u32>,
}

/// The quota has too few tokens for a second request.
#[derive(Debug)]
pub(crate) struct QuotaExhausted {
    pub(crate) left: u32,
}

impl RetryQuota {
    /// Creates a full quota. Fails if a retry could never be paid from it.
    pub(crate) fn new(size: Option<u32>) -> Result<Self> {
        if let Some(size) = size
            && size < TIMEOUT_COST
        {
            return Err(Error::config(format!(
                "`retry_quota`: {size} tokens are too few, since a retry costs {RETRY_COST}, and \
                 {TIMEOUT_COST} after a timeout: set {TIMEOUT_COST} or more, `None` for no limit, \
                 or `RetryPolicy::none()` for no retries"
            )));
        }
        Ok(Self::full(size))
    }

    fn full(size: Option<u32>) -> Self {
        Self {
            tokens: AtomicU32::new(size.unwrap_or_default()),
            size,
        }
    }

    /// Pays for a retry after `error`.
    #[cold]
    pub(crate) fn pay_for_retry(&self, error: &Error) -> Result<Payment, QuotaExhausted> {
        self.pay(match error.kind() {
            ErrorKind::Timeout => TIMEOUT_COST,
            _ => RETRY_COST,
        })
    }

    /// Pays for a second request beside a first one that takes long.
    pub(crate) fn pay_for_hedge(&self) -> Result<Payment, QuotaExhausted> {
        self.pay(TIMEOUT_COST)
    }

    fn pay(&self, cost: u32) -> Result<Payment, QuotaExhausted> {
        if self.size.is_none() {
            return Ok(Payment { cost, left: None });
        }
        let paid = self
            .tokens
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |tokens| {
                tokens.checked_sub(cost)
            });
        match paid {
            Ok(before) => Ok(Payment {
                cost,
                left: before.checked_sub(cost),
            }),
            Err(left) => Err(QuotaExhausted { left }),
        }
    }

    /// Returns tokens for a call that succeeded: the cost of its last retry, or one token if it had
    /// none.
    #[inline]
    pub(crate) fn refill(&self, cost_of_retry: Option<u32>) {
        // The quota is full unless calls have failed: a load is enough then.
        if let Some(size) = self.size
            && self.tokens.load(Ordering::Relaxed) < size
        {
            self.add(cost_of_retry.unwrap_or(SUCCESS_REFILL), size);
        }
    }

    #[cold]
    fn add(&self, tokens: u32, size: u32) {
        let add = |left: u32| Some(left.saturating_add(tokens).min(size));
        // The closure always returns a value, so that the update cannot fail.
        let _ = self
            .tokens
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }
}

impl Default for RetryQuota {
    fn default() -> Self {
        Self::full(Some(DEFAULT_RETRY_QUOTA))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::error::TimeoutPhase;

    fn busy() -> Error {
        Error::new(ErrorKind::Overloaded, "busy")
    }

    fn late() -> Error {
        Error::timeout(TimeoutPhase::FirstByte, Duration::from_secs(1))
    }

    #[test]
    fn retry_quota_pays_by_error_and_is_refilled_by_successes() {
        let quota = RetryQuota::new(Some(20)).unwrap();
        assert_eq!(quota.pay_for_retry(&busy()).unwrap().left, Some(15));
        assert_eq!(quota.pay_for_retry(&late()).unwrap().left, Some(5));
        assert_eq!(quota.pay_for_hedge().unwrap_err().left, 5);
        assert_eq!(quota.pay_for_retry(&late()).unwrap_err().left, 5);
        let retry = quota.pay_for_retry(&busy()).unwrap();
        assert_eq!((retry.cost, retry.left), (5, Some(0)));
        assert_eq!(quota.pay_for_retry(&busy()).unwrap_err().left, 0);
        quota.refill(None);
        assert_eq!(quota.pay_for_retry(&busy()).unwrap_err().left, 1);
        quota.refill(Some(retry.cost));
        assert_eq!(quota.pay_for_retry(&busy()).unwrap().left, Some(1));
        for _ in 0..100 {
            quota.refill(Some(10));
        }
        assert_eq!(quota.pay_for_retry(&busy()).unwrap().left, Some(15));
    }

    #[test]
    fn retry_quota_without_size_pays_any_number_of_retries() {
        let quota = RetryQuota::new(None).unwrap();
        for _ in 0..1000 {
            assert_eq!(quota.pay_for_retry(&late()).unwrap().left, None);
        }
        quota.refill(None);
        assert_eq!(quota.pay_for_hedge().unwrap().left, None);
    }

    #[test]
    fn retry_quota_that_pays_no_retry_is_a_config_error() {
        for size in 0..10 {
            let error = RetryQuota::new(Some(size)).unwrap_err();
            assert!(error.message().starts_with("`retry_quota`: "), "{error}");
        }
        assert!(RetryQuota::new(Some(10)).is_ok());
    }
}
