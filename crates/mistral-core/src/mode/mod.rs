//! The modes of a client: asynchronous or blocking.

#[cfg(feature = "blocking")]
pub(crate) mod blocking_runtime;
#[doc(hidden)]
pub mod misuse;

#[cfg(feature = "blocking")]
use std::borrow::Cow;
use std::fmt;
#[cfg(feature = "blocking")]
use std::sync::Arc;
#[cfg(feature = "blocking")]
use std::time::Duration;

#[cfg(feature = "blocking")]
use tokio::time::{Instant, timeout_at};

#[cfg(feature = "blocking")]
use crate::error::{Error, Result, TimeoutPhase};
#[cfg(feature = "blocking")]
use crate::mode::blocking_runtime::BlockingRuntime;

/// The mode of a client, which determines how its calls are sent. Sealed.
pub trait Mode: sealed::Sealed + fmt::Debug + Clone + Send + Sync + 'static {}

mod sealed {
    pub trait Sealed {}
}

/// The asynchronous mode: calls are sent with `.await`.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Async;

impl sealed::Sealed for Async {}
impl Mode for Async {}

/// The blocking mode: calls are sent with `.send()`, which blocks the thread.
#[cfg(feature = "blocking")]
#[derive(Debug, Clone)]
pub struct Blocking {
    pub(crate) runtime: Arc<BlockingRuntime>,
    /// The end of all calls, and the timeout that it is from.
    pub(crate) deadline: Option<(Instant, Duration)>,
}

#[cfg(feature = "blocking")]
impl Blocking {
    /// Runs `call` until the deadline. An error of the deadline names `operation`.
    pub(crate) async fn in_time<T>(
        &self,
        operation: Cow<'static, str>,
        call: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let Some((at, limit)) = self.deadline else {
            return call.await;
        };
        let result = timeout_at(at, call).await;
        result.unwrap_or_else(|_| {
            let error = Error::timeout(TimeoutPhase::Total, limit);
            Err(error.at(operation, 1))
        })
    }
}

#[cfg(feature = "blocking")]
impl sealed::Sealed for Blocking {}
#[cfg(feature = "blocking")]
impl Mode for Blocking {}
