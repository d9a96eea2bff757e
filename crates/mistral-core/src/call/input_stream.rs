//! Input that callers provide item by item: an iterator, or a stream that can fail.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

/// Items that are read on demand, never ahead.
pub(crate) type InputStream<'a, T> = Pin<Box<dyn Stream<Item = io::Result<T>> + Send + 'a>>;

struct IteratorStream<I>(I);

// The iterator is never pinned.
impl<I> Unpin for IteratorStream<I> {}

impl<I: Iterator> Stream for IteratorStream<I> {
    type Item = io::Result<I::Item>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.next().map(Ok))
    }
}

/// Creates an input stream from an iterator.
pub(crate) fn from_iterator<'a, I>(items: I) -> InputStream<'a, I::Item>
where
    I: Iterator + Send + 'a,
{
    Box::pin(IteratorStream(items))
}

struct MappedStream<S, F> {
    stream: Pin<Box<S>>,
    map: F,
}

// The stream is pinned on the heap.
impl<S, F> Unpin for MappedStream<S, F> {}

impl<S, F, T, U> Stream for MappedStream<S, F>
where
    S: Stream<Item = io::Result<T>>,
    F: FnMut(T) -> U,
{
    type Item = io::Result<U>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = ready!(self.stream.as_mut().poll_next(cx));
        Poll::Ready(next.map(|item| item.map(&mut self.map)))
    }
}

/// Creates an input stream from a stream whose items are converted with `map`.
pub(crate) fn from_stream<'a, S, T, U>(
    stream: S,
    map: impl FnMut(T) -> U + Send + 'a,
) -> InputStream<'a, U>
where
    S: Stream<Item = io::Result<T>> + Send + 'a,
    T: 'a,
    U: 'a,
{
    let stream = Box::pin(stream);
    Box::pin(MappedStream { stream, map })
}
