//! Keys and tokens: their sources, and the headers they become.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};
use mistral_core::provider::{InvalidSecret, Token, TokenCache, TokenSource, secret_header};
use mistral_core::{Error, Result};
use secrecy::ExposeSecret;

/// The header in which a key or token is sent.
///
/// Default for keys: `api-key` for [`EndpointKind::Deployments`](crate::EndpointKind::Deployments)
/// on every host, and at `openai.azure.com` and `cognitiveservices.azure.com`; `Authorization:
/// Bearer` elsewhere. Default for tokens: `Authorization: Bearer`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AzureAuth {
    /// `Authorization: Bearer <key>`.
    Bearer,
    /// `api-key: <key>`.
    ApiKey,
}

const API_KEY: HeaderName = HeaderName::from_static("api-key");
const BEARER: &str = "Bearer";

impl AzureAuth {
    pub(crate) fn header_name(self) -> HeaderName {
        match self {
            Self::Bearer => AUTHORIZATION,
            Self::ApiKey => API_KEY,
        }
    }

    /// Returns the header's value for a key.
    ///
    /// # Errors
    /// Returns the reason the key is invalid, without the key.
    pub(crate) fn header_value(self, key: &str) -> Result<HeaderValue, String> {
        let value = secret_header(BEARER, key).map_err(|reason| match reason {
            InvalidSecret::Empty => {
                "is empty: set it to the key from the deployment's page".to_owned()
            }
            reason => reason.to_string(),
        })?;
        match self {
            Self::Bearer => Ok(value),
            Self::ApiKey => strip_bearer(&value)
                .ok_or_else(|| "cannot be sent in the `api-key` header".to_owned()),
        }
    }
}

/// Returns the secret of a `Bearer` header without the scheme.
fn strip_bearer(bearer: &HeaderValue) -> Option<HeaderValue> {
    let secret = bearer.as_bytes().strip_prefix(b"Bearer ")?;
    let mut value = HeaderValue::from_bytes(secret).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The credentials that requests are authenticated with.
#[derive(Clone)]
pub(crate) enum Credentials {
    /// A key that never changes, stored as the header value it is sent as.
    Static(HeaderValue),
    /// A source that returns the key of every attempt.
    Dynamic(Arc<dyn TokenSource>),
    /// A token that is reused until it expires or is rejected.
    Cached(Arc<TokenCache>),
}

impl Credentials {
    /// Returns the value of the authentication header. `rejected` holds the headers of an
    /// attempt that failed with a 401.
    pub(crate) async fn header(
        &self,
        auth: AzureAuth,
        rejected: Option<&HeaderMap>,
    ) -> Result<HeaderValue> {
        match (self, auth) {
            (Self::Static(header), _) => Ok(header.clone()),
            (Self::Dynamic(source), _) => {
                let key = source.token().await?;
                auth.header_value(key.secret.expose_secret())
                    .map_err(|reason| Error::credentials(format!("`api_key_fn`: the key {reason}")))
            }
            (Self::Cached(tokens), AzureAuth::Bearer) => {
                let rejected = rejected.and_then(|headers| headers.get(AUTHORIZATION));
                tokens.bearer(rejected).await
            }
            (Self::Cached(tokens), AzureAuth::ApiKey) => {
                // The cache stores `Bearer` headers, and compares the rejected one with them.
                let rejected = rejected
                    .and_then(|headers| headers.get(API_KEY)?.to_str().ok())
                    .and_then(|key| secret_header(BEARER, key).ok());
                let header = tokens.bearer(rejected.as_ref()).await?;
                strip_bearer(&header).ok_or_else(|| {
                    Error::credentials("the token cannot be sent in the `api-key` header")
                })
            }
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Static(_) => f.write_str("[redacted]"),
            Self::Dynamic(source) => source.fmt(f),
            Self::Cached(tokens) => tokens.fmt(f),
        }
    }
}

/// Adapts a function that returns a key to [`TokenSource`].
pub(crate) struct KeyFn<F>(pub(crate) F);

#[async_trait]
impl<F: Fn() -> Result<Token> + Send + Sync + 'static> TokenSource for KeyFn<F> {
    async fn token(&self) -> Result<Token> {
        (self.0)()
    }
}

impl<F> fmt::Debug for KeyFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyFn")
    }
}
