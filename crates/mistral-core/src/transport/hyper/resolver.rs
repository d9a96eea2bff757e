//! The lookup of host names.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::{fmt, vec};

use async_trait::async_trait;
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use tower_service::Service;

/// Looks up the addresses of hosts for a [`HyperTransport`](super::HyperTransport), in place of the
/// resolver of the system.
///
/// Implement it to ask a DNS server of your own, to cache lookups, or to find servers in a registry.
/// Set it with [`HyperTransportBuilder::resolver`](super::HyperTransportBuilder::resolver). For a few
/// fixed addresses, [`HyperTransportBuilder::resolve`](super::HyperTransportBuilder::resolve) is
/// enough.
///
/// ```
/// use std::io;
/// use std::net::{Ipv4Addr, SocketAddr};
/// use async_trait::async_trait;
/// use mistral_sdk::transport::{HyperTransport, Resolver};
///
/// /// Finds the servers of the zone `internal` behind one load balancer.
/// #[derive(Debug)]
/// struct Internal;
///
/// #[async_trait]
/// impl Resolver for Internal {
///     async fn resolve(&self, host: &str) -> io::Result<Vec<SocketAddr>> {
///         if host.ends_with(".internal") {
///             return Ok(vec![(Ipv4Addr::new(10, 0, 0, 8), 0).into()]);
///         }
///         Ok(tokio::net::lookup_host((host, 0)).await?.collect())
///     }
/// }
///
/// let transport = HyperTransport::builder().resolver(Internal).build()?;
/// # let _ = transport;
/// # Ok::<_, mistral_sdk::transport::TransportError>(())
/// ```
#[async_trait]
pub trait Resolver: fmt::Debug + Send + Sync + 'static {
    /// Returns the addresses of `host`, in the order in which they are tried.
    ///
    /// `host` is the name in the URL, never an IP address. With the port 0, an address has the port
    /// of the URL. Another port applies only if the URL names none.
    ///
    /// The lookup is a part of establishing the connection: its time counts against the connect
    /// timeout, which drops the future.
    ///
    /// # Errors
    /// Fails when the host has no address. The call then fails as if the server could not be
    /// reached, and may be retried.
    async fn resolve(&self, host: &str) -> io::Result<Vec<SocketAddr>>;
}

/// The resolver of a transport: fixed addresses, then the application's resolver or the system's.
#[derive(Clone, Default)]
pub(super) struct HostResolver {
    fixed: Arc<Vec<(String, Vec<SocketAddr>)>>,
    own: Option<Arc<dyn Resolver>>,
}

impl HostResolver {
    /// Sets the addresses of a host.
    #[inline]
    pub(super) fn fix(&mut self, host: &str, addresses: Vec<SocketAddr>) {
        let host = normalize(host);
        let fixed = Arc::make_mut(&mut self.fixed);
        fixed.retain(|(name, _)| *name != host);
        fixed.push((host, addresses));
    }

    /// Sets the resolver of all other hosts.
    #[inline]
    pub(super) fn set(&mut self, resolver: impl Resolver) {
        self.own = Some(Arc::new(resolver));
    }

    async fn lookup(self, name: Name) -> io::Result<vec::IntoIter<SocketAddr>> {
        let host = normalize(name.as_str());
        let fixed = self.fixed.iter().find(|(fixed, _)| *fixed == host);
        let addresses = match (fixed, self.own) {
            (Some((_, addresses)), _) => addresses.clone(),
            (None, Some(own)) => own.resolve(name.as_str()).await?,
            (None, None) => {
                return Ok(GaiResolver::new()
                    .call(name)
                    .await?
                    .collect::<Vec<_>>()
                    .into_iter());
            }
        };
        if addresses.is_empty() {
            return Err(no_address(name.as_str()));
        }
        Ok(addresses.into_iter())
    }
}

#[cold]
fn no_address(host: &str) -> io::Error {
    let message = format!("the resolver of the transport has no address for `{host}`");
    io::Error::new(io::ErrorKind::NotFound, message)
}

/// Returns a host name in lower case, without the dot at the end.
fn normalize(host: &str) -> String {
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

type Lookup = Pin<Box<dyn Future<Output = io::Result<vec::IntoIter<SocketAddr>>> + Send>>;

impl Service<Name> for HostResolver {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Lookup;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Lookup {
        Box::pin(self.clone().lookup(name))
    }
}

impl fmt::Debug for HostResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts = self.fixed.iter().map(|(host, _)| host);
        f.debug_struct("HostResolver")
            .field("fixed", &hosts.collect::<Vec<_>>())
            .field("own", &self.own)
            .finish()
    }
}
