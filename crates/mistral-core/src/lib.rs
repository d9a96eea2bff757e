//! The core of the Mistral SDK for Rust: what all providers have in common.
//!
//! Applications depend on the facade, `mistral-sdk`, which brings this crate and a
//! provider together. This crate is for those who write a provider or a transport:
//!
//! * A [`Provider`] knows where a cloud keeps the operations, and how to be let in.
//! * A [`Transport`] performs one HTTP exchange.
//!
//! All that lies between is here, once: types, retries, time-outs, errors, streams.
//!
//! # Features
//!
//! None is on by default. `hyper` brings the built-in transport without TLS; `rustls`,
//! `rustls-no-provider` and `native-tls` bring it with one TLS backend or another; `reqwest`
//! brings a transport on a `reqwest::Client` of the application; `blocking` brings the
//! client for programs that are not asynchronous; `schemars` brings answers and tool arguments
//! of your own types; `testing` brings transports for tests.

// The derives name this crate in full, here as elsewhere.
extern crate self as mistral_core;

// What few programs call and what leads to much code is `#[inline]` in these modules: it is compiled
// in the programs that call it, and not for all (docs/performance.md).
#[macro_use]
mod api;
#[cfg(feature = "blocking")]
pub mod blocking;
pub mod call;
pub mod client;
pub mod error;
pub mod json;
pub mod messages;
pub mod mode;
pub mod operation;
mod pipeline;
pub mod provider;
pub mod rate_limit;
mod redact;
pub mod retry;
pub mod sse;
#[cfg(feature = "testing")]
pub mod testing;
pub mod tools;
pub mod transport;

pub use crate::api::{
    agents, audio, batch, chat, classifiers, embeddings, files, fim, fine_tuning, models, ocr,
};
pub use crate::call::{Call, EventStream, Response};
pub use crate::client::{Client, ClientBuilder};
pub use crate::error::{Error, ErrorKind, Result};
pub use crate::pipeline::deadline::Timeouts;
pub use crate::retry::RetryPolicy;
