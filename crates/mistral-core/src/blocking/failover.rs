use std::sync::Arc;

use super::Client;
use crate::client::failover;
use crate::client::failover::{FailoverResponse, FailoverRun, no_clients};
use crate::error::{ErrorKind, Result};

/// Asks several clients, one after the other, until one answers, as the asynchronous
/// [`Failover`](crate::client::Failover) does.
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
/// use mistral_sdk::chat::Message;
///
/// let failover = Failover::new([global, europe]);
/// let question = [Message::user("Who painted Olympia?")];
/// let request = ChatCompletionRequest::new("mistral-small-latest", question);
///
/// let answered = failover.run(|client| client.chat().complete(&request).send())?;
/// println!("{}: {}", answered.provider, answered.body.text());
/// for failure in &answered.failures {
///     println!("not {}: {}", failure.provider, failure.error);
/// }
/// # assert_eq!(answered.position, 1);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Failover {
    clients: Arc<[Client]>,
    kinds: Arc<[ErrorKind]>,
}

impl Failover {
    /// The kinds of errors after which the next client is asked, unless others are set: those
    /// of the asynchronous [`Failover`](crate::client::Failover::KINDS).
    pub const KINDS: [ErrorKind; 7] = failover::Failover::KINDS;

    /// Asks these clients, in this order.
    pub fn new(clients: impl IntoIterator<Item = Client>) -> Self {
        Self {
            clients: clients.into_iter().collect(),
            kinds: Self::KINDS.into(),
        }
    }

    /// Sets the kinds of errors after which the next client is asked. Default:
    /// [`KINDS`](Self::KINDS).
    #[must_use]
    pub fn on(mut self, kinds: impl IntoIterator<Item = ErrorKind>) -> Self {
        self.kinds = kinds.into_iter().collect();
        self
    }

    /// Makes a call with the first client that answers it.
    ///
    /// `call` makes the call with the client that it is given, and sends it; it may make
    /// several. A stream counts as answered once it is open. Events and spans are those of the
    /// asynchronous [`run`](crate::client::Failover::run).
    ///
    /// # Errors
    /// Fails with the error of the last client that was asked. Its words name the errors of all;
    /// [`Error::failures`](crate::Error::failures) holds those before it.
    pub fn run<T>(
        &self,
        mut call: impl FnMut(&Client) -> Result<T>,
    ) -> Result<FailoverResponse<T>> {
        let mut run = FailoverRun::new(&self.kinds);
        let _within = run.span.clone().entered();
        let mut clients = self.clients.iter().peekable();
        while let Some(client) = clients.next() {
            let provider = client.provider_name();
            run.start(provider);
            let heard = call(client);
            let next = clients.peek().map(|client| client.provider_name());
            if let Some(end) = run.record(provider, heard, next) {
                return end;
            }
        }
        Err(no_clients())
    }
}
