//! Keys and tokens: where they come from, and how they are sent.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};
use mistral_core::provider::{Token, TokenCache, TokenSource, secret_header};
use mistral_core::{Error, Result};
use secrecy::ExposeSecret;

/// How a key is sent.
///
/// Default: what the endpoint's host wants, which is `api-key` at `openai.azure.com` and
/// `cognitiveservices.azure.com`, and `Authorization: Bearer` everywhere else. Tokens are
/// sent as `Bearer`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AzureAuth {
    /// As `Authorization: Bearer <key>`.
    Bearer,
    /// As `api-key: <key>`.
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

    /// The header's value. The reason against it never shows the key.
    pub(crate) fn value(self, key: &str) -> Result<HeaderValue, String> {
        let value = secret_header(BEARER, key).map_err(|why| match why {
            "is empty" => "is empty: set it to the key from the deployment's page".to_owned(),
            why => why.to_owned(),
        })?;
        match self {
            Self::Bearer => Ok(value),
            Self::ApiKey => bare(&value).ok_or_else(|| "cannot be sent in a header".to_owned()),
        }
    }
}

/// The secret of a `Bearer` header, by itself.
fn bare(bearer: &HeaderValue) -> Option<HeaderValue> {
    let secret = bearer.as_bytes().strip_prefix(b"Bearer ")?;
    let mut value = HeaderValue::from_bytes(secret).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// What lets a request in.
#[derive(Clone)]
pub(crate) enum Credentials {
    /// A key that does not change, as the header that it goes into.
    Fixed(HeaderValue),
    /// Asked before every attempt.
    Asked(Arc<dyn TokenSource>),
    /// Kept as long as it is good.
    Kept(Arc<TokenCache>),
}

impl Credentials {
    pub(crate) async fn header(
        &self,
        auth: AzureAuth,
        rejected: Option<&HeaderMap>,
    ) -> Result<HeaderValue> {
        match (self, auth) {
            (Self::Fixed(header), _) => Ok(header.clone()),
            (Self::Asked(source), _) => {
                let key = source.token().await?;
                auth.value(key.secret.expose_secret())
                    .map_err(|why| Error::credentials(format!("the key {why}")))
            }
            (Self::Kept(tokens), AzureAuth::Bearer) => {
                let rejected = rejected.and_then(|headers| headers.get(AUTHORIZATION));
                tokens.bearer(rejected).await
            }
            (Self::Kept(tokens), AzureAuth::ApiKey) => {
                // The tokens are kept as `Bearer` headers, and compared as such.
                let rejected = rejected
                    .and_then(|headers| headers.get(API_KEY)?.to_str().ok())
                    .and_then(|key| secret_header(BEARER, key).ok());
                let header = tokens.bearer(rejected.as_ref()).await?;
                bare(&header)
                    .ok_or_else(|| Error::credentials("the token cannot be sent in a header"))
            }
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(_) => f.write_str("[redacted]"),
            Self::Asked(source) => source.fmt(f),
            Self::Kept(tokens) => tokens.fmt(f),
        }
    }
}

/// A function that knows the key.
pub(crate) struct KeyFunction<F>(pub(crate) F);

#[async_trait]
impl<F: Fn() -> Result<Token> + Send + Sync + 'static> TokenSource for KeyFunction<F> {
    async fn token(&self) -> Result<Token> {
        (self.0)()
    }
}

impl<F> fmt::Debug for KeyFunction<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyFunction")
    }
}
