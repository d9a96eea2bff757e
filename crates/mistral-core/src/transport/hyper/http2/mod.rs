//! Connections of HTTP/2, on h2. A task reads and writes the frames of a connection; its exchanges
//! share it.

mod body;
mod driver;
mod exchange;
mod guard;
mod io;
mod upload;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use h2::client::{Builder, SendRequest};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use self::driver::Driver;
pub(super) use self::exchange::Exchange;
use self::io::{Activity, CountingIo};
use super::classify;
use super::pool_state::PoolState;
use crate::transport::TransportError;

/// The window of a connection. So large that responses that are not read do not block the others:
/// the windows of the streams limit each one.
const CONNECTION_WINDOW: u32 = 1 << 30;
const STREAM_WINDOW: u32 = 2 * 1024 * 1024;
/// The largest number of bytes of an upload that wait to be written.
const MAX_SEND_BUFFER: usize = 1024 * 1024;
/// The largest head of a response, in bytes.
const MAX_HEADER_LIST: u32 = 256 * 1024;

/// The settings of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Http2Settings {
    pub(super) idle_timeout: Duration,
    pub(super) ping_interval: Option<Duration>,
    pub(super) ping_timeout: Duration,
    /// Whether each connection carries one exchange.
    pub(super) is_single_use: bool,
}

/// A connection that is established. It is closed once this and its exchanges are dropped.
pub(super) struct Http2Connection {
    usage: Mutex<Usage>,
    activity: Arc<Activity>,
    settings: Http2Settings,
}

struct Usage {
    /// `None` once the connection accepts no further exchange.
    sender: Option<SendRequest<Bytes>>,
    exchanges: usize,
    /// The end of the last exchange.
    idle_since: Option<Instant>,
}

impl Usage {
    /// Returns the time until the connection has been idle for `timeout`, or `None` before the first
    /// exchange and during any.
    fn until_idle(&self, timeout: Duration) -> Option<Duration> {
        let since = self.idle_since.filter(|_| self.exchanges == 0)?;
        Some(timeout.saturating_sub(since.elapsed()))
    }
}

impl Http2Connection {
    /// Starts HTTP/2 on `io`, a connection of `pool`, and the task that drives it.
    pub(super) async fn start(
        io: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        pool: Arc<PoolState>,
        settings: Http2Settings,
    ) -> Result<Arc<Self>, TransportError> {
        let activity = Arc::new(Activity::default());
        let io = CountingIo::new(io, Arc::clone(&activity), Arc::clone(&pool));
        let handshake = Builder::new()
            .enable_push(false)
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_header_list_size(MAX_HEADER_LIST)
            .max_send_buffer_size(MAX_SEND_BUFFER)
            .initial_max_send_streams(driver::UNKNOWN_MAX_STREAMS)
            .handshake(io);
        let (sender, connection) = handshake
            .await
            .map_err(|error| classify::connect_error(error.into()))?;
        let this = Arc::new(Self {
            usage: Mutex::new(Usage {
                sender: Some(sender),
                exchanges: 0,
                idle_since: None,
            }),
            activity,
            settings,
        });
        tokio::spawn(Driver::new(connection, &this, pool));
        Ok(this)
    }

    fn usage(&self) -> MutexGuard<'_, Usage> {
        self.usage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts an exchange and returns the handle to send its request with, or `None` if the
    /// connection accepts no further one.
    pub(super) fn enter(&self) -> Option<SendRequest<Bytes>> {
        let mut usage = self.usage();
        if usage.until_idle(self.settings.idle_timeout) == Some(Duration::ZERO) {
            usage.sender = None;
        }
        let mut sender = usage.sender.take()?;
        let ready = sender.poll_ready(&mut Context::from_waker(Waker::noop()));
        if !matches!(ready, Poll::Ready(Ok(()))) {
            return None; // the connection has ended, or the server has sent GOAWAY
        }
        usage.exchanges += 1;
        if !self.settings.is_single_use {
            usage.sender = Some(sender.clone());
        }
        Some(sender)
    }

    /// Ends an exchange.
    fn leave(&self) {
        let mut usage = self.usage();
        usage.exchanges = usage.exchanges.saturating_sub(1);
        if usage.exchanges == 0 {
            usage.idle_since = Some(Instant::now());
        }
    }

    fn is_busy(&self) -> bool {
        self.usage().exchanges > 0
    }

    /// Accepts no further exchange. The connection is closed when the present ones have ended.
    #[cold]
    fn close(&self) {
        self.usage().sender = None;
    }

    /// Closes the connection if it has been idle for long enough. Returns the time until it can be.
    fn close_if_idle(&self) -> Duration {
        let mut usage = self.usage();
        let remaining = usage.until_idle(self.settings.idle_timeout);
        if remaining == Some(Duration::ZERO) {
            usage.sender = None;
        }
        remaining.unwrap_or(self.settings.idle_timeout)
    }
}
