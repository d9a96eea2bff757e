//! The Amazon Bedrock provider for the Mistral SDK: chat and streamed chat.
//!
//! ```no_run
//! # async fn example() -> mistral_sdk::Result<()> {
//! use mistral_sdk::MistralBedrock;
//! use mistral_sdk::chat::ChatCompletionRequest;
//! use mistral_sdk::Client;
//!
//! // The credentials are those of the environment, as for every AWS SDK.
//! let bedrock = MistralBedrock::builder().region("us-east-1").build()?;
//! let client = Client::new(bedrock)?;
//!
//! let model = "mistral.mistral-large-3-675b-instruct";
//! let response = client.chat().complete(&ChatCompletionRequest::new(model, "Hello!")).await?;
//! # let _ = response;
//! # Ok(()) }
//! ```
//!
//! Supported are `chat.complete` and `chat.stream`, on the routes of Bedrock that accept and return
//! the JSON of chat completions. Every other operation fails before a request is sent, and so do
//! URLs of InvokeModel and Converse, whose bodies are of another kind.
//!
//! # What is not established
//!
//! The provider was written from published descriptions, and was not tried against the service
//! itself. No SDK of Mistral supports Bedrock. For these facts no statement of AWS was found, or
//! the descriptions differ. Each of them can be changed:
//!
//! | fact | this crate | setting |
//! |---|---|---|
//! | the prefix of the path: most models are served below `/v1`, some below `/openai/v1`, and the wrong one is refused | `/v1` at `bedrock-mantle`, `/openai/v1` at `bedrock-runtime` | [`path_prefix`](MistralBedrockBuilder::path_prefix) |
//! | the Mistral models that `bedrock-runtime` serves in this form | `bedrock-mantle` is the default | [`service`](MistralBedrockBuilder::service) |
//! | the hosts of other partitions, such as those of China | `api.aws` and `amazonaws.com` | [`endpoint`](MistralBedrockBuilder::endpoint) |
//! | the service name in the signature | `bedrock-mantle`, and `bedrock` at `bedrock-runtime` | `signing_service` |
//! | which fields of Mistral's requests a model accepts | all are sent | – |
//!
//! # Models
//!
//! Names are sent unchanged. These were reported for `bedrock-mantle` in September 2026:
//! `mistral.mistral-large-3-675b-instruct`, `mistral.ministral-3-3b-instruct`,
//! `mistral.ministral-3-8b-instruct`, `mistral.ministral-3-14b-instruct`,
//! `mistral.devstral-2-123b`, `mistral.magistral-small-2509`, `mistral.voxtral-mini-3b-2507` and
//! `mistral.voxtral-small-24b-2507`.
//! [`ClientBuilder::model_map`](mistral_core::ClientBuilder::model_map) maps other names to them.
//!
//! # Credentials
//!
//! Unless the builder sets others, the credentials are searched for in this order:
//!
//! 1. an API key of Bedrock in [`AWS_BEARER_TOKEN_BEDROCK`](BEARER_TOKEN_VARIABLE), which is sent as
//!    a bearer token;
//! 2. the access key in `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`;
//! 3. the profile `AWS_PROFILE`, by default `default`, in `~/.aws/credentials` and `~/.aws/config`
//!    (`AWS_SHARED_CREDENTIALS_FILE`, `AWS_CONFIG_FILE`): an access key or, with `sso_start_url`, the
//!    login that `aws sso login` stores;
//! 4. a web identity, as in pods of EKS: `AWS_WEB_IDENTITY_TOKEN_FILE` and `AWS_ROLE_ARN`;
//! 5. the `credential_process` of the profile;
//! 6. the credentials of a container: `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` or
//!    `AWS_CONTAINER_CREDENTIALS_FULL_URI`;
//! 7. the role of the instance, from the metadata service (version 2), unless
//!    `AWS_EC2_METADATA_DISABLED` is `true`.
//!
//! From the second on, requests are signed with Signature Version 4 (cargo feature `sigv4`, on by
//! default). Profiles with `role_arn` and `source_profile`, or with an `sso_session`, are not supported:
//! implement `AwsCredentialSource` for them.
//!
//! The first call searches for the credentials. Temporary ones are fetched again five minutes before
//! they expire, and concurrent calls share one fetch. Requests of the search to other services, such
//! as STS, are sent on a transport with the default settings, so that the proxies of the environment
//! and the certificates of the platform apply, as for calls. The metadata service is reached
//! directly.
//!
//! # Environment
//!
//! | variable | setting |
//! |---|---|
//! | [`AWS_REGION`](REGION_VARIABLE), otherwise [`AWS_DEFAULT_REGION`](DEFAULT_REGION_VARIABLE) | the region |
//! | [`AWS_BEDROCK_BASE_URL`](ENDPOINT_VARIABLE) | the URL of the endpoint; default: that of the region |
//! | [`AWS_BEDROCK_MODEL`](MODEL_VARIABLE) | the model for requests without a model |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod auth;
mod builder;
mod endpoint;
mod env;
mod provider;
#[cfg(feature = "sigv4")]
mod sigv4;

pub use self::builder::MistralBedrockBuilder;
pub use self::endpoint::BedrockService;
#[cfg(feature = "sigv4")]
pub use self::env::{ACCESS_KEY_ID_VARIABLE, SECRET_ACCESS_KEY_VARIABLE, SESSION_TOKEN_VARIABLE};
pub use self::env::{
    BEARER_TOKEN_VARIABLE, DEFAULT_REGION_VARIABLE, ENDPOINT_VARIABLE, MODEL_VARIABLE,
    REGION_VARIABLE,
};
pub use self::provider::MistralBedrock;
#[cfg(feature = "sigv4")]
pub use self::sigv4::{AwsCredentialSource, AwsCredentials};
