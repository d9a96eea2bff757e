//! Deterministic content: text, tokens, JSON, audio and document pages.

pub(crate) mod audio;
pub(crate) mod completion;
pub(crate) mod document;
pub(crate) mod random;
pub(crate) mod reply;
pub(crate) mod schema_instance;
pub(crate) mod tokenizer;
