//! The built-in transport: hyper with a connection pool.

pub(super) mod body;
pub(super) mod classify;
mod connect;
mod proxy;
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

use self::body::{BodyPolled, RequestBody, into_response};
use self::connect::Connector;
use self::proxy::Proxies;
use super::{Body, RequestContext, Transport, TransportError, TransportErrorKind, UpgradeResponse};

/// The time after which an idle connection is closed. Shorter than the keep-alive of common servers
/// and load balancers (60 s), so that a request is rarely sent on a connection that is closing.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// The largest number of pools for connect timeouts other than the transport's own. Each such
/// timeout needs a pool.
const MAX_POOLS: usize = 8;

type Pool = legacy::Client<Connector, Box<RequestBody>>;

/// The built-in [`Transport`], on [`hyper`](::hyper).
///
/// It has one connection pool and speaks HTTP/1.1, and HTTP/2 if the server offers it over TLS. It
/// obeys the proxy variables of the environment (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`,
/// `NO_PROXY`) by the rules of curl, with proxies of the schemes `http`, `https` and `socks5`, but
/// never sends a request to loopback through such a proxy. A call whose variable is not understood
/// fails with [`ErrorKind::Config`](crate::ErrorKind::Config) before anything is sent. Certificates
/// are verified by the rules of the platform. Idle connections are closed after 30 seconds, and TCP keep-alive
/// detects a dead peer.
///
/// A [`Client`](crate::Client) creates one by default. Create one to wrap it, or to share its
/// connection pool among clients: clones share the pool.
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
    pool: Pool,
    /// The pools for other connect timeouts.
    other_pools: Arc<Mutex<Vec<(Duration, Pool)>>>,
    http2_only: bool,
}

impl HyperTransport {
    /// Creates a transport with a new connection pool.
    ///
    /// `connect_timeout` limits the time to establish a connection, including the name lookup and
    /// the TLS handshake. The timeout of a call takes precedence; see
    /// [`ClientBuilder::connect_timeout`](crate::ClientBuilder::connect_timeout).
    ///
    /// # Errors
    /// Fails when TLS cannot be set up: there are no root certificates, or the feature
    /// `rustls-no-provider` is enabled and the application has not installed a `CryptoProvider`.
    pub fn new(connect_timeout: Duration) -> Result<Self, TransportError> {
        let connector = Connector::new(connect_timeout)?;
        Ok(Self {
            pool: new_pool(connector.clone(), false),
            connector,
            other_pools: Arc::default(),
            http2_only: false,
        })
    }

    /// Uses HTTP/2 for every connection without negotiation, even without TLS.
    #[must_use]
    pub fn http2_prior_knowledge(self) -> Self {
        Self {
            pool: new_pool(self.connector.clone(), true),
            connector: self.connector,
            other_pools: Arc::default(),
            http2_only: true,
        }
    }

    /// Sends every request through the proxy at `url`, also those to loopback, in place of the
    /// proxies in the environment. `url` may start with `http://`, `https://` or `socks5://` and
    /// contain `user:password@`.
    ///
    /// # Errors
    /// Fails when `url` is not the URL of a proxy. The message does not contain it.
    pub fn proxy(self, url: &str) -> Result<Self, TransportError> {
        Ok(self.with_proxies(Proxies::all(url)?))
    }

    /// Sends no request through a proxy, whatever the environment names.
    #[must_use]
    pub fn no_proxy(self) -> Self {
        self.with_proxies(Proxies::Direct)
    }

    fn with_proxies(self, proxies: Proxies) -> Self {
        let connector = self.connector.with_proxies(proxies);
        Self {
            pool: new_pool(connector.clone(), self.http2_only),
            connector,
            other_pools: Arc::default(),
            http2_only: self.http2_only,
        }
    }

    /// Returns the pool of the connections with this connect timeout.
    fn pool_for(&self, connect_timeout: Duration) -> Cow<'_, Pool> {
        if connect_timeout == self.connector.timeout() {
            return Cow::Borrowed(&self.pool);
        }
        let mut pools = self
            .other_pools
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some((_, pool)) = pools
            .iter()
            .find(|(timeout, _)| *timeout == connect_timeout)
        {
            return Cow::Owned(pool.clone());
        }
        let connector = self.connector.clone().with_timeout(connect_timeout);
        let pool = new_pool(connector, self.http2_only);
        if pools.len() == MAX_POOLS {
            pools.remove(0);
        }
        pools.push((connect_timeout, pool.clone()));
        Cow::Owned(pool)
    }

    fn check_uri(&self, uri: &Uri) -> Result<(), TransportError> {
        if uri.scheme().is_none() || uri.authority().is_none() {
            let message = format!("`{uri}` is not an absolute URL: it needs a scheme and a host");
            return Err(TransportError::new(TransportErrorKind::Config, message));
        }
        if !tls::IS_ENABLED && uri.scheme() == Some(&Scheme::HTTPS) {
            return Err(tls::not_enabled());
        }
        Ok(())
    }

    /// Starts the exchange. Not inlined, so that its locals enlarge neither the future nor the stack
    /// frame of every poll.
    #[inline(never)]
    fn start(
        &self,
        request: http::Request<Body>,
    ) -> Result<(ResponseFuture, BodyPolled), TransportError> {
        let mut request = request.map(RequestBody::new);
        let body_polled = request.body().body_polled();
        self.check_uri(request.uri())?;
        if let Some(credentials) = self.connector.proxy_credentials(request.uri())? {
            request
                .headers_mut()
                .insert(PROXY_AUTHORIZATION, credentials);
        }
        let context = request.extensions_mut().remove::<RequestContext>();
        let timeout = context.map(|context| context.connect_timeout);
        let pool = timeout.map_or(Cow::Borrowed(&self.pool), |timeout| self.pool_for(timeout));
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
        let response = response.map_err(|error| classify_error(error, body_polled.get()))?;
        Ok(into_response(response, |error| classify_error(error, true)))
    }

    async fn upgrade(&self, request: http::Request<()>) -> Result<UpgradeResponse, TransportError> {
        self.send_upgrade(request).await
    }
}

#[cold]
fn classify_error(
    error: impl StdError + Send + Sync + 'static,
    body_polled: bool,
) -> TransportError {
    let is_timeout = classify::is_timeout(&error);
    classify::classify(error, is_timeout, body_polled)
}

fn new_pool(connector: Connector, http2_only: bool) -> Pool {
    legacy::Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(POOL_IDLE_TIMEOUT)
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
