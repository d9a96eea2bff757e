//! Credentials: token sources, the token cache, and secrets as headers.

mod in_flight;
mod secret_header;
mod token_cache;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;

use crate::error::Result;

pub use self::secret_header::{InvalidSecret, secret_header};
pub use self::token_cache::TokenCache;

/// Supplies the credential of a request: an API key or an access token.
///
/// Called before every attempt. An implementation that performs I/O should cache the token, or be
/// wrapped in a [`TokenCache`].
///
/// ```
/// use async_trait::async_trait;
/// use mistral_sdk::{Error, Result};
/// use mistral_sdk::provider::{Token, TokenSource};
///
/// /// Reads the key from a file that another process renews.
/// #[derive(Debug)]
/// struct KeyFile(std::path::PathBuf);
///
/// #[async_trait]
/// impl TokenSource for KeyFile {
///     async fn token(&self) -> Result<Token> {
///         std::fs::read_to_string(&self.0).map(Token::new).map_err(Error::credentials)
///     }
/// }
/// ```
#[async_trait]
pub trait TokenSource: fmt::Debug + Send + Sync + 'static {
    /// Returns the token for the next request.
    ///
    /// # Errors
    /// Fails when no token can be obtained; create the error with
    /// [`Error::credentials`](crate::Error::credentials).
    async fn token(&self) -> Result<Token>;
}

/// A secret and its lifetime.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Token {
    /// The secret. Never printed.
    pub secret: SecretString,
    /// The time from now until the secret expires. `None`: it does not expire, or the time is not
    /// known.
    pub expires_in: Option<Duration>,
}

impl Token {
    /// Creates a token that does not expire.
    pub fn new(secret: impl Into<SecretString>) -> Self {
        Self {
            secret: secret.into(),
            expires_in: None,
        }
    }

    /// Sets the time from now until the secret expires.
    #[must_use]
    pub fn expires_in(mut self, time: Duration) -> Self {
        self.expires_in = Some(time);
        self
    }
}
