//! Settings of what a client does when requests fail.

use super::ClientBuilder;
use crate::retry::{RetryPolicy, RetryQuota};

impl ClientBuilder {
    /// Sets the retry policy. Default: [`RetryPolicy::default`].
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Sets the size of the retry quota in tokens, or no limit with `None`. Default: 500.
    ///
    /// The quota bounds the retries of all calls of the client and its clones together, so that an
    /// outage is not met with a multiple of the usual load. A retry costs 5 tokens, and 10 after a
    /// timeout. A call that succeeds after a retry returns the cost of its last retry, and one that
    /// succeeds at the first attempt returns one token. With the default, 100 retries may be
    /// outstanding while nothing succeeds.
    ///
    /// First attempts cost nothing and are never delayed. A call that cannot pay for its retry fails
    /// at once with the error of its last attempt, for which
    /// [`Error::is_retry_quota_exhausted`](crate::Error::is_retry_quota_exhausted) returns `true`.
    /// [`RetryEvent::quota_left`](crate::retry::RetryEvent::quota_left) and the field
    /// `mistral.retry_quota_left` of the span have the tokens that are left.
    ///
    /// A program that runs several hundred calls at a time against a rate limit needs a larger quota or,
    /// better, a [`RateLimiter`](crate::rate_limit::RateLimiter), with which fewer calls fail.
    ///
    /// The client cannot be built with fewer than 10 tokens, which would not pay for every retry.
    ///
    /// ```
    /// # fn main() -> mistral_sdk::Result<()> {
    /// use mistral_sdk::{Client, MistralApi};
    ///
    /// let client = Client::builder(MistralApi::new("my-key")?)
    ///     .retry_quota(2000)
    ///     .on_retry(|retry| eprintln!("{} ({:?} tokens left)", retry.reason, retry.quota_left))
    ///     .build()?;
    /// # let _ = client;
    /// # Ok(()) }
    /// ```
    pub fn retry_quota(mut self, tokens: impl Into<Option<u32>>) -> Self {
        match RetryQuota::new(tokens.into()) {
            Ok(quota) => self.quota = quota,
            Err(error) => self.record(Err(error)),
        }
        self
    }
}
