//! What comes of a call.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::error::{Error, ErrorKind};

/// What a tool answered, or why it did not.
pub(super) type Outcome = Result<String, Failure>;

#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: Error,
    /// Whether this is a mistake in the program, which the model can do nothing about.
    pub(super) is_fatal: bool,
}

impl Failure {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Tool, message).into()
    }

    pub(super) fn fatal(message: impl Into<String>) -> Self {
        Self {
            error: Error::new(ErrorKind::Tool, message),
            is_fatal: true,
        }
    }

    pub(super) fn panic(name: impl fmt::Display, payload: &(dyn Any + Send)) -> Self {
        let words = payload.downcast_ref::<&str>().copied();
        let words = words.or(payload.downcast_ref::<String>().map(String::as_str));
        let words = words.unwrap_or("without words");
        Self::fatal(format!("{name} panicked: {words}"))
    }

    /// What the model is told.
    pub(super) fn for_model(&self) -> String {
        let mut words = format!("Error: {}", self.error.message());
        let mut source = std::error::Error::source(&self.error);
        while let Some(cause) = source {
            words += &format!(": {cause}");
            source = cause.source();
        }
        words
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            error,
            is_fatal: false,
        }
    }
}

/// A call that is carried out, and that may panic without harm.
pub(super) struct Guarded {
    name: String,
    work: Pin<Box<dyn Future<Output = Outcome> + Send>>,
}

impl Guarded {
    pub(super) fn new(name: String, work: impl Future<Output = Outcome> + Send + 'static) -> Self {
        Self {
            name,
            work: Box::pin(work),
        }
    }
}

impl Future for Guarded {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        // What the tool has left behind half done is the tool's own: nothing here sees it.
        let polled = catch_unwind(AssertUnwindSafe(|| self.work.as_mut().poll(cx)));
        polled.unwrap_or_else(|payload| Poll::Ready(Err(Failure::panic(&self.name, &*payload))))
    }
}
