//! One exchange: checking the request, choosing its connection, and, over HTTP/1.1, handing it to
//! hyper and waiting for the response.
//!
//! hyper hands a request to the task of a connection through a channel. A request that arrives there
//! while the task ends may stay in the channel, and hyper reports neither a response nor an error.
//! As long as hyper has not started to write such a request, it can be taken back.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use ::hyper::body::Incoming;
use async_trait::async_trait;
use http::Uri;
use http::header::{PROXY_AUTHORIZATION, USER_AGENT};
use http::uri::Scheme;
use hyper_util::client::legacy::ResponseFuture;
use tokio::time::{Instant, Sleep, sleep};

use super::body::into_response;
use super::connection_limit::{ConnectionLimit, Permit};
use super::connection_state::ConnectionState;
use super::pool::Lease;
use super::pool_state::{Entry, PoolState};
use super::request_body::{RequestBody, RequestState};
use super::{HyperTransport, classify_error, http2, tls};
use crate::transport::{
    Body, RequestContext, Transport, TransportError, TransportErrorKind, UpgradeResponse,
};

/// The time after the end of a connection in which hyper may still send a request on another one.
const GRACE: Duration = Duration::from_secs(1);

#[cfg(feature = "hyper")]
impl HyperTransport {
    pub(super) fn check_uri(&self, uri: &Uri) -> Result<(), TransportError> {
        if uri.scheme().is_none() || uri.authority().is_none() {
            let message = format!("`{uri}` is not an absolute URL: it needs a scheme and a host");
            return Err(TransportError::new(TransportErrorKind::Config, message));
        }
        if !tls::IS_ENABLED && uri.scheme() == Some(&Scheme::HTTPS) {
            return Err(tls::not_enabled());
        }
        Ok(())
    }

    /// Sets the transport's own user agent, unless the application set one for the client or the
    /// call.
    pub(super) fn set_user_agent<B>(&self, request: &mut http::Request<B>) {
        let Some(user_agent) = &self.user_agent else {
            return;
        };
        let is_default = match request.extensions().get::<RequestContext>() {
            Some(context) => context.has_default_user_agent(),
            None => !request.headers().contains_key(USER_AGENT),
        };
        if is_default {
            let user_agent = user_agent.clone();
            request.headers_mut().insert(USER_AGENT, user_agent);
        }
    }

    /// Starts the exchange. Not inlined, so that its locals enlarge neither the future nor the stack
    /// frame of every poll.
    #[inline(never)]
    fn start(&self, mut request: http::Request<Body>) -> Result<Start, TransportError> {
        self.check_uri(request.uri())?;
        self.set_user_agent(&mut request);
        if let Some(credentials) = self.connector.proxy_credentials(request.uri())? {
            request
                .headers_mut()
                .insert(PROXY_AUTHORIZATION, credentials);
        }
        let context = request.extensions_mut().remove::<RequestContext>();
        let (connect_timeout, deadline) = match context {
            Some(context) => (context.connect_timeout, context.deadline),
            None => (self.connector.timeout(), None),
        };
        self.enter(Pending {
            request,
            connect_timeout,
            deadline,
            has_connected: false,
        })
    }

    fn enter(&self, pending: Pending) -> Result<Start, TransportError> {
        let uri = pending.request.uri();
        let limit = self.pools.connection_limit(uri, pending.connect_timeout)?;
        match limit {
            None => self.lease(pending, None),
            Some(limit) => match limit.try_enter() {
                None => Ok(Start::Queued(limit, Box::new(pending))),
                permit => self.lease(pending, permit),
            },
        }
    }

    fn lease(&self, pending: Pending, permit: Option<Permit>) -> Result<Start, TransportError> {
        let uri = pending.request.uri();
        let leased = self
            .pools
            .lease(uri, pending.connect_timeout, &self.connector)?;
        let lease = leased.0.with_permit(permit);
        match leased.1 {
            Entry::Later => Ok(Start::Later(lease, Box::new(pending))),
            _ => self.begin(lease, pending),
        }
    }

    /// Starts the exchange on a connection of its pool, if the protocol of the server is known.
    fn begin(&self, lease: Lease, pending: Pending) -> Result<Start, TransportError> {
        let Some(connection) = lease.http2() else {
            return Ok(match lease.state().is_http1() {
                true => Start::Http1(Exchange::start(pending.request, lease)),
                false => Start::Connect(lease, Box::new(pending)),
            });
        };
        let connection = Arc::clone(connection);
        let Some(sender) = connection.enter() else {
            return self.begin_elsewhere(lease, pending);
        };
        let Pending {
            request, deadline, ..
        } = pending;
        let started = http2::Exchange::start(request, sender, connection, lease, deadline);
        started.map(Start::Http2)
    }

    /// Starts the exchange in another pool, because the connection of `lease` has ended.
    #[cold]
    fn begin_elsewhere(&self, lease: Lease, pending: Pending) -> Result<Start, TransportError> {
        if pending.has_connected {
            return Err(lost()); // rather than connect again and again
        }
        lease.state().retire();
        drop(lease);
        self.enter(pending)
    }

    /// Establishes the first connection of a pool for the exchange.
    async fn connect(
        &self,
        lease: Lease,
        mut pending: Box<Pending>,
    ) -> Result<Start, TransportError> {
        lease.connect(pending.request.uri().clone()).await?;
        pending.has_connected = true;
        self.begin(lease, *pending)
    }

    /// Starts an exchange that had to wait until the pool of `lease` was settled.
    #[cold]
    fn resume(&self, lease: Lease, pending: Box<Pending>) -> Result<Start, TransportError> {
        if !lease.state().is_over_limit() {
            return self.begin(lease, *pending);
        }
        drop(lease);
        self.enter(*pending)
    }
}

/// The start of an exchange.
enum Start {
    Http1(Exchange),
    Http2(http2::Exchange),
    /// It starts once a connection is established.
    Connect(Lease, Box<Pending>),
    /// It starts once the pool is settled.
    Later(Lease, Box<Pending>),
    /// It starts once a connection can carry it.
    Queued(Arc<ConnectionLimit>, Box<Pending>),
}

/// A request that was not handed to a connection yet.
struct Pending {
    request: http::Request<Body>,
    connect_timeout: Duration,
    deadline: Option<Instant>,
    /// Whether a connection was established for it.
    has_connected: bool,
}

#[cfg(feature = "hyper")]
#[async_trait]
impl Transport for HyperTransport {
    async fn send(
        &self,
        request: http::Request<Body>,
    ) -> Result<http::Response<Body>, TransportError> {
        let mut start = self.start(request)?;
        loop {
            match start {
                Start::Http1(exchange) => return exchange.run().await,
                Start::Http2(exchange) => return exchange.run().await,
                Start::Connect(lease, pending) => start = self.connect(lease, pending).await?,
                Start::Later(lease, pending) => {
                    lease.state().settled().await;
                    start = self.resume(lease, pending)?;
                }
                Start::Queued(limit, pending) => {
                    let permit = limit.enter().await;
                    start = self.lease(*pending, permit)?;
                }
            }
        }
    }

    async fn upgrade(&self, request: http::Request<()>) -> Result<UpgradeResponse, TransportError> {
        self.send_upgrade(request).await
    }
}

/// A request of HTTP/1.1 that was handed to hyper.
struct Exchange {
    response: ResponseFuture,
    guard: ExchangeGuard,
}

impl Exchange {
    fn start(request: http::Request<Body>, lease: Lease) -> Self {
        let request = request.map(RequestBody::new);
        let guard = ExchangeGuard {
            request: request.body().state(),
            connection: None,
            ended: lease.state().ended(),
            lease,
        };
        Self {
            response: guard.lease.request(request),
            guard,
        }
    }

    async fn run(mut self) -> Result<http::Response<Body>, TransportError> {
        let state = self.guard.lease.state();
        let mut watch = Watch {
            request: &self.guard.request,
            pool: state,
            ended: self.guard.ended,
            timer: None,
        };
        match wait(&mut self.response, &mut watch).await {
            Some(Ok(response)) => Ok(self.guard.respond(response)),
            Some(Err(error)) => Err(classify_error(error, self.guard.request.is_polled())),
            None => Err(lost()),
        }
    }
}

/// Waits for the response. Returns `None` if the request was lost with its connection, and so was
/// not sent.
async fn wait<F: Future + Unpin>(response: &mut F, watch: &mut Watch<'_>) -> Option<F::Output> {
    poll_fn(|cx| match Pin::new(&mut *response).poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => watch.poll(cx).map(|()| None),
    })
    .await
}

/// Notices that a request was lost with its connection.
struct Watch<'a> {
    request: &'a RequestState,
    pool: &'a Arc<PoolState>,
    /// The number of connections of the pool that had ended when this looked last.
    ended: usize,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Watch<'_> {
    /// Is ready if the request was lost. hyper reports the end of every request that it has started
    /// to write.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.request.watch(self.pool, cx.waker()) {
            return Poll::Pending;
        }
        if self.timer.is_none() && self.pool.ended() == self.ended {
            return Poll::Pending;
        }
        self.poll_timer(cx)
    }

    #[cold]
    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.ended = self.pool.ended();
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(GRACE)));
        while timer.as_mut().poll(cx).is_ready() {
            if !self.pool.is_connecting() {
                return match self.request.take_back() {
                    true => Poll::Ready(()),
                    false => Poll::Pending, // hyper has started to write it just now
                };
            }
            timer.as_mut().reset(Instant::now() + GRACE);
        }
        Poll::Pending
    }
}

#[cold]
fn lost() -> TransportError {
    let message = "the connection ended before the request was written";
    TransportError::new(TransportErrorKind::NotSent, message)
}

/// Ends what belongs to an exchange, once the response was read or the exchange is dropped.
struct ExchangeGuard {
    request: Arc<RequestState>,
    /// The connection of the response.
    connection: Option<Arc<ConnectionState>>,
    /// The number of connections that had ended when the request was handed over.
    ended: usize,
    lease: Lease,
}

impl ExchangeGuard {
    /// Converts the response, which carries the guard from now on.
    fn respond(mut self, mut response: http::Response<Incoming>) -> http::Response<Body> {
        if !response.status().is_success() {
            self.request.pause();
        }
        self.connection = response.extensions_mut().remove();
        if let Some(connection) = &self.connection {
            connection.head_received(response.headers());
        }
        into_response(response, |error| classify_error(error, true), self)
    }
}

impl Drop for ExchangeGuard {
    fn drop(&mut self) {
        let is_unfinished = self.request.stop();
        match &self.connection {
            Some(connection) if is_unfinished => connection.abort(),
            Some(connection) => connection.exchange_ended(),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use ::http_body::Body as _;

    use super::*;

    /// Waits for a response that never arrives, while the connection of the pool ends. Returns
    /// whether the request is given up.
    async fn is_given_up(body: &RequestBody, pool: &Arc<PoolState>) -> bool {
        let (mut response, state) = (pending::<()>(), body.state());
        let mut watch = Watch {
            request: &state,
            pool,
            ended: pool.ended(),
            timer: None,
        };
        let ending = async {
            tokio::task::yield_now().await;
            pool.connection_ended();
            sleep(Duration::from_secs(60)).await;
        };
        tokio::select! {
            response = wait(&mut response, &mut watch) => response.is_none(),
            () = ending => false,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn request_lost_with_its_connection_is_given_up_after_grace() {
        for text in ["text", ""] {
            let (mut body, started) = (RequestBody::new(text.into()), Instant::now());
            assert!(is_given_up(&body, &Arc::new(PoolState::http1())).await);
            assert_eq!(started.elapsed(), GRACE);
            // hyper cannot send it any more.
            assert!(!body.is_end_stream());
            let frame = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await;
            let error = frame.unwrap().unwrap_err();
            assert_eq!(error.kind(), TransportErrorKind::Interrupted);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn request_that_hyper_writes_is_not_given_up() {
        for text in ["text", ""] {
            let body = RequestBody::new(text.into());
            assert_eq!(body.is_end_stream(), text.is_empty());
            assert!(!is_given_up(&body, &Arc::new(PoolState::http1())).await);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn request_that_waits_for_a_connection_is_not_given_up() {
        let pool = Arc::new(PoolState::http1());
        let _connecting = pool.connecting();
        let body = RequestBody::new("text".into());
        assert!(!is_given_up(&body, &pool).await);
    }
}
