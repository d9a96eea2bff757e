//! Nothing hangs, nothing is lost, no connection leaks: whatever a server does wrong.

// Helpers outside of test functions may panic as tests do.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
#![allow(dead_code, unreachable_pub)] // `endurance.rs` uses the same modules

mod answers;
mod connections;
mod every_byte;
mod http2;
mod idle;
mod matrix;
mod operation;
mod rows;
mod server;
mod streams;
mod times;
