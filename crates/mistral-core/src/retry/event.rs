//! Who is told that a call is repeated.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::error::Error;

/// A call has failed and is going to be repeated; see
/// [`ClientBuilder::on_retry`](crate::ClientBuilder::on_retry).
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct RetryEvent<'a> {
    /// The operation, for example `chat.complete`.
    pub operation: &'a str,
    /// Which attempt has failed, counted from 1.
    pub attempt: u32,
    /// How long the call waits now.
    pub delay: Duration,
    /// Why the attempt has failed.
    pub reason: &'a Error,
}

type Listener = dyn Fn(&RetryEvent<'_>) + Send + Sync;

/// What is called before a call is repeated. Mostly nothing.
#[derive(Clone, Default)]
pub(crate) struct OnRetry(Option<Arc<Listener>>);

impl OnRetry {
    pub(crate) fn new(listener: impl Fn(&RetryEvent<'_>) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(listener)))
    }

    pub(crate) fn tell(&self, event: &RetryEvent<'_>) {
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
