//! The server, which runs on its own thread.

mod builder;
mod connection;
mod environment;
mod pace;
mod router;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener as StdListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

pub use self::builder::EmulatorBuilder;
use self::connection::{Shared, serve};
use self::router::router;
use crate::control;
use crate::faults::Fault;
use crate::replies::Reply;
use crate::state::model_settings::set_thread_models;
use crate::state::settings::Settings;
use crate::state::{AppState, RecordedRequest};
use crate::time::set_thread_clock;

/// A running server that speaks the Mistral API. It stops when this value is dropped.
///
/// The server listens on the loopback interface, unless [`EmulatorBuilder::host`] sets another,
/// and runs on its own thread. It can be used in synchronous code, in any async runtime and in tests that pause the clock.
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
    /// Stops the thread: at once when it is dropped, gracefully when a limit is sent.
    stop: Option<oneshot::Sender<Duration>>,
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
    /// Fails if no port can be opened or no thread can be started.
    pub fn start() -> io::Result<Self> {
        Self::builder().start()
    }

    /// Creates a builder, which configures the server before it starts.
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder::new()
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
    /// Fails if no port can be opened or no thread can be started.
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
    /// Each request consumes one use of the first fault in the queue that applies to it. A queued
    /// fault takes precedence over one in the [`FAULT_HEADER`](crate::FAULT_HEADER) of the request.
    pub fn push_fault(&self, fault: Fault) {
        self.state.faults().push(fault);
    }

    /// Queues a reply for the next requests.
    ///
    /// Each request consumes one use of the first reply in the queue that applies to it. A fault
    /// that replaces the response leaves the replies as they are.
    pub fn push_reply(&self, reply: Reply) {
        self.state.replies().push(reply);
    }

    /// Returns the queued faults that are left.
    pub fn faults(&self) -> Vec<Fault> {
        self.state.faults().entries()
    }

    /// Removes the queued faults.
    pub fn clear_faults(&self) {
        self.state.faults().clear();
    }

    /// Returns the queued replies that are left.
    pub fn replies(&self) -> Vec<Reply> {
        self.state.replies().entries()
    }

    /// Removes the queued replies.
    pub fn clear_replies(&self) {
        self.state.replies().clear();
    }

    /// Removes the recorded requests.
    pub fn clear_requests(&self) {
        self.state.clear_requests();
    }

    /// Returns the emulator to its state at the start: removes the faults and replies that were
    /// queued since then, recorded requests, files, jobs, fine-tuned models, voices, agents,
    /// conversations, libraries, prompts, skills, workflows, connectors, datasets and access tokens,
    /// and resets the clock.
    pub fn reset(&self) {
        self.state.reset();
    }

    /// Stops the server once the exchanges in flight have ended, or after `limit`. No further
    /// connection is accepted.
    pub fn shut_down(mut self, limit: Duration) {
        if let Some(stop) = self.stop.take() {
            // The thread has ended already if nothing receives the limit.
            let _ = stop.send(limit);
        }
        self.join();
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
        self.join();
    }

    fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has already been printed.
            drop(thread.join());
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        drop(self.stop.take());
        self.join(); // the port is closed once the thread has ended
    }
}

/// Starts a server with these settings.
fn start(host: &str, port: u16, settings: Settings) -> io::Result<Emulator> {
    let listener = StdListener::bind((host, port))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()?;
    let listener = {
        let _in_runtime = runtime.enter();
        TcpListener::from_std(listener)?
    };
    let state = Arc::new(AppState::new(settings));
    let (stop, stopped) = oneshot::channel();
    let shared = Shared {
        state: Arc::clone(&state),
        api: router(&state),
        control: control::router(&state),
    };
    let thread = std::thread::Builder::new()
        .name("mistral-emulator".to_owned())
        .spawn(move || run(&runtime, listener, &shared, stopped))?;
    Ok(Emulator {
        url: format!("http://{}", reachable(address)),
        port: address.port(),
        state,
        thread: Some(thread),
        stop: Some(stop),
    })
}

/// Returns the address at which programs on this machine reach a server.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        other => other,
    };
    SocketAddr::new(ip, address.port())
}

fn run(
    runtime: &Runtime,
    listener: TcpListener,
    shared: &Shared,
    stopped: oneshot::Receiver<Duration>,
) {
    set_thread_clock(Arc::clone(&shared.state.clock));
    set_thread_models(&shared.state.settings.models);
    runtime.block_on(async {
        let connections = GracefulShutdown::new();
        let limit = tokio::select! {
            () = accept(&listener, shared, &connections) => None,
            limit = stopped => limit.ok(),
        };
        drop(listener);
        if let Some(limit) = limit {
            // Connections that have not ended by then are closed with the runtime.
            drop(tokio::time::timeout(limit, connections.shutdown()).await);
        }
    });
}

async fn accept(listener: &TcpListener, shared: &Shared, connections: &GracefulShutdown) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Sends each event at once. A failure merely delays events.
                drop(stream.set_nodelay(true));
                tokio::spawn(serve(stream, shared.clone(), connections.watcher()));
            }
            // The error may be temporary, such as too many open file descriptors.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}
