//! The largest number of connections to a server.

use std::future::poll_fn;
use std::io;
use std::num::NonZeroUsize;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task;

/// Limits the connections to one server, and queues the exchanges that have to wait for one.
///
/// Exchanges wait in the order in which they came. As many start as the connections can carry: one
/// on each of HTTP/1.1, and as many as the server allows on each of HTTP/2.
#[derive(Debug)]
pub(super) struct ConnectionLimit {
    max: usize,
    connections: Arc<Semaphore>,
    exchanges: Arc<Semaphore>,
    /// The number of exchanges that each connection can carry.
    streams: AtomicUsize,
}

/// The place of an exchange, or of a connection.
pub(super) type Permit = OwnedSemaphorePermit;

impl ConnectionLimit {
    pub(super) fn new(max: NonZeroUsize) -> Self {
        let max = max.get().min(Semaphore::MAX_PERMITS);
        Self {
            max,
            connections: Arc::new(Semaphore::new(max)),
            exchanges: Arc::new(Semaphore::new(max)),
            streams: AtomicUsize::new(1),
        }
    }

    /// Returns the place of an exchange, if there is one and no other exchange waits.
    pub(super) fn try_enter(&self) -> Option<Permit> {
        Arc::clone(&self.exchanges).try_acquire_owned().ok()
    }

    /// Waits for the place of an exchange. It is always `Some`: the queue is never closed.
    pub(super) async fn enter(&self) -> Option<Permit> {
        Arc::clone(&self.exchanges).acquire_owned().await.ok()
    }

    /// Records the number of exchanges that a connection can carry.
    pub(super) fn learn_streams(&self, streams: usize) {
        let before = self.streams.swap(streams, Ordering::Relaxed);
        let change = self.max.saturating_mul(streams.abs_diff(before));
        if streams < before {
            // Those that are in use end by themselves.
            self.exchanges.forget_permits(change);
        } else {
            let room = Semaphore::MAX_PERMITS - self.exchanges.available_permits();
            self.exchanges.add_permits(change.min(room));
        }
    }

    /// Waits until another connection is allowed.
    ///
    /// hyper moves the future to a task of its own when the exchange that it was started for has
    /// found an idle connection meanwhile. A connection that nothing waits for is not opened then.
    pub(super) async fn connect(&self) -> io::Result<Permit> {
        let task = task::try_id();
        let mut permit = pin!(Arc::clone(&self.connections).acquire_owned());
        poll_fn(|cx| match permit.as_mut().poll(cx) {
            Poll::Ready(permit) => Poll::Ready(permit.map_err(io::Error::other)),
            Poll::Pending if task::try_id() != task => Poll::Ready(Err(not_needed())),
            Poll::Pending => Poll::Pending,
        })
        .await
    }
}

#[cold]
fn not_needed() -> io::Error {
    io::Error::new(
        io::ErrorKind::ConnectionAborted,
        "the limit of connections is reached",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(max: usize) -> ConnectionLimit {
        ConnectionLimit::new(NonZeroUsize::new(max).unwrap())
    }

    fn entered(limit: &ConnectionLimit) -> Vec<Permit> {
        std::iter::from_fn(|| limit.try_enter()).collect()
    }

    #[test]
    fn connection_limit_allows_as_many_exchanges_as_connections_can_carry() {
        let limit = limit(3);
        assert_eq!(entered(&limit).len(), 3);
        limit.learn_streams(10);
        assert_eq!(entered(&limit).len(), 30);
        limit.learn_streams(4);
        assert_eq!(entered(&limit).len(), 12);
    }

    #[tokio::test]
    async fn connection_limit_wait_moved_to_the_background_is_given_up() {
        let limit = Arc::new(limit(1));
        let first = limit.connect().await.unwrap();
        let waiting = Arc::clone(&limit);
        let mut second = Box::pin(async move { waiting.connect().await.map(drop) });
        assert!(poll_once(&mut second).await.is_none());
        let moved = tokio::spawn(second).await.unwrap();
        assert_eq!(moved.unwrap_err().kind(), io::ErrorKind::ConnectionAborted);
        drop(first);
        assert!(limit.connect().await.is_ok());
    }

    /// Polls once.
    async fn poll_once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
        poll_fn(|cx| {
            Poll::Ready(match pin!(&mut *future).poll(cx) {
                Poll::Ready(output) => Some(output),
                Poll::Pending => None,
            })
        })
        .await
    }
}
