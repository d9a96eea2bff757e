//! Mistral models on Google Vertex AI as a provider for the Mistral SDK.
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
//! Vertex AI offers chat, fill in the middle and OCR: `chat.complete`, `chat.stream`,
//! `fim.complete`, `fim.stream` and `ocr.process`. Every other operation fails before
//! anything is sent.
//!
//! # Models
//!
//! Names go out as they are given, for example `mistral-small-2503` or `codestral-2`. Of a
//! name with a version, `codestral@2405`, the URL takes the whole and the body the bare name.
//! The three names that the first SDKs knew, `codestral-2405`, `mistral-large-2407` and
//! `mistral-nemo-2407`, mean the same as `codestral@2405` and so on. Anything else can be
//! told with [`MistralGcpBuilder::url_model`].
//!
//! # Credentials
//!
//! Unless [`access_token`](MistralGcpBuilder::access_token) or
//! [`token_source`](MistralGcpBuilder::token_source) says otherwise, they are Google's
//! Application Default Credentials (cargo feature `adc`, on by default):
//!
//! 1. the file that `GOOGLE_APPLICATION_CREDENTIALS` names, a service account's key;
//! 2. the file that `gcloud auth application-default login` writes;
//! 3. the service account of the machine, from its metadata server;
//! 4. the login of the `gcloud` tool.
//!
//! They are asked for a token at the first call, on a thread of their own, and again five
//! minutes before it ends or when it is refused; however many calls want one at once, they
//! are asked once. Workload identity federation, impersonation and the other kinds of
//! files that the crate `gcp_auth` cannot read are named in an error; for these, bring a
//! [`TokenSource`](mistral_core::provider::TokenSource).
//!
//! The project comes from them as well, unless it is set: from the file or, at the first
//! call, from the machine or the configuration of `gcloud`.
//!
//! The feature brings `rustls` with `aws-lc-rs` and the certificates of the system. An
//! application that has its own TLS can leave it out and bring a `TokenSource`.

#[cfg(feature = "adc")]
mod adc;
mod builder;
mod env;
mod model;
mod place;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};
use mistral_core::Result;
use mistral_core::provider::{Operation, Provider, Route, RouteRequest, TokenCache};

pub use self::builder::MistralGcpBuilder;
use self::model::ModelNames;
use self::place::Place;

/// Names the project. Wins over [`GOOGLE_CLOUD_PROJECT_VARIABLE`].
pub const PROJECT_VARIABLE: &str = "GCP_PROJECT_ID";
/// Names the project, as for Google's own libraries.
pub const GOOGLE_CLOUD_PROJECT_VARIABLE: &str = "GOOGLE_CLOUD_PROJECT";
/// Names the location, for example `us-central1`. Wins over
/// [`GOOGLE_CLOUD_LOCATION_VARIABLE`].
pub const REGION_VARIABLE: &str = "GCP_REGION";
/// Names the location, as for Google's own libraries.
pub const GOOGLE_CLOUD_LOCATION_VARIABLE: &str = "GOOGLE_CLOUD_LOCATION";
/// Names the model of requests that name none.
pub const MODEL_VARIABLE: &str = "GCP_MODEL";
/// Names the project that pays for and limits the calls.
pub const QUOTA_PROJECT_VARIABLE: &str = "GOOGLE_CLOUD_QUOTA_PROJECT";
/// Names the file with the Application Default Credentials.
pub const CREDENTIALS_VARIABLE: &str = "GOOGLE_APPLICATION_CREDENTIALS";

/// The location where nothing else is said.
pub const DEFAULT_LOCATION: &str = "europe-west4";

const QUOTA_PROJECT: HeaderName = HeaderName::from_static("x-goog-user-project");

/// The operations of Vertex AI.
const OPERATIONS: [&str; 5] = [
    "chat.complete",
    "chat.stream",
    "fim.complete",
    "fim.stream",
    "ocr.process",
];

/// Mistral models on Google Vertex AI.
///
/// Offers chat, fill in the middle and OCR. Tokens are sent as `Authorization: Bearer …`
/// and never printed.
#[derive(Clone)]
pub struct MistralGcp {
    place: Place,
    names: ModelNames,
    credentials: Credentials,
    /// What can tell the project where it is not known.
    #[cfg(feature = "adc")]
    finder: Option<(adc::Adc, Arc<tokio::sync::Mutex<LastFailure>>)>,
    quota_project: Option<HeaderValue>,
}

/// When the project was last asked for in vain, and what came of it.
#[cfg(feature = "adc")]
type LastFailure = Option<(std::time::Instant, String)>;

#[derive(Clone)]
enum Credentials {
    /// A token that does not change, as the header that it goes into.
    Fixed(HeaderValue),
    Cached(Arc<TokenCache>),
}

impl MistralGcp {
    /// Starts a provider; see [`MistralGcpBuilder`] for what can be set.
    pub fn builder() -> MistralGcpBuilder {
        MistralGcpBuilder::new()
    }

    /// Takes all settings from the environment.
    ///
    /// | variable | setting |
    /// |---|---|
    /// | `GCP_PROJECT_ID` or `GOOGLE_CLOUD_PROJECT` | [`project`](MistralGcpBuilder::project) |
    /// | `GCP_REGION` or `GOOGLE_CLOUD_LOCATION` | [`location`](MistralGcpBuilder::location) |
    /// | `GCP_MODEL` | [`model`](MistralGcpBuilder::model) |
    /// | `GOOGLE_CLOUD_QUOTA_PROJECT` | [`quota_project`](MistralGcpBuilder::quota_project) |
    ///
    /// The credentials are the Application Default Credentials. To set more, see
    /// [`MistralGcpBuilder::or_env`].
    ///
    /// # Errors
    /// Fails when no project is known and none can be found out at the first call, or when a
    /// variable has a value that cannot work.
    pub fn from_env() -> Result<Self> {
        Self::builder().or_env()?.build()
    }
}

#[async_trait]
impl Provider for MistralGcp {
    fn name(&self) -> &'static str {
        "gcp"
    }

    fn otel_name(&self) -> &'static str {
        "gcp.vertex_ai"
    }

    fn supports(&self, endpoint: &Operation) -> bool {
        OPERATIONS.contains(&&*endpoint.name)
    }

    fn route(&self, request: &RouteRequest<'_>) -> Result<Route> {
        let model = self.names.resolve(request.model)?;
        let path = self
            .place
            .path(&model.url, request.operation.framing.is_event_stream())?;
        let route = Route::join(request.base_url.unwrap_or(&self.place.endpoint), &path)?;
        Ok(if request.model == Some(&*model.body) {
            route
        } else {
            route.model(model.body)
        })
    }

    fn is_prepared(&self) -> bool {
        self.place.project.get().is_some()
    }

    async fn prepare(&self) -> Result<()> {
        #[cfg(feature = "adc")]
        if let Some((adc, failure)) = &self.finder {
            let called = std::time::Instant::now();
            let mut failure = failure.lock().await; // one call asks for all that wait
            if self.is_prepared() {
                return Ok(());
            }
            if let Some((at, words)) = failure.as_ref()
                && *at >= called
            {
                return Err(place::no_project().with_source(words.clone()));
            }
            return match adc.find_project().await {
                Ok(project) => self.place.project.set(&project),
                Err(words) => {
                    *failure = Some((std::time::Instant::now(), words.clone()));
                    Err(place::no_project().with_source(words))
                }
            };
        }
        Err(place::no_project())
    }

    async fn authorize(&self, rejected: Option<&HeaderMap>, headers: &mut HeaderMap) -> Result<()> {
        let token = match &self.credentials {
            Credentials::Fixed(token) => token.clone(),
            Credentials::Cached(cache) => {
                let rejected = rejected.and_then(|headers| headers.get(AUTHORIZATION));
                cache.bearer(rejected).await?
            }
        };
        headers.insert(AUTHORIZATION, token);
        if let Some(project) = &self.quota_project {
            headers.insert(QUOTA_PROJECT, project.clone());
        }
        Ok(())
    }
}

/// Prints the place and the kind of credentials, never a token.
impl fmt::Debug for MistralGcp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("MistralGcp");
        debug
            .field("project", &self.place.project.get())
            .field("location", &self.place.location)
            .field("endpoint", &self.place.endpoint.as_str())
            .field("model", &self.names.default)
            .field("quota_project", &self.quota_project);
        match &self.credentials {
            Credentials::Fixed(_) => debug.field("credentials", &format_args!("[redacted]")),
            Credentials::Cached(cache) => debug.field("credentials", cache),
        };
        debug.finish()
    }
}
