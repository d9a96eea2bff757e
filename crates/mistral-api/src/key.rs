//! Keys: where they come from, and what they may look like.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use http::HeaderValue;
use mistral_core::provider::{Token, TokenSource, secret_header};
use mistral_core::{Error, Result};

#[derive(Clone)]
pub(crate) enum KeySource {
    /// A key that does not change, as the header that it goes into.
    Fixed(HeaderValue),
    Source(Arc<dyn TokenSource>),
}

impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(_) => f.write_str("[redacted]"),
            Self::Source(source) => source.fmt(f),
        }
    }
}

/// A file that somebody else keeps fresh.
#[derive(Debug)]
pub(crate) struct TokenFile(pub(crate) PathBuf);

#[async_trait]
impl TokenSource for TokenFile {
    async fn token(&self) -> Result<Token> {
        match tokio::fs::read_to_string(&self.0).await {
            Ok(token) if token.trim().is_empty() => Err(Error::credentials(format!(
                "the token file `{}` is empty",
                self.0.display()
            ))),
            Ok(token) => Ok(Token::new(token)),
            Err(error) => Err(Error::credentials(format!(
                "the token file `{}` cannot be read: {error}",
                self.0.display()
            ))),
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

/// The header for a key. The reason against it never shows the key.
pub(crate) fn bearer(key: &str) -> Result<HeaderValue, String> {
    secret_header("Bearer", key).map_err(|why| match why {
        "is empty" => "is empty: set it to a key from https://console.mistral.ai".to_owned(),
        why => why.to_owned(),
    })
}
