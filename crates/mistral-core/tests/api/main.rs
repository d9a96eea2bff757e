//! The other API groups: requests on the wire and what their answers are read as.

// Helpers outside of test functions may panic as tests do.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "../common/mod.rs"]
mod common;

mod audio;
mod embeddings;
mod files;
mod fine_tuning;
mod ocr;
mod other_groups;
