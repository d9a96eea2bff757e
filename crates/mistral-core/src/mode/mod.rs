//! The modes of a client: asynchronous or blocking.

#[cfg(feature = "blocking")]
pub(crate) mod blocking_runtime;
#[doc(hidden)]
pub mod misuse;

use std::fmt;
#[cfg(feature = "blocking")]
use std::sync::Arc;

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
}

#[cfg(feature = "blocking")]
impl sealed::Sealed for Blocking {}
#[cfg(feature = "blocking")]
impl Mode for Blocking {}
