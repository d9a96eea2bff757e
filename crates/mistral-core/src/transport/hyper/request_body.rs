//! Bodies of requests in the form that hyper and reqwest use.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures_core::Stream;
use http_body::{Frame, SizeHint};

use super::pool_state::PoolState;
use crate::transport::{Body, TransportError, TransportErrorKind};

/// The body of a request.
///
/// A pointer, because hyper allocates space for 32 requests per connection.
pub(in crate::transport) struct RequestBody(Arc<RequestState>);

/// The progress of sending a request, shared by the connection and the exchange that waits for the
/// response.
pub(in crate::transport) struct RequestState(Mutex<Progress>);

struct Progress {
    /// `None` while the body is polled, and once it is not sent any further.
    body: Option<Body>,
    /// The number of bytes that have not been read yet, if it is known.
    remaining: Option<u64>,
    /// Whether hyper has started to write the request.
    is_dispatched: bool,
    is_finished: bool,
    flow: Flow,
    /// The task of the connection, while it waits for the body.
    waker: Option<Waker>,
    /// The place of the task of the exchange in its pool, until hyper starts to write the request.
    unsent: Option<(Arc<PoolState>, usize)>,
}

#[derive(PartialEq, Eq)]
enum Flow {
    Running,
    Paused,
    Stopped,
}

impl RequestBody {
    pub(in crate::transport) fn new(body: Body) -> Self {
        let remaining = body.content_length();
        let is_empty = remaining == Some(0);
        Self(Arc::new(RequestState(Mutex::new(Progress {
            body: Some(body),
            remaining,
            is_dispatched: false,
            is_finished: is_empty,
            flow: Flow::Running,
            waker: None,
            unsent: None,
        }))))
    }

    pub(in crate::transport) fn state(&self) -> Arc<RequestState> {
        Arc::clone(&self.0)
    }
}

impl RequestState {
    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has `task` woken when a connection of `pool` ends, unless hyper has started to write the
    /// request. Returns whether it has.
    pub(super) fn watch(&self, pool: &Arc<PoolState>, task: &Waker) -> bool {
        let mut progress = self.progress();
        if progress.is_dispatched {
            return true;
        }
        progress.forget_unsent();
        progress.unsent = Some((Arc::clone(pool), pool.add_unsent(task)));
        false
    }

    /// Takes a request back that hyper has not started to write, which it cannot do from now on.
    /// Returns whether that is so.
    #[cold]
    pub(super) fn take_back(&self) -> bool {
        let mut progress = self.progress();
        if progress.is_dispatched {
            return false;
        }
        progress.flow = Flow::Stopped;
        true
    }

    /// Stops the upload until [`stop`](Self::stop), which ends it. The connection is not closed, so
    /// that the response can still be read.
    #[cold]
    pub(in crate::transport) fn pause(&self) {
        let mut progress = self.progress();
        if progress.flow == Flow::Running {
            progress.flow = Flow::Paused;
        }
    }

    /// Ends the upload, because the exchange is over, and returns whether anything was left to
    /// send.
    pub(in crate::transport) fn stop(&self) -> bool {
        let mut progress = self.progress();
        progress.forget_unsent();
        if progress.is_finished {
            return false;
        }
        progress.flow = Flow::Stopped;
        let (body, waker) = (progress.body.take(), progress.waker.take());
        drop(progress);
        drop(body); // unlocked: code of the application runs
        if let Some(waker) = waker {
            waker.wake();
        }
        true
    }
}

impl Progress {
    fn dispatched(&mut self) {
        if !self.is_dispatched {
            self.is_dispatched = true;
            self.forget_unsent();
        }
    }

    fn forget_unsent(&mut self) {
        if let Some((pool, place)) = self.unsent.take() {
            pool.remove_unsent(place);
        }
    }
}

impl http_body::Body for RequestBody {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let mut progress = self.0.progress();
        let mut body = match progress.flow {
            Flow::Stopped => return Poll::Ready(Some(Err(stopped()))),
            Flow::Paused => {
                progress.waker = Some(cx.waker().clone());
                return Poll::Pending;
            }
            Flow::Running => {
                progress.dispatched();
                match progress.body.take() {
                    Some(body) => body,
                    None => return Poll::Ready(None),
                }
            }
        };
        drop(progress); // unlocked: code of the application runs
        let chunk = Pin::new(&mut body).poll_next(cx);
        let mut progress = self.0.progress();
        if progress.flow == Flow::Stopped {
            return Poll::Ready(Some(Err(stopped())));
        }
        match chunk {
            Poll::Pending => {
                progress.body = Some(body);
                progress.waker = Some(cx.waker().clone());
                Poll::Pending
            }
            Poll::Ready(Some(Ok(chunk))) => {
                if let Some(remaining) = &mut progress.remaining {
                    *remaining = remaining.saturating_sub(chunk.len() as u64);
                }
                progress.is_finished = progress.remaining == Some(0);
                if !progress.is_finished {
                    progress.body = Some(body);
                }
                Poll::Ready(Some(Ok(Frame::data(chunk))))
            }
            Poll::Ready(end) => {
                progress.is_finished = true;
                Poll::Ready(end.map(|end| end.map(Frame::data)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        let mut progress = self.0.progress();
        if progress.flow == Flow::Stopped {
            return false;
        }
        progress.dispatched(); // hyper asks when it writes the head
        progress.remaining == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        let progress = self.0.progress();
        match progress.remaining {
            Some(remaining) if progress.flow != Flow::Stopped => SizeHint::with_exact(remaining),
            _ => SizeHint::default(),
        }
    }
}

#[cold]
fn stopped() -> TransportError {
    let message = "the exchange is over, so the rest of the body is not sent";
    TransportError::new(TransportErrorKind::Interrupted, message)
}
