//! Feeding the items of a blocking iterator to an asynchronous call.

use std::future::{pending, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_core::Stream;
use tokio::sync::mpsc::{self, Receiver, Sender};

use crate::call::input_stream::InputStream;
use crate::error::Result;
use crate::mode::blocking_runtime::BlockingRuntime;

/// The time after which the call continues with the items that were fed so far.
const MAX_FEED_TIME: Duration = Duration::from_millis(100);

/// An iterator that is advanced by the waiting thread, between waits. It may therefore block,
/// borrow, and use the client itself.
pub(super) struct Feeder<'a, T> {
    items: Box<dyn Iterator<Item = io::Result<T>> + Send + 'a>,
    /// `None` once the iterator has ended or the receiver is closed.
    sender: Option<Sender<io::Result<T>>>,
}

/// Returns a feeder of `items`, and the stream that yields them. Up to `capacity` items are
/// buffered.
pub(super) fn feeder<'a, T: Send + 'static>(
    items: impl Iterator<Item = io::Result<T>> + Send + 'a,
    capacity: usize,
) -> (Feeder<'a, T>, InputStream<'static, T>) {
    let (sender, receiver) = mpsc::channel(capacity);
    let feeder = Feeder {
        items: Box::new(items),
        sender: Some(sender),
    };
    (feeder, Box::pin(FedStream(receiver)))
}

impl<T> Feeder<'_, T> {
    /// Blocks until `poll` is ready, and feeds items whenever the buffer has capacity.
    ///
    /// # Errors
    /// Fails, without polling or advancing the iterator, if the thread must not block.
    pub(super) fn block_on<R>(
        &mut self,
        runtime: &BlockingRuntime,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<R>,
    ) -> Result<R> {
        loop {
            match runtime.block_on_call(self.poll_or_capacity(&mut poll))? {
                Some(ready) => return Ok(ready),
                None => self.feed(),
            }
        }
    }

    /// Returns the value of `poll`, or `None` once the buffer has capacity.
    async fn poll_or_capacity<R>(
        &self,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<R>,
    ) -> Option<R> {
        let mut capacity = pin!(async {
            match &self.sender {
                Some(sender) => drop(sender.reserve().await),
                None => pending().await,
            }
        });
        poll_fn(|cx| match poll(cx) {
            Poll::Ready(ready) => Poll::Ready(Some(ready)),
            Poll::Pending => capacity.as_mut().poll(cx).map(|()| None),
        })
        .await
    }

    /// Feeds items until the buffer is full or [`MAX_FEED_TIME`] has passed.
    fn feed(&mut self) {
        let started = Instant::now();
        self.sender.take_if(|sender| sender.is_closed());
        while let Some(sender) = &self.sender
            && sender.capacity() > 0
            && started.elapsed() < MAX_FEED_TIME
        {
            match self.items.next() {
                // There is capacity: sending fails only if the receiver is closed.
                Some(item) => drop(sender.try_send(item)),
                None => self.sender = None,
            }
        }
    }
}

struct FedStream<T>(Receiver<io::Result<T>>);

impl<T> Stream for FedStream<T> {
    type Item = io::Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // `poll_recv` is subject to tokio's coop budget, and may be pending although items are
        // buffered: a call would be sent with fewer items than available.
        match self.0.try_recv() {
            Ok(item) => Poll::Ready(Some(item)),
            Err(_) => self.0.poll_recv(cx),
        }
    }
}
