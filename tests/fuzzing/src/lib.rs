//! Checks of everything that parses what others send. Any bytes are an input; a check panics
//! where the SDK breaks a promise.
//!
//! `fuzz/` runs them under libFuzzer, and this crate's test on generated inputs and on the
//! fuzzers' corpus.

// A check fails as a test does: by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod answer;
pub mod chunks;
pub mod endpoints;
pub mod error_bodies;
pub mod responses;
pub mod retry_after;
pub mod sse;
pub mod vectors;

/// Checks an input; panics where a promise is broken.
pub type Check = fn(&[u8]);

/// The checks, by the names of their fuzz targets.
pub const TARGETS: [(&str, Check); 7] = [
    ("chunks", chunks::check),
    ("endpoints", endpoints::check),
    ("error_bodies", error_bodies::check),
    ("responses", responses::check),
    ("retry_after", retry_after::check),
    ("sse", sse::check),
    ("vectors", vectors::check),
];
