//! One request to a source, for all who wait for it.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use http::HeaderValue;

use crate::error::Result;

type Answer = Result<HeaderValue>;

/// A request that whoever waits for it carries on: it does not depend on the one who began it
/// being polled. It is given up when nobody is left.
pub(super) struct Asking {
    /// `None` once it is answered.
    request: Mutex<Option<Pin<Box<dyn Future<Output = Answer> + Send>>>>,
    waiting: Arc<Waiting>,
}

impl Asking {
    pub(super) fn new(request: impl Future<Output = Answer> + Send + 'static) -> Self {
        Self {
            request: Mutex::new(Some(Box::pin(request))),
            waiting: Arc::default(),
        }
    }

    pub(super) fn is_answered(&self) -> bool {
        lock(&self.request).is_none()
    }

    /// Waits for the answer. The first who sees it is given it, the others nothing.
    pub(super) async fn answer(&self) -> Option<Answer> {
        let mut place = None;
        poll_fn(|cx| self.poll(cx, &mut place)).await
    }

    fn poll(&self, cx: &mut Context<'_>, place: &mut Option<usize>) -> Poll<Option<Answer>> {
        // Before the request is polled: who comes too late for its wake-up sees its answer.
        self.waiting.note(cx.waker(), place);
        let mut request = lock(&self.request);
        let Some(mut pending) = request.take() else {
            return Poll::Ready(None);
        };
        let mut end = End(Some(&self.waiting));
        let waker = Waker::from(Arc::clone(&self.waiting));
        let polled = pending.as_mut().poll(&mut Context::from_waker(&waker));
        if polled.is_pending() {
            *request = Some(pending);
            end.0 = None;
        }
        polled.map(Some)
    }
}

/// Wakes all when it is over, be it that the source panics: they ask anew then.
struct End<'a>(Option<&'a Arc<Waiting>>);

impl Drop for End<'_> {
    fn drop(&mut self) {
        if let Some(waiting) = self.0 {
            Arc::clone(waiting).wake();
        }
    }
}

/// Who is to be woken: all, for any of them may be one that is not polled any more.
#[derive(Default)]
struct Waiting(Mutex<Vec<Option<Waker>>>);

impl Waiting {
    /// Notes whom to wake, in the place of the one who waits: its own from the first time on.
    fn note(&self, waker: &Waker, place: &mut Option<usize>) {
        let mut wakers = lock(&self.0);
        match place.and_then(|place| wakers.get_mut(place)) {
            Some(known) => *known = Some(waker.clone()),
            None => {
                *place = Some(wakers.len());
                wakers.push(Some(waker.clone()));
            }
        }
    }
}

impl Wake for Waiting {
    fn wake(self: Arc<Self>) {
        let woken: Vec<_> = lock(&self.0).iter_mut().filter_map(Option::take).collect();
        for waker in woken {
            waker.wake();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
