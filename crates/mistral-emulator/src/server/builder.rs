//! The settings of a server before it starts.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::{Emulator, start};
use crate::control::entries;
use crate::faults::Fault;
use crate::recording::Tape;
use crate::replies::Reply;
use crate::state::model_settings::ModelSettings;
use crate::state::settings::Settings;
use crate::time::Clock;

/// Configures and starts an [`Emulator`].
///
/// ```
/// use mistral_emulator::{Emulator, Fault};
///
/// let emulator = Emulator::builder().api_key("secret").fault(Fault::status(500)).start()?;
/// assert_eq!(emulator.api_key(), "secret");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct EmulatorBuilder {
    host: String,
    port: u16,
    settings: Settings,
}

impl EmulatorBuilder {
    pub(super) fn new() -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port: 0,
            settings: Settings::default(),
        }
    }

    /// Sets the address or the name of the interface to listen on. Default: `127.0.0.1`.
    ///
    /// `0.0.0.0` and `::` stand for all interfaces, as a container needs it. The emulator is a test
    /// server: do not expose it to a network that you do not trust.
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.host = host.into();
        self
    }

    /// Sets the port to listen on. Default: a free port, as is 0.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Adds an API key to accept. The first one is that of [`Emulator::api_key`]. Default:
    /// [`Emulator::API_KEY`].
    pub fn api_key(mut self, api_key: impl Into<String>) -> Self {
        self.settings.keys.push(api_key.into());
        self
    }

    /// Sets whether any API key is accepted that is not empty. Default: `false`.
    pub fn any_key(mut self, any: bool) -> Self {
        self.settings.any_key = any;
        self
    }

    /// Sets whether any model is accepted. An unknown one is served as the first model that is
    /// suitable for the operation. Default: `false`.
    pub fn any_model(mut self, any: bool) -> Self {
        self.settings.models.any = any;
        self
    }

    /// Replaces the models by those in a file: the JSON of the response to `GET /v1/models`.
    ///
    /// # Errors
    /// Fails if the file cannot be read or is not such a list.
    pub fn models_file(mut self, path: impl AsRef<Path>) -> io::Result<Self> {
        let listed = read(path.as_ref(), ModelSettings::listed)?;
        self.settings.models.listed = Some(Arc::new(listed));
        Ok(self)
    }

    /// Queues a fault, as [`Emulator::push_fault`] does.
    pub fn fault(mut self, fault: Fault) -> Self {
        self.settings.faults.push(fault);
        self
    }

    /// Queues a reply, as [`Emulator::push_reply`] does.
    pub fn reply(mut self, reply: Reply) -> Self {
        self.settings.replies.push(reply);
        self
    }

    /// Queues the replies in a JSON file: an array of replies, or an object with the array
    /// `replies`, in the form of the control route `/_emulator/replies`.
    ///
    /// # Errors
    /// Fails if the file cannot be read, or a reply cannot be used.
    pub fn replies_file(mut self, path: impl AsRef<Path>) -> io::Result<Self> {
        let parse = |text: &[u8]| entries(text, "reply", "replies", Reply::from_json);
        self.settings.replies.extend(read(path.as_ref(), parse)?);
        Ok(self)
    }

    /// Sets the delay before each response. Default: none.
    pub fn latency(mut self, latency: Duration) -> Self {
        self.settings.latency = latency;
        self
    }

    /// Sets the delay between the events of a stream. Default: none.
    pub fn token_delay(mut self, delay: Duration) -> Self {
        self.settings.token_delay = delay;
        self
    }

    /// Sets the clock behind the timestamps in responses. Default: it starts at
    /// 2026-01-01T00:00:00Z.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.settings.clock = clock;
        self
    }

    /// Forwards each request that is not in the file yet to another server, and adds the exchange
    /// to the file.
    ///
    /// `upstream` is the base URL of the server, to which the client's key is sent. HTTPS needs the
    /// crate feature `tls`. The file has the form of the cassettes of `mistral-sdk`. Values
    /// named like credentials, accounts or ids of requests are masked, and of the headers only
    /// content types, `retry-after` and rate limits are stored. Prompts and completions are stored
    /// as they are. A response that breaks off or is not read to its end is not stored. Control
    /// routes are not forwarded.
    ///
    /// # Errors
    /// Fails if the file cannot be read or written, or the URL cannot be used.
    pub fn record(mut self, path: impl AsRef<Path>, upstream: &str) -> io::Result<Self> {
        self.settings.tape = Some(Tape::record(path.as_ref(), upstream)?);
        Ok(self)
    }

    /// Responds from a file that was [recorded](Self::record).
    ///
    /// Requests are compared by method, path, query and body, after secrets are masked. Equal
    /// requests receive their responses in the order of the recording, then the last one again.
    /// Keys are not checked. A request that is not in the file is served by the emulator if
    /// `emulate_others`, and otherwise rejected with 404.
    ///
    /// # Errors
    /// Fails if the file cannot be read or is not a recording.
    pub fn replay(mut self, path: impl AsRef<Path>, emulate_others: bool) -> io::Result<Self> {
        self.settings.tape = Some(Tape::replay(path.as_ref(), emulate_others)?);
        Ok(self)
    }

    /// Sets whether the operations on fine-tuning jobs respond with 410 Gone, as those of the real
    /// API do since Mistral withdrew fine-tuning. Default: `false`.
    pub fn fine_tuning_gone(mut self, gone: bool) -> Self {
        self.settings.fine_tuning_gone = gone;
        self
    }

    /// Sets the number of requests that [`Emulator::requests`] returns: the last ones. Default:
    /// 10,000.
    pub fn max_recorded_requests(mut self, requests: usize) -> Self {
        self.settings.log.requests = requests;
        self
    }

    /// Sets the number of bytes of the bodies that [`Emulator::requests`] returns, in all: those
    /// of the last requests. Default: 64 MiB.
    pub fn max_recorded_bytes(mut self, bytes: usize) -> Self {
        self.settings.log.body_bytes = bytes;
        self
    }

    /// Sets whether a line about each request is printed to standard error. Default: `false`.
    pub fn verbose(mut self, verbose: bool) -> Self {
        self.settings.verbose = verbose;
        self
    }

    /// Starts the server.
    ///
    /// # Errors
    /// Fails if the port cannot be opened or no thread can be started.
    pub fn start(mut self) -> io::Result<Emulator> {
        if self.settings.keys.is_empty() {
            self.settings.keys.push(Emulator::API_KEY.to_owned());
        }
        start(&self.host, self.port, self.settings)
    }
}

/// Reads a file. An error names it.
fn read<T>(path: &Path, parse: impl FnOnce(&[u8]) -> Result<T, String>) -> io::Result<T> {
    let bytes = std::fs::read(path).map_err(|error| {
        io::Error::new(
            error.kind(),
            format!("{} cannot be read: {error}", path.display()),
        )
    })?;
    parse(&bytes).map_err(|reason| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            format!("{}: {reason}", path.display()),
        )
    })
}
