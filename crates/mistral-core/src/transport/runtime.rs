//! The Tokio runtime that calls need.

use tokio::runtime::{self, Handle};

use super::{TransportError, TransportErrorKind};

/// Returns the current runtime. Fails outside of one, where timers, connections and threads for
/// files would panic.
pub(crate) fn current_runtime() -> Result<runtime::Id, TransportError> {
    match Handle::try_current() {
        Ok(handle) => Ok(handle.id()),
        Err(_) => Err(no_runtime()),
    }
}

#[cold]
fn no_runtime() -> TransportError {
    let message = "there is no Tokio runtime: call the client and read its streams inside one, for \
                   example in a function with `#[tokio::main]`, or use the blocking client (feature \
                   `blocking`)";
    TransportError::new(TransportErrorKind::Config, message)
}
