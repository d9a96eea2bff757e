//! The connection pools of a transport.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use http::Uri;
use http::uri::{Authority, Scheme};
use hyper_util::client::legacy::connect::Connection as _;
use hyper_util::client::legacy::{self, ResponseFuture};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::runtime;

use super::classify::connect_error;
use super::connect::Connector;
use super::connection::PooledConnector;
use super::connection_limit::{ConnectionLimit, Permit};
use super::connection_state::IdleLimits;
use super::http2::{Http2Connection, Http2Settings};
use super::pool_state::{Entry, MAX_STREAMS, PoolState};
use super::request_body::RequestBody;
use crate::transport::{TransportError, current_runtime};

/// The largest number of pools without an exchange that are kept. A program needs one per server,
/// and another for every runtime and connect timeout.
const MAX_IDLE_POOLS: usize = 16;

pub(super) type HyperClient = legacy::Client<PooledConnector, RequestBody>;

/// The settings of the pools.
#[derive(Debug, Clone, Copy)]
pub(super) struct PoolSettings {
    pub(super) http1_only: bool,
    pub(super) http2_only: bool,
    /// `None`: the defaults, which depend on the protocol.
    pub(super) idle_timeout: Option<Duration>,
    pub(super) max_idle_per_host: usize,
    pub(super) ping_interval: Option<Duration>,
    pub(super) ping_timeout: Duration,
    pub(super) max_connections: Option<NonZeroUsize>,
}

/// The time that a connection of HTTP/1.1 may be idle if the server announces none. Shorter than the
/// 5 s after which uvicorn, Node.js and Apache close it, often without saying so.
const HTTP1_IDLE_TIMEOUT: Duration = Duration::from_secs(4);
/// The same for HTTP/2, and the limit for what a server announces. Shorter than the limits of
/// common servers and load balancers (60 s).
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

impl Default for PoolSettings {
    fn default() -> Self {
        Self {
            http1_only: false,
            http2_only: false,
            idle_timeout: None,
            max_idle_per_host: 100,
            ping_interval: Some(Duration::from_secs(10)),
            ping_timeout: Duration::from_secs(10),
            max_connections: None,
        }
    }
}

impl PoolSettings {
    pub(super) fn connector(&self, connector: Connector, pool: Arc<PoolState>) -> PooledConnector {
        let idle = IdleLimits {
            default: self.idle_timeout.unwrap_or(HTTP1_IDLE_TIMEOUT),
            announced: self.idle_timeout.unwrap_or(IDLE_TIMEOUT),
        };
        PooledConnector::new(connector, pool, idle)
    }

    /// Creates hyper's pool of the connections of HTTP/1.1 that `connector` establishes.
    pub(super) fn client(&self, connector: PooledConnector) -> HyperClient {
        legacy::Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(self.idle_timeout.unwrap_or(IDLE_TIMEOUT))
            .pool_max_idle_per_host(self.max_idle_per_host)
            .build(connector)
    }

    fn http2(&self) -> Http2Settings {
        Http2Settings {
            idle_timeout: self.idle_timeout.unwrap_or(IDLE_TIMEOUT),
            ping_interval: self.ping_interval,
            ping_timeout: self.ping_timeout,
            is_single_use: self.max_idle_per_host == 0,
        }
    }
}

/// The pools of a transport.
///
/// A connection lives on the runtime that opened it, so each runtime has its own pools. A pool has
/// one connection of HTTP/2 or any number of HTTP/1.1, so a server with HTTP/2 has as many pools as
/// are needed for the number of streams that it allows on a connection.
#[derive(Default)]
pub(super) struct Pools {
    entries: Mutex<Vec<Arc<Pool>>>,
    /// Those of the servers that are in use, if the number of connections is limited.
    limits: Mutex<Vec<(PoolKey, Arc<ConnectionLimit>)>>,
    settings: PoolSettings,
}

struct Pool {
    key: PoolKey,
    state: Arc<PoolState>,
    connector: PooledConnector,
    http1: HyperClient,
    http2: OnceLock<Arc<Http2Connection>>,
    settings: PoolSettings,
}

#[derive(Clone)]
struct PoolKey {
    runtime: runtime::Id,
    connect_timeout: Duration,
    authority: Option<Authority>,
    is_tls: bool,
}

impl PoolKey {
    fn of(uri: &Uri, connect_timeout: Duration) -> Result<Self, TransportError> {
        Ok(Self {
            runtime: current_runtime()?,
            connect_timeout,
            authority: uri.authority().cloned(),
            is_tls: uri.scheme() == Some(&Scheme::HTTPS),
        })
    }

    fn matches(&self, other: &Self) -> bool {
        self.runtime == other.runtime
            && self.connect_timeout == other.connect_timeout
            && self.is_tls == other.is_tls
            && self.authority == other.authority
    }
}

impl Pools {
    pub(super) fn new(settings: PoolSettings) -> Self {
        Self {
            entries: Mutex::default(),
            limits: Mutex::default(),
            settings,
        }
    }

    pub(super) fn settings(&self) -> PoolSettings {
        self.settings
    }

    /// Returns the limit of the connections to the server of `uri`, if there is one.
    pub(super) fn connection_limit(
        &self,
        uri: &Uri,
        connect_timeout: Duration,
    ) -> Result<Option<Arc<ConnectionLimit>>, TransportError> {
        match self.settings.max_connections {
            None => Ok(None),
            Some(max) => Ok(Some(self.limit_of(PoolKey::of(uri, connect_timeout)?, max))),
        }
    }

    #[cold]
    fn limit_of(&self, key: PoolKey, max: NonZeroUsize) -> Arc<ConnectionLimit> {
        let mut limits = self.limits.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, limit)) = limits.iter().find(|(it, _)| it.matches(&key)) {
            return Arc::clone(limit);
        }
        limits.retain(|(_, limit)| Arc::strong_count(limit) > 1); // no pool and no exchange has it
        let limit = Arc::new(ConnectionLimit::new(max));
        limits.push((key, Arc::clone(&limit)));
        limit
    }

    /// Returns a place in a pool of the current runtime for a request to `uri`, and whether its
    /// exchange can start at once or must wait until the pool is settled.
    pub(super) fn lease(
        &self,
        uri: &Uri,
        connect_timeout: Duration,
        connector: &Connector,
    ) -> Result<(Lease, Entry), TransportError> {
        let key = PoolKey::of(uri, connect_timeout)?;
        let mut pools = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        for pool in pools.iter().filter(|pool| pool.key.matches(&key)) {
            let entry = pool.state.enter();
            if entry != Entry::Full {
                return Ok((Lease::new(pool), entry));
            }
        }
        let pool = self.add(&mut pools, key, connector);
        let entry = pool.state.enter();
        Ok((Lease::new(&pool), entry))
    }

    #[cold]
    fn add(&self, pools: &mut Vec<Arc<Pool>>, key: PoolKey, connector: &Connector) -> Arc<Pool> {
        pools.retain(|pool| !pool.state.is_retired());
        let idle = pools.iter().filter(|pool| pool.state.is_idle()).count();
        let mut excess = (idle + 1).saturating_sub(MAX_IDLE_POOLS);
        // The oldest ones: among them are those of runtimes that are gone.
        pools.retain(|pool| {
            let is_excess = excess > 0 && pool.state.is_idle();
            excess -= usize::from(is_excess);
            !is_excess
        });
        let siblings = pools.iter().filter(|pool| pool.key.matches(&key));
        let limit = siblings.map(|pool| pool.state.limit()).min();
        let is_http1 = self.settings.http1_only || (!key.is_tls && !self.settings.http2_only);
        let state = if is_http1 {
            PoolState::http1()
        } else {
            let limit = limit.unwrap_or(MAX_STREAMS);
            PoolState::unsettled(if self.settings.max_idle_per_host == 0 {
                1
            } else {
                limit
            })
        };
        let max_connections = self.settings.max_connections;
        let connection_limit = max_connections.map(|max| self.limit_of(key.clone(), max));
        let state = Arc::new(state.with_connection_limit(connection_limit));
        let mut connector = connector.clone().with_timeout(key.connect_timeout);
        if self.settings.http1_only {
            connector = connector.without_http2();
        }
        let connector = self.settings.connector(connector, Arc::clone(&state));
        let pool = Arc::new(Pool {
            key,
            state,
            http1: self.settings.client(connector.clone()),
            connector,
            http2: OnceLock::new(),
            settings: self.settings,
        });
        pools.push(Arc::clone(&pool));
        pool
    }
}

/// The place of one exchange in a pool. Held until the response was read or dropped.
pub(super) struct Lease {
    pool: Arc<Pool>,
    /// The place among the exchanges with the server, if the number of connections is limited.
    _permit: Option<Permit>,
}

impl Lease {
    fn new(pool: &Arc<Pool>) -> Self {
        Self {
            pool: Arc::clone(pool),
            _permit: None,
        }
    }

    pub(super) fn with_permit(mut self, permit: Option<Permit>) -> Self {
        self._permit = permit;
        self
    }

    /// Hands a request of HTTP/1.1 to hyper.
    pub(super) fn request(&self, request: http::Request<RequestBody>) -> ResponseFuture {
        self.pool.http1.request(request)
    }

    /// Returns the connection of HTTP/2, once it is established.
    pub(super) fn http2(&self) -> Option<&Arc<Http2Connection>> {
        self.pool.http2.get()
    }

    /// Establishes a connection to the server of `uri`, which finds its protocol out.
    pub(super) async fn connect(&self, uri: Uri) -> Result<(), TransportError> {
        let pool = &self.pool;
        let connection = pool.connector.open(uri).await.map_err(connect_error)?;
        if !pool.settings.http2_only && !connection.connected().is_negotiated_h2() {
            pool.connector.keep(connection);
            return Ok(());
        }
        let (state, settings) = (Arc::clone(&pool.state), pool.settings.http2());
        let connection = Http2Connection::start(TokioIo::new(connection), state, settings).await?;
        // Another exchange may have been faster. Its connection is used, and this one closed.
        pool.http2.get_or_init(|| connection);
        Ok(())
    }

    pub(super) fn state(&self) -> &Arc<PoolState> {
        &self.pool.state
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.pool.state.leave();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease(pools: &Pools) -> Lease {
        let timeout = Duration::from_secs(1);
        let connector = Connector::new(timeout).unwrap();
        let uri = Uri::from_static("http://server.test/v1/models");
        pools.lease(&uri, timeout, &connector).unwrap().0
    }

    #[test]
    fn pools_of_runtimes_that_are_gone_are_dropped() {
        let pools = Pools::default();
        let runtime = || runtime::Builder::new_current_thread().build().unwrap();
        let used = runtime();
        let held = used.block_on(async { lease(&pools) });
        for _ in 0..2 * MAX_IDLE_POOLS {
            runtime().block_on(async { drop(lease(&pools)) });
        }
        assert_eq!(pools.entries.lock().unwrap().len(), MAX_IDLE_POOLS + 1);
        let again = used.block_on(async { lease(&pools) });
        assert!(Arc::ptr_eq(&held.pool, &again.pool));
    }
}
