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
#[allow(unused_extern_crates)] // until a type of this crate derives
extern crate self as mistral_core;

#[macro_use]
mod macros;

// What few programs call and what leads to much code is `#[inline]` in these modules: it is compiled
// in the programs that call it, and not for all (docs/performance.md).
pub mod agents;
mod answer;
mod attempt;
pub mod audio;
pub mod batch;
#[cfg(feature = "blocking")]
pub mod blocking;
mod call;
pub mod chat;
pub mod classifiers;
mod client;
mod client_builder;
mod credential;
mod download;
#[cfg(feature = "blocking")]
mod driver;
pub mod embeddings;
mod endpoint;
mod error;
mod failover;
pub mod files;
pub mod fim;
pub mod fine_tuning;
mod form;
mod http;
pub mod json;
mod mode;
pub mod models;
pub mod ocr;
mod operations;
mod page;
#[cfg(feature = "schemars")]
mod partial_json;
mod pipeline;
mod prepared;
mod provider;
mod rate_limit;
mod redirect;
mod response;
mod retry;
mod retry_event;
mod routes;
#[cfg(feature = "schemars")]
mod schema;
mod source;
mod sse;
mod stream;
#[cfg(feature = "testing")]
pub mod testing;
mod timeouts;
pub mod tools;
mod trace;
pub mod types;

pub use crate::call::{Call, DownloadCall, StreamCall};
pub use crate::client::{Client, FromEnv};
pub use crate::client_builder::ClientBuilder;
pub use crate::credential::{Token, TokenCache, TokenSource, secret_header};
pub use crate::download::ByteStream;
pub use crate::endpoint::{Endpoint, Repeat};
pub use crate::error::{ApiError, Error, ErrorDetail, ErrorKind, Failure, Result, TimeoutPhase};
pub use crate::failover::{Answered, Failover};
#[cfg(feature = "hyper")]
pub use crate::http::HyperTransport;
#[cfg(feature = "reqwest")]
pub use crate::http::ReqwestTransport;
pub use crate::http::{
    Body, FileSource, Operation, Payload, Transport, TransportError, TransportErrorKind,
};
pub use crate::mode::{Async, Mode};
pub use crate::page::{Items, Page, Pages, Paging};
pub use crate::provider::{Provider, Route, RouteRequest, parse_base_url};
pub use crate::rate_limit::{RateLimited, RateLimiter};
pub use crate::response::{RateLimit, Response};
pub use crate::retry::RetryPolicy;
pub use crate::retry_event::RetryEvent;
pub use crate::sse::{EventTooLarge, SseDecoder, SseEvent};
pub use crate::stream::{EventStream, StreamEvent};
pub use crate::timeouts::Timeouts;
