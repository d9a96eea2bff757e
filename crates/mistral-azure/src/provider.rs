use std::borrow::Cow;
use std::fmt;

use async_trait::async_trait;
use http::{HeaderMap, StatusCode};
use mistral_core::error::ApiError;
use mistral_core::provider::{Operation, Provider, Route, RouteRequest};
use mistral_core::{Error, Result};

use crate::credentials::{AzureAuth, Credentials};
use crate::endpoint::{AzureEndpoint, AzureOperation, KindSettings};
use crate::env::DEFAULT_MODEL;
use crate::scope::audience_advice;

const KEY_AS_TOKEN: &str = "the key was read as an Entra ID token: send it in the header \
     `api-key`, with `MistralAzureBuilder::auth(AzureAuth::ApiKey)`";

/// The provider for Azure AI.
///
/// Supports `chat.complete`, `chat.stream` and `ocr.process`. The [crate's
/// documentation](crate) lists the operations of each endpoint. Keys and tokens never appear
/// in `Debug` output or errors.
#[derive(Clone)]
pub struct MistralAzure {
    pub(crate) endpoint: AzureEndpoint,
    /// The settings for the base URL of a call.
    pub(crate) base_url_kinds: KindSettings,
    pub(crate) api_version: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) auth: AzureAuth,
    pub(crate) credentials: Credentials,
    /// The scope that Entra ID tokens are requested for. `None` for other credentials.
    pub(crate) requested_scope: Option<String>,
    /// The scope of the tokens that the endpoint accepts.
    pub(crate) default_scope: &'static str,
}

#[async_trait]
impl Provider for MistralAzure {
    fn name(&self) -> &'static str {
        "azure"
    }

    fn otel_name(&self) -> &'static str {
        "azure.ai.inference"
    }

    fn supports(&self, endpoint: &Operation) -> bool {
        AzureOperation::from_name(&endpoint.name).is_some()
    }

    fn route(&self, request: &RouteRequest<'_>) -> Result<Route> {
        let operation = AzureOperation::from_name(&request.operation.name)
            .ok_or_else(|| Error::unsupported(self.name(), &request.operation.name))?;
        let endpoint = match request.base_url {
            None => Cow::Borrowed(&self.endpoint),
            Some(url) => Cow::Owned(AzureEndpoint::parse(
                "`base_url`",
                url.as_str(),
                self.base_url_kinds,
            )?),
        };
        let requested = request.model.filter(|model| !model.trim().is_empty());
        let deployment = requested
            .or(self.model.as_deref())
            .or(endpoint.deployment.as_deref());
        let route = endpoint.route(operation, deployment, self.api_version.as_deref())?;
        Ok(match requested {
            Some(_) => route,
            None => route.model(deployment.unwrap_or(DEFAULT_MODEL)),
        })
    }

    async fn authorize(&self, rejected: Option<&HeaderMap>, headers: &mut HeaderMap) -> Result<()> {
        let value = self.credentials.header(self.auth, rejected).await?;
        headers.insert(self.auth.header_name(), value);
        Ok(())
    }

    fn hint(&self, error: &ApiError) -> Option<&'static str> {
        let message = error.message.to_ascii_lowercase();
        if error.status != StatusCode::UNAUTHORIZED || !message.contains("audience") {
            return None;
        }
        match (&self.credentials, self.auth) {
            (Credentials::Cached(_), _) => audience_advice(
                &message,
                self.requested_scope.as_deref(),
                self.default_scope,
            ),
            (Credentials::Static(_) | Credentials::Dynamic(_), AzureAuth::Bearer) => {
                Some(KEY_AS_TOKEN)
            }
            (Credentials::Static(_) | Credentials::Dynamic(_), AzureAuth::ApiKey) => None,
        }
    }
}

/// Shows the endpoint and the settings, never the key.
impl fmt::Debug for MistralAzure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MistralAzure")
            .field("base_url", &self.endpoint.chat_base.as_str())
            .field("endpoint_kind", &self.endpoint.kind)
            .field("api_version", &self.api_version)
            .field("model", &self.model)
            .field("auth", &self.auth)
            .field("key", &self.credentials)
            .finish()
    }
}
