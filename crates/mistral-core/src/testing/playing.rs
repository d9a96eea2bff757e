//! A body that plays its chunks, in their time.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use std::vec;

use bytes::Bytes;
use futures_core::Stream;
use tokio::time::Sleep;

use crate::transport::{Body, TransportError, TransportErrorKind};

/// What comes after the last chunk.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ending {
    Proper,
    Error(TransportErrorKind, &'static str),
    IdleTimer,
}

/// Makes a body of `chunks`, with a pause before each.
pub(super) fn body(chunks: Vec<Bytes>, pause: Duration, ending: Ending) -> Body {
    let is_proper = matches!(ending, Ending::Proper);
    if is_proper && pause.is_zero() && chunks.len() <= 1 {
        return chunks.into_iter().next().unwrap_or_default().into();
    }
    Body::from_stream(Playing {
        chunks: chunks.into_iter(),
        pause,
        pausing: None,
        ending,
    })
}

struct Playing {
    chunks: vec::IntoIter<Bytes>,
    pause: Duration,
    pausing: Option<Pin<Box<Sleep>>>,
    ending: Ending,
}

impl Stream for Playing {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.chunks.as_slice().is_empty() {
            return match self.ending {
                Ending::Proper => Poll::Ready(None),
                Ending::IdleTimer => Poll::Pending,
                Ending::Error(kind, words) => {
                    self.ending = Ending::Proper;
                    Poll::Ready(Some(Err(TransportError::new(kind, words))))
                }
            };
        }
        if !self.pause.is_zero() {
            let pause = self.pause;
            let pausing = &mut self.pausing;
            let sleep = pausing.get_or_insert_with(|| Box::pin(tokio::time::sleep(pause)));
            ready!(sleep.as_mut().poll(cx));
            self.pausing = None;
        }
        Poll::Ready(self.chunks.next().map(Ok))
    }
}
