//! The execution of a single tool call: panics, blocking work, and its result.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::task::{JoinHandle, spawn_blocking};
use tracing::Span;

use crate::error::{Error, ErrorKind};
use crate::pipeline::telemetry::ToolTrace;
use crate::transport::current_runtime;

/// The output of a tool, as text for the model.
pub(super) type ToolResult = Result<String, ToolFailure>;

#[derive(Debug)]
pub(super) struct ToolFailure {
    pub(super) error: Error,
    /// Whether the run ends: the error is in the program, and the model cannot fix it.
    pub(super) is_fatal: bool,
}

impl ToolFailure {
    #[inline]
    pub(super) fn new(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Tool, message).into()
    }

    #[inline]
    pub(super) fn fatal(message: impl Into<String>) -> Self {
        Self {
            error: Error::new(ErrorKind::Tool, message),
            is_fatal: true,
        }
    }

    #[inline]
    pub(super) fn panic(name: impl fmt::Display, payload: &(dyn Any + Send)) -> Self {
        let message = payload.downcast_ref::<&str>().copied();
        let message = message.or(payload.downcast_ref::<String>().map(String::as_str));
        let message = message.unwrap_or("no message");
        Self::fatal(format!("{name} panicked: {message}"))
    }

    /// Returns the error with its sources, as text for the model.
    #[inline]
    pub(super) fn to_model_message(&self) -> String {
        let mut message = format!("Error: {}", self.error.message());
        let mut source = std::error::Error::source(&self.error);
        while let Some(cause) = source {
            message += &format!(": {cause}");
            source = cause.source();
        }
        message
    }
}

impl From<Error> for ToolFailure {
    #[inline]
    fn from(error: Error) -> Self {
        Self {
            error,
            is_fatal: false,
        }
    }
}

/// A tool call in execution, within its span. Turns a panic into an error.
pub(super) struct ToolExecution {
    name: String,
    work: Pin<Box<dyn Future<Output = ToolResult> + Send>>,
    trace: ToolTrace,
}

impl ToolExecution {
    #[inline]
    pub(super) fn new(
        name: String,
        trace: ToolTrace,
        work: impl Future<Output = ToolResult> + Send + 'static,
    ) -> Self {
        Self {
            name,
            work: Box::pin(work),
            trace,
        }
    }
}

impl Future for ToolExecution {
    type Output = ToolResult;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<ToolResult> {
        let span = self.trace.span().clone();
        let _entered = span.enter();
        // Unwind safe: the future is not polled again, and the tool's state is the tool's own.
        let polled = catch_unwind(AssertUnwindSafe(|| self.work.as_mut().poll(cx)));
        let result = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(result)) => result,
            Err(payload) => Err(ToolFailure::panic(&self.name, &*payload)),
        };
        self.trace
            .end(result.as_deref().map_err(|failure| &failure.error));
        Poll::Ready(result)
    }
}

/// Runs `work` on a thread that may block, in the caller's span. Errors refer to it by `name`.
///
/// Dropping the future cancels work that has not started. Work that has started runs to
/// completion.
#[inline]
pub(super) async fn spawn_blocking_in_span<T: Send + 'static>(
    name: impl fmt::Display,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ToolFailure> {
    if let Err(error) = current_runtime() {
        let error = Error::from(error).with_context(name);
        let is_fatal = true;
        return Err(ToolFailure { error, is_fatal });
    }
    let span = Span::current();
    let mut task = AbortOnDrop(spawn_blocking(move || span.in_scope(work)));
    (&mut task.0)
        .await
        .map_err(|error| match error.try_into_panic() {
            Ok(payload) => ToolFailure::panic(name, &*payload),
            Err(_) => ToolFailure::fatal(format!(
                "{name} was not started: the tokio runtime has shut down"
            )),
        })
}

struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    #[inline]
    fn drop(&mut self) {
        self.0.abort();
    }
}
