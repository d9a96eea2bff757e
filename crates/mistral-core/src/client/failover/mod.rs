//! Failover: clients that are tried one after the other.

mod breaker;
mod run;

use std::fmt;
use std::future::IntoFuture;
use std::ops::ControlFlow;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tracing::Instrument;

pub(crate) use self::breaker::{CircuitBreaker, SkipRule};
pub(crate) use self::run::{FailoverRun, FailoverSettings, no_clients};
use crate::client::Client;
use crate::error::{Error, ErrorKind, ProviderFailure, Result};
use crate::pipeline::deadline::timeout_at;

/// Tries several clients one after the other until a call succeeds: for example first Mistral, then
/// Azure, then Vertex AI.
///
/// Every call starts with the first client that is not skipped because it
/// [keeps failing](Self::skip_after). The next client is tried after an error that another
/// provider may not have: a failed connection, a timeout, a server error, no capacity, a rate limit
/// or quota that is reached, an operation that is not offered. It is not tried when the request or
/// the key is rejected. See [`KINDS`](Self::KINDS), [`on`](Self::on) and
/// [`on_error`](Self::on_error).
///
/// Each client has its own settings: model names
/// ([`model_map`](crate::ClientBuilder::model_map)), timeouts and retries. A client is retried by
/// its own policy before the next one is tried; set
/// [`RetryPolicy::none`](crate::RetryPolicy::none) to fail over immediately.
/// [`timeout`](Self::timeout) limits the time over all clients.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use mistral_emulator::{Emulator, Fault};
/// # let (one, two) = (Emulator::start()?, Emulator::start()?);
/// # one.push_fault(Fault::status(503).times(9));
/// # let local = |emulator: &Emulator| {
/// #     let api = mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?;
/// #     mistral_sdk::Client::builder(api).retry(mistral_sdk::RetryPolicy::none()).build()
/// # };
/// # let (global, europe) = (local(&one)?, local(&two)?);
/// use mistral_sdk::chat::ChatCompletionRequest;
/// use mistral_sdk::client::Failover;
///
/// let failover = Failover::new([global, europe]);
/// let question = "Who painted Olympia?";
/// let request = ChatCompletionRequest::new("mistral-small-latest", question);
///
/// let response = failover.run(|client| client.chat().complete(&request)).await?;
/// println!("{}: {}", response.provider, response.body.text());
/// for failure in &response.failures {
///     println!("{} failed: {}", failure.provider, failure.error);
/// }
/// # assert_eq!(response.position, 1);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Failover {
    clients: Arc<[Client]>,
    /// One per client.
    breakers: Arc<[CircuitBreaker]>,
    settings: FailoverSettings,
}

/// The response of a [`Failover`], with the provider that returned it and the failures of others;
/// see [`Failover::run`].
#[derive(Debug)]
#[non_exhaustive]
pub struct FailoverResponse<T> {
    /// The result of the call.
    pub body: T,
    /// The name of the provider that returned it, for example `azure`.
    pub provider: &'static str,
    /// The index of its client, counted from 0.
    pub position: usize,
    /// The failures of other clients, which were tried before it or skipped, in their order.
    pub failures: Vec<ProviderFailure>,
}

impl Failover {
    /// The kinds of errors after which the next client is tried, unless others are set with
    /// [`on`](Self::on).
    pub const KINDS: [ErrorKind; 7] = [
        ErrorKind::Connection,
        ErrorKind::Timeout,
        ErrorKind::Server,
        ErrorKind::Overloaded,
        ErrorKind::RateLimited,
        ErrorKind::QuotaExceeded,
        ErrorKind::Unsupported,
    ];

    /// Creates a failover that tries `clients` in this order.
    #[inline]
    pub fn new(clients: impl IntoIterator<Item = Client>) -> Self {
        let clients: Arc<[_]> = clients.into_iter().collect();
        let breakers = clients.iter().map(|client| client.provider_name());
        Self {
            breakers: breakers.map(CircuitBreaker::new).collect(),
            clients,
            settings: FailoverSettings::default(),
        }
    }

    /// Sets the kinds of errors after which the next client is tried. Default:
    /// [`KINDS`](Self::KINDS). Replaces the condition of an earlier [`on_error`](Self::on_error).
    ///
    /// ```
    /// use mistral_sdk::ErrorKind;
    /// use mistral_sdk::client::Failover;
    ///
    /// let failover = Failover::new([])
    ///     .on(Failover::KINDS.into_iter().chain([ErrorKind::Authentication]));
    /// # let _ = failover;
    /// ```
    #[must_use]
    #[inline]
    pub fn on(mut self, kinds: impl IntoIterator<Item = ErrorKind>) -> Self {
        self.settings.set_kinds(kinds);
        self
    }

    /// Sets the condition under which the next client is tried after an error, in place of the
    /// [kinds](Self::on). `is_tried` must not block.
    ///
    /// ```
    /// use mistral_sdk::ErrorKind;
    /// use mistral_sdk::client::Failover;
    ///
    /// // Not after a timeout: the first provider may have processed the request, and bill it.
    /// let failover = Failover::new([]).on_error(|error| {
    ///     error.is_retryable() && error.kind() != ErrorKind::Timeout
    /// });
    /// # let _ = failover;
    /// ```
    ///
    /// [`Error::is_local_rate_limit`] tells the limiter of the program from a 429 of the server.
    #[must_use]
    #[inline]
    pub fn on_error(mut self, is_tried: impl Fn(&Error) -> bool + Send + Sync + 'static) -> Self {
        self.settings.set_condition(is_tried);
        self
    }

    /// Sets the timeout over all clients, their retries included. Default: none.
    ///
    /// It ends when a stream is open, as [`run`](Self::run) does; later timeouts are those of the
    /// stream. The call that is running when it expires is dropped.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use mistral_sdk::testing::{MockReply, MockTransport};
    /// # let mock = MockTransport::new()
    /// #     .reply(MockReply::chat("").with_delay(std::time::Duration::from_secs(60)).always());
    /// # let api = mistral_sdk::MistralApi::new("my-key")?;
    /// # let client = mistral_sdk::Client::builder(api).transport(mock).build()?;
    /// # let clients = [client];
    /// use std::time::Duration;
    /// use mistral_sdk::ErrorKind;
    /// use mistral_sdk::client::Failover;
    ///
    /// let failover = Failover::new(clients).timeout(Duration::from_secs(10));
    /// let error = failover.run(|client| client.models().list()).await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Timeout);
    /// assert_eq!(error.message(), "not finished within 10s (total timeout)");
    /// # Ok(()) }
    /// ```
    #[must_use]
    #[inline]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout = Some(timeout);
        self
    }

    /// Sets the number of consecutive failures of a client after which calls skip it, and for how
    /// long: a circuit breaker per client. Default: 5 failures, 30 s. Clones share the breakers.
    ///
    /// After the pause, one call tries the client again. If it succeeds, the client is no longer
    /// skipped. If it fails, the next pause begins. The errors that count are those after which the
    /// next client is tried, without [`ErrorKind::Unsupported`] and the limits of the program's own
    /// [`RateLimiter`](crate::rate_limit::RateLimiter). Any other response of the server ends the
    /// count.
    ///
    /// A call for which no other client is left tries one of those that are skipped: the one whose
    /// pause ends first. So an outage of all providers costs one request per call.
    ///
    /// A client that is skipped is one of the [`failures`](FailoverResponse::failures), with
    /// [`is_skipped`](ProviderFailure::is_skipped). The beginning of its first pause is a `tracing`
    /// event of level `WARN`, and the end of the last one an event of level `INFO`.
    ///
    /// ```
    /// use std::time::Duration;
    /// use mistral_sdk::client::Failover;
    ///
    /// let failover = Failover::new([]).skip_after(3, Duration::from_secs(60));
    /// # let _ = failover;
    /// ```
    ///
    /// [`run`](Self::run) fails with [`ErrorKind::Config`] if the number is 0.
    #[must_use]
    #[inline]
    pub fn skip_after(mut self, failures: u32, pause: Duration) -> Self {
        self.settings.skip = Some(SkipRule { failures, pause });
        self
    }

    /// Lets every call try all clients from the first one on, however often they have failed.
    #[must_use]
    #[inline]
    pub fn never_skip(mut self) -> Self {
        self.settings.skip = None;
        self
    }

    /// Runs `call` with one client after the other until it succeeds.
    ///
    /// `call` receives a client and returns any call, with options, or an `async` block with several
    /// calls. A stream has succeeded once it is open: later errors are returned by the stream,
    /// because its beginning may have been used already. A request may be billed by more than one
    /// provider.
    ///
    /// ```no_run
    /// # async fn stream(
    /// #     failover: mistral_sdk::client::Failover,
    /// #     request: mistral_sdk::chat::ChatCompletionRequest,
    /// # ) -> mistral_sdk::Result<()> {
    /// let mut stream = failover.run(|client| client.chat().stream(&request)).await?.body;
    /// while let Some(chunk) = stream.next().await {
    ///     print!("{}", chunk?.text());
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// A `tracing` event with the reason is emitted before every client but the first. The span
    /// `failover` around all of them has the fields `provider`, the last client that was tried, and
    /// `reason`, the failures of those that were tried before it or skipped. Neither contains messages
    /// of a server, which may repeat the request.
    ///
    /// # Errors
    /// Fails with the error of the last client that was tried, which [`Error::provider`] names;
    /// [`Error::failures`] holds those of the others. Fails with [`ErrorKind::Timeout`] and the phase
    /// [`Total`](crate::error::TimeoutPhase::Total) when the [`timeout`](Self::timeout) expires, and
    /// with [`ErrorKind::Config`] when there are no clients.
    #[inline]
    pub async fn run<T, C>(&self, call: impl FnMut(&Client) -> C) -> Result<FailoverResponse<T>>
    where
        C: IntoFuture<Output = Result<T>>,
    {
        let mut run = FailoverRun::new(&self.settings, &self.breakers);
        let span = run.span.clone();
        self.try_clients(call, &mut run).instrument(span).await
    }

    #[inline]
    async fn try_clients<T, C>(
        &self,
        mut call: impl FnMut(&Client) -> C,
        run: &mut FailoverRun<'_>,
    ) -> Result<FailoverResponse<T>>
    where
        C: IntoFuture<Output = Result<T>>,
    {
        let mut position = run.start()?;
        loop {
            let client = self.clients.get(position).ok_or_else(no_clients)?;
            let result = {
                let call = pin!(call(client).into_future());
                timeout_at(pin!(None), run.deadline, call).await
            };
            let result = result.unwrap_or_else(|error| Err(run.cut_off(error)));
            match run.record(result) {
                ControlFlow::Continue(next) => position = next,
                ControlFlow::Break(outcome) => return outcome,
            }
        }
    }
}

impl fmt::Debug for Failover {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failover")
            .field("clients", &self.clients)
            .field("settings", &self.settings)
            .finish()
    }
}
