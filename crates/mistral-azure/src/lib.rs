//! Azure AI as a provider for the Mistral SDK: chat, streamed chat and OCR.
//!
//! ```no_run
//! # async fn example() -> mistral_core::Result<()> {
//! use mistral_azure::MistralAzure;
//! use mistral_core::chat::{ChatCompletionRequest, Message};
//! use mistral_core::Client;
//!
//! let azure = MistralAzure::builder()
//!     .endpoint("https://my-resource.services.ai.azure.com") // as the portal shows it
//!     .api_key("…")
//!     .build()?;
//! let client = Client::new(azure)?;
//!
//! // On Azure, a model is named by its deployment.
//! let request = ChatCompletionRequest::new("mistral-large", [Message::user("Hello!")]);
//! let response = client.chat().complete(&request).await?;
//! # let _ = response;
//! let from_the_environment = Client::new(MistralAzure::from_env()?)?;
//! # let _ = from_the_environment;
//! # Ok(()) }
//! ```
//!
//! # Endpoints
//!
//! An endpoint can be pasted as the portal shows it: with or without the path of an
//! operation, a trailing slash, an `api-version`. Its host and path show its [`AzureForm`];
//! for a gateway that shows none, name it with [`form`](MistralAzureBuilder::form).
//!
//! | endpoint | form | chat | OCR | key |
//! |---|---|---|---|---|
//! | `https://<deployment>.<region>.models.ai.azure.com` | [`Serverless`](AzureForm::Serverless) | `/v1/chat/completions` | `/v1/ocr` | `Bearer` |
//! | `https://<deployment>.<region>.inference.ai.azure.com` | [`Serverless`](AzureForm::Serverless) | `/v1/chat/completions` | `/v1/ocr` | `Bearer` |
//! | `https://<resource>.services.ai.azure.com` | [`Foundry`](AzureForm::Foundry) | `/models/chat/completions?api-version=…` | `/providers/mistral/azure/ocr?api-version=…` | `Bearer` |
//! | `https://<resource>.services.ai.azure.com/openai/v1` | [`OpenAiV1`](AzureForm::OpenAiV1) | `/openai/v1/chat/completions` | – | `Bearer` |
//! | `https://<resource>.openai.azure.com` | [`OpenAiV1`](AzureForm::OpenAiV1) | `/openai/v1/chat/completions` | – | `api-key` |
//! | `https://<resource>.cognitiveservices.azure.com` | [`Deployments`](AzureForm::Deployments) | `/openai/deployments/<deployment>/chat/completions?api-version=…` | – | `api-key` |
//!
//! A call's own base URL is understood in the same way. It gets the same credential, sent
//! as for the provider's endpoint.
//!
//! # Credentials
//!
//! A key goes out as the host wants it; [`auth`](MistralAzureBuilder::auth) overrides that.
//! With the cargo feature `entra`, tokens of Entra ID come from any credential of
//! `azure_core`, for example one of the crate `azure_identity`; without it, from any
//! [`TokenSource`](mistral_core::provider::TokenSource).
//!
//! # Environment
//!
//! | variable | |
//! |---|---|
//! | [`AZURE_ENDPOINT`](ENDPOINT_VARIABLE), else [`AZUREAI_ENDPOINT`](OTHER_ENDPOINT_VARIABLE) | the endpoint |
//! | [`AZURE_API_KEY`](API_KEY_VARIABLE) | the key |
//! | [`AZURE_API_VERSION`](API_VERSION_VARIABLE) | the `api-version`; default: [`DEFAULT_API_VERSION`] |
//! | [`AZURE_MODEL`](MODEL_VARIABLE) | the deployment, for requests that name no model |

mod builder;
#[cfg(feature = "entra")]
mod entra;
mod form;
mod host;
mod key;
mod place;

use std::borrow::Cow;
use std::fmt;

use async_trait::async_trait;
use http::HeaderMap;
use mistral_core::provider::{Operation as ApiOperation, Provider, Route, RouteRequest};
use mistral_core::{Error, Result};

pub use self::builder::MistralAzureBuilder;
pub use self::form::AzureForm;
use self::form::Operation;
pub use self::key::AzureAuth;
use self::key::Credentials;
use self::place::Place;

/// Holds the endpoint, as the portal shows it.
pub const ENDPOINT_VARIABLE: &str = "AZURE_ENDPOINT";
/// Holds the endpoint where [`ENDPOINT_VARIABLE`] is not set.
pub const OTHER_ENDPOINT_VARIABLE: &str = "AZUREAI_ENDPOINT";
/// Holds the key.
pub const API_KEY_VARIABLE: &str = "AZURE_API_KEY";
/// Holds the `api-version`. Wins over one in the endpoint.
pub const API_VERSION_VARIABLE: &str = "AZURE_API_VERSION";
/// Names the deployment for requests that name no model.
pub const MODEL_VARIABLE: &str = "AZURE_MODEL";

/// The `api-version` that is sent where none is set.
pub const DEFAULT_API_VERSION: &str = "2024-05-01-preview";
/// The model that is sent where neither the request nor the provider names one.
pub const DEFAULT_MODEL: &str = "azureai";
/// The scope of the tokens that Entra ID is asked for.
#[cfg(feature = "entra")]
pub const DEFAULT_SCOPE: &str = "https://cognitiveservices.azure.com/.default";

/// Azure AI.
///
/// Offers `chat.complete`, `chat.stream` and `ocr.process`; the crate's documentation says
/// which endpoint has which. Keys and tokens are never printed.
#[derive(Clone)]
pub struct MistralAzure {
    place: Place,
    /// The form that was named, if one was.
    form: Option<AzureForm>,
    api_version: Option<String>,
    model: Option<String>,
    auth: AzureAuth,
    credentials: Credentials,
}

impl MistralAzure {
    /// Starts a provider with nothing set.
    pub fn builder() -> MistralAzureBuilder {
        MistralAzureBuilder::default()
    }

    /// Takes everything from the environment: see the [crate's documentation](crate).
    ///
    /// # Errors
    /// Fails when the endpoint or the key is not set, or when a variable has a value that
    /// cannot work.
    pub fn from_env() -> Result<Self> {
        Self::builder_from_env()?.build()
    }

    /// Starts a provider with what is set in the environment, for example to add a
    /// credential of Entra ID in place of the key.
    ///
    /// # Errors
    /// Fails when a variable is not valid UTF-8.
    pub fn builder_from_env() -> Result<MistralAzureBuilder> {
        MistralAzureBuilder::from_env()
    }
}

#[async_trait]
impl Provider for MistralAzure {
    fn name(&self) -> &'static str {
        "azure"
    }

    fn otel_name(&self) -> &'static str {
        "azure.ai.inference"
    }

    fn supports(&self, endpoint: &ApiOperation) -> bool {
        Operation::of(&endpoint.name).is_some()
    }

    fn route(&self, request: &RouteRequest<'_>) -> Result<Route> {
        let operation = Operation::of(&request.operation.name)
            .ok_or_else(|| Error::unsupported(self.name(), &request.operation.name))?;
        let place = match request.base_url {
            None => Cow::Borrowed(&self.place),
            Some(url) => Cow::Owned(Place::parse("`base_url`", url.as_str(), self.form)?),
        };
        let asked = request.model.filter(|model| !model.trim().is_empty());
        let deployment = asked
            .or(self.model.as_deref())
            .or(place.deployment.as_deref());
        let api_version = self
            .api_version
            .as_deref()
            .or(place.api_version.as_deref())
            .unwrap_or(DEFAULT_API_VERSION);
        let route = place.route(operation, deployment, api_version)?;
        Ok(match asked {
            Some(_) => route,
            None => route.model(deployment.unwrap_or(DEFAULT_MODEL)),
        })
    }

    async fn authorize(&self, rejected: Option<&HeaderMap>, headers: &mut HeaderMap) -> Result<()> {
        let value = self.credentials.header(self.auth, rejected).await?;
        headers.insert(self.auth.header_name(), value);
        Ok(())
    }
}

/// Prints where requests go and how, never the key.
impl fmt::Debug for MistralAzure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MistralAzure")
            .field("base_url", &self.place.base.as_str())
            .field("form", &self.place.form)
            .field("api_version", &self.api_version)
            .field("model", &self.model)
            .field("auth", &self.auth)
            .field("key", &self.credentials)
            .finish()
    }
}
