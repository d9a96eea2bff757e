use std::sync::Arc;
use std::time::Duration;

use super::Client;
use crate::client::failover;
use crate::client::failover::{FailoverResponse, FailoverRun, FailoverSettings, no_clients};
use crate::error::{Error, ErrorKind, Result};

/// Tries several blocking clients, one after the other, until one succeeds. The counterpart of
/// the asynchronous [`Failover`](crate::client::Failover).
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use mistral_emulator::{Emulator, Fault};
/// # let (one, two) = (Emulator::start()?, Emulator::start()?);
/// # one.push_fault(Fault::status(503).times(9));
/// # let local = |emulator: &Emulator| {
/// #     let api = mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?;
/// #     let builder = mistral_sdk::Client::builder(api);
/// #     builder.retry(mistral_sdk::RetryPolicy::none()).build_blocking()
/// # };
/// # let (global, europe) = (local(&one)?, local(&two)?);
/// use mistral_sdk::blocking::Failover;
/// use mistral_sdk::chat::ChatCompletionRequest;
///
/// let failover = Failover::new([global, europe]);
/// let question = "Who painted Olympia?";
/// let request = ChatCompletionRequest::new("mistral-small-latest", question);
///
/// let response = failover.run(|client| client.chat().complete(&request).send())?;
/// println!("{}: {}", response.provider, response.body.text());
/// for failure in &response.failures {
///     println!("not {}: {}", failure.provider, failure.error);
/// }
/// # assert_eq!(response.position, 1);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Failover {
    clients: Arc<[Client]>,
    settings: FailoverSettings,
}

impl Failover {
    /// The default error kinds after which the next client is tried: those of the asynchronous
    /// [`Failover`](crate::client::Failover::KINDS).
    pub const KINDS: [ErrorKind; 7] = failover::Failover::KINDS;

    /// Creates a failover that tries `clients` in the given order.
    pub fn new(clients: impl IntoIterator<Item = Client>) -> Self {
        Self {
            clients: clients.into_iter().collect(),
            settings: FailoverSettings::default(),
        }
    }

    /// Sets the error kinds after which the next client is tried. Default:
    /// [`KINDS`](Self::KINDS).
    #[must_use]
    pub fn on(mut self, kinds: impl IntoIterator<Item = ErrorKind>) -> Self {
        self.settings.set_kinds(kinds);
        self
    }

    /// Sets the condition under which the next client is tried after an error, in place of the
    /// [kinds](Self::on); see [`on_error`](failover::Failover::on_error) of the asynchronous
    /// failover.
    #[must_use]
    pub fn on_error(mut self, is_tried: impl Fn(&Error) -> bool + Send + Sync + 'static) -> Self {
        self.settings.set_condition(is_tried);
        self
    }

    /// Sets the timeout over all clients, their retries included. Default: none.
    ///
    /// It ends every call that is sent with the client that [`run`](Self::run) passes, and a clone
    /// of that client; a stream only until it is open. After it has expired, the next client is not
    /// tried.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout = Some(timeout);
        self
    }

    /// Runs `call` with one client after the other, until it succeeds.
    ///
    /// `call` sends one or more calls with the client that it receives. A stream counts as a
    /// success once it is open. Events and spans are those of the asynchronous
    /// [`run`](crate::client::Failover::run).
    ///
    /// # Errors
    /// Fails with the error of the last client that was tried, which [`Error::provider`] names;
    /// [`Error::failures`] holds those before it. Fails with [`ErrorKind::Timeout`] when the
    /// [`timeout`](Self::timeout) expires, and with [`ErrorKind::Config`] when there are no clients.
    pub fn run<T>(
        &self,
        mut call: impl FnMut(&Client) -> Result<T>,
    ) -> Result<FailoverResponse<T>> {
        let mut run = FailoverRun::new(&self.settings);
        let _entered = run.span.clone().entered();
        let mut clients = self.clients.iter().peekable();
        while let Some(client) = clients.next() {
            let provider = client.provider_name();
            run.start(provider);
            let result = match run.deadline {
                Some(deadline) => call(&client.with_deadline(deadline)),
                None => call(client),
            };
            let next = clients.peek().map(|client| client.provider_name());
            if let Some(end) = run.record(provider, result, next) {
                return end;
            }
        }
        Err(no_clients())
    }
}
