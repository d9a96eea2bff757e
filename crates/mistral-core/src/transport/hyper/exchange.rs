//! One exchange: checking the request and choosing its connection.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::Uri;
use http::header::{PROXY_AUTHORIZATION, USER_AGENT};
use http::uri::Scheme;
use tokio::time::Instant;

use super::classify::not_written;
use super::connection_limit::{ConnectionLimit, Permit};
use super::pool::Lease;
use super::pool_state::Entry;
use super::{HyperTransport, http1, http2, tls};
use crate::transport::{
    Body, RequestContext, Transport, TransportError, TransportErrorKind, UpgradeResponse,
};

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
                true => Start::Http1(http1::Exchange::start(pending.request, lease)),
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
            return Err(not_written()); // rather than connect again and again
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
    Http1(http1::Exchange),
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
