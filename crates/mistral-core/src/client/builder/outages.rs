//! Settings of what a client does when requests fail or take long.

use std::sync::Arc;

use super::ClientBuilder;
use crate::pipeline::hedging::Hedge;
use crate::retry::{Hedging, RetryPolicy, RetryQuota};

impl ClientBuilder {
    /// Sets the retry policy. Default: [`RetryPolicy::default`].
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Sets the size of the retry quota in tokens, or with `None` no limit of retries and of
    /// [hedging](Self::hedge). Default: 500.
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

    /// Sends a second request when the response to the first one takes long, and uses the response
    /// that arrives first. `None`, the default: never.
    ///
    /// It shortens the longest waits, at the price of the second requests: both may be billed. See
    /// [`Hedging`] for the calls that are hedged and the bounds.
    ///
    /// The client cannot be built with a delay of zero.
    ///
    /// ```
    /// # fn main() -> mistral_sdk::Result<()> {
    /// use std::time::Duration;
    /// use mistral_sdk::retry::Hedging;
    /// use mistral_sdk::{Client, MistralApi};
    ///
    /// let client = Client::builder(MistralApi::new("my-key")?)
    ///     .hedge(Hedging::after(Duration::from_secs(8)))
    ///     .build()?;
    /// # let _ = client;
    /// # Ok(()) }
    /// ```
    #[inline]
    pub fn hedge(mut self, hedging: impl Into<Option<Hedging>>) -> Self {
        let hedging = hedging.into();
        let checked = hedging.as_ref().map_or(Ok(()), Hedging::check);
        self.record(checked);
        self.hedge = hedging.map(|hedging| Arc::new(hedging) as Arc<dyn Hedge>);
        self
    }
}
