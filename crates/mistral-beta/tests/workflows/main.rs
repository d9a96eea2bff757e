//! Behavior of workflows: waits, typed calls, streams that reconnect, trace contexts.

mod blocking;
mod common;
mod follow;
mod trace_context;
mod typed;
mod waits;
