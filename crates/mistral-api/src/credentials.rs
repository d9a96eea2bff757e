//! API keys: their sources, and the `Authorization` header they become.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use http::HeaderValue;
use mistral_core::provider::{
    InvalidSecret, Token, TokenSource, secret_header, shown_path, unquote,
};
use mistral_core::{Error, Result};
use secrecy::ExposeSecret;

#[derive(Clone)]
pub(crate) enum Credentials {
    /// A key that never changes, stored as the header value it is sent as.
    Static(HeaderValue),
    /// A source that returns the key of every attempt.
    Dynamic(Arc<dyn TokenSource>),
    /// None, for a server that needs none.
    Keyless,
}

impl Credentials {
    /// Returns the value of the `Authorization` header, if there is one.
    pub(crate) async fn header(&self) -> Result<Option<HeaderValue>> {
        match self {
            Self::Static(header) => Ok(Some(header.clone())),
            Self::Keyless => Ok(None),
            Self::Dynamic(source) => {
                let token = source.token().await?;
                let header = bearer_header(token.secret.expose_secret());
                header.map(Some).map_err(|reason| {
                    Error::credentials(format!("the key from the token source {reason}"))
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
            Self::Keyless => f.write_str("none"),
        }
    }
}

/// Reads a token from a file, which another process rotates.
pub(crate) struct TokenFile(pub(crate) PathBuf);

#[async_trait]
impl TokenSource for TokenFile {
    async fn token(&self) -> Result<Token> {
        let error = |reason: &str| {
            let path = shown_path(&self.0);
            Error::credentials(format!("the token file {path} {reason}"))
        };
        match tokio::fs::read_to_string(&self.0).await {
            Ok(token) => match unquote(&token) {
                "" => Err(error("is empty")),
                token => Ok(Token::new(token)),
            },
            Err(cause) => Err(error(&format!("cannot be read: {cause}"))),
        }
    }
}

impl fmt::Debug for TokenFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenFile({})", shown_path(&self.0))
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

/// Returns the `Authorization` header for a key.
///
/// # Errors
/// Returns the reason the key is invalid, without the key.
pub(crate) fn bearer_header(key: &str) -> Result<HeaderValue, String> {
    secret_header("Bearer", key).map_err(|reason| match reason {
        InvalidSecret::Empty => {
            "is empty: set it to a key from https://console.mistral.ai, or call \
             `MistralApiBuilder::keyless` for a server that needs none"
                .to_owned()
        }
        reason => reason.to_string(),
    })
}
