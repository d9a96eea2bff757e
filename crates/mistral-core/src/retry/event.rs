//! The event that reports a retry.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::error::Error;

/// A failed attempt that is going to be retried; see
/// [`ClientBuilder::on_retry`](crate::ClientBuilder::on_retry).
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct RetryEvent<'a> {
    /// The operation, for example `chat.complete`.
    pub operation: &'a str,
    /// The number of the attempt that failed, counted from 1.
    pub attempt: u32,
    /// The delay before the next attempt.
    pub delay: Duration,
    /// The error of the attempt.
    pub reason: &'a Error,
    /// The tokens that are left in the client's
    /// [`retry_quota`](crate::ClientBuilder::retry_quota) after this retry has been paid. `None`:
    /// its retries are not limited.
    pub quota_left: Option<u32>,
}

type Listener = dyn Fn(&RetryEvent<'_>) + Send + Sync;

/// The listener of a client for retries, if it has one.
#[derive(Clone, Default)]
pub(crate) struct OnRetry(Option<Arc<Listener>>);

impl OnRetry {
    pub(crate) fn new(listener: impl Fn(&RetryEvent<'_>) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(listener)))
    }

    pub(crate) fn notify(&self, event: &RetryEvent<'_>) {
        if let Some(listener) = &self.0 {
            listener(event);
        }
    }
}

impl fmt::Debug for OnRetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Some(..)" } else { "None" })
    }
}
