//! The Google Vertex AI provider for the Mistral SDK.
//!
//! ```
//! # fn main() -> mistral_sdk::Result<()> {
//! use mistral_gcp::MistralGcp;
//! use mistral_sdk::Client;
//!
//! let gcp = MistralGcp::builder()
//!     .project("my-project")
//!     .location("us-central1")
//! #   .access_token("token")
//!     .build()?;
//! let client = Client::new(gcp)?;
//! # assert_eq!(client.provider_name(), "gcp");
//! # Ok(()) }
//! ```
//!
//! Vertex AI supports chat, fill-in-the-middle and OCR: `chat.complete`, `chat.stream`,
//! `fim.complete`, `fim.stream` and `ocr.process`. Every other operation fails before
//! a request is sent.
//!
//! # Models
//!
//! Names are sent unchanged, for example `mistral-small-2503` or `codestral-2`. A name with a
//! version, `codestral@2405`, is sent whole in the URL and without the version in the body.
//! The three names of the first SDKs, `codestral-2405`, `mistral-large-2407` and
//! `mistral-nemo-2407`, are equivalent to `codestral@2405` and so on. Set other mappings with
//! [`MistralGcpBuilder::url_model`].
//!
//! # Credentials
//!
//! Unless [`access_token`](MistralGcpBuilder::access_token) or
//! [`token_source`](MistralGcpBuilder::token_source) is set, the credentials are Google's
//! Application Default Credentials (cargo feature `adc`, on by default), in this order:
//!
//! 1. the file at the path in `GOOGLE_APPLICATION_CREDENTIALS`, a service account's key;
//! 2. the file that `gcloud auth application-default login` writes;
//! 3. the service account of the machine, from the metadata server;
//! 4. the login of the `gcloud` tool.
//!
//! The first call fetches a token, on a background thread. It is refreshed five minutes before
//! it expires, and after a 401. Concurrent calls share one fetch. Files that the crate
//! `gcp_auth` does not support, for example for workload identity federation and impersonation,
//! are an error that names their type. Implement [`TokenSource`](mistral_core::provider::TokenSource) for
//! them.
//!
//! Unless it is set, the project also comes from the credentials: from the file or, at the first
//! call, from the metadata server or the configuration of `gcloud`.
//!
//! The feature `adc` depends on `rustls` with `aws-lc-rs` and on the system's certificates. An
//! application with another TLS library can disable it and implement `TokenSource`.

#[cfg(feature = "adc")]
mod adc;
mod builder;
mod env;
mod location;
mod model;
mod provider;

pub use self::builder::MistralGcpBuilder;
pub use self::env::{
    CREDENTIALS_VARIABLE, DEFAULT_LOCATION, GOOGLE_CLOUD_LOCATION_VARIABLE,
    GOOGLE_CLOUD_PROJECT_VARIABLE, MODEL_VARIABLE, PROJECT_VARIABLE, QUOTA_PROJECT_VARIABLE,
    REGION_VARIABLE,
};
pub use self::provider::MistralGcp;
