//! The credentials that requests are authenticated with.

use std::fmt;
use std::sync::Arc;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use mistral_core::provider::{TokenCache, secret_header};
use mistral_core::{Error, Result};

#[cfg(feature = "sigv4")]
use crate::sigv4::RequestSigner;

#[derive(Clone)]
pub(crate) enum Auth {
    /// An API key that never changes, stored as the header value it is sent as.
    Static(HeaderValue),
    /// A bearer token that is reused until it expires or is rejected.
    Cached(Arc<TokenCache>),
    /// Requests are signed.
    #[cfg(feature = "sigv4")]
    SigV4(Arc<RequestSigner>),
}

impl Auth {
    /// Adds the bearer token, unless requests are signed instead. `rejected` holds the headers of
    /// an attempt that failed with a 401.
    pub(crate) async fn authorize(
        &self,
        rejected: Option<&HeaderMap>,
        headers: &mut HeaderMap,
    ) -> Result<()> {
        let token = match self {
            Self::Static(token) => token.clone(),
            Self::Cached(cache) => {
                let rejected = rejected.and_then(|headers| headers.get(AUTHORIZATION));
                cache.bearer(rejected).await?
            }
            #[cfg(feature = "sigv4")]
            Self::SigV4(_) => return Ok(()),
        };
        headers.insert(AUTHORIZATION, token);
        Ok(())
    }
}

/// Shows the kind of credentials, never a secret.
impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Static(_) => f.write_str("[redacted]"),
            Self::Cached(cache) => cache.fmt(f),
            #[cfg(feature = "sigv4")]
            Self::SigV4(signer) => signer.fmt(f),
        }
    }
}

/// Returns the header of an API key. `setting` names it in errors.
pub(crate) fn bearer_header(setting: &str, token: &str) -> Result<HeaderValue> {
    let is_access_key = |token: &str| token.starts_with("AKIA") || token.starts_with("ASIA");
    if is_access_key(token.trim()) {
        return Err(Error::config(format!(
            "{setting} is the id of an access key and not an API key of Bedrock: set \
             AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to an access key, or {setting} to an API \
             key from the page `API keys` of Bedrock's console"
        )));
    }
    secret_header("Bearer", token).map_err(|reason| {
        Error::config(format!(
            "{setting} {reason}: set it to an API key from the page `API keys` of Bedrock's console"
        ))
    })
}
