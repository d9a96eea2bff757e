//! Permits: requests that are charged outside of a transport.

use std::fmt;
use std::sync::Arc;

use super::fair_queue::FairQueue;

/// A request that a [`RateLimiter`](super::RateLimiter) has charged. Created by
/// [`RateLimiter::acquire`](super::RateLimiter::acquire).
///
/// Dropping it changes nothing: the request stays charged, because it has probably been sent.
#[must_use = "the request is charged: send it, or `release` the permit"]
pub struct Permit {
    queue: Arc<FairQueue>,
    tokens: u64,
}

impl Permit {
    pub(super) fn new(queue: &Arc<FairQueue>, tokens: u64) -> Self {
        Self {
            queue: Arc::clone(queue),
            tokens,
        }
    }

    /// Returns the number of tokens that are charged.
    pub fn tokens(&self) -> u64 {
        self.tokens
    }

    /// Replaces the estimate of tokens by their actual number, for example the `total_tokens` of the
    /// response. Later requests wait for a longer or shorter time accordingly.
    pub fn set_tokens(&mut self, tokens: u64) {
        self.queue.correct(self.tokens, tokens);
        self.tokens = tokens;
    }

    /// Removes the charge of the request and its tokens, because nothing was sent.
    ///
    /// ```
    /// use mistral_sdk::rate_limit::RateLimiter;
    ///
    /// # fn main() -> mistral_sdk::Result<()> {
    /// let limiter = RateLimiter::new().requests_per_minute(60);
    /// limiter.try_acquire(0)?.release();
    /// let permit = limiter.try_acquire(0)?; // need not wait
    /// # let _ = permit;
    /// # Ok(()) }
    /// ```
    pub fn release(self) {
        self.queue.uncharge(self.tokens);
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit")
            .field("tokens", &self.tokens)
            .finish_non_exhaustive()
    }
}
