use std::borrow::Cow;
use std::fmt;

use async_trait::async_trait;
use http::HeaderMap;
use http::request::Parts;
use mistral_core::provider::{Operation, Provider, Route, RouteRequest, SignedBody};
use mistral_core::{Error, Result};
use url::Url;

use crate::auth::Auth;
use crate::endpoint::UrlSettings;
use crate::env::MODEL_VARIABLE;

/// The operations that the provider supports.
const OPERATIONS: [&str; 2] = ["chat.complete", "chat.stream"];

/// The provider for Mistral models on Amazon Bedrock.
///
/// Supports `chat.complete` and `chat.stream`. An API key of Bedrock is sent as
/// `Authorization: Bearer …`. With other credentials, every attempt is signed with Signature
/// Version 4 (cargo feature `sigv4`). Secrets never appear in `Debug` output or errors.
///
/// The [crate's documentation](crate) says which facts about the service are not established.
#[derive(Clone)]
pub struct MistralBedrock {
    /// The URL of chat completions.
    pub(crate) url: Url,
    pub(crate) url_settings: UrlSettings,
    pub(crate) model: Option<String>,
    pub(crate) auth: Auth,
}

#[async_trait]
impl Provider for MistralBedrock {
    fn name(&self) -> &'static str {
        "aws"
    }

    fn otel_name(&self) -> &'static str {
        "aws.bedrock"
    }

    fn supports(&self, operation: &Operation) -> bool {
        OPERATIONS.contains(&&*operation.name)
    }

    fn route(&self, request: &RouteRequest<'_>) -> Result<Route> {
        let url = match request.base_url {
            None => Cow::Borrowed(&self.url),
            Some(url) => Cow::Owned(self.url_settings.chat_url("`base_url`", url.as_str())?),
        };
        let route = Route::new(url.into_owned());
        if request.model.is_some_and(|model| !model.trim().is_empty()) {
            return Ok(route);
        }
        match &self.model {
            Some(model) => Ok(route.model(model)),
            None => Err(Error::config(format!(
                "the model is not set: set it in the request, for example \
                 `mistral.mistral-large-3-675b-instruct`, or set a default with \
                 `MistralBedrockBuilder::model` or {MODEL_VARIABLE}"
            ))),
        }
    }

    async fn authorize(&self, rejected: Option<&HeaderMap>, headers: &mut HeaderMap) -> Result<()> {
        self.auth.authorize(rejected, headers).await
    }

    async fn sign(&self, parts: &mut Parts, body: SignedBody<'_>) -> Result<()> {
        #[cfg(feature = "sigv4")]
        if let Auth::SigV4(signer) = &self.auth {
            return signer.sign(parts, body).await;
        }
        let _ = (parts, body);
        Ok(())
    }
}

/// Shows the URL and the kind of credentials, never a secret.
impl fmt::Debug for MistralBedrock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MistralBedrock")
            .field("url", &self.url.as_str())
            .field("model", &self.model)
            .field("auth", &self.auth)
            .finish()
    }
}
