//! Behavior of workflows: waits, typed calls, streams that reconnect, trace contexts.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // helpers may panic as tests do

mod blocking;
mod common;
mod follow;
mod trace_context;
mod typed;
mod waits;
