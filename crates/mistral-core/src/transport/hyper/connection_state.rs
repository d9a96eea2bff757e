//! The state that a connection of HTTP/1.1 and the exchanges on it share.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;
use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use tokio::time::Instant;

use super::pool_state::PoolState;

/// The times that connections of HTTP/1.1 may be idle.
#[derive(Debug, Clone, Copy)]
pub(super) struct IdleLimits {
    /// The time if the server announces none.
    pub(super) default: Duration,
    /// The limit for a time that the server announces.
    pub(super) announced: Duration,
}

/// The state of a connection, as its exchanges report it.
#[derive(Debug)]
pub(super) struct ConnectionState {
    pub(super) pool: Arc<PoolState>,
    /// The number of requests that were written in part. The next one may be written before the
    /// response to the one before was read to its end.
    started: AtomicUsize,
    /// The number of exchanges that are over.
    ended: AtomicUsize,
    /// Whether the head of the response has arrived.
    has_head: AtomicBool,
    /// Whether the upload has ended early.
    is_aborted: AtomicBool,
    idle: IdleLimits,
    /// The time that the connection may be idle, in milliseconds.
    idle_limit: AtomicU32,
    idle_since: Mutex<Instant>,
    /// The task of the connection.
    task: Mutex<Option<Waker>>,
}

impl ConnectionState {
    pub(super) fn new(pool: Arc<PoolState>, idle: IdleLimits) -> Self {
        Self {
            pool,
            started: AtomicUsize::new(0),
            ended: AtomicUsize::new(0),
            has_head: AtomicBool::new(false),
            is_aborted: AtomicBool::new(false),
            idle,
            idle_limit: AtomicU32::new(millis(idle.default)),
            idle_since: Mutex::new(Instant::now()),
            task: Mutex::new(None),
        }
    }

    /// Records that a request is written from now on. Returns whether no other exchange was in
    /// progress.
    pub(super) fn request_started(&self) -> bool {
        let was_idle = !self.is_busy();
        if was_idle {
            self.has_head.store(false, Ordering::Relaxed);
        }
        self.started.fetch_add(1, Ordering::AcqRel);
        was_idle
    }

    fn is_busy(&self) -> bool {
        self.started.load(Ordering::Acquire) != self.ended.load(Ordering::Acquire)
    }

    pub(super) fn has_head(&self) -> bool {
        self.has_head.load(Ordering::Relaxed)
    }

    pub(super) fn is_aborted(&self) -> bool {
        self.is_aborted.load(Ordering::Acquire)
    }

    /// Sets the task of the connection, to be woken when an exchange has told something.
    pub(super) fn set_task(&self, waker: &Waker) {
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        *task = Some(waker.clone());
    }

    fn wake(&self) {
        let task = self
            .task
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(task) = task {
            task.wake();
        }
    }

    /// Records that the head of a response has arrived.
    pub(super) fn head_received(&self, headers: &HeaderMap) {
        self.has_head.store(true, Ordering::Relaxed);
        if let Some(time) = headers.get("keep-alive").and_then(keep_alive_timeout) {
            let limit = time.min(self.idle.announced);
            let before = self.idle_limit.swap(millis(limit), Ordering::Relaxed);
            if before > millis(limit) {
                self.wake(); // its timer is set for later
            }
        }
    }

    /// Records that the exchange is over: the response was read to its end or dropped.
    pub(super) fn exchange_ended(&self) {
        *self
            .idle_since
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.ended.fetch_add(1, Ordering::AcqRel);
    }

    /// Closes a connection of HTTP/1.1 whose exchange is over before its request was sent.
    #[cold]
    pub(super) fn abort(&self) {
        self.is_aborted.store(true, Ordering::Release);
        self.wake();
    }

    /// Returns when the connection has been idle for long enough, or `None` during an exchange.
    pub(super) fn idle_until(&self) -> Option<Instant> {
        if self.is_busy() {
            return None;
        }
        let since = *self
            .idle_since
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        since.checked_add(self.idle_limit())
    }

    pub(super) fn idle_limit(&self) -> Duration {
        Duration::from_millis(self.idle_limit.load(Ordering::Relaxed).into())
    }
}

fn millis(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}

/// Returns the time after which a server closes an idle connection by its `keep-alive` header, less
/// a reserve for a request that is on its way.
#[cold]
fn keep_alive_timeout(value: &HeaderValue) -> Option<Duration> {
    let seconds = value.to_str().ok()?.split(',').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let is_timeout = name.trim().eq_ignore_ascii_case("timeout");
        is_timeout.then(|| value.trim().trim_matches('"').parse::<u32>().ok())?
    })?;
    let time = Duration::from_secs(seconds.into());
    Some(time.saturating_sub(Duration::from_secs(1)).max(time / 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keep_alive_timeout_is_less_than_announced() {
        for (header, millis) in [
            ("timeout=5", Some(4_000)),
            ("max=100, Timeout = 75", Some(74_000)),
            ("timeout=\"2\"", Some(1_000)),
            ("timeout=1", Some(500)),
            ("timeout=0", Some(0)),
            ("timeout=99999999999", None),
            ("timeout=-1", None),
            ("timeout", None),
            ("max=5", None),
            ("", None),
        ] {
            let time = keep_alive_timeout(&HeaderValue::from_static(header));
            assert_eq!(time, millis.map(Duration::from_millis), "{header}");
        }
    }
}
