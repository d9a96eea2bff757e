//! Client-side rate limiting of requests and tokens.

mod estimate;
mod fair_queue;
mod pause;
mod permit;
mod token_bucket;
mod wait_limit;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use self::fair_queue::FairQueue;
pub use self::permit::Permit;
use self::wait_limit::WaitLimit;
use crate::error::Result;
use crate::transport::{
    Body, RequestContext, Transport, TransportError, TransportErrorKind, UpgradeResponse,
};

/// Limits the requests and the tokens per minute. Requests beyond the limits wait in a queue,
/// first in, first out.
///
/// A limiter applies to the transports that it is wrapped [`around`](Self::around). Clones of
/// it, and all transports and clients that use it, share its limits. Create one for each key,
/// or for each model if models have separate limits. Elsewhere, for example for the limit of a
/// tenant over several providers, [`acquire`](Self::acquire) a permit.
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use mistral_sdk::testing::{MockReply, MockTransport};
/// # let transport = MockTransport::new().reply(MockReply::chat("Because.").always());
/// # let start = tokio::time::Instant::now();
/// use mistral_sdk::chat::ChatCompletionRequest;
/// use mistral_sdk::{Client, MistralApi};
/// use mistral_sdk::rate_limit::RateLimiter;
///
/// let limiter = RateLimiter::new().requests_per_minute(60).tokens_per_minute(500_000);
/// let client = Client::builder(MistralApi::new("my-key")?)
///     .transport(limiter.around(transport)) // for example HyperTransport::new(…)?
///     .build()?;
///
/// let request = ChatCompletionRequest::new("mistral-small-latest", "Why?");
/// for _ in 0..3 {
///     client.chat().complete(&request).await?; // one each second
/// }
/// # assert_eq!(start.elapsed().as_secs(), 2);
/// # Ok(()) }
/// ```
///
/// # Pace
/// Requests are spread evenly: 60 per minute are one each second, not 60 at once and then none
/// for a minute. After a request with many tokens, the next one waits until the limit has
/// refilled them. A request with more tokens than the limit of a whole minute is sent as well,
/// and those behind it wait longer. [`burst`](Self::burst) allows requests ahead of this pace.
///
/// # Tokens
/// A request is first charged an estimate of one token for every 4 bytes of its body, without
/// the files in data URLs. The estimate is then replaced by the value of
/// `x-ratelimit-tokens-query-cost`, or else by the `total_tokens` of a stream, or of a response
/// whose headers do not contain the remaining tokens. Tokens are charged for `chat`, `agents`,
/// `fim`, `embeddings`, `classifiers` and [`Client::request`](crate::Client::request). Other
/// operations are only charged as requests.
///
/// # Limits of the server
/// * A limit in the headers of a response (see [`RateLimit`](crate::call::RateLimit)) applies
///   if it is lower than the limit set here, or if none is set.
/// * If less remains than this program accounts for, other programs use the same limit. The
///   amount that they sent is charged, too. A negative amount that remains counts as none.
/// * Amounts that a response reports delay later requests by two minutes at most.
/// * After a 429 nothing is sent for the duration in `retry-after`, or for one second. If the
///   duration is longer than 5 minutes, one request is sent every 5 minutes, and a response to it
///   other than a 429 or a failure of the server ends the pause.
///
/// # Timeouts
/// The wait is part of the call: `first_byte_timeout` and `timeout` include it. A request that
/// cannot be sent in that time fails with
/// [`ErrorKind::RateLimited`](crate::ErrorKind::RateLimited), as soon as this is known.
/// [`Error::retry_after`](crate::Error::retry_after) returns the time until its turn. Dropping a
/// call removes it from the queue. A waiting call that is not polled does not block
/// the others: if it misses its time, it is queued again when it is polled.
#[derive(Clone, Default)]
pub struct RateLimiter {
    queue: Arc<FairQueue>,
}

impl RateLimiter {
    /// Creates a limiter without limits of its own. It applies those that the server reports.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the limit on requests per minute, at least one. Default: no limit.
    #[must_use]
    pub fn requests_per_minute(self, requests: u32) -> Self {
        self.queue.set_requests(requests.into());
        self
    }

    /// Sets the limit on tokens per minute, at least one. Default: no limit.
    #[must_use]
    pub fn tokens_per_minute(self, tokens: u64) -> Self {
        self.queue.set_tokens(tokens);
        self
    }

    /// Sets how far ahead of an even pace requests may be sent. Default: zero.
    ///
    /// With 60 requests per minute and 10 s, 11 are sent at once after a pause, and then one
    /// each second. A minute may then exceed the limit by as many.
    #[must_use]
    pub fn burst(self, ahead: Duration) -> Self {
        self.queue.set_burst(ahead);
        self
    }

    /// Waits for the turn of a request with `tokens` tokens, and charges it.
    ///
    /// For limits that do not belong to one transport: of a tenant, over several clients, or of work
    /// other than calls. Permits share the queue with the transports that the limiter is wrapped
    /// [`around`](Self::around), if there are any; a call through those is charged by itself and
    /// needs no permit.
    ///
    /// `tokens` is an estimate, for example the length of the request in bytes divided by 4;
    /// [`Permit::set_tokens`] replaces it. Without a limit on tokens it has no effect.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use mistral_sdk::testing::{MockReply, MockTransport};
    /// # let mock = MockTransport::new().reply(MockReply::chat("Because.").always());
    /// # let api = mistral_sdk::MistralApi::new("my-key")?;
    /// # let client = mistral_sdk::Client::builder(api).transport(mock).build()?;
    /// use mistral_sdk::chat::ChatCompletionRequest;
    /// use mistral_sdk::rate_limit::RateLimiter;
    ///
    /// let tenant = RateLimiter::new().requests_per_minute(60).tokens_per_minute(100_000);
    /// let request = ChatCompletionRequest::new("mistral-small-latest", "Why?");
    ///
    /// let mut permit = tenant.acquire(500).await?;
    /// let response = client.chat().complete(&request).await?;
    /// if let Some(usage) = &response.usage {
    ///     permit.set_tokens(u64::try_from(usage.total_tokens)?);
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Cancel safety
    /// Dropping the future before it completes removes the request from the queue, and charges
    /// nothing. Requests are served in the order in which they were first polled. One that is not
    /// polled when its turn comes is queued again.
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Config`](crate::ErrorKind::Config) for a limit of zero, and outside of
    /// a Tokio runtime.
    pub async fn acquire(&self, tokens: u64) -> Result<Permit> {
        self.queue.wait(tokens, WaitLimit::Unlimited).await?;
        Ok(Permit::new(&self.queue, tokens))
    }

    /// Waits for the turn of a request as [`acquire`](Self::acquire) does, but no longer than
    /// `timeout`.
    ///
    /// # Cancel safety
    /// As of [`acquire`](Self::acquire).
    ///
    /// # Errors
    /// Fails with [`ErrorKind::RateLimited`](crate::ErrorKind::RateLimited) as soon as it is known
    /// that the turn comes too late, which is usually immediately.
    /// [`Error::retry_after`](crate::Error::retry_after) returns the time until the turn.
    pub async fn acquire_timeout(&self, tokens: u64, timeout: Duration) -> Result<Permit> {
        let limit = WaitLimit::of_permit(timeout);
        self.queue.wait(tokens, limit).await?;
        Ok(Permit::new(&self.queue, tokens))
    }

    /// Charges a request with `tokens` tokens if it may be sent now. Does not overtake requests that
    /// wait.
    ///
    /// ```
    /// use mistral_sdk::rate_limit::RateLimiter;
    /// use std::time::Duration;
    ///
    /// # fn main() -> mistral_sdk::Result<()> {
    /// let tenant = RateLimiter::new().requests_per_minute(6);
    /// let permit = tenant.try_acquire(500)?;
    /// let error = tenant.try_acquire(500).unwrap_err();
    /// let retry_after = error.retry_after().unwrap_or_default(); // for the header of a 429
    /// assert!(retry_after > Duration::from_secs(9) && retry_after <= Duration::from_secs(10));
    /// # let _ = permit;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Fails with [`ErrorKind::RateLimited`](crate::ErrorKind::RateLimited) if the request would have
    /// to wait; [`Error::retry_after`](crate::Error::retry_after) returns the time until its turn.
    /// Fails with [`ErrorKind::Config`](crate::ErrorKind::Config) for a limit of zero.
    pub fn try_acquire(&self, tokens: u64) -> Result<Permit> {
        self.queue.try_send(tokens)?;
        Ok(Permit::new(&self.queue, tokens))
    }

    /// Wraps a transport in this limiter.
    ///
    /// One limiter may be wrapped around several transports, of several providers as well. It then
    /// applies the limits that any of their servers reports to all of them.
    pub fn around<T: Transport>(&self, transport: T) -> RateLimited<T> {
        RateLimited {
            limiter: self.clone(),
            transport,
        }
    }
}

/// Prints the current limits, including those of the server.
impl fmt::Debug for RateLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (requests, tokens) = self.queue.limits();
        f.debug_struct("RateLimiter")
            .field("requests_per_minute", &requests)
            .field("tokens_per_minute", &tokens)
            .finish_non_exhaustive()
    }
}

/// A transport with a [`RateLimiter`]. Created by [`RateLimiter::around`].
#[derive(Debug, Clone)]
pub struct RateLimited<T> {
    limiter: RateLimiter,
    transport: T,
}

#[async_trait]
impl<T: Transport> Transport for RateLimited<T> {
    async fn send(
        &self,
        request: http::Request<Body>,
    ) -> Result<http::Response<Body>, TransportError> {
        let queue = &self.limiter.queue;
        let tokens = estimate::estimate(&request);
        let deadline = request.extensions().get::<RequestContext>();
        let deadline = deadline.and_then(|context| context.deadline);
        let sent = queue.wait(tokens, WaitLimit::of_call(deadline)).await?;
        match self.transport.send(request).await {
            Ok(response) => Ok(queue.apply_response(tokens, sent, response)),
            Err(error) => {
                let kind = error.kind();
                let is_rejected_by_client = matches!(
                    kind,
                    TransportErrorKind::Config | TransportErrorKind::RateLimited
                );
                if kind.is_not_sent() || is_rejected_by_client {
                    queue.correct(tokens, 0);
                }
                Err(error)
            }
        }
    }

    async fn upgrade(&self, request: http::Request<()>) -> Result<UpgradeResponse, TransportError> {
        let context = request.extensions().get::<RequestContext>();
        let deadline = context.and_then(|context| context.deadline);
        let limit = WaitLimit::of_call(deadline);
        self.limiter.queue.wait(0, limit).await?;
        self.transport.upgrade(request).await
    }
}
