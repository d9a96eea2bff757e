//! Deterministic content: text, tokens, JSON, audio and document pages.

mod arguments;
pub(crate) mod audio;
pub(crate) mod completion;
pub(crate) mod conversation;
pub(crate) mod document;
mod json_answer;
mod listed_keys;
mod pattern;
pub(crate) mod random;
pub(crate) mod reply;
pub(crate) mod response_events;
pub(crate) mod response_input;
pub(crate) mod schema_instance;
pub(crate) mod schema_keywords;
pub(crate) mod tokenizer;
pub(crate) mod tool_calls;
