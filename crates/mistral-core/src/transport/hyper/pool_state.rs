//! The state that the connections and the exchanges of a pool share.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

use super::connection_limit::{ConnectionLimit, Permit};

/// The largest number of exchanges at once in a pool, which has one connection of HTTP/2. Servers
/// commonly allow 100 or 128 streams on a connection.
pub(super) const MAX_STREAMS: usize = 90;

/// The longest time that the exchanges of a new pool wait for its first connection. Afterwards each
/// of them connects for itself.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(1);

/// The counters of a pool.
#[derive(Debug)]
pub(super) struct PoolState {
    in_flight: AtomicUsize,
    /// The largest number of exchanges at once.
    limit: AtomicUsize,
    /// Whether the protocol of the server and its limit of streams are known.
    is_known: AtomicBool,
    /// Whether exchanges need not wait: it is known, or finding it out takes too long.
    is_settled: AtomicBool,
    settled: Notify,
    is_http1: AtomicBool,
    is_retired: AtomicBool,
    connecting: AtomicUsize,
    /// The number of connections that have ended.
    ended: AtomicUsize,
    unsent: Mutex<UnsentRequests>,
    connection_limit: Option<Arc<ConnectionLimit>>,
    /// Those of the open connections, if their number is limited.
    permits: Mutex<Vec<Permit>>,
}

/// The tasks whose requests hyper has not started to write.
#[derive(Debug, Default)]
struct UnsentRequests {
    tasks: Vec<Option<Waker>>,
    free: Vec<usize>,
}

/// The place of an exchange in a pool.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// The exchange can start.
    Now,
    /// The exchange starts once the pool is settled.
    Later,
    Full,
}

impl PoolState {
    /// Creates the state of a pool with HTTP/1.1, where every exchange has a connection.
    pub(super) fn http1() -> Self {
        Self::with(usize::MAX, true)
    }

    /// Creates the state of a pool whose first exchange finds the protocol and the limit out.
    /// `limit` is assumed until then.
    pub(super) fn unsettled(limit: usize) -> Self {
        Self::with(limit, false)
    }

    fn with(limit: usize, is_http1: bool) -> Self {
        Self {
            in_flight: AtomicUsize::new(0),
            limit: AtomicUsize::new(limit),
            is_known: AtomicBool::new(is_http1),
            is_settled: AtomicBool::new(is_http1),
            settled: Notify::new(),
            is_http1: AtomicBool::new(is_http1),
            is_retired: AtomicBool::new(false),
            connecting: AtomicUsize::new(0),
            ended: AtomicUsize::new(0),
            unsent: Mutex::default(),
            connection_limit: None,
            permits: Mutex::default(),
        }
    }

    /// Sets the limit of the connections to the server.
    pub(super) fn with_connection_limit(mut self, limit: Option<Arc<ConnectionLimit>>) -> Self {
        self.connection_limit = limit;
        self
    }

    pub(super) fn connection_limit(&self) -> Option<&Arc<ConnectionLimit>> {
        self.connection_limit.as_ref()
    }

    /// Counts another exchange if there is room. Called with the list of pools locked.
    pub(super) fn enter(&self) -> Entry {
        let in_flight = self.in_flight.load(Ordering::Relaxed);
        if in_flight >= self.limit() || self.is_retired() {
            return Entry::Full;
        }
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        if in_flight == 0 {
            self.is_settled
                .store(self.is_known.load(Ordering::Acquire), Ordering::Release);
            return Entry::Now;
        }
        if self.is_settled.load(Ordering::Acquire) {
            Entry::Now
        } else {
            Entry::Later
        }
    }

    /// Counts an exchange that has ended. If the pool is not settled, no other need wait for it.
    pub(super) fn leave(&self) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
        if !self.is_settled.load(Ordering::Relaxed) {
            self.settle();
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.in_flight.load(Ordering::Relaxed) == 0
    }

    /// Whether the server allows fewer exchanges than there are.
    pub(super) fn is_over_limit(&self) -> bool {
        self.in_flight.load(Ordering::Relaxed) > self.limit()
    }

    pub(super) fn limit(&self) -> usize {
        self.limit.load(Ordering::Relaxed)
    }

    /// Whether the server is known to speak HTTP/1.1, and not HTTP/2.
    pub(super) fn is_http1(&self) -> bool {
        self.is_http1.load(Ordering::Acquire)
    }

    /// Records that a connection of the pool speaks HTTP/1.1.
    pub(super) fn learn_http1(&self) {
        if !self.is_known.load(Ordering::Relaxed) {
            self.is_http1.store(true, Ordering::Release);
            self.limit.store(usize::MAX, Ordering::Relaxed);
            self.is_known.store(true, Ordering::Release);
            self.settle();
        }
    }

    /// Records the number of streams that the server allows on a connection of HTTP/2.
    pub(super) fn learn_max_streams(&self, max: usize) {
        // A server that allows none allows some later, or the call times out.
        let max = max.clamp(1, MAX_STREAMS);
        let before = self.limit.fetch_min(max, Ordering::Relaxed);
        if let Some(limit) = &self.connection_limit {
            limit.learn_streams(max.min(before));
        }
        self.is_known.store(true, Ordering::Release);
        self.settle();
    }

    #[cold]
    fn settle(&self) {
        self.is_settled.store(true, Ordering::Release);
        self.settled.notify_waiters();
    }

    /// Waits until the pool is settled.
    pub(super) async fn settled(&self) {
        let settled = self.settled.notified();
        if !self.is_settled.load(Ordering::Acquire)
            && timeout(SETTLE_TIMEOUT, settled).await.is_err()
        {
            self.settle();
        }
    }

    fn permits(&self) -> MutexGuard<'_, Vec<Permit>> {
        self.permits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records the permit of a connection, and drops it when a connection has ended.
    pub(super) fn connection_opened(&self, permit: Permit) {
        self.permits().push(permit);
    }

    /// Records that a connection has ended, and wakes the tasks whose requests may be lost with it.
    pub(super) fn connection_ended(&self) {
        if self.connection_limit.is_some() {
            self.permits().pop();
        }
        self.ended.fetch_add(1, Ordering::AcqRel);
        let tasks: Vec<_> = self.unsent().tasks.iter().flatten().cloned().collect();
        tasks.into_iter().for_each(Waker::wake);
    }

    pub(super) fn ended(&self) -> usize {
        self.ended.load(Ordering::Acquire)
    }

    fn unsent(&self) -> MutexGuard<'_, UnsentRequests> {
        self.unsent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a task to be woken when a connection ends. Returns its place.
    pub(super) fn add_unsent(&self, task: &Waker) -> usize {
        let mut unsent = self.unsent();
        let task = Some(task.clone());
        if let Some(place) = unsent.free.pop()
            && let Some(free) = unsent.tasks.get_mut(place)
        {
            *free = task;
            return place;
        }
        unsent.tasks.push(task);
        unsent.tasks.len() - 1
    }

    pub(super) fn remove_unsent(&self, place: usize) {
        let mut unsent = self.unsent();
        let removed = unsent.tasks.get_mut(place).and_then(Option::take);
        if removed.is_some() {
            unsent.free.push(place);
        }
    }

    /// Excludes the pool from further exchanges, because its connection of HTTP/2 has ended or seems
    /// dead.
    pub(super) fn retire(&self) {
        self.is_retired.store(true, Ordering::Relaxed);
        self.permits().clear(); // another connection may be opened before this one is closed
    }

    pub(super) fn is_retired(&self) -> bool {
        self.is_retired.load(Ordering::Relaxed)
    }

    pub(super) fn is_connecting(&self) -> bool {
        self.connecting.load(Ordering::Relaxed) > 0
    }

    /// Counts a connection that is being established until the result is dropped.
    pub(super) fn connecting(self: &Arc<Self>) -> Connecting {
        self.connecting.fetch_add(1, Ordering::Relaxed);
        Connecting(Arc::clone(self))
    }
}

pub(super) struct Connecting(Arc<PoolState>);

impl Drop for Connecting {
    fn drop(&mut self) {
        self.0.connecting.fetch_sub(1, Ordering::Relaxed);
    }
}
