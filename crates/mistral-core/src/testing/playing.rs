//! A response body that plays its steps, one after the other.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use tokio::time::Sleep;

use crate::transport::{Body, TransportError, TransportErrorKind, current_runtime};

/// One step of a body.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Bytes(Bytes),
    Delay(Duration),
    /// Fails, which ends the body.
    Error(TransportErrorKind, &'static str),
    /// Stays pending forever.
    Stall,
}

/// Creates a body that plays `steps`. A single chunk becomes a body of known length.
pub(super) fn body(steps: Vec<Step>) -> Body {
    match steps.as_slice() {
        [] => Body::empty(),
        [Step::Bytes(bytes)] => bytes.clone().into(),
        _ => Body::from_stream(Playing {
            steps: steps.into(),
            sleep: None,
        }),
    }
}

struct Playing {
    steps: VecDeque<Step>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Stream for Playing {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(sleep) = &mut self.sleep {
                ready!(sleep.as_mut().poll(cx));
                self.sleep = None;
            }
            match self.steps.pop_front() {
                None => return Poll::Ready(None),
                Some(Step::Bytes(bytes)) => return Poll::Ready(Some(Ok(bytes))),
                Some(Step::Delay(delay)) => {
                    if !delay.is_zero() {
                        current_runtime()?;
                        self.sleep = Some(Box::pin(tokio::time::sleep(delay)));
                    }
                }
                Some(Step::Error(kind, message)) => {
                    self.steps.clear();
                    return Poll::Ready(Some(Err(TransportError::new(kind, message))));
                }
                Some(Step::Stall) => {
                    self.steps.push_front(Step::Stall);
                    return Poll::Pending;
                }
            }
        }
    }
}
