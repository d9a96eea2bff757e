//! What a program brings one by one, while something else waits for it.

use std::future::{pending, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_core::Stream;
use tokio::sync::mpsc::{self, Receiver, Sender};

use crate::call::input_stream::InputStream;
use crate::error::Result;
use crate::mode::blocking_runtime::Driver;

/// How long items are taken before what waits for them goes on with those that have come.
const PATIENCE: Duration = Duration::from_millis(100);

/// An iterator whose items are taken between waits, in the thread that waits: so it may block,
/// borrow, and use the client itself.
pub(super) struct Supply<'a, T> {
    items: Box<dyn Iterator<Item = io::Result<T>> + Send + 'a>,
    /// `None` once there are no more items, or nobody wants them.
    sender: Option<Sender<io::Result<T>>>,
}

/// Makes a supply of `items`, and the source that gives them. There is `room` for so many that
/// are taken ahead.
pub(super) fn supply<'a, T: Send + 'static>(
    items: impl Iterator<Item = io::Result<T>> + Send + 'a,
    room: usize,
) -> (Supply<'a, T>, InputStream<'static, T>) {
    let (sender, receiver) = mpsc::channel(room);
    let supply = Supply {
        items: Box::new(items),
        sender: Some(sender),
    };
    (supply, Box::pin(Supplied(receiver)))
}

impl<T> Supply<'_, T> {
    /// Waits until `poll` is ready, and takes items whenever there is room for them.
    ///
    /// # Errors
    /// Fails, without having polled or taken anything, where the thread must not wait.
    pub(super) fn wait<R>(
        &mut self,
        driver: &Driver,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<R>,
    ) -> Result<R> {
        loop {
            match driver.perform(self.ready_or_room(&mut poll))? {
                Some(ready) => return Ok(ready),
                None => self.take(),
            }
        }
    }

    /// What `poll` gives, or `None` once there is room for an item.
    async fn ready_or_room<R>(
        &self,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<R>,
    ) -> Option<R> {
        let mut room = pin!(async {
            match &self.sender {
                Some(sender) => drop(sender.reserve().await),
                None => pending().await,
            }
        });
        poll_fn(|cx| match poll(cx) {
            Poll::Ready(ready) => Poll::Ready(Some(ready)),
            Poll::Pending => room.as_mut().poll(cx).map(|()| None),
        })
        .await
    }

    /// Takes items until the room is full.
    fn take(&mut self) {
        let begun = Instant::now();
        self.sender.take_if(|sender| sender.is_closed());
        while let Some(sender) = &self.sender
            && sender.capacity() > 0
            && begun.elapsed() < PATIENCE
        {
            match self.items.next() {
                // There is room. If it reaches nobody any more, nobody wants it.
                Some(item) => drop(sender.try_send(item)),
                None => self.sender = None,
            }
        }
    }
}

struct Supplied<T>(Receiver<io::Result<T>>);

impl<T> Stream for Supplied<T> {
    type Item = io::Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // Polled, the channel now and then keeps what it has, for others to have their turn: a
        // call would go out with fewer items than there are.
        match self.0.try_recv() {
            Ok(item) => Poll::Ready(Some(item)),
            Err(_) => self.0.poll_recv(cx),
        }
    }
}
