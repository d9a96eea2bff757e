//! Work that would hold up a runtime.

use std::fmt;

use tokio::runtime::Handle;
use tokio::task::{JoinHandle, spawn_blocking};
use tracing::Span;

use super::outcome::Failure;

/// Does `work` on a thread that may wait, in the span of the caller. In errors it is `name`.
///
/// When nobody waits for it any more, work that has not begun does not; what has begun cannot
/// be stopped, and goes on to its end.
pub(super) async fn aside<T: Send + 'static>(
    name: impl fmt::Display,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    if Handle::try_current().is_err() {
        return Err(Failure::fatal(format!(
            "{name} waits, and there is no thread for that: call it within a tokio runtime"
        )));
    }
    let span = Span::current();
    let mut task = Task(spawn_blocking(move || span.in_scope(work)));
    (&mut task.0)
        .await
        .map_err(|error| match error.try_into_panic() {
            Ok(payload) => Failure::panic(name, &*payload),
            Err(_) => Failure::fatal(format!("{name} was not begun: its runtime has ended")),
        })
}

struct Task<T>(JoinHandle<T>);

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
