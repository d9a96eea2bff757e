//! The server, which runs on its own thread.

mod connection;
mod router;

use std::io;
use std::net::{Ipv4Addr, TcpListener as StdListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use crate::faults::Fault;
use crate::state::{AppState, LogLimits, RecordedRequest};
use connection::serve;
use router::router;

/// A running server that speaks the Mistral API. It stops when this value is dropped.
///
/// The server listens on the loopback interface only and runs on its own thread. It can be used
/// in synchronous code, in any async runtime and in tests that pause the clock.
///
/// ```
/// use mistral_emulator::{Emulator, Fault};
///
/// let emulator = Emulator::start()?;
/// assert!(emulator.url().starts_with("http://127.0.0.1:"));
/// // The next request is rejected, the one after it is served.
/// emulator.push_fault(Fault::status(429).with_header("retry-after", "1"));
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Emulator {
    url: String,
    port: u16,
    state: Arc<AppState>,
    thread: Option<JoinHandle<()>>,
    /// Stops the thread when it is dropped.
    stop: Option<oneshot::Sender<()>>,
}

impl std::fmt::Debug for Emulator {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Emulator")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

impl Emulator {
    /// The API key that the server accepts by default.
    pub const API_KEY: &'static str = "emulator";

    /// Starts a server on a free port of the loopback interface.
    ///
    /// # Errors
    /// When no port can be opened or no thread can be started.
    pub fn start() -> io::Result<Self> {
        Self::builder().start()
    }

    /// Creates a builder, which configures the server before it starts.
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder {
            port: 0,
            api_key: Self::API_KEY.to_owned(),
            faults: Vec::new(),
            fine_tuning_gone: false,
            log: LogLimits::default(),
        }
    }

    /// Starts a server unless the environment variable is set and not blank.
    ///
    /// A program that calls this function runs against the emulator until the variable is set,
    /// then against the real API. If the server starts, it prints a line to standard error.
    ///
    /// ```
    /// # if std::env::var("MISTRAL_API_KEY").is_err() {
    /// let emulator = mistral_emulator::Emulator::start_unless_set("MISTRAL_API_KEY")?;
    /// assert!(emulator.is_some());
    /// # }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    /// When no port can be opened or no thread can be started.
    pub fn start_unless_set(variable: &str) -> io::Result<Option<Self>> {
        let value = std::env::var_os(variable).unwrap_or_default();
        if !value.to_string_lossy().trim().is_empty() {
            return Ok(None);
        }
        let emulator = Self::start()?;
        eprintln!(
            "{variable} is not set: talking to the built-in emulator at {}, which needs no key",
            emulator.url
        );
        Ok(Some(emulator))
    }

    /// Returns the base URL, without a slash at the end and without `/v1`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the port that the server listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the API key that the server accepts.
    pub fn api_key(&self) -> &str {
        &self.state.api_key
    }

    /// Revokes all access tokens that the token endpoints of the clouds have issued.
    ///
    /// The endpoints keep issuing new tokens, which are accepted.
    pub fn revoke_tokens(&self) {
        self.state.revoke_tokens();
    }

    /// Queues a fault for the next requests.
    ///
    /// Each request consumes one use of the fault at the front of the queue. A queued fault takes
    /// precedence over one in the [`FAULT_HEADER`](crate::FAULT_HEADER) of the request.
    pub fn push_fault(&self, fault: Fault) {
        self.state.push_fault(fault);
    }

    /// Returns the requests received so far, in the order in which they were complete.
    ///
    /// These include rejected requests and those with a fault. The last 10,000 requests are kept,
    /// and up to 64 MiB of their bodies: the body of an older request is empty, and that of a
    /// larger one is cut off. [`EmulatorBuilder::max_recorded_requests`] and
    /// [`EmulatorBuilder::max_recorded_bytes`] change these limits.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.state.requests()
    }

    /// Blocks until the server stops, which happens only when the process ends.
    pub fn wait(mut self) {
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has already been printed.
            drop(thread.join());
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // The port is closed once the thread has ended.
            drop(thread.join());
        }
    }
}

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
    port: u16,
    api_key: String,
    faults: Vec<Fault>,
    fine_tuning_gone: bool,
    log: LogLimits,
}

impl EmulatorBuilder {
    /// Sets the port to listen on. Default: 0, which selects a free port.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Sets the API key to accept. Default: [`Emulator::API_KEY`].
    pub fn api_key(mut self, api_key: impl Into<String>) -> Self {
        self.api_key = api_key.into();
        self
    }

    /// Queues a fault, as [`Emulator::push_fault`] does. Default: none.
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Sets whether the operations on fine-tuning jobs respond with 410 Gone, as those of the real
    /// API do since Mistral withdrew fine-tuning. Default: `false`.
    pub fn fine_tuning_gone(mut self, gone: bool) -> Self {
        self.fine_tuning_gone = gone;
        self
    }

    /// Sets the number of requests that [`Emulator::requests`] returns: the last ones. Default:
    /// 10,000.
    pub fn max_recorded_requests(mut self, requests: usize) -> Self {
        self.log.requests = requests;
        self
    }

    /// Sets the number of bytes of the bodies that [`Emulator::requests`] returns, in all: those
    /// of the last requests. Default: 64 MiB.
    pub fn max_recorded_bytes(mut self, bytes: usize) -> Self {
        self.log.body_bytes = bytes;
        self
    }

    /// Starts the server.
    ///
    /// # Errors
    /// When the port cannot be opened or no thread can be started.
    pub fn start(self) -> io::Result<Emulator> {
        let listener = StdListener::bind((Ipv4Addr::LOCALHOST, self.port))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()?;
        let listener = {
            let _in_runtime = runtime.enter();
            TcpListener::from_std(listener)?
        };
        let state = Arc::new(AppState::new(
            self.api_key,
            self.faults,
            self.fine_tuning_gone,
            self.log,
        ));
        let (stop, stopped) = oneshot::channel();
        let thread_state = Arc::clone(&state);
        let thread = std::thread::Builder::new()
            .name("mistral-emulator".to_owned())
            .spawn(move || run(&runtime, listener, thread_state, stopped))?;
        Ok(Emulator {
            url: format!("http://127.0.0.1:{port}"),
            port,
            state,
            thread: Some(thread),
            stop: Some(stop),
        })
    }
}

fn run(
    runtime: &Runtime,
    listener: TcpListener,
    state: Arc<AppState>,
    stopped: oneshot::Receiver<()>,
) {
    let router = router(&state);
    runtime.block_on(async {
        tokio::select! {
            () = accept(listener, state, router) => {}
            _ = stopped => {}
        }
    });
}

async fn accept(listener: TcpListener, state: Arc<AppState>, router: Router) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Sends each event at once. A failure merely delays events.
                drop(stream.set_nodelay(true));
                tokio::spawn(serve(stream, Arc::clone(&state), router.clone()));
            }
            // The error may be temporary, such as too many open file descriptors.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}
