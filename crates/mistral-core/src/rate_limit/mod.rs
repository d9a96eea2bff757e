//! Limits that a program sets itself, so that the server need not.

mod allowance;
mod tokens;
mod turns;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use self::turns::Turns;
use crate::transport::{
    Body, RequestContext, Transport, TransportError, TransportErrorKind, UpgradeResponse,
};

/// Sends no more requests, and no more tokens, per minute than is allowed: what comes too
/// early waits for its turn, first come, first served.
///
/// A limiter does its work in the transports that it is put [`around`](Self::around). Clones of
/// it share its limits, and so do all transports and clients that it is part of: make one for
/// each key, or for each model where models have limits of their own.
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use mistral_sdk::testing::{MockReply, MockTransport};
/// # let transport = MockTransport::new().reply(MockReply::chat("Because.").always());
/// # let start = tokio::time::Instant::now();
/// use mistral_sdk::chat::ChatCompletionRequest;
/// use mistral_sdk::chat::Message;
/// use mistral_sdk::{Client, MistralApi};
/// use mistral_sdk::rate_limit::RateLimiter;
///
/// let limiter = RateLimiter::new().requests_per_minute(60).tokens_per_minute(500_000);
/// let client = Client::builder(MistralApi::new("my-key")?)
///     .transport(limiter.around(transport)) // for example HyperTransport::new(…)?
///     .build()?;
///
/// let request = ChatCompletionRequest::new("mistral-small-latest", [Message::user("Why?")]);
/// for _ in 0..3 {
///     client.chat().complete(&request).await?; // one each second
/// }
/// # assert_eq!(start.elapsed().as_secs(), 2);
/// # Ok(()) }
/// ```
///
/// # Pace
/// Requests are spread evenly: 60 per minute are one each second, not 60 at once and then none
/// for a minute. After a request that takes many tokens the next one waits until they are paid
/// off. So a request that takes more than a whole minute's tokens goes out, too, alone, and
/// those behind it wait longer. [`burst`](Self::burst) lets some go out ahead of their time.
///
/// # Tokens
/// Before an answer is there, a request is taken to have a token for every 4 bytes of its body,
/// files that are embedded as data URLs left out. Then the number is corrected: by
/// `x-ratelimit-tokens-query-cost`, by the `total_tokens` of a stream, or by those of an answer
/// whose headers do not say how many tokens are left. Tokens are counted for
/// `chat`, `agents`, `fim`, `embeddings`, `classifiers` and what is not modelled; other
/// operations count as requests alone.
///
/// # What the server says
/// * A limit that it names (see [`RateLimit`](crate::call::RateLimit)) is kept if none is set here,
///   or if it is the lower one.
/// * If it says that less is left than can be told from here, others use the same limit; what
///   they took is counted like what went out from here.
/// * After a 429 nothing goes out for as long as `retry-after` says, or for one second.
///
/// # Time-outs
/// Waiting is part of the call: it takes from `first_byte_timeout` and from `timeout`. A request
/// whose turn does not come in that time fails with
/// [`ErrorKind::RateLimited`](crate::ErrorKind::RateLimited), at once if that can be told
/// beforehand. Dropping a call frees its place. One that waits and is not polled holds nobody
/// up: when it is polled after its turn, it takes another.
#[derive(Clone, Default)]
pub struct RateLimiter {
    turns: Arc<Turns>,
}

impl RateLimiter {
    /// Makes a limiter that sets no limits of its own, and keeps those that the server names.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how many requests may go out per minute, at least one. Default: any number.
    #[must_use]
    pub fn requests_per_minute(self, requests: u32) -> Self {
        self.turns.set_requests(requests.into());
        self
    }

    /// Sets how many tokens may be used per minute, at least one. Default: any number.
    #[must_use]
    pub fn tokens_per_minute(self, tokens: u64) -> Self {
        self.turns.set_tokens(tokens);
        self
    }

    /// Sets how far ahead of an even pace requests may go out. Default: not at all.
    ///
    /// With 60 requests per minute and 10 s, 11 go out at once after a pause, and then one
    /// each second. A minute may then see that much more than its limit.
    #[must_use]
    pub fn burst(self, ahead: Duration) -> Self {
        self.turns.set_burst(ahead);
        self
    }

    /// Puts the limiter around a transport.
    pub fn around<T: Transport>(&self, transport: T) -> RateLimited<T> {
        RateLimited {
            limiter: self.clone(),
            transport,
        }
    }
}

/// Prints the limits as they are now, the server's included.
impl fmt::Debug for RateLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (requests, tokens) = self.turns.limits();
        f.debug_struct("RateLimiter")
            .field("requests_per_minute", &requests)
            .field("tokens_per_minute", &tokens)
            .finish_non_exhaustive()
    }
}

/// A transport that sends what its [`RateLimiter`] lets go; made by [`RateLimiter::around`].
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
        let turns = &self.limiter.turns;
        let tokens = tokens::estimate(&request);
        let deadline = request.extensions().get::<RequestContext>();
        let deadline = deadline.and_then(|operation| operation.deadline);
        let gone_out = turns.wait(tokens, deadline).await?;
        match self.transport.send(request).await {
            Ok(response) => Ok(turns.learn(tokens, gone_out, response)),
            Err(error) => {
                let kind = error.kind();
                let is_held_back = matches!(
                    kind,
                    TransportErrorKind::Config | TransportErrorKind::RateLimited
                );
                if kind.is_not_sent() || is_held_back {
                    turns.correct(tokens, 0);
                }
                Err(error)
            }
        }
    }

    async fn upgrade(&self, request: http::Request<()>) -> Result<UpgradeResponse, TransportError> {
        let context = request.extensions().get::<RequestContext>();
        let deadline = context.and_then(|context| context.deadline);
        self.limiter.turns.wait(0, deadline).await?;
        self.transport.upgrade(request).await
    }
}
