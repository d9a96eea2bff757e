//! What the exchanges on a connection tell it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;

use super::pool_state::PoolState;

/// What the exchanges on a connection tell it.
#[derive(Debug)]
pub(super) struct ConnectionState {
    pub(super) pool: Arc<PoolState>,
    pub(super) is_http2: bool,
    /// Whether the upload has ended early.
    is_aborted: AtomicBool,
    /// The task of the connection.
    task: Mutex<Option<Waker>>,
}

impl ConnectionState {
    pub(super) fn new(pool: Arc<PoolState>, is_http2: bool) -> Self {
        Self {
            pool,
            is_http2,
            is_aborted: AtomicBool::new(false),
            task: Mutex::new(None),
        }
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

    /// Closes a connection of HTTP/1.1 whose exchange is over before its request was sent.
    #[cold]
    pub(super) fn abort(&self) {
        if self.is_http2 {
            return; // the stream alone is reset
        }
        self.is_aborted.store(true, Ordering::Release);
        self.wake();
    }
}
