//! The settings of the built-in transport.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use secrecy::SecretString;

use super::HyperTransport;
use super::connect::{Connector, ConnectorSettings};
use super::pool::{PoolSettings, Pools};
use super::resolver::Resolver;
use super::tls::{ClientCertificate, RootCertificate};
use crate::transport::{TransportError, TransportErrorKind};

/// Settings for a [`HyperTransport`]: proxies, certificates, name lookup, connections and pools.
///
/// Settings made here take precedence over the environment, which supplies the others:
/// `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, and, as a part of the system's
/// certificates, `SSL_CERT_FILE` and `SSL_CERT_DIR`.
///
/// Setters do not fail. [`build`](Self::build) reports the first setting that is invalid or that
/// the TLS library of the program does not support.
///
/// ```
/// use std::time::Duration;
/// use mistral_sdk::{Client, MistralApi};
/// use mistral_sdk::transport::HyperTransport;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let transport = HyperTransport::builder()
///     .proxy("http://proxy.internal:3128")
///     .proxy_basic_auth("user", "password")
///     .no_proxy_for("*.internal, 10.0.0.0/8")
///     .pool_idle_timeout(Duration::from_secs(2))
///     .max_connections_per_host(20)
///     .build()?;
/// let client = Client::builder(MistralApi::new("my-key")?).transport(transport).build()?;
/// # let _ = client;
/// # Ok(()) }
/// ```
#[cfg(feature = "hyper")]
#[derive(Debug, Default)]
#[must_use = "a builder does nothing until it is built"]
pub struct HyperTransportBuilder {
    connector: ConnectorSettings,
    pool: PoolSettings,
    user_agent: Option<HeaderValue>,
    /// The first setting that is invalid.
    error: Option<TransportError>,
}

/// Proxies.
#[cfg(feature = "hyper")]
impl HyperTransportBuilder {
    /// Sends every request through the proxy at `url`, also those to loopback, in place of the
    /// proxies of the environment. [`http_proxy`](Self::http_proxy) and
    /// [`https_proxy`](Self::https_proxy) take precedence. Default: the environment's.
    ///
    /// `url` may start with `http://`, `https://` or `socks5://`, and contain `user:password@` with
    /// special characters percent-encoded. A SOCKS proxy also looks up the name of the host.
    #[inline]
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.connector.proxies.is_disabled = false;
        self.connector.proxies.all = Some(url.into());
        self
    }

    /// Sets the proxy of requests without TLS, as [`proxy`](Self::proxy) does for all. Such a proxy
    /// sees the whole request.
    #[inline]
    pub fn http_proxy(mut self, url: impl Into<String>) -> Self {
        self.connector.proxies.is_disabled = false;
        self.connector.proxies.http = Some(url.into());
        self
    }

    /// Sets the proxy of requests with TLS, as [`proxy`](Self::proxy) does for all. Such a proxy
    /// sees the name of the server alone.
    #[inline]
    pub fn https_proxy(mut self, url: impl Into<String>) -> Self {
        self.connector.proxies.is_disabled = false;
        self.connector.proxies.https = Some(url.into());
        self
    }

    /// Sets the credentials for the proxies that are set here and whose URLs have none.
    ///
    /// Unlike in a URL, special characters need no encoding.
    #[inline]
    pub fn proxy_basic_auth(
        mut self,
        user: impl Into<String>,
        password: impl Into<String>,
    ) -> Self {
        let password = SecretString::from(password.into());
        self.connector.proxies.auth = Some((user.into(), password));
        self
    }

    /// Sets the hosts that are reached directly, in place of `NO_PROXY`. Default: `NO_PROXY` for the
    /// proxies of the environment, and no host for those that are set here.
    ///
    /// `hosts` has the format of `NO_PROXY`: domains with their subdomains, addresses, networks like
    /// `10.0.0.0/8`, each optionally with a port, or `*`, separated by commas or white space. Other
    /// entries are ignored, with a warning event.
    #[inline]
    pub fn no_proxy_for(mut self, hosts: impl Into<String>) -> Self {
        self.connector.proxies.bypass = Some(hosts.into());
        self
    }

    /// Sends no request through a proxy, whatever the environment names. Proxies that were set
    /// before are removed.
    #[inline]
    pub fn no_proxy(mut self) -> Self {
        let proxies = &mut self.connector.proxies;
        proxies.is_disabled = true;
        (proxies.all, proxies.http, proxies.https) = (None, None, None);
        self
    }
}

/// TLS.
#[cfg(feature = "hyper")]
impl HyperTransportBuilder {
    /// Trusts the certificates in `pem`, one or more, in addition to the system's. Can be called
    /// several times.
    ///
    /// ```no_run
    /// use mistral_sdk::transport::HyperTransport;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let transport = HyperTransport::builder()
    ///     .root_certificate_pem(std::fs::read("/etc/company/ca.pem")?)
    ///     .build()?;
    /// # let _ = transport;
    /// # Ok(()) }
    /// ```
    #[inline]
    pub fn root_certificate_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        let roots = &mut self.connector.tls.roots;
        roots.push(RootCertificate::Pem(pem.into()));
        self
    }

    /// Trusts the certificate in `der` in addition to the system's. Can be called several times.
    #[inline]
    pub fn root_certificate_der(mut self, der: impl Into<Vec<u8>>) -> Self {
        let roots = &mut self.connector.tls.roots;
        roots.push(RootCertificate::Der(der.into()));
        self
    }

    /// Sets whether the certificates of the system are trusted, `SSL_CERT_FILE` and `SSL_CERT_DIR`
    /// included. Default: `true`.
    ///
    /// Turn it off to trust nothing but the root certificates that are set here. On Android with
    /// rustls, certificates cannot be added to the system's: `build` fails unless this is off.
    #[inline]
    pub fn system_root_certificates(mut self, are_trusted: bool) -> Self {
        self.connector.tls.trusts_system = are_trusted;
        self
    }

    /// Presents a certificate to servers that request one (mutual TLS). Default: none.
    ///
    /// `certificates` is the client's certificate, followed by those between it and its root.
    /// `private_key` is its key, which must not be encrypted. Both are in PEM, and can be the bytes
    /// of one file. rustls reads keys of PKCS #8, PKCS #1 and SEC 1, and `native-tls` those of
    /// PKCS #8 alone (`BEGIN PRIVATE KEY`). A proxy that is reached with TLS may request it, too.
    ///
    /// ```no_run
    /// use mistral_sdk::transport::HyperTransport;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let (certificate, key) = (std::fs::read("client.pem")?, std::fs::read("client.key")?);
    /// let transport = HyperTransport::builder()
    ///     .client_certificate_pem(certificate, key)
    ///     .build()?;
    /// # let _ = transport;
    /// # Ok(()) }
    /// ```
    #[inline]
    pub fn client_certificate_pem(
        mut self,
        certificates: impl Into<Vec<u8>>,
        private_key: impl Into<Vec<u8>>,
    ) -> Self {
        self.connector.tls.client = Some(ClientCertificate {
            chain: certificates.into(),
            key: private_key.into().into(),
        });
        self
    }
}

/// Connections.
#[cfg(feature = "hyper")]
impl HyperTransportBuilder {
    /// Sets the limit for establishing a connection, including the name lookup and the TLS
    /// handshake. Default: 10 seconds.
    ///
    /// The connect timeout of a client or a call takes precedence; see
    /// [`ClientBuilder::connect_timeout`](crate::ClientBuilder::connect_timeout). This one applies to
    /// requests that no client sends.
    #[inline]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connector.timeout = timeout;
        self
    }

    /// Sets the addresses of `host`, which is not looked up then. Can be called for several hosts.
    ///
    /// With the port 0, an address has the port of the URL. Another port applies only if the URL
    /// names none. The certificate of the server is still verified for `host`. A host that is
    /// reached through a proxy is looked up by the proxy.
    ///
    /// ```
    /// use std::net::Ipv4Addr;
    /// use mistral_sdk::transport::HyperTransport;
    ///
    /// let transport = HyperTransport::builder()
    ///     .resolve("api.mistral.ai", [(Ipv4Addr::new(10, 0, 0, 8), 0).into()])
    ///     .build()?;
    /// # let _ = transport;
    /// # Ok::<_, mistral_sdk::transport::TransportError>(())
    /// ```
    #[inline]
    pub fn resolve(
        mut self,
        host: impl AsRef<str>,
        addresses: impl IntoIterator<Item = SocketAddr>,
    ) -> Self {
        let addresses = addresses.into_iter().collect();
        self.connector.resolver.fix(host.as_ref(), addresses);
        self
    }

    /// Sets the resolver of the hosts that have no fixed addresses. Default: the system's.
    #[inline]
    pub fn resolver(mut self, resolver: impl Resolver) -> Self {
        self.connector.resolver.set(resolver);
        self
    }

    /// Sets the address of this machine that connections start from. It must be of the same family
    /// (IPv4 or IPv6) as the server's. `None`, the default: the system chooses.
    #[inline]
    pub fn local_address(mut self, address: impl Into<Option<IpAddr>>) -> Self {
        self.connector.local_address = address.into();
        self
    }

    /// Sets the interval of TCP keep-alive probes, which detect a dead peer on an idle connection.
    /// `None` turns them off. Default: 15 seconds.
    #[inline]
    pub fn tcp_keepalive(mut self, interval: impl Into<Option<Duration>>) -> Self {
        self.connector.tcp_keepalive = interval.into();
        self
    }

    /// Sets the user agent of requests, in place of the SDK's name. Default: none of its own.
    ///
    /// A user agent that the client or the call sets takes precedence. To send the name of the
    /// application before the SDK's, use
    /// [`ClientBuilder::user_agent`](crate::ClientBuilder::user_agent).
    #[inline]
    pub fn user_agent(mut self, value: impl AsRef<str>) -> Self {
        match HeaderValue::from_str(value.as_ref()) {
            Ok(value) => self.user_agent = Some(value),
            Err(error) => self.fail(format!("`user_agent`: {error}")),
        }
        self
    }
}

/// HTTP versions and pools.
#[cfg(feature = "hyper")]
impl HyperTransportBuilder {
    /// Uses HTTP/1.1 for every connection, even if the server offers HTTP/2. Default: HTTP/2 if the
    /// server offers it over TLS.
    ///
    /// For gateways whose HTTP/2 is broken. Each concurrent call then needs a connection of its own.
    #[inline]
    pub fn http1_only(mut self) -> Self {
        (self.pool.http1_only, self.pool.http2_only) = (true, false);
        self
    }

    /// Uses HTTP/2 for every connection without negotiation, even without TLS.
    #[inline]
    pub fn http2_prior_knowledge(mut self) -> Self {
        (self.pool.http1_only, self.pool.http2_only) = (false, true);
        self
    }

    /// Sets the interval of HTTP/2 pings, which detect a connection that has died. `None` turns
    /// them off. Default: 10 seconds.
    ///
    /// A ping is sent while a request is in progress and nothing has arrived for one to one and a
    /// half intervals.
    #[inline]
    pub fn http2_keep_alive_interval(mut self, interval: impl Into<Option<Duration>>) -> Self {
        self.pool.ping_interval = interval.into();
        self
    }

    /// Sets the time in which something must arrive after an HTTP/2 ping. The connection is closed
    /// otherwise. Default: 10 seconds.
    #[inline]
    pub fn http2_keep_alive_timeout(mut self, timeout: Duration) -> Self {
        self.pool.ping_timeout = timeout;
        self
    }

    /// Sets the time after which an idle connection is closed.
    ///
    /// Default: 30 seconds for HTTP/2 and 4 seconds for HTTP/1.1, which is less than the 5 seconds
    /// of common servers (uvicorn, Node.js, Apache). Where a server announces its own limit in the
    /// header `keep-alive`, the connection is closed a second before that, after this time at the
    /// latest (30 seconds by default).
    #[inline]
    pub fn pool_idle_timeout(mut self, timeout: Duration) -> Self {
        self.pool.idle_timeout = Some(timeout);
        self
    }

    /// Sets the largest number of idle connections that are kept for each server. Default: 100.
    ///
    /// With 0, no connection is used twice.
    #[inline]
    pub fn pool_max_idle_per_host(mut self, max: usize) -> Self {
        self.pool.max_idle_per_host = max;
        self
    }

    /// Sets the largest number of connections to each server, at least 1. Default: no limit.
    ///
    /// Requests that no connection can carry wait for one, in the order in which they came: over
    /// HTTP/1.1, a connection carries one at a time, over HTTP/2 as many as the server allows. A
    /// stream holds its place until its end. The wait counts against the first-byte timeout of a
    /// call.
    ///
    /// Connections are counted apart for each Tokio runtime and each connect timeout. HTTP upgrades
    /// are not counted.
    #[inline]
    pub fn max_connections_per_host(mut self, max: usize) -> Self {
        match NonZeroUsize::new(max) {
            Some(max) => self.pool.max_connections = Some(max),
            None => self.fail("`max_connections_per_host`: at least one connection is needed"),
        }
        self
    }

    /// Builds the transport, with a connection pool of its own. Performs no network I/O; reads the
    /// environment and the certificates of the system.
    ///
    /// # Errors
    /// Fails with [`TransportErrorKind::Config`] when a setting is invalid, when the TLS library does
    /// not support it, or when certificates are set in a program without TLS. Also fails when TLS
    /// cannot be set up, as [`HyperTransport::new`] does. No message contains a key or a password.
    #[inline]
    pub fn build(self) -> Result<HyperTransport, TransportError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        Ok(HyperTransport {
            connector: Connector::with_settings(&self.connector)?,
            pools: Arc::new(Pools::new(self.pool)),
            user_agent: self.user_agent,
        })
    }

    #[cold]
    fn fail(&mut self, message: impl Into<String>) {
        let error = TransportError::new(TransportErrorKind::Config, message.into());
        self.error.get_or_insert(error);
    }
}
