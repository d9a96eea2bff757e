//! The authentication of requests: refused credentials and the token cache.

// Helpers outside of test functions may panic as tests do.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "../common/mod.rs"]
mod common;

mod auth;
mod hint;
mod quoted;
mod sign;
mod token_cache;
