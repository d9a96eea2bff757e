//! The Google Vertex AI provider for the Mistral SDK.
//!
//! ```
//! # fn main() -> mistral_sdk::Result<()> {
//! use mistral_sdk::MistralGcp;
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
//! 1. the file at the path in `GOOGLE_APPLICATION_CREDENTIALS`, or the JSON that this variable holds
//!    itself;
//! 2. the file that `gcloud auth application-default login` writes, in the directory
//!    `CLOUDSDK_CONFIG` if that is set;
//! 3. the service account of the machine, from the metadata server (at `GCE_METADATA_HOST`, if that
//!    is set);
//! 4. the login of the `gcloud` tool.
//!
//! A file is the key of a service account or the login of a person (`authorized_user`), wherever it
//! lies. Files for workload identity federation and impersonation are an error that names their
//! type. Implement [`TokenSource`](mistral_core::provider::TokenSource) for them.
//!
//! The first call fetches a token, on a background thread. It is refreshed five minutes before
//! it expires, and after a 401. Concurrent calls share one fetch. A metadata server that is not
//! ready, as in a pod that has just started, is waited for up to 30 seconds, within the timeout of
//! the call. A machine that does not know its name does not wait.
//!
//! Tokens are fetched on a transport with the default settings, so that the proxies of the
//! environment and the certificates of the platform apply, as for calls;
//! [`token_transport`](MistralGcpBuilder::token_transport) sets another one.
//!
//! Unless it is set, the project also comes from the credentials: from the file or, at the first
//! call, from the metadata server or the configuration of `gcloud`. The `quota_project_id` of a file
//! is sent as `x-goog-user-project`.
//!
//! The feature `adc` depends on hyper, with the TLS library that the features of `mistral-core`
//! select, and on `aws-lc-rs`. An application that has no use for them can disable it and implement
//! `TokenSource`.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "adc")]
mod adc;
mod builder;
mod env;
mod location;
mod model;
mod provider;

pub use self::builder::MistralGcpBuilder;
pub use self::env::{
    CREDENTIALS_VARIABLE, DEFAULT_LOCATION, ENDPOINT_VARIABLE, GOOGLE_CLOUD_LOCATION_VARIABLE,
    GOOGLE_CLOUD_PROJECT_VARIABLE, METADATA_HOST_VARIABLE, MODEL_VARIABLE, PROJECT_VARIABLE,
    QUOTA_PROJECT_VARIABLE, REGION_VARIABLE,
};
pub use self::provider::MistralGcp;
