//! The built-in transport: connection pools, with hyper for HTTP/1.1 and h2 for HTTP/2. Its
//! settings are here, its exchanges in `exchange.rs`.

pub(super) mod body;
mod builder;
pub(super) mod classify;
mod connect;
mod connection;
mod connection_limit;
mod connection_state;
mod exchange;
mod http1;
mod http2;
mod pool;
mod pool_state;
mod proxy;
pub(super) mod request_body;
mod resolver;
mod tls;
mod upgrade;

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;

pub use self::builder::HyperTransportBuilder;
use self::connect::Connector;
use self::pool::{PoolSettings, Pools};
use self::proxy::Proxies;
pub use self::resolver::Resolver;
use super::TransportError;

/// The built-in [`Transport`](super::Transport), on [`hyper`](::hyper) and [`h2`](::h2).
///
/// It pools connections and speaks HTTP/1.1, and HTTP/2 if the server offers it over TLS. Over
/// HTTP/2 it opens as many connections as are needed for the number of streams that the server
/// allows on each. It can be used from any number of Tokio runtimes, each of which has connections
/// of its own; outside of a runtime, an exchange fails with
/// [`TransportErrorKind::Config`](super::TransportErrorKind::Config). It
/// obeys the proxy variables of the environment (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`,
/// `NO_PROXY`) by the rules of curl, with proxies of the schemes `http`, `https` and `socks5`, but
/// never sends a request to loopback through such a proxy. A call whose variable is not understood
/// fails with [`ErrorKind::Config`](crate::ErrorKind::Config) before anything is sent. Certificates
/// are verified by the rules of the platform. Idle connections are closed; see
/// [`pool_idle_timeout`](Self::pool_idle_timeout). HTTP/2 pings and TCP keep-alive detect a dead
/// peer.
///
/// [`HyperTransport::builder`] sets all of this in code, and more: certificates, name lookup, a
/// limit of connections, a user agent. The methods of the transport itself are short forms of its
/// settings, and return a transport with a new connection pool.
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
#[cfg(feature = "hyper")]
#[derive(Clone)]
pub struct HyperTransport {
    connector: Connector,
    pools: Arc<Pools>,
    user_agent: Option<HeaderValue>,
}

#[cfg(feature = "hyper")]
impl HyperTransport {
    /// Creates a builder, which has every setting.
    pub fn builder() -> HyperTransportBuilder {
        HyperTransportBuilder::default()
    }

    /// Creates a transport with a new connection pool and the default settings.
    ///
    /// `connect_timeout` limits the time to establish a connection, including the name lookup and
    /// the TLS handshake. The timeout of a call takes precedence; see
    /// [`ClientBuilder::connect_timeout`](crate::ClientBuilder::connect_timeout).
    ///
    /// # Errors
    /// Fails when TLS cannot be set up: the feature `rustls-no-provider` is enabled, and the
    /// application has not installed a `CryptoProvider`. The root certificates of the system are read
    /// for the first connection with TLS, once per process; the call fails if there are none.
    pub fn new(connect_timeout: Duration) -> Result<Self, TransportError> {
        let connector = Connector::new(connect_timeout)?;
        Ok(Self {
            connector,
            pools: Arc::default(),
            user_agent: None,
        })
    }

    /// Uses HTTP/2 for every connection without negotiation, even without TLS.
    #[must_use]
    pub fn http2_prior_knowledge(self) -> Self {
        self.with_settings(|settings| {
            settings.http2_only = true;
            settings.http1_only = false;
        })
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
        Self {
            connector: self.connector.with_proxies(proxies),
            pools: Arc::new(Pools::new(self.pools.settings())),
            user_agent: self.user_agent,
        }
    }

    /// Uses HTTP/1.1 for every connection, even if the server offers HTTP/2.
    ///
    /// For gateways whose HTTP/2 is broken. Each concurrent call then needs a connection of its own.
    #[must_use]
    pub fn http1_only(self) -> Self {
        self.with_settings(|settings| {
            settings.http1_only = true;
            settings.http2_only = false;
        })
    }

    /// Sets the time after which an idle connection is closed.
    ///
    /// Default: 30 seconds for HTTP/2 and 4 seconds for HTTP/1.1, which is less than the 5 seconds
    /// of common servers (uvicorn, Node.js, Apache). Where a server announces its own limit in the
    /// header `keep-alive`, the connection is closed a second before that, after this time at the
    /// latest (30 seconds by default).
    #[must_use]
    pub fn pool_idle_timeout(self, timeout: Duration) -> Self {
        self.with_settings(|settings| settings.idle_timeout = Some(timeout))
    }

    /// Sets the largest number of idle connections that are kept for each server. Default: 100.
    ///
    /// With 0, no connection is used twice.
    #[must_use]
    pub fn pool_max_idle_per_host(self, max: usize) -> Self {
        self.with_settings(|settings| settings.max_idle_per_host = max)
    }

    /// Sets the interval of HTTP/2 pings, which detect a connection that has died. `None` turns
    /// them off. Default: 10 seconds.
    ///
    /// A ping is sent while a request is in progress and nothing has arrived for one to one and a
    /// half intervals.
    #[must_use]
    pub fn http2_keep_alive_interval(self, interval: impl Into<Option<Duration>>) -> Self {
        let interval = interval.into();
        self.with_settings(|settings| settings.ping_interval = interval)
    }

    /// Sets the time in which something must arrive after an HTTP/2 ping. The connection is closed
    /// otherwise. Default: 10 seconds.
    #[must_use]
    pub fn http2_keep_alive_timeout(self, timeout: Duration) -> Self {
        self.with_settings(|settings| settings.ping_timeout = timeout)
    }

    /// Changes the settings of the pools. Clones of the transport keep theirs.
    fn with_settings(self, change: impl FnOnce(&mut PoolSettings)) -> Self {
        let mut settings = self.pools.settings();
        change(&mut settings);
        Self {
            connector: self.connector,
            pools: Arc::new(Pools::new(settings)),
            user_agent: self.user_agent,
        }
    }
}

#[cold]
fn classify_error(error: impl StdError + Send + Sync + 'static) -> TransportError {
    let is_timeout = classify::is_timeout(&error);
    classify::classify(error, is_timeout)
}

#[cfg(feature = "hyper")]
impl fmt::Debug for HyperTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HyperTransport")
            .field("connect_timeout", &self.connector.timeout())
            .finish_non_exhaustive()
    }
}
