use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use super::Client;
use crate::client::failover;
use crate::client::failover::{
    CircuitBreaker, FailoverResponse, FailoverRun, FailoverSettings, SkipRule, no_clients,
};
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
    /// One per client.
    breakers: Arc<[CircuitBreaker]>,
    settings: FailoverSettings,
}

impl Failover {
    /// The default error kinds after which the next client is tried: those of the asynchronous
    /// [`Failover`](crate::client::Failover::KINDS).
    pub const KINDS: [ErrorKind; 7] = failover::Failover::KINDS;

    /// Creates a failover that tries `clients` in the given order.
    pub fn new(clients: impl IntoIterator<Item = Client>) -> Self {
        let clients: Arc<[_]> = clients.into_iter().collect();
        let breakers = clients.iter().map(|client| client.provider_name());
        Self {
            breakers: breakers.map(CircuitBreaker::new).collect(),
            clients,
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

    /// Sets the number of consecutive failures of a client after which calls skip it, and for how
    /// long. Default: 5 failures, 30 s. See [`skip_after`](failover::Failover::skip_after) of the
    /// asynchronous failover.
    #[must_use]
    pub fn skip_after(mut self, failures: u32, pause: Duration) -> Self {
        self.settings.skip = Some(SkipRule { failures, pause });
        self
    }

    /// Lets every call try all clients from the first one on, however often they have failed.
    #[must_use]
    pub fn never_skip(mut self) -> Self {
        self.settings.skip = None;
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
    /// [`Error::failures`] holds those of the others. Fails with [`ErrorKind::Timeout`] when the
    /// [`timeout`](Self::timeout) expires, and with [`ErrorKind::Config`] when there are no clients.
    pub fn run<T>(
        &self,
        mut call: impl FnMut(&Client) -> Result<T>,
    ) -> Result<FailoverResponse<T>> {
        let mut run = FailoverRun::new(&self.settings, &self.breakers);
        let _entered = run.span.clone().entered();
        let mut position = run.start()?;
        loop {
            let client = self.clients.get(position).ok_or_else(no_clients)?;
            let result = match run.deadline {
                Some(deadline) => call(&client.with_deadline(deadline)),
                None => call(client),
            };
            match run.record(result) {
                ControlFlow::Continue(next) => position = next,
                ControlFlow::Break(outcome) => return outcome,
            }
        }
    }
}
