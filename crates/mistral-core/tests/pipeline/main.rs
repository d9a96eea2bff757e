//! The pipeline of a call: requests, retries, redirects, timeouts, streams, errors.

// Helpers outside of test functions may panic as tests do.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "../common/mod.rs"]
mod common;

mod bodies;
mod calls;
mod decode_paths;
mod error_bodies;
mod error_texts;
mod failover;
mod hedging;
mod keep_alive;
mod no_runtime;
mod redirects;
mod retries;
mod retry_quota;
mod sse;
mod stream_scale;
mod streams;
mod timeouts;
