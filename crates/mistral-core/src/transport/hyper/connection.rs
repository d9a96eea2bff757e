//! Establishing the connections of a pool. Those of HTTP/1.1 tell when they have ended, close when
//! they have been idle, and end an exchange that the response does not wait for.

use std::future::ready;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};
use tower_service::Service;

use super::connect::{BoxError, BoxedConnection, Connector};
use super::connection_state::{ConnectionState, IdleLimits};
use super::pool_state::PoolState;
use crate::transport::{TransportError, TransportErrorKind};

/// The largest number of bytes before the end of a response's head. hyper limits the head itself to
/// less, but not the informational responses before it.
const MAX_BEFORE_RESPONSE: usize = 1024 * 1024;

/// The longest time in which a connection may wait for hyper. It usually does not: the exchange that
/// opened it is handed to hyper at once, which may have found another one.
const MAX_OPENED_AGE: Duration = Duration::from_secs(1);

/// Establishes the connections of one pool. hyper calls it for those of HTTP/1.1.
#[derive(Clone)]
pub(super) struct PooledConnector {
    connector: Connector,
    pool: Arc<PoolState>,
    idle: IdleLimits,
    /// Connections of HTTP/1.1 that hyper does not have yet.
    opened: Arc<Mutex<Vec<(PooledConnection, Instant)>>>,
}

type Opening = Pin<Box<dyn Future<Output = Result<BoxedConnection, BoxError>> + Send>>;
type Connecting = Pin<Box<dyn Future<Output = Result<TokioIo<PooledConnection>, BoxError>> + Send>>;

impl PooledConnector {
    pub(super) fn new(connector: Connector, pool: Arc<PoolState>, idle: IdleLimits) -> Self {
        Self {
            connector,
            pool,
            idle,
            opened: Arc::default(),
        }
    }

    /// Establishes a connection of the protocol that the server chooses.
    pub(super) fn open(&self, uri: Uri) -> Opening {
        self.open_with(self.connector.clone(), uri)
    }

    fn open_with(&self, mut connector: Connector, uri: Uri) -> Opening {
        let counted = self.pool.connecting();
        let connecting = connector.call(uri);
        let pool = Arc::clone(&self.pool);
        Box::pin(async move {
            let permit = match pool.connection_limit() {
                Some(limit) => Some(limit.connect().await?),
                None => None,
            };
            let connection = connecting.await?;
            drop(counted);
            if let Some(permit) = permit {
                pool.connection_opened(permit);
            }
            Ok(connection)
        })
    }

    /// Keeps a connection of HTTP/1.1 until hyper asks for one.
    pub(super) fn keep(&self, connection: BoxedConnection) {
        let connection = PooledConnection::new(connection, self);
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        opened.push((connection, Instant::now()));
    }

    /// Takes a connection that was kept, unless it is so old that the server may have closed it.
    fn take_opened(&self) -> Option<PooledConnection> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        opened.retain(|(_, since)| since.elapsed() < MAX_OPENED_AGE);
        opened.pop().map(|(connection, _)| connection)
    }
}

impl Service<Uri> for PooledConnector {
    type Response = TokioIo<PooledConnection>;
    type Error = BoxError;
    type Future = Connecting;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.connector.poll_ready(cx)
    }

    fn call(&mut self, uri: Uri) -> Connecting {
        if let Some(connection) = self.take_opened() {
            return Box::pin(ready(Ok(TokioIo::new(connection))));
        }
        let opening = self.open_with(self.connector.clone().without_http2(), uri);
        let this = self.clone();
        Box::pin(async move {
            let connection = opening.await?;
            Ok(TokioIo::new(PooledConnection::new(connection, &this)))
        })
    }
}

/// A connection of HTTP/1.1.
pub(super) struct PooledConnection {
    io: TokioIo<BoxedConnection>,
    state: Arc<ConnectionState>,
    /// The number of bytes that were read since the request, until the head of the response.
    before_response: usize,
    /// Whether a request was written since something was read.
    is_writing: bool,
    /// Whether the server has closed the connection while the request was written.
    is_write_closed: bool,
    idle_timer: Option<Pin<Box<Sleep>>>,
    /// The limit that the timer was set for.
    idle_limit: Duration,
}

impl PooledConnection {
    fn new(connection: BoxedConnection, connector: &PooledConnector) -> Self {
        connector.pool.learn_http1();
        Self {
            io: TokioIo::new(connection),
            before_response: 0,
            is_writing: false,
            is_write_closed: false,
            idle_timer: None,
            idle_limit: connector.idle.default,
            state: Arc::new(ConnectionState::new(
                Arc::clone(&connector.pool),
                connector.idle,
            )),
        }
    }

    fn on_read(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.is_writing &= bytes.is_empty();
        if !self.state.has_head() {
            self.before_response = self.before_response.saturating_add(bytes.len());
            if self.before_response > MAX_BEFORE_RESPONSE {
                return Err(too_large());
            }
        }
        Ok(())
    }

    /// Ends the connection once it has been idle for too long, as if the server had closed it.
    ///
    /// The timer is not moved by every exchange: it is set anew after it has elapsed.
    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &self.idle_timer {
            Some(timer) if !timer.is_elapsed() && self.idle_limit <= self.state.idle_limit() => {
                Poll::Pending
            }
            _ => self.renew_idle_timer(cx),
        }
    }

    #[cold]
    fn renew_idle_timer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.state.set_task(cx.waker());
        self.idle_limit = self.state.idle_limit();
        loop {
            let now = Instant::now();
            let until = self.state.idle_until();
            if until.is_some_and(|until| until <= now) {
                return Poll::Ready(());
            }
            let Some(until) = until.or_else(|| now.checked_add(self.idle_limit)) else {
                return Poll::Pending;
            };
            let timer = self
                .idle_timer
                .get_or_insert_with(|| Box::pin(sleep_until(until)));
            timer.as_mut().reset(until);
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// Called when a request is written.
    fn on_write(&mut self) -> io::Result<()> {
        if self.state.is_aborted() {
            return Err(aborted());
        }
        // What follows a response is the next request.
        if !self.is_writing && self.state.request_started() {
            self.before_response = 0;
        }
        self.is_writing = true;
        Ok(())
    }

    fn after_write(
        &mut self,
        written: Poll<io::Result<usize>>,
        cx: &Context<'_>,
    ) -> Poll<io::Result<usize>> {
        match written {
            Poll::Ready(Ok(written)) => Poll::Ready(Ok(written)),
            Poll::Ready(Err(error)) => self.on_failed_write(error, cx),
            Poll::Pending => self.on_blocked_write(cx),
        }
    }

    /// Keeps an error of writing back as long as there may be a response to read, which says why
    /// the server does not want the rest of the request. Reading then ends with an error, too.
    #[cold]
    fn on_failed_write(&mut self, error: io::Error, cx: &Context<'_>) -> Poll<io::Result<usize>> {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
        let is_closed = matches!(
            error.kind(),
            BrokenPipe | ConnectionAborted | ConnectionReset
        );
        if !is_closed {
            return Poll::Ready(Err(error));
        }
        self.is_write_closed = true;
        cx.waker().wake_by_ref();
        self.on_blocked_write(cx)
    }

    /// Lets [`ConnectionState::abort`] wake the task that waits to write.
    #[cold]
    fn on_blocked_write(&self, cx: &Context<'_>) -> Poll<io::Result<usize>> {
        self.state.set_task(cx.waker());
        if self.state.is_aborted() {
            return Poll::Ready(Err(aborted()));
        }
        Poll::Pending
    }
}

impl Drop for PooledConnection {
    fn drop(&mut self) {
        self.state.pool.connection_ended();
    }
}

#[cold]
fn too_large() -> io::Error {
    let message = format!("there are {MAX_BEFORE_RESPONSE} bytes before the end of its head");
    io::Error::other(TransportError::new(TransportErrorKind::TooLarge, message))
}

#[cold]
fn aborted() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "the exchange is over")
}

impl Connection for PooledConnection {
    fn connected(&self) -> Connected {
        let is_proxied = self.io.inner().connected().is_proxied();
        let connected = Connected::new().proxy(is_proxied);
        connected.extra(Arc::clone(&self.state))
    }
}

impl AsyncRead for PooledConnection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buffer.filled().len();
        match Pin::new(&mut this.io).poll_read(cx, buffer) {
            Poll::Ready(Ok(())) => {
                let read = buffer.filled().get(before..).unwrap_or_default();
                Poll::Ready(this.on_read(read))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => this.poll_idle(cx).map(Ok),
        }
    }
}

impl AsyncWrite for PooledConnection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        this.on_write()?;
        let written = match this.is_write_closed {
            true => Poll::Pending,
            false => Pin::new(&mut this.io).poll_write(cx, bytes),
        };
        this.after_write(written, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        this.on_write()?;
        let written = match this.is_write_closed {
            true => Poll::Pending,
            false => Pin::new(&mut this.io).poll_write_vectored(cx, parts),
        };
        this.after_write(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
