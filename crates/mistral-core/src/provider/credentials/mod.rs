//! Where secrets come from, and how they are kept and sent.

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

/// Supplies the secret that lets a request in: an API key or an access token.
///
/// Asked before every attempt; an implementation for which that is expensive remembers
/// what it got.
///
/// ```
/// use async_trait::async_trait;
/// use mistral_core::{Error, Result};
/// use mistral_core::provider::{Token, TokenSource};
///
/// /// Reads the key from a file that somebody else keeps fresh.
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
    /// The secret for the next request.
    ///
    /// # Errors
    /// Fails when there is none; see [`Error::credentials`](crate::Error::credentials).
    async fn token(&self) -> Result<Token>;
}

/// A secret, and for how long it is good.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Token {
    /// The secret. Never printed.
    pub secret: SecretString,
    /// For how long it is good, counted from when it was obtained. `None`: no limit known.
    pub expires_in: Option<Duration>,
}

impl Token {
    /// A secret without a known end.
    pub fn new(secret: impl Into<SecretString>) -> Self {
        Self {
            secret: secret.into(),
            expires_in: None,
        }
    }

    /// Sets for how long the secret is good from now on.
    #[must_use]
    pub fn expires_in(mut self, time: Duration) -> Self {
        self.expires_in = Some(time);
        self
    }
}
