//! The runtime of a blocking client.
//!
//! A thread that waits for a response drives the connections of all threads while it waits. It
//! receives chunks without a context switch, which would cost many times as much as decoding
//! the chunk. When no thread waits, connections still have to be closed, pooled and answered:
//! a background thread takes over after a while, and releases the runtime as soon as a thread
//! waits again.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::Notify;
use tokio::task::{coop, yield_now};

use crate::error::{Error, Result};

/// The time without waiting threads after which the background thread takes over. The takeover
/// happens after twice that time at the latest. Short enough to close dropped streams soon,
/// long enough that the check, which runs at this interval, is cheap.
const IDLE_BEFORE_TAKEOVER: Duration = Duration::from_millis(100);

/// A current-thread tokio runtime, driven by the threads that wait and by a background thread.
#[derive(Debug)]
pub(crate) struct BlockingRuntime {
    shared: Arc<SharedRuntime>,
    background_thread: Thread,
}

#[derive(Debug)]
struct SharedRuntime {
    /// `None` only during drop.
    runtime: Option<Runtime>,
    /// The number of threads that wait.
    waiting_threads: AtomicUsize,
    /// The number of waits that have started so far.
    waits_started: AtomicUsize,
    is_closed: AtomicBool,
    /// Notifies the background thread to release the runtime.
    release: Notify,
}

impl BlockingRuntime {
    pub(crate) fn start() -> Result<Self> {
        let failed = |error| {
            Error::config("the runtime of the blocking client cannot be started").with_source(error)
        };
        let runtime = Builder::new_current_thread().enable_all().build();
        let shared = Arc::new(SharedRuntime {
            runtime: Some(runtime.map_err(failed)?),
            waiting_threads: AtomicUsize::new(0),
            waits_started: AtomicUsize::new(0),
            is_closed: AtomicBool::new(false),
            release: Notify::new(),
        });
        let background = Arc::clone(&shared);
        let background_thread = thread::Builder::new()
            .name("mistral-client".to_owned())
            .spawn(move || background.drive_while_idle())
            .map_err(failed)?;
        Ok(Self {
            shared,
            background_thread: background_thread.thread().clone(),
        })
    }

    /// Blocks until `call`, which may send requests, is ready.
    ///
    /// # Errors
    /// Fails, without polling `call`, if the thread must not block.
    pub(crate) fn block_on_call<F: Future>(&self, call: F) -> Result<F::Output> {
        self.block_on(async move {
            // The connections may not have been polled for a moment. The first yield lets them
            // read what has arrived, the second removes closed ones from the pool.
            yield_now().await;
            yield_now().await;
            call.await
        })
    }

    /// Blocks until `future` is ready.
    ///
    /// # Errors
    /// Fails, without polling `future`, if the thread must not block.
    pub(crate) fn block_on<F: Future>(&self, future: F) -> Result<F::Output> {
        check_not_in_async()?;
        let _guard = WaitGuard::begin(&self.shared);
        match &self.shared.runtime {
            Some(runtime) => Ok(runtime.block_on(future)),
            None => Err(Error::config(
                "the runtime of the blocking client has shut down",
            )),
        }
    }
}

impl Drop for BlockingRuntime {
    fn drop(&mut self) {
        self.shared.is_closed.store(true, Ordering::SeqCst);
        self.shared.release.notify_one();
        self.background_thread.unpark();
    }
}

impl SharedRuntime {
    fn drive_while_idle(&self) {
        let mut waits_started = 0;
        while !self.is_closed.load(Ordering::SeqCst) {
            thread::park_timeout(IDLE_BEFORE_TAKEOVER);
            let waits_before = waits_started;
            waits_started = self.waits_started.load(Ordering::SeqCst);
            if waits_started == waits_before
                && !self.must_release()
                && let Some(runtime) = &self.runtime
            {
                runtime.block_on(self.until_release());
            }
        }
    }

    async fn until_release(&self) {
        while !self.must_release() {
            self.release.notified().await;
        }
    }

    fn must_release(&self) -> bool {
        self.waiting_threads.load(Ordering::SeqCst) > 0 || self.is_closed.load(Ordering::SeqCst)
    }
}

/// Shuts the runtime down in the background: its regular drop would panic inside an async
/// runtime, and wait for blocking file operations.
impl Drop for SharedRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Registers a thread as waiting until it is dropped.
struct WaitGuard<'a>(&'a SharedRuntime);

impl<'a> WaitGuard<'a> {
    fn begin(shared: &'a SharedRuntime) -> Self {
        shared.waiting_threads.fetch_add(1, Ordering::SeqCst);
        shared.waits_started.fetch_add(1, Ordering::SeqCst);
        shared.release.notify_one();
        Self(shared)
    }
}

impl Drop for WaitGuard<'_> {
    fn drop(&mut self) {
        self.0.waiting_threads.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Checks that blocking this thread does not block an async runtime.
///
/// # Errors
/// Fails with [`ErrorKind::Config`](crate::ErrorKind::Config) inside an async task, and while
/// the thread shuts down.
pub(crate) fn check_not_in_async() -> Result<()> {
    let error = match Handle::try_current() {
        Err(error) if error.is_missing_context() => return Ok(()),
        Err(_) => "a blocking client cannot be used while its thread shuts down",
        Ok(_) if !is_inside_task() => return Ok(()),
        Ok(_) => {
            "a blocking client cannot block inside an async runtime: use `mistral_sdk::Client` and \
             `.await` instead, or move the call into `tokio::task::spawn_blocking`"
        }
    };
    Err(Error::config(error))
}

/// Returns whether this thread is polling a future for a runtime.
///
/// A runtime handle alone does not tell: a `spawn_blocking` thread, which may block, has one,
/// too. Tokio has no API for it, but its effects are observable: a polled task has a coop budget
/// that can be exhausted, and without a budget, a task that yields is not woken immediately.
fn is_inside_task() -> bool {
    let mut cx = Context::from_waker(Waker::noop());
    let mut spend = || pin!(coop::consume_budget()).poll(&mut cx).is_ready();
    if !(0..=u8::MAX).all(|_| spend()) {
        return true;
    }
    let flag = Arc::new(WakeFlag::default());
    let waker = Waker::from(Arc::clone(&flag));
    let yielding = pin!(yield_now()).poll(&mut Context::from_waker(&waker));
    yielding.is_pending() && !flag.0.load(Ordering::SeqCst)
}

#[derive(Default)]
struct WakeFlag(AtomicBool);

impl Wake for WakeFlag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}
