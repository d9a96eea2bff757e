use super::{ApiError, ErrorKind};

/// How servers call it in their codes and types.
const CODE: &str = "context_length_exceeded";

/// How servers say it: Mistral, Azure and OpenAI, vLLM, SGLang, llama.cpp.
const SIGNS: [&str; 9] = [
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

impl ApiError {
    /// Whether the server says that the input has more tokens than fit.
    pub(super) fn says_context_length_exceeded(&self) -> bool {
        let refused = match self.status.as_u16() {
            200..=299 => matches!(self.kind(), ErrorKind::InvalidRequest | ErrorKind::Server),
            status => matches!(status, 400 | 413 | 422),
        };
        refused && (self.names(CODE) || SIGNS.into_iter().any(|sign| self.says(sign)))
    }

    fn names(&self, word: &str) -> bool {
        [&self.code, &self.error_type]
            .into_iter()
            .flatten()
            .any(|name| name.to_ascii_lowercase().contains(word))
    }

    /// Whether the server's words contain `sign`, which is in lower case.
    pub(super) fn says(&self, sign: &str) -> bool {
        let details = self.details.iter().map(|detail| &detail.message);
        std::iter::once(&self.message)
            .chain(details)
            .any(|words| words.to_ascii_lowercase().contains(sign))
    }
}
