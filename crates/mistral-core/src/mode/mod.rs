//! Modes of a client: asynchronous or blocking.

#[cfg(feature = "blocking")]
pub(crate) mod blocking_runtime;

use std::fmt;
#[cfg(feature = "blocking")]
use std::sync::Arc;

#[cfg(feature = "blocking")]
use crate::mode::blocking_runtime::Driver;

/// Says how the calls of a client end. Sealed.
pub trait Mode: sealed::Sealed + fmt::Debug + Clone + Send + Sync + 'static {}

mod sealed {
    pub trait Sealed {}
}

/// Calls end in `.await`.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Async;

impl sealed::Sealed for Async {}
impl Mode for Async {}

/// Calls end in `.send()`, and wait.
#[cfg(feature = "blocking")]
#[derive(Debug, Clone)]
pub struct Blocking {
    pub(crate) driver: Arc<Driver>,
}

#[cfg(feature = "blocking")]
impl sealed::Sealed for Blocking {}
#[cfg(feature = "blocking")]
impl Mode for Blocking {}
