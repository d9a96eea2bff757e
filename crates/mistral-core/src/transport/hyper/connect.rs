//! Establishing a connection: direct or through a proxy, with or without TLS.

use std::fmt;
use std::future::{Ready, poll_fn, ready};
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use ::hyper::rt::{Read, ReadBufCursor, Write};
use http::uri::Scheme;
use http::{HeaderValue, Uri};
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use tokio::time::timeout;
use tower_service::Service;

use super::super::TransportError;
use super::proxy::{Proxies, Proxy, ProxySettings};
use super::resolver::HostResolver;
use super::tls::{Tls, TlsSettings};

/// The default limit for establishing a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The interval of TCP keep-alive probes, which detect a dead peer on an idle connection.
const TCP_KEEPALIVE: Duration = Duration::from_secs(15);
const TCP_KEEPALIVE_RETRIES: u32 = 3;
/// The longest time that sent data may stay unacknowledged before the peer counts as dead.
#[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(30);

pub(super) type BoxError = Box<dyn std::error::Error + Send + Sync>;

type TcpConnector = HttpConnector<HostResolver>;

fn tcp_connector(resolver: HostResolver) -> TcpConnector {
    let mut tcp = HttpConnector::new_with_resolver(resolver);
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_keepalive(Some(TCP_KEEPALIVE));
    tcp.set_keepalive_interval(Some(TCP_KEEPALIVE));
    tcp.set_keepalive_retries(Some(TCP_KEEPALIVE_RETRIES));
    #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
    tcp.set_tcp_user_timeout(Some(TCP_USER_TIMEOUT));
    tcp
}

/// The settings of the connections themselves.
#[derive(Debug, Clone)]
pub(super) struct ConnectorSettings {
    pub(super) timeout: Duration,
    pub(super) proxies: ProxySettings,
    pub(super) tls: TlsSettings,
    pub(super) resolver: HostResolver,
    pub(super) local_address: Option<IpAddr>,
    pub(super) tcp_keepalive: Option<Duration>,
}

impl Default for ConnectorSettings {
    #[inline]
    fn default() -> Self {
        Self {
            timeout: CONNECT_TIMEOUT,
            proxies: ProxySettings::default(),
            tls: TlsSettings::default(),
            resolver: HostResolver::default(),
            local_address: None,
            tcp_keepalive: Some(TCP_KEEPALIVE),
        }
    }
}

/// Establishes the connections of a pool.
#[derive(Clone)]
pub(super) struct Connector {
    tcp: TcpConnector,
    tls: Tls,
    proxies: Proxies,
    timeout: Duration,
    /// Whether to open a tunnel through a proxy even without TLS.
    always_tunnel: bool,
}

impl Connector {
    pub(super) fn new(timeout: Duration) -> Result<Self, TransportError> {
        let tcp = tcp_connector(HostResolver::default());
        Ok(Self::of(tcp, Tls::new()?, Proxies::from_env(), timeout))
    }

    /// Creates a connector with settings of the application.
    ///
    /// # Errors
    /// Fails when a setting is invalid or not supported by the TLS library.
    #[inline]
    pub(super) fn with_settings(settings: &ConnectorSettings) -> Result<Self, TransportError> {
        let mut tcp = tcp_connector(settings.resolver.clone());
        tcp.set_local_address(settings.local_address);
        tcp.set_keepalive(settings.tcp_keepalive);
        tcp.set_keepalive_interval(settings.tcp_keepalive);
        settings.tls.check()?;
        let tls = Tls::with_settings(&settings.tls)?;
        let proxies = settings.proxies.resolve()?;
        Ok(Self::of(tcp, tls, proxies, settings.timeout))
    }

    fn of(tcp: TcpConnector, tls: Tls, proxies: Proxies, timeout: Duration) -> Self {
        let connector = Self {
            tcp,
            tls,
            proxies,
            timeout,
            always_tunnel: false,
        };
        connector.with_timeout(timeout)
    }

    /// Sets the connect timeout.
    pub(super) fn with_timeout(mut self, timeout: Duration) -> Self {
        self.tcp.set_connect_timeout(Some(timeout)); // divided among the addresses of a name
        self.timeout = timeout;
        self
    }

    /// Sets the proxies, in place of those of the environment.
    pub(super) fn with_proxies(mut self, proxies: Proxies) -> Self {
        self.proxies = proxies;
        self
    }

    /// Restricts the connector to HTTP upgrades, which exist in HTTP/1.1 only and which proxies do
    /// not forward.
    pub(super) fn for_upgrades(mut self) -> Self {
        self.tls = self.tls.without_http2();
        self.always_tunnel = true;
        self
    }

    /// Restricts the connector to HTTP/1.1.
    pub(super) fn without_http2(mut self) -> Self {
        self.tls = self.tls.without_http2();
        self
    }

    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Returns the `proxy-authorization` of a request that a proxy forwards: one without TLS, for
    /// which no tunnel is opened.
    ///
    /// # Errors
    /// Fails when the proxy of the request is not understood.
    pub(super) fn proxy_credentials(
        &self,
        uri: &Uri,
    ) -> Result<Option<HeaderValue>, TransportError> {
        let Some(proxy) = self.proxies.find(uri)? else {
            return Ok(None);
        };
        let is_forwarded = uri.scheme() == Some(&Scheme::HTTP) && !proxy.is_socks();
        Ok(proxy.basic_auth().filter(|_| is_forwarded).cloned())
    }

    async fn connect(self, uri: Uri) -> Result<BoxedConnection, BoxError> {
        match self.proxies.find(&uri)? {
            None => connect(&self.tls, self.tcp, uri).await,
            Some(proxy) => self.clone().connect_via_proxy(proxy, uri).await,
        }
    }

    async fn connect_via_proxy(self, proxy: &Proxy, uri: Uri) -> Result<BoxedConnection, BoxError> {
        let proxy_uri = proxy.uri().clone();
        let uri = with_port(uri)?;
        if proxy.is_socks() {
            let mut socks = SocksV5::new(proxy_uri, self.tcp);
            if let Some((user, password)) = proxy.user_and_password() {
                socks = socks.with_auth(user.to_owned(), password.to_owned());
            }
            return connect(&self.tls, socks, uri).await;
        }
        if !self.always_tunnel && uri.scheme() != Some(&Scheme::HTTPS) {
            let mut connection = connect(&self.tls, self.tcp, proxy_uri).await?;
            connection.is_proxied = true;
            return Ok(connection);
        }
        let to_proxy = connect(&self.tls.without_http2(), self.tcp, proxy_uri.clone()).await?;
        let mut tunnel = Tunnel::new(proxy_uri, Established(Some(to_proxy)));
        if let Some(credentials) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(credentials.clone());
        }
        connect(&self.tls, tunnel, uri).await
    }
}

/// Names the default port of `http`. Proxies take 443 for any address without a port.
fn with_port(uri: Uri) -> Result<Uri, BoxError> {
    let host = match uri.host() {
        Some(host) if uri.port().is_none() && uri.scheme() == Some(&Scheme::HTTP) => host,
        _ => return Ok(uri),
    };
    let authority = format!("{host}:80").parse()?;
    let mut parts = uri.into_parts();
    parts.authority = Some(authority);
    Ok(Uri::from_parts(parts)?)
}

/// Connects with or without TLS, depending on the URL. TLS runs over boxed connections, so that its
/// code is compiled once and not for every type of connection.
async fn connect<C>(tls: &Tls, tcp: C, uri: Uri) -> Result<BoxedConnection, BoxError>
where
    C: Service<Uri>,
    C::Response: ConnectionIo + 'static,
    C::Error: Into<BoxError>,
{
    let connection = call_connector(tcp, uri.clone()).await?;
    if uri.scheme() == Some(&Scheme::HTTPS) {
        tls.secure(connection, uri).await
    } else {
        Ok(connection)
    }
}

/// Calls `connector` once it is ready.
pub(super) async fn call_connector<C>(
    mut connector: C,
    uri: Uri,
) -> Result<BoxedConnection, BoxError>
where
    C: Service<Uri>,
    C::Response: ConnectionIo + 'static,
    C::Error: Into<BoxError>,
{
    let ready = poll_fn(|cx| connector.poll_ready(cx)).await;
    ready.map_err(Into::into)?;
    let connected = connector.call(uri).await;
    connected.map(BoxedConnection::new).map_err(Into::into)
}

/// A connector that returns a connection that is established already.
pub(super) struct Established(pub(super) Option<BoxedConnection>);

impl Service<Uri> for Established {
    type Response = BoxedConnection;
    type Error = BoxError;
    type Future = Ready<Result<BoxedConnection, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        ready(
            self.0
                .take()
                .ok_or_else(|| "the connection was already taken".into()),
        )
    }
}

type Connecting = Pin<Box<dyn Future<Output = Result<BoxedConnection, BoxError>> + Send>>;

impl Service<Uri> for Connector {
    type Response = BoxedConnection;
    type Error = BoxError;
    type Future = Connecting;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Connecting {
        let (limit, connector) = (self.timeout, self.clone());
        Box::pin(async move {
            let connected = timeout(limit, connector.connect(uri)).await;
            connected.unwrap_or_else(|_| {
                let message = format!("no connection within {limit:?}");
                Err(io::Error::new(io::ErrorKind::TimedOut, message).into())
            })
        })
    }
}

/// The capabilities of a connection, whatever its type.
pub(super) trait ConnectionIo: Read + Write + Connection + Send + Unpin {}

impl<T: Read + Write + Connection + Send + Unpin> ConnectionIo for T {}

/// A connection of any type.
pub(super) struct BoxedConnection {
    io: Box<dyn ConnectionIo>,
    /// Whether a proxy forwards the requests, which then have absolute URLs.
    is_proxied: bool,
}

impl BoxedConnection {
    pub(super) fn new(io: impl ConnectionIo + 'static) -> Self {
        Self {
            io: Box::new(io),
            is_proxied: false,
        }
    }
}

impl Connection for BoxedConnection {
    fn connected(&self) -> Connected {
        self.io.connected().proxy(self.is_proxied)
    }
}

impl Read for BoxedConnection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.io).poll_read(cx, buffer)
    }
}

impl Write for BoxedConnection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.io).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.io).poll_write_vectored(cx, parts)
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").finish_non_exhaustive()
    }
}
