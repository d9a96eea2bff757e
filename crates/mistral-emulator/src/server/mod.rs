//! Starts and stops a server on a thread of its own.

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
use crate::state::{AppState, RecordedRequest};
use connection::serve;
use router::router;

/// A running server that speaks the Mistral API; it stops when this is dropped.
///
/// It listens on the loopback interface only and runs on its own thread, so it can be used
/// in synchronous code, in any async runtime and in tests that pause the clock.
///
/// ```
/// use mistral_emulator::{Emulator, Fault};
///
/// let emulator = Emulator::start()?;
/// assert!(emulator.url().starts_with("http://127.0.0.1:"));
/// // The next request is refused, the one after it is served.
/// emulator.push_fault(Fault::status(429).with_header("retry-after", "1"));
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Emulator {
    url: String,
    port: u16,
    state: Arc<AppState>,
    thread: Option<JoinHandle<()>>,
    /// Dropping it tells the thread to stop.
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
    /// The key that is accepted unless the builder sets another.
    pub const API_KEY: &'static str = "emulator";

    /// Starts a server on a free port of the loopback interface.
    ///
    /// # Errors
    /// When no port can be opened or no thread can be started.
    pub fn start() -> io::Result<Self> {
        Self::builder().start()
    }

    /// Configures a server before it starts.
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder {
            port: 0,
            api_key: Self::API_KEY.to_owned(),
            faults: Vec::new(),
            fine_tuning_gone: false,
        }
    }

    /// Starts a server unless the environment variable is set and not blank.
    ///
    /// A program that calls this first runs without a key, and against the real API once the
    /// variable has one. When the server starts, one line on standard error says so.
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

    /// Returns the port the server listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the key that the server accepts.
    pub fn api_key(&self) -> &str {
        &self.state.api_key
    }

    /// Refuses, from now on, the tokens that the token endpoints of the clouds have given out.
    /// New ones can be had as before.
    pub fn revoke_tokens(&self) {
        self.state.revoke_tokens();
    }

    /// Queues a fault for the next requests.
    ///
    /// Each request takes one turn from the front of the queue; a fault in the queue comes
    /// before one that a request asks for by [`FAULT_HEADER`](crate::FAULT_HEADER).
    pub fn push_fault(&self, fault: Fault) {
        self.state.push_fault(fault);
    }

    /// Returns every request received so far, in the order in which they were complete.
    ///
    /// Refused requests and those that met a fault are among them.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.state.requests()
    }

    /// Blocks until the server stops, which it does only when the process ends.
    pub fn wait(mut self) {
        if let Some(thread) = self.thread.take() {
            // The thread has said what was wrong if it panicked.
            drop(thread.join());
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // Once joined, the port is closed for certain.
            drop(thread.join());
        }
    }
}

/// Settings of an [`Emulator`] that has not started yet.
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
}

impl EmulatorBuilder {
    /// Sets the port to listen on; default: 0, which picks a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Sets the key to accept; default: [`Emulator::API_KEY`].
    pub fn api_key(mut self, api_key: impl Into<String>) -> Self {
        self.api_key = api_key.into();
        self
    }

    /// Queues a fault, as [`Emulator::push_fault`] does later; default: none.
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Sets whether the fine-tuning jobs answer 410, as Mistral has withdrawn them; default: no.
    pub fn fine_tuning_gone(mut self, gone: bool) -> Self {
        self.fine_tuning_gone = gone;
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
        ));
        let (stop, stopped) = oneshot::channel();
        let for_thread = Arc::clone(&state);
        let thread = std::thread::Builder::new()
            .name("mistral-emulator".to_owned())
            .spawn(move || run(&runtime, listener, for_thread, stopped))?;
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
                // Events should leave one by one; failing that, they still leave.
                drop(stream.set_nodelay(true));
                tokio::spawn(serve(stream, Arc::clone(&state), router.clone()));
            }
            // Out of file descriptors, for instance: others may be given back.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}
