//! The runtime of a blocking client.
//!
//! A thread that waits for an answer drives the connections of all threads meanwhile, so that
//! a chunk comes to it without a change of threads: that costs many times what the chunk does.
//! Nobody may be waiting for long, but connections want to be closed, pooled and answered
//! also then. So a thread of the client's own steps in after a while, and makes room as soon
//! as somebody waits again.

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

/// How long nobody has waited when the client's own thread steps in; at the latest, it takes
/// twice that. Short, since a stream that is dropped is closed by then; long, since the thread
/// looks so often whether it is needed while others come and go.
const REST: Duration = Duration::from_millis(100);

/// Performs futures, and what they have spawned.
#[derive(Debug)]
pub(crate) struct Driver {
    shared: Arc<Shared>,
    own_thread: Thread,
}

#[derive(Debug)]
struct Shared {
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
    /// How many threads wait.
    waiting: AtomicUsize,
    /// How many have begun to wait so far.
    begun: AtomicUsize,
    is_closed: AtomicBool,
    /// Tells the own thread to make room.
    make_room: Notify,
}

impl Driver {
    pub(crate) fn start() -> Result<Self> {
        let failed = |error| Error::config("a blocking client cannot start").with_source(error);
        let runtime = Builder::new_current_thread().enable_all().build();
        let shared = Arc::new(Shared {
            runtime: Some(runtime.map_err(failed)?),
            waiting: AtomicUsize::new(0),
            begun: AtomicUsize::new(0),
            is_closed: AtomicBool::new(false),
            make_room: Notify::new(),
        });
        let its_own = Arc::clone(&shared);
        let own_thread = thread::Builder::new()
            .name("mistral-client".to_owned())
            .spawn(move || its_own.drive_while_nobody_waits())
            .map_err(failed)?;
        Ok(Self {
            shared,
            own_thread: own_thread.thread().clone(),
        })
    }

    /// Waits until `call`, which may send something, is ready.
    ///
    /// # Errors
    /// Fails, without having polled it, where the thread must not wait.
    pub(crate) fn perform<F: Future>(&self, call: F) -> Result<F::Output> {
        self.wait(async move {
            // Nobody may have looked after the connections for a moment: first they learn what
            // has come meanwhile, then those that have ended leave the pool.
            yield_now().await;
            yield_now().await;
            call.await
        })
    }

    /// Waits until `future` is ready.
    ///
    /// # Errors
    /// Fails, without having polled it, where the thread must not wait.
    pub(crate) fn wait<F: Future>(&self, future: F) -> Result<F::Output> {
        may_wait()?;
        let _waiting = Waiting::begin(&self.shared);
        match &self.shared.runtime {
            Some(runtime) => Ok(runtime.block_on(future)),
            None => Err(Error::config("the blocking client has ended")),
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.shared.is_closed.store(true, Ordering::SeqCst);
        self.shared.make_room.notify_one();
        self.own_thread.unpark();
    }
}

impl Shared {
    fn drive_while_nobody_waits(&self) {
        let mut begun = 0;
        while !self.is_closed.load(Ordering::SeqCst) {
            thread::park_timeout(REST);
            let begun_before = begun;
            begun = self.begun.load(Ordering::SeqCst);
            if begun == begun_before
                && !self.is_wanted()
                && let Some(runtime) = &self.runtime
            {
                runtime.block_on(self.until_wanted());
            }
        }
    }

    async fn until_wanted(&self) {
        while !self.is_wanted() {
            self.make_room.notified().await;
        }
    }

    fn is_wanted(&self) -> bool {
        self.waiting.load(Ordering::SeqCst) > 0 || self.is_closed.load(Ordering::SeqCst)
    }
}

/// Ends the runtime in the background: its usual end would panic inside an async runtime, and
/// wait for files that are being read.
impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A thread that waits, as long as it does.
struct Waiting<'a>(&'a Shared);

impl<'a> Waiting<'a> {
    fn begin(shared: &'a Shared) -> Self {
        shared.waiting.fetch_add(1, Ordering::SeqCst);
        shared.begun.fetch_add(1, Ordering::SeqCst);
        shared.make_room.notify_one();
        Self(shared)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Makes sure that nobody else is held up when this thread waits.
pub(crate) fn may_wait() -> Result<()> {
    let error = match Handle::try_current() {
        Err(error) if error.is_missing_context() => return Ok(()),
        Err(_) => "a blocking client cannot be used while its thread ends",
        Ok(_) if !is_polled() => return Ok(()),
        Ok(_) => {
            "a blocking client cannot wait inside an async runtime: use `mistral_sdk::Client` and \
             `.await` there, or move the call into `tokio::task::spawn_blocking`"
        }
    };
    Err(Error::config(error))
}

/// Whether this thread is polling a future for a runtime. A thread of `spawn_blocking`, which
/// may wait, knows its runtime just as well.
///
/// Tokio does not say, but it can be seen: what it polls has a budget that can be spent, and
/// even without one, what yields is not woken at once.
fn is_polled() -> bool {
    let mut cx = Context::from_waker(Waker::noop());
    let mut spend = || pin!(coop::consume_budget()).poll(&mut cx).is_ready();
    if !(0..=u8::MAX).all(|_| spend()) {
        return true;
    }
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let yielding = pin!(yield_now()).poll(&mut Context::from_waker(&waker));
    yielding.is_pending() && !woken.0.load(Ordering::SeqCst)
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}
