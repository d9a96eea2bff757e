//! Several places to ask, one after the other.

use std::fmt;
use std::future::IntoFuture;
use std::mem;
use std::sync::Arc;

use tracing::field::Empty;
use tracing::{Instrument, Span};

use crate::client::Client;
use crate::error::{Error, ErrorKind, ProviderFailure, Result};
use crate::pipeline::telemetry::describe;

/// Asks several clients, one after the other, until one answers: first Mistral, then Azure, then
/// Vertex AI.
///
/// Every call starts with the first client. The next one is asked when the error is of a kind
/// that the other place may not share: no connection, a time-out, a server that failed or has no
/// capacity, a limit or quota that is reached, an operation that is not offered there. Not when
/// the request itself is refused, or the key: see [`KINDS`](Self::KINDS) and [`on`](Self::on).
///
/// Each client keeps its own settings: model names
/// ([`model_map`](crate::ClientBuilder::model_map)), time-outs, and retries, which come first.
/// Where the next client shall be asked at once, give the others
/// [`RetryPolicy::none`](crate::RetryPolicy::none).
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
/// use mistral_sdk::client::Failover;
/// use mistral_sdk::chat::ChatCompletionRequest;
/// use mistral_sdk::chat::Message;
///
/// let failover = Failover::new([global, europe]);
/// let question = [Message::user("Who painted Olympia?")];
/// let request = ChatCompletionRequest::new("mistral-small-latest", question);
///
/// let answered = failover.run(|client| client.chat().complete(&request)).await?;
/// println!("{}: {}", answered.provider, answered.body.text());
/// for failure in &answered.failures {
///     println!("not {}: {}", failure.provider, failure.error);
/// }
/// # assert_eq!(answered.position, 1);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Failover {
    clients: Arc<[Client]>,
    kinds: Arc<[ErrorKind]>,
}

/// An answer, who gave it, and why others did not; see [`Failover::run`].
#[derive(Debug)]
#[non_exhaustive]
pub struct FailoverResponse<T> {
    /// The answer.
    pub body: T,
    /// The name of the provider that gave it, for example `azure`.
    pub provider: &'static str,
    /// The place of its client in the list, counted from 0.
    pub position: usize,
    /// Why the clients before it did not answer, in their order.
    pub failures: Vec<ProviderFailure>,
}

impl Failover {
    /// The kinds of errors after which the next client is asked, unless others are set.
    pub const KINDS: [ErrorKind; 7] = [
        ErrorKind::Connection,
        ErrorKind::Timeout,
        ErrorKind::Server,
        ErrorKind::Overloaded,
        ErrorKind::RateLimited,
        ErrorKind::QuotaExceeded,
        ErrorKind::Unsupported,
    ];

    /// Asks these clients, in this order.
    pub fn new(clients: impl IntoIterator<Item = Client>) -> Self {
        Self {
            clients: clients.into_iter().collect(),
            kinds: Self::KINDS.into(),
        }
    }

    /// Sets the kinds of errors after which the next client is asked. Default:
    /// [`KINDS`](Self::KINDS).
    ///
    /// ```
    /// use mistral_core::ErrorKind;
    /// use mistral_core::client::Failover;
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

    /// Makes a call with the first client that answers it.
    ///
    /// `call` makes the call with the client that it is given: it may be any call, with options,
    /// or several of them in an `async` block. A stream counts as answered once it is open; what
    /// happens then is for its reader to see, for its beginning may have been shown already. A
    /// request may be billed by more than one provider.
    ///
    /// ```no_run
    /// # async fn stream(
    /// #     failover: mistral_core::client::Failover,
    /// #     request: mistral_core::chat::ChatCompletionRequest,
    /// # ) -> mistral_core::Result<()> {
    /// let mut stream = failover.run(|client| client.chat().stream(&request)).await?.body;
    /// while let Some(chunk) = stream.next().await {
    ///     print!("{}", chunk?.text());
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// Each time that it asks the next client it emits a `tracing` event with the reason. The
    /// span `failover` around all of it has the fields `provider`, who answered or failed last,
    /// and `reason`, why those before failed. Neither has the words of a server, which may repeat
    /// what was asked.
    ///
    /// # Errors
    /// Fails with the error of the last client that was asked. Its words name the errors of all;
    /// [`Error::failures`] holds those before it.
    pub async fn run<T, C>(&self, call: impl FnMut(&Client) -> C) -> Result<FailoverResponse<T>>
    where
        C: IntoFuture<Output = Result<T>>,
    {
        let mut round = Round::new(&self.kinds);
        let span = round.span.clone();
        self.ask(call, &mut round).instrument(span).await
    }

    async fn ask<T, C>(
        &self,
        mut call: impl FnMut(&Client) -> C,
        round: &mut Round<'_>,
    ) -> Result<FailoverResponse<T>>
    where
        C: IntoFuture<Output = Result<T>>,
    {
        let mut clients = self.clients.iter().peekable();
        while let Some(client) = clients.next() {
            let provider = client.provider_name();
            round.begin(provider);
            let heard = call(client).await;
            let next = clients.peek().map(|client| client.provider_name());
            if let Some(end) = round.hear(provider, heard, next) {
                return end;
            }
        }
        Err(nobody())
    }
}

/// One call on its way from client to client.
pub(crate) struct Round<'a> {
    kinds: &'a [ErrorKind],
    failures: Vec<ProviderFailure>,
    pub(crate) span: Span,
}

impl<'a> Round<'a> {
    pub(crate) fn new(kinds: &'a [ErrorKind]) -> Self {
        Self {
            kinds,
            failures: Vec::new(),
            span: tracing::info_span!("failover", provider = Empty, reason = Empty),
        }
    }

    pub(crate) fn begin(&self, provider: &str) {
        self.span.record("provider", provider);
    }

    /// Takes what came of asking `provider`. Gives the end, or `None` if `next` is to be asked.
    pub(crate) fn hear<T>(
        &mut self,
        provider: &'static str,
        heard: Result<T>,
        next: Option<&str>,
    ) -> Option<Result<FailoverResponse<T>>> {
        let failures = &mut self.failures;
        match (heard, next) {
            (Ok(body), _) => Some(Ok(FailoverResponse {
                body,
                provider,
                position: failures.len(), // all clients before it have failed
                failures: mem::take(failures),
            })),
            (Err(error), Some(next)) if self.kinds.contains(&error.kind()) => {
                tell(provider, next, &error);
                failures.push(ProviderFailure { provider, error });
                self.span.record("reason", reason(failures));
                None
            }
            (Err(error), _) => Some(Err(error.with_failures(mem::take(failures), provider))),
        }
    }
}

pub(crate) fn nobody() -> Error {
    Error::config("there is nobody to ask: give `Failover::new` at least one client")
}

fn tell(provider: &str, next: &str, error: &Error) {
    let operation = error.operation();
    let kind = error.kind();
    let error = describe(error);
    tracing::warn!(
        operation,
        provider,
        next,
        ?kind,
        error,
        "asking the next provider"
    );
}

fn reason(failures: &[ProviderFailure]) -> String {
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
