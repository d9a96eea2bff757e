use std::fmt::Display;

use super::Error;

impl Error {
    /// Says in front of the message which part of a larger whole the error is about.
    #[must_use]
    pub(crate) fn about(mut self, part: impl Display) -> Self {
        self.0.message = format!("{part}: {}", self.0.message);
        self
    }

    /// Whether a server refused a list because it is too long or too large, and may take
    /// its halves.
    pub(crate) fn is_too_much_at_once(&self) -> bool {
        let Some(api) = self.api() else {
            return false;
        };
        self.is_context_length_exceeded()
            || api.status.as_u16() == 413
            || ["too many inputs", "split into more batches"]
                .into_iter()
                .any(|sign| api.status.is_client_error() && api.says(sign))
    }
}
