//! Recognizes that a server rejected an input for its size.

use super::{ApiError, Error, ErrorKind};

/// The code or the type of such errors.
const CONTEXT_LENGTH_CODE: &str = "context_length_exceeded";

/// Parts of the messages of Mistral, Azure and OpenAI, vLLM, SGLang and llama.cpp, in lower
/// case.
const CONTEXT_LENGTH_MESSAGES: [&str; 9] = [
    "maximum context length",
    "context length exceeded",
    "model's context length",
    "maximum model length",
    "exceeds the context window",
    "exceeds the available context size",
    "prompt is too long",
    "too many tokens overall",
    "too many tokens in batch",
];

/// A part of the message of llama.cpp, in lower case, for an input beyond the size of its batches.
/// The status is 500, although the same request fails again.
const BATCH_SIZE_MESSAGE: &str = "is too large to process";

impl ApiError {
    /// Whether the input exceeds the size of a batch, and the status blames the server for it.
    pub(super) fn is_batch_size_exceeded(&self) -> bool {
        self.status == 500
            && self.message_contains(BATCH_SIZE_MESSAGE)
            && !self.is_capacity_exceeded()
    }

    /// Whether the input exceeds the context length or the token limit of a request.
    pub(super) fn is_context_length_exceeded(&self) -> bool {
        if self.is_batch_size_exceeded() {
            return true;
        }
        let is_rejected = match self.status.as_u16() {
            200..=299 => matches!(self.kind(), ErrorKind::InvalidRequest | ErrorKind::Server),
            status => matches!(status, 400 | 413 | 422),
        };
        is_rejected
            && (self.has_code(CONTEXT_LENGTH_CODE)
                || CONTEXT_LENGTH_MESSAGES
                    .into_iter()
                    .any(|text| self.message_contains(text)))
    }

    fn has_code(&self, code: &str) -> bool {
        [&self.code, &self.error_type]
            .into_iter()
            .flatten()
            .any(|name| name.to_ascii_lowercase().contains(code))
    }

    /// Whether the message or a detail contains `text`, which is in lower case.
    pub(super) fn message_contains(&self, text: &str) -> bool {
        let details = self.details.iter().map(|detail| &detail.message);
        std::iter::once(&self.message)
            .chain(details)
            .any(|message| message.to_ascii_lowercase().contains(text))
    }
}

impl Error {
    /// Whether the server rejected a list as too long or too large, so that it may accept the
    /// halves.
    pub(crate) fn is_list_too_large(&self) -> bool {
        self.is_context_length_exceeded()
            || self.is_too_many_inputs()
            || self.status().is_some_and(|status| status == 413)
            || self.is_rejected_with("split into more batches")
    }

    /// Whether the server rejected a list for the number of its elements.
    pub(crate) fn is_too_many_inputs(&self) -> bool {
        self.is_rejected_with("too many inputs")
    }

    fn is_rejected_with(&self, message: &str) -> bool {
        let rejection = self.api().filter(|api| api.status.is_client_error());
        rejection.is_some_and(|api| api.status != 429 && api.message_contains(message))
    }
}
