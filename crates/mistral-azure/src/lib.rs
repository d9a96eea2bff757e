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
//! | endpoint | kind | chat | OCR | key | scope |
//! |---|---|---|---|---|---|
//! | `https://<resource>.services.ai.azure.com` | [`OpenAiV1`](EndpointKind::OpenAiV1) | `/openai/v1/chat/completions` | `/providers/mistral/azure/ocr` | `Bearer` | [`AI_SCOPE`] |
//! | the same with an `api-version`, or `https://<resource>.services.ai.azure.com/models` | [`Models`](EndpointKind::Models) | `/models/chat/completions?api-version=…` | `/providers/mistral/azure/ocr` | `Bearer` | [`COGNITIVE_SERVICES_SCOPE`] |
//! | `https://<resource>.services.ai.azure.com/api/projects/<project>` | [`OpenAiV1`](EndpointKind::OpenAiV1) | `/api/projects/<project>/openai/v1/chat/completions` | `/providers/mistral/azure/ocr` | `Bearer` | [`AI_SCOPE`] |
//! | `https://<resource>.services.ai.azure.com/openai/deployments/<deployment>` | [`Deployments`](EndpointKind::Deployments) | `/openai/deployments/<deployment>/chat/completions?api-version=…` | `/providers/mistral/azure/ocr` | `api-key` | [`COGNITIVE_SERVICES_SCOPE`] |
//! | `https://<resource>.openai.azure.com` | [`OpenAiV1`](EndpointKind::OpenAiV1) | `/openai/v1/chat/completions` | – | `api-key` | [`AI_SCOPE`] |
//! | `https://<resource>.cognitiveservices.azure.com` | [`Deployments`](EndpointKind::Deployments) | `/openai/deployments/<deployment>/chat/completions?api-version=…` | – | `api-key` | [`COGNITIVE_SERVICES_SCOPE`] |
//! | `https://<deployment>.<region>.models.ai.azure.com` | [`Serverless`](EndpointKind::Serverless) | `/v1/chat/completions` | `/v1/ocr` | `Bearer` | [`COGNITIVE_SERVICES_SCOPE`] |
//! | `https://<deployment>.<region>.inference.ai.azure.com` | [`Serverless`](EndpointKind::Serverless) | `/v1/chat/completions` | `/v1/ocr` | `Bearer` | [`COGNITIVE_SERVICES_SCOPE`] |
//! | `https://<endpoint>.<region>.inference.ml.azure.com` | [`Serverless`](EndpointKind::Serverless) | `/v1/chat/completions` | `/v1/ocr` | `Bearer` | [`MACHINE_LEARNING_SCOPE`] |
//!
//! Any other host, such as that of a gateway, is treated like that of a Foundry resource
//! (`services.ai.azure.com`). OCR has an `api-version` only if one is set. Hosts of `azure.us` and
//! `azure.cn` are treated like those of `azure.com`, and have scopes of their own.
//!
//! The base URL of a single call is parsed in the same way. The same credential is sent to it, in
//! the same header as to the provider's endpoint.
//!
//! # Credentials
//!
//! A key is sent in the header that the endpoint expects; [`auth`](MistralAzureBuilder::auth)
//! overrides it. With the cargo feature `entra`, Entra ID tokens come from any `azure_core`
//! credential, for example one of the crate `azure_identity`; without it, from any
//! [`TokenSource`](mistral_core::provider::TokenSource).
//! [`scope`](MistralAzureBuilder::scope) overrides the scope that they are requested for. If the
//! server refuses the audience of a token, [`Error::hint`](mistral_core::Error::hint) names the
//! other scope.
//!
//! # Environment
//!
//! | variable | setting |
//! |---|---|
//! | [`AZURE_ENDPOINT`](ENDPOINT_VARIABLE), otherwise [`AZUREAI_ENDPOINT`](AZUREAI_ENDPOINT_VARIABLE) | the endpoint |
//! | [`AZURE_ENDPOINT_KIND`](ENDPOINT_KIND_VARIABLE) | the kind of an endpoint whose URL shows none: `openai-v1`, `models`, `deployments` or `serverless` |
//! | [`AZURE_API_KEY`](API_KEY_VARIABLE) | the key |
//! | [`AZURE_API_VERSION`](API_VERSION_VARIABLE) | the `api-version`; default: [`DEFAULT_API_VERSION`] for chat, none for OCR |
//! | [`AZURE_MODEL`](MODEL_VARIABLE) | the deployment for requests without a model |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod builder;
mod credentials;
mod endpoint;
#[cfg(feature = "entra")]
mod entra;
mod env;
mod provider;
mod scope;

pub use self::builder::MistralAzureBuilder;
pub use self::credentials::AzureAuth;
pub use self::endpoint::EndpointKind;
pub use self::env::{
    API_KEY_VARIABLE, API_VERSION_VARIABLE, AZUREAI_ENDPOINT_VARIABLE, DEFAULT_API_VERSION,
    DEFAULT_MODEL, ENDPOINT_KIND_VARIABLE, ENDPOINT_VARIABLE, MODEL_VARIABLE,
};
pub use self::provider::MistralAzure;
pub use self::scope::{AI_SCOPE, COGNITIVE_SERVICES_SCOPE, MACHINE_LEARNING_SCOPE};
