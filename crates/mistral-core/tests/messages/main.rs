//! Messages: histories and their repair, tool call ids, and tolerance of what a server changes.

// Helpers outside of test functions may panic as tests do.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "../common/mod.rs"]
mod common;

mod arguments;
mod foreign;
mod import;
mod lint;
mod malformed_members;
mod media;
mod mutate;
mod repair_json;
mod tolerance;
mod tool_call_ids;
mod undeclared;
