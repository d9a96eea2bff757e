//! Failover: clients that are tried one after the other.

use std::fmt;
use std::future::IntoFuture;
use std::mem;
use std::sync::Arc;

use tracing::field::Empty;
use tracing::{Instrument, Span};

use crate::client::Client;
use crate::error::{Error, ErrorKind, ProviderFailure, Result};
use crate::pipeline::telemetry::describe;

/// Tries several clients one after the other until a call succeeds: for example first Mistral, then
/// Azure, then Vertex AI.
///
/// Every call starts with the first client. The next client is tried after an error that another
/// provider may not have: a failed connection, a timeout, a server error, no capacity, a rate limit
/// or quota that is reached, an operation that is not offered. It is not tried when the request or
/// the key is rejected. See [`KINDS`](Self::KINDS) and [`on`](Self::on).
///
/// Each client has its own settings: model names
/// ([`model_map`](crate::ClientBuilder::model_map)), timeouts and retries. A client is retried by
/// its own policy before the next one is tried; set
/// [`RetryPolicy::none`](crate::RetryPolicy::none) to fail over immediately.
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
/// use mistral_sdk::chat::{ChatCompletionRequest, Message};
/// use mistral_sdk::client::Failover;
///
/// let failover = Failover::new([global, europe]);
/// let question = [Message::user("Who painted Olympia?")];
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
    kinds: Arc<[ErrorKind]>,
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
    /// The failures of the clients before it, in their order.
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
    pub fn new(clients: impl IntoIterator<Item = Client>) -> Self {
        Self {
            clients: clients.into_iter().collect(),
            kinds: Self::KINDS.into(),
        }
    }

    /// Sets the kinds of errors after which the next client is tried. Default:
    /// [`KINDS`](Self::KINDS).
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
    pub fn on(mut self, kinds: impl IntoIterator<Item = ErrorKind>) -> Self {
        self.kinds = kinds.into_iter().collect();
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
    /// `reason`, the failures of those before it. Neither contains messages of a server, which may
    /// repeat the request.
    ///
    /// # Errors
    /// Fails with the error of the last client that was tried. Its message includes the errors of
    /// all clients; [`Error::failures`] holds those before it. Fails with [`ErrorKind::Config`] when
    /// there are no clients.
    pub async fn run<T, C>(&self, call: impl FnMut(&Client) -> C) -> Result<FailoverResponse<T>>
    where
        C: IntoFuture<Output = Result<T>>,
    {
        let mut run = FailoverRun::new(&self.kinds);
        let span = run.span.clone();
        self.try_clients(call, &mut run).instrument(span).await
    }

    async fn try_clients<T, C>(
        &self,
        mut call: impl FnMut(&Client) -> C,
        run: &mut FailoverRun<'_>,
    ) -> Result<FailoverResponse<T>>
    where
        C: IntoFuture<Output = Result<T>>,
    {
        let mut clients = self.clients.iter().peekable();
        while let Some(client) = clients.next() {
            let provider = client.provider_name();
            run.start(provider);
            let result = call(client).await;
            let next = clients.peek().map(|client| client.provider_name());
            if let Some(outcome) = run.record(provider, result, next) {
                return outcome;
            }
        }
        Err(no_clients())
    }
}

/// One call that is tried with one client after the other.
pub(crate) struct FailoverRun<'a> {
    kinds: &'a [ErrorKind],
    failures: Vec<ProviderFailure>,
    pub(crate) span: Span,
}

impl<'a> FailoverRun<'a> {
    pub(crate) fn new(kinds: &'a [ErrorKind]) -> Self {
        Self {
            kinds,
            failures: Vec::new(),
            span: tracing::info_span!("failover", provider = Empty, reason = Empty),
        }
    }

    pub(crate) fn start(&self, provider: &str) {
        self.span.record("provider", provider);
    }

    /// Records the result of `provider`. Returns the outcome, or `None` if `next` is to be tried.
    pub(crate) fn record<T>(
        &mut self,
        provider: &'static str,
        result: Result<T>,
        next: Option<&str>,
    ) -> Option<Result<FailoverResponse<T>>> {
        let failures = &mut self.failures;
        match (result, next) {
            (Ok(body), _) => Some(Ok(FailoverResponse {
                body,
                provider,
                position: failures.len(), // all clients before it have failed
                failures: mem::take(failures),
            })),
            (Err(error), Some(next)) if self.kinds.contains(&error.kind()) => {
                log_failover(provider, next, &error);
                failures.push(ProviderFailure { provider, error });
                self.span.record("reason", failure_summary(failures));
                None
            }
            (Err(error), _) => Some(Err(error.with_failures(mem::take(failures), provider))),
        }
    }
}

/// Creates the error of a failover without clients.
pub(crate) fn no_clients() -> Error {
    Error::config("`Failover` has no clients: pass at least one to `Failover::new`")
}

fn log_failover(provider: &str, next: &str, error: &Error) {
    let operation = error.operation();
    let kind = error.kind();
    let error = describe(error);
    tracing::warn!(
        operation,
        provider,
        next,
        ?kind,
        error,
        "trying the next provider"
    );
}

fn failure_summary(failures: &[ProviderFailure]) -> String {
    let reasons: Vec<_> = failures
        .iter()
        .map(|failure| format!("{}: {}", failure.provider, describe(&failure.error)))
        .collect();
    reasons.join("; ")
}

impl fmt::Debug for Failover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failover")
            .field("clients", &self.clients)
            .field("kinds", &self.kinds)
            .finish()
    }
}
