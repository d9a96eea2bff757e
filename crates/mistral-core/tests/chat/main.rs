//! Chat completions: requests on the wire, answers merged from streams, tool calls, parsed answers.

// Helpers outside of test functions may panic as tests do.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "../common/mod.rs"]
mod common;

mod chunks;
mod from_json;
mod golden;
mod merge;
mod merge_scale;
mod other_shapes;
mod parse;
mod placeholders;
mod raw;
mod reasoning;
mod requests;
mod schema;
mod so_far;
mod tool_call_spellings;
mod tool_calls;
