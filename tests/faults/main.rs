//! Faults of servers and connections: no call hangs, loses data or leaks a connection.

// Helpers outside of test functions may panic as tests do.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
#![allow(dead_code, unreachable_pub)] // `endurance.rs` uses the same modules

mod cases;
mod connections;
mod early_responses;
mod every_byte;
mod http1_connections;
mod http2;
mod http2_connections;
mod http2_endings;
mod http2_pools;
mod idle_connections;
mod matrix;
mod operations;
mod raw_http2;
mod responses;
mod runtimes;
mod server;
mod streams;
mod timeouts;
