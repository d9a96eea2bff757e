use std::fmt;

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
