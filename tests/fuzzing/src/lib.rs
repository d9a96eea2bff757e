//! Fuzz checks of every parser of remote data. A check accepts any bytes and panics if the SDK
//! breaks an invariant.
//!
//! `fuzz/` runs the checks with libFuzzer. The test of this crate runs them on the corpus and on
//! generated inputs.

// A check fails as a test does: by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod chunks;
pub mod endpoints;
pub mod error_bodies;
mod fixed_response;
pub mod responses;
pub mod retry_after;
pub mod sse;
pub mod vectors;

/// Checks an input. Panics if an invariant is broken.
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
