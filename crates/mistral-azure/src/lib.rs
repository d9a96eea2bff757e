//! The Azure AI provider for the Mistral SDK: chat, streamed chat and OCR.
//!
//! ```no_run
//! # async fn example() -> mistral_sdk::Result<()> {
//! use mistral_sdk::MistralAzure;
//! use mistral_sdk::chat::ChatCompletionRequest;
//! use mistral_sdk::Client;
//!
//! let azure = MistralAzure::builder()
//!     .endpoint("https://my-resource.services.ai.azure.com") // as the portal shows it
//!     .api_key("…")
//!     .build()?;
//! let client = Client::new(azure)?;
//!
//! // On Azure, a model is named by its deployment.
//! let request = ChatCompletionRequest::new("mistral-large", "Hello!");
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
//! operation, a trailing slash, an `api-version`. Its [`EndpointKind`] is detected from its host
//! and path. For a gateway that shows neither, set it with
//! [`endpoint_kind`](MistralAzureBuilder::endpoint_kind).
//!
//! | endpoint | kind | chat | OCR | key |
//! |---|---|---|---|---|
//! | `https://<deployment>.<region>.models.ai.azure.com` | [`Serverless`](EndpointKind::Serverless) | `/v1/chat/completions` | `/v1/ocr` | `Bearer` |
//! | `https://<deployment>.<region>.inference.ai.azure.com` | [`Serverless`](EndpointKind::Serverless) | `/v1/chat/completions` | `/v1/ocr` | `Bearer` |
//! | `https://<endpoint>.<region>.inference.ml.azure.com` | [`Serverless`](EndpointKind::Serverless) | `/v1/chat/completions` | `/v1/ocr` | `Bearer` |
//! | `https://<resource>.services.ai.azure.com` | [`Foundry`](EndpointKind::Foundry) | `/models/chat/completions?api-version=…` | `/providers/mistral/azure/ocr?api-version=…` | `Bearer` |
//! | `https://<resource>.services.ai.azure.com/openai/v1` | [`OpenAiV1`](EndpointKind::OpenAiV1) | `/openai/v1/chat/completions` | – | `Bearer` |
//! | `https://<resource>.services.ai.azure.com/openai/deployments/<deployment>` | [`Deployments`](EndpointKind::Deployments) | `/openai/deployments/<deployment>/chat/completions?api-version=…` | – | `api-key` |
//! | `https://<resource>.openai.azure.com` | [`OpenAiV1`](EndpointKind::OpenAiV1) | `/openai/v1/chat/completions` | – | `api-key` |
//! | `https://<resource>.cognitiveservices.azure.com` | [`Deployments`](EndpointKind::Deployments) | `/openai/deployments/<deployment>/chat/completions?api-version=…` | – | `api-key` |
//!
//! The base URL of a single call is parsed in the same way. The same credential is sent to it, in
//! the same header as to the provider's endpoint.
//!
//! # Credentials
//!
//! A key is sent in the header that the host expects; [`auth`](MistralAzureBuilder::auth)
//! overrides it. With the cargo feature `entra`, Entra ID tokens come from any `azure_core`
//! credential, for example one of the crate `azure_identity`; without it, from any
//! [`TokenSource`](mistral_core::provider::TokenSource).
//!
//! # Environment
//!
//! | variable | setting |
//! |---|---|
//! | [`AZURE_ENDPOINT`](ENDPOINT_VARIABLE), otherwise [`AZUREAI_ENDPOINT`](AZUREAI_ENDPOINT_VARIABLE) | the endpoint |
//! | [`AZURE_API_KEY`](API_KEY_VARIABLE) | the key |
//! | [`AZURE_API_VERSION`](API_VERSION_VARIABLE) | the `api-version`; default: [`DEFAULT_API_VERSION`] |
//! | [`AZURE_MODEL`](MODEL_VARIABLE) | the deployment for requests without a model |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod builder;
mod credentials;
mod endpoint;
#[cfg(feature = "entra")]
mod entra;
mod env;
mod provider;

pub use self::builder::MistralAzureBuilder;
pub use self::credentials::AzureAuth;
pub use self::endpoint::EndpointKind;
#[cfg(feature = "entra")]
pub use self::env::DEFAULT_SCOPE;
pub use self::env::{
    API_KEY_VARIABLE, API_VERSION_VARIABLE, AZUREAI_ENDPOINT_VARIABLE, DEFAULT_API_VERSION,
    DEFAULT_MODEL, ENDPOINT_VARIABLE, MODEL_VARIABLE,
};
pub use self::provider::MistralAzure;
