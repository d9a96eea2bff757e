//! The built-in transport: hyper, with a pool of connections.

mod connect;
pub(super) mod exchange;
mod tls;
mod upgrade;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use http::Uri;
use http::header::PROXY_AUTHORIZATION;
use http::uri::Scheme;
use hyper_util::client::legacy::{self, ResponseFuture};
use hyper_util::rt::{TokioExecutor, TokioTimer};

use self::connect::Connector;
use self::exchange::{BodyPolled, Outgoing, incoming};
use super::{Body, RequestContext, Transport, TransportError, TransportErrorKind, UpgradeResponse};

/// How long an idle connection is kept. Shorter than the keep-alive of common servers
/// and load balancers (60 s), so that a request seldom meets a connection that closes.
const POOL_IDLE: Duration = Duration::from_secs(30);
/// Connect time-outs that differ from the client's own need a pool each: no more than this.
const MAX_POOLS: usize = 8;

type Pool = legacy::Client<Connector, Box<Outgoing>>;

/// The built-in [`Transport`], on [`hyper`](::hyper).
///
/// It keeps one pool of connections, speaks HTTP/1.1 and, where a server offers it over
/// TLS, HTTP/2. It honours the proxy variables of the environment (`HTTPS_PROXY`,
/// `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`) with proxies of the kinds `http://`, `https://`
/// and `socks5://`. Certificates are checked as the platform does.
///
/// A [`Client`](crate::Client) makes one by itself. Made by hand, it is there to be wrapped,
/// or to be shared by several clients.
///
/// ```
/// use std::time::Duration;
/// use mistral_sdk::{Client, MistralApi};
/// use mistral_sdk::transport::HyperTransport;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let transport = HyperTransport::new(Duration::from_secs(5))?;
/// let mine = Client::builder(MistralApi::new("my-key")?).transport(transport.clone()).build()?;
/// let yours = Client::builder(MistralApi::new("your-key")?).transport(transport).build()?;
/// # let _ = (mine, yours);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct HyperTransport {
    connector: Connector,
    main: Pool,
    others: Arc<Mutex<Vec<(Duration, Pool)>>>,
    http2_only: bool,
}

impl HyperTransport {
    /// Makes a transport with a connection pool of its own.
    ///
    /// `connect_timeout` bounds making a connection, name look-up and TLS included. A call
    /// of a client brings its own
    /// ([`ClientBuilder::connect_timeout`](crate::ClientBuilder::connect_timeout)), which wins.
    ///
    /// # Errors
    /// Fails when TLS cannot be set up: there are no root certificates, or the feature
    /// `rustls-no-provider` is on and the application has installed no provider.
    pub fn new(connect_timeout: Duration) -> Result<Self, TransportError> {
        let connector = Connector::new(connect_timeout)?;
        Ok(Self {
            main: pool(connector.clone(), false),
            connector,
            others: Arc::default(),
            http2_only: false,
        })
    }

    /// Speaks HTTP/2 with every server without asking, also without TLS.
    #[must_use]
    pub fn http2_prior_knowledge(self) -> Self {
        Self {
            main: pool(self.connector.clone(), true),
            connector: self.connector,
            others: Arc::default(),
            http2_only: true,
        }
    }

    /// The pool for connections that are made within `connect_timeout`.
    fn pool(&self, connect_timeout: Duration) -> Cow<'_, Pool> {
        if connect_timeout == self.connector.timeout() {
            return Cow::Borrowed(&self.main);
        }
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, pool)) = others.iter().find(|(time, _)| *time == connect_timeout) {
            return Cow::Owned(pool.clone());
        }
        let connector = self.connector.clone().with_timeout(connect_timeout);
        let pool = pool(connector, self.http2_only);
        if others.len() == MAX_POOLS {
            others.remove(0);
        }
        others.push((connect_timeout, pool.clone()));
        Cow::Owned(pool)
    }

    fn check(&self, uri: &Uri) -> Result<(), TransportError> {
        if uri.scheme().is_none() || uri.authority().is_none() {
            let why = format!("`{uri}` is not an absolute URL");
            return Err(TransportError::new(TransportErrorKind::Config, why));
        }
        if !tls::IS_THERE && uri.scheme() == Some(&Scheme::HTTPS) {
            return Err(tls::missing());
        }
        Ok(())
    }

    /// Everything up to the first wait. Apart and not inlined, so that neither the future
    /// nor the stack frame of each of its polls has room for all of it.
    #[inline(never)]
    fn start(
        &self,
        request: http::Request<Body>,
    ) -> Result<(ResponseFuture, BodyPolled), TransportError> {
        let mut request = request.map(Outgoing::new);
        let body_polled = request.body().body_polled();
        self.check(request.uri())?;
        if let Some(credentials) = self.connector.proxy_credentials(request.uri()) {
            request
                .headers_mut()
                .insert(PROXY_AUTHORIZATION, credentials);
        }
        let operation = request.extensions_mut().remove::<RequestContext>();
        let wanted = operation.map(|operation| operation.connect_timeout);
        let pool = wanted.map_or(Cow::Borrowed(&self.main), |wanted| self.pool(wanted));
        Ok((pool.request(request), body_polled))
    }
}

#[async_trait]
impl Transport for HyperTransport {
    async fn send(
        &self,
        request: http::Request<Body>,
    ) -> Result<http::Response<Body>, TransportError> {
        let (response, body_polled) = self.start(request)?;
        let response = response.await;
        let response = response.map_err(|error| classify(error, body_polled.get()))?;
        Ok(incoming(response, |error| classify(error, true)))
    }

    async fn upgrade(&self, request: http::Request<()>) -> Result<UpgradeResponse, TransportError> {
        self.send_upgrade(request).await
    }
}

#[cold]
fn classify(error: impl StdError + Send + Sync + 'static, body_polled: bool) -> TransportError {
    let is_timeout = exchange::is_timeout(&error);
    exchange::classify(error, is_timeout, body_polled)
}

fn pool(connector: Connector, http2_only: bool) -> Pool {
    legacy::Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(POOL_IDLE)
        .http2_only(http2_only)
        .build(connector)
}

impl fmt::Debug for HyperTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HyperTransport")
            .field("connect_timeout", &self.connector.timeout())
            .finish_non_exhaustive()
    }
}
