//! What callers bring one by one: the items of an iterator, or of a stream that may fail.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

/// Items that are taken when they are wanted, never ahead.
pub(crate) type Source<'a, T> = Pin<Box<dyn Stream<Item = io::Result<T>> + Send + 'a>>;

struct OfIterator<I>(I);

// Nothing in it is ever pinned.
impl<I> Unpin for OfIterator<I> {}

impl<I: Iterator> Stream for OfIterator<I> {
    type Item = io::Result<I::Item>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.next().map(Ok))
    }
}

pub(crate) fn of_iterator<'a, I>(items: I) -> Source<'a, I::Item>
where
    I: Iterator + Send + 'a,
{
    Box::pin(OfIterator(items))
}

struct Mapped<S, F> {
    stream: Pin<Box<S>>,
    change: F,
}

// The stream is pinned by itself.
impl<S, F> Unpin for Mapped<S, F> {}

impl<S, F, T, U> Stream for Mapped<S, F>
where
    S: Stream<Item = io::Result<T>>,
    F: FnMut(T) -> U,
{
    type Item = io::Result<U>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = ready!(self.stream.as_mut().poll_next(cx));
        Poll::Ready(next.map(|item| item.map(&mut self.change)))
    }
}

/// The items of `stream`, each as `change` makes it.
pub(crate) fn of_stream<'a, S, T, U>(
    stream: S,
    change: impl FnMut(T) -> U + Send + 'a,
) -> Source<'a, U>
where
    S: Stream<Item = io::Result<T>> + Send + 'a,
    T: 'a,
    U: 'a,
{
    let stream = Box::pin(stream);
    Box::pin(Mapped { stream, change })
}
