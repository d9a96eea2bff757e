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
        self.is_context_length_exceeded()
            || self.is_too_many_inputs()
            || self.status().is_some_and(|status| status == 413)
            || self.refuses("split into more batches")
    }

    /// Whether a server refused a list for the number of its elements.
    pub(crate) fn is_too_many_inputs(&self) -> bool {
        self.refuses("too many inputs")
    }

    fn refuses(&self, words: &str) -> bool {
        let refusal = self.api().filter(|api| api.status.is_client_error());
        refusal.is_some_and(|api| api.status != 429 && api.says(words))
    }
}
