//! Batches: jobs, runs, waits and results.

// Helpers outside of test functions may panic as tests do.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "../common/mod.rs"]
mod common;

mod jobs;
mod lines;
mod memory;
mod ordered;
mod results;
mod resumed;
mod run;
mod wait;
