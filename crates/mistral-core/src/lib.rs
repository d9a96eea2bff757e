//! The core of the Mistral SDK for Rust: everything that its providers share.
//!
//! Applications depend on the facade crate, `mistral-sdk`, which combines this crate with
//! providers. This crate is for authors of providers and transports:
//!
//! * A [`Provider`](provider::Provider) maps operations to URLs and authenticates requests.
//! * A [`Transport`](transport::Transport) performs one HTTP exchange.
//!
//! Types, retries, timeouts, errors, streams and pages between the two are implemented here.
//! [`operation`] has the parts for endpoints that the SDK does not model. The crates that the
//! signatures of these traits name are re-exported: [`async_trait`](macro@async_trait), [`bytes`],
//! [`http`] and [`url`].
//!
//! ```
//! use mistral_sdk::http::HeaderMap;
//! use mistral_sdk::provider::{Operation, Provider, Route, RouteRequest, parse_base_url};
//!
//! /// A server that needs no key.
//! #[derive(Debug)]
//! struct LocalServer;
//!
//! #[mistral_sdk::async_trait]
//! impl Provider for LocalServer {
//!     fn name(&self) -> &'static str {
//!         "local"
//!     }
//!
//!     fn supports(&self, operation: &Operation) -> bool {
//!         operation.name.starts_with("chat.")
//!     }
//!
//!     fn route(&self, request: &RouteRequest<'_>) -> mistral_sdk::Result<Route> {
//!         let base_url = parse_base_url("the base URL", "http://localhost:8000")?;
//!         Route::join(request.base_url.unwrap_or(&base_url), request.path)
//!     }
//!
//!     async fn authorize(
//!         &self,
//!         _rejected: Option<&HeaderMap>,
//!         _headers: &mut HeaderMap,
//!     ) -> mistral_sdk::Result<()> {
//!         Ok(())
//!     }
//! }
//! # let _ = LocalServer;
//! ```
//!
//! # Features
//!
//! No feature is on by default.
//!
//! | feature | adds |
//! |---|---|
//! | `hyper` | the built-in transport, without TLS |
//! | `rustls` | the built-in transport with rustls and its default cryptography |
//! | `ring` | the same with the cryptography of ring, which takes precedence over that of `rustls` |
//! | `rustls-no-provider` | the same, for an application that installs its own cryptography |
//! | `native-tls` | the built-in transport with the TLS library of the platform |
//! | `reqwest` | a transport on a `reqwest::Client` of the application |
//! | `tower` | transports on tower services, and the reverse |
//! | `blocking` | the blocking client |
//! | `schemars` | structured output and tools with typed arguments |
//! | `opentelemetry` | metrics of calls by OpenTelemetry's conventions |
//! | `testing` | transports for tests: a mock, and record and replay |

#![cfg_attr(docsrs, feature(doc_cfg))]

// The derives name this crate in full, here as elsewhere.
extern crate self as mistral_core;

// Functions that few programs call and that expand to much code are `#[inline]` in these modules:
// only the programs that call them compile them (docs/performance.md).
#[macro_use]
mod api;
#[cfg(feature = "blocking")]
pub mod blocking;
pub mod call;
pub mod client;
mod environment;
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

/// Observation of calls: the report of their end, metrics, and the redaction of recorded content.
///
/// Spans need no setup: any subscriber of `tracing` receives them.
pub mod telemetry {
    #[cfg(feature = "opentelemetry")]
    pub use crate::pipeline::telemetry::GenAiMetrics;
    pub use crate::pipeline::telemetry::{CallEnd, CallOutcome};
    pub use crate::redact::Redaction;
}

#[cfg(feature = "testing")]
pub mod testing;
pub mod tools;
pub mod transport;

#[doc(no_inline)]
pub use async_trait::async_trait;
#[doc(no_inline)]
pub use {bytes, http, url};

pub use crate::api::*;
pub use crate::call::{Call, EventStream, Response};
pub use crate::client::{Client, ClientBuilder};
pub use crate::error::{Error, ErrorKind, Result};
pub use crate::pipeline::deadline::Timeouts;
pub use crate::retry::RetryPolicy;
