//! A fetch of a token that concurrent callers share.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use http::HeaderValue;

use crate::error::Result;

type TokenResult = Result<HeaderValue>;

/// A fetch in flight, driven by whichever of its callers is polled: a caller that is no longer
/// polled does not stall the others. It is cancelled when the last caller is dropped.
pub(super) struct InFlight {
    /// `None` once the fetch has completed.
    fetch: Mutex<Option<Pin<Box<dyn Future<Output = TokenResult> + Send>>>>,
    wakers: Arc<Wakers>,
}

impl InFlight {
    pub(super) fn new(fetch: impl Future<Output = TokenResult> + Send + 'static) -> Self {
        Self {
            fetch: Mutex::new(Some(Box::pin(fetch))),
            wakers: Arc::default(),
        }
    }

    pub(super) fn is_completed(&self) -> bool {
        lock(&self.fetch).is_none()
    }

    /// Waits for the fetch to complete. Only one of the callers receives its result.
    pub(super) async fn result(&self) -> Option<TokenResult> {
        let mut index = None;
        poll_fn(|cx| self.poll(cx, &mut index)).await
    }

    fn poll(&self, cx: &mut Context<'_>, index: &mut Option<usize>) -> Poll<Option<TokenResult>> {
        // Before the fetch is polled: a caller that misses the wake-up finds the fetch completed.
        self.wakers.register(cx.waker(), index);
        let mut fetch = lock(&self.fetch);
        let Some(mut pending) = fetch.take() else {
            return Poll::Ready(None);
        };
        let mut wake_on_drop = WakeOnDrop(Some(&self.wakers));
        let waker = Waker::from(Arc::clone(&self.wakers));
        let polled = pending.as_mut().poll(&mut Context::from_waker(&waker));
        if polled.is_pending() {
            *fetch = Some(pending);
            wake_on_drop.0 = None;
        }
        polled.map(Some)
    }
}

/// Wakes all callers once the fetch is over. After a panic of the source they start a new one.
struct WakeOnDrop<'a>(Option<&'a Arc<Wakers>>);

impl Drop for WakeOnDrop<'_> {
    fn drop(&mut self) {
        if let Some(wakers) = self.0 {
            Arc::clone(wakers).wake();
        }
    }
}

/// The wakers of all callers. All are woken, because any of them may no longer be polled.
#[derive(Default)]
struct Wakers(Mutex<Vec<Option<Waker>>>);

impl Wakers {
    /// Stores the waker of a caller at `index`, which is assigned on the first poll.
    fn register(&self, waker: &Waker, index: &mut Option<usize>) {
        let mut wakers = lock(&self.0);
        match index.and_then(|index| wakers.get_mut(index)) {
            Some(slot) => *slot = Some(waker.clone()),
            None => {
                *index = Some(wakers.len());
                wakers.push(Some(waker.clone()));
            }
        }
    }
}

impl Wake for Wakers {
    fn wake(self: Arc<Self>) {
        let wakers: Vec<_> = lock(&self.0).iter_mut().filter_map(Option::take).collect();
        for waker in wakers {
            waker.wake();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
