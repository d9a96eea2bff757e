//! The provider for Mistral's own API (La Plateforme).
//!
//! ```no_run
//! # fn main() -> mistral_sdk::Result<()> {
//! use mistral_sdk::{Client, MistralApi, Server};
//!
//! let client = Client::new(MistralApi::from_env()?)?; // MISTRAL_API_KEY
//! let in_europe = Client::new(MistralApi::from_env()?.server(Server::Eu))?;
//! # let _ = (client, in_europe);
//! # Ok(()) }
//! ```

#![cfg_attr(docsrs, feature(doc_cfg))]

mod credentials;
mod server;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use mistral_core::provider::{
    Operation, Provider, Route, RouteRequest, Token, TokenSource, env_var, parse_base_url,
};
use mistral_core::{Error, Result};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use self::credentials::{Credentials, KeyFn, TokenFile, bearer_header};
pub use self::server::{Server, UnknownServer};

/// Environment variable that holds the API key.
pub const API_KEY_VARIABLE: &str = "MISTRAL_API_KEY";
/// Environment variable that holds the path of a file with a service account's token. Takes
/// precedence over [`API_KEY_VARIABLE`].
pub const TOKEN_PATH_VARIABLE: &str = "MISTRAL_SA_TOKEN_PATH";
/// Environment variable that holds a [`Server`]'s name or a base URL.
pub const SERVER_VARIABLE: &str = "MISTRAL_SERVER";

/// The provider for Mistral's own API.
///
/// Supports every operation. The key is sent as `Authorization: Bearer …` and never appears in
/// `Debug` output or errors.
#[derive(Clone)]
pub struct MistralApi {
    base_url: BaseUrl,
    credentials: Credentials,
}

#[derive(Clone)]
enum BaseUrl {
    Server(Server),
    Custom(Url),
}

impl MistralApi {
    /// Creates a provider with a fixed API key, for the default server.
    ///
    /// Trims whitespace around the key and strips a leading `Bearer `.
    ///
    /// # Errors
    /// Fails if the key is empty, or contains a control or non-ASCII character.
    pub fn new(key: impl Into<SecretString>) -> Result<Self> {
        let header = bearer_header(key.into().expose_secret())
            .map_err(|reason| Error::config(format!("the API key {reason}")))?;
        Ok(Self::with_credentials(Credentials::Static(header)))
    }

    /// Creates a provider from environment variables.
    ///
    /// `MISTRAL_SA_TOKEN_PATH`, if set, is the path of a file with a token, which is read
    /// again for every attempt. Otherwise `MISTRAL_API_KEY` holds the key. `MISTRAL_SERVER`
    /// optionally holds a server's name (`global`, `eu`, `us`) or a base URL. White space and one
    /// pair of quotes around a value, or around the token in the file, are removed.
    ///
    /// # Errors
    /// Fails if neither `MISTRAL_SA_TOKEN_PATH` nor `MISTRAL_API_KEY` is set, or if a variable
    /// holds an invalid value.
    pub fn from_env() -> Result<Self> {
        let api = match (env_var(TOKEN_PATH_VARIABLE)?, env_var(API_KEY_VARIABLE)?) {
            (Some(path), _) => Self::from_token_file(path),
            (None, Some(key)) => {
                let header = bearer_header(&key)
                    .map_err(|reason| Error::config(format!("{API_KEY_VARIABLE} {reason}")))?;
                Self::with_credentials(Credentials::Static(header))
            }
            (None, None) => {
                return Err(Error::config(format!(
                    "{API_KEY_VARIABLE} is not set: set it to a key from \
                     https://console.mistral.ai, or use `MistralApi::new`"
                )));
            }
        };
        match env_var(SERVER_VARIABLE)? {
            Some(server) if server.contains("://") => api.with_base_url(SERVER_VARIABLE, &server),
            Some(server) => match server.parse() {
                Ok(server) => Ok(api.server(server)),
                Err(error) => Err(Error::config(format!("{SERVER_VARIABLE}: {error}"))),
            },
            None => Ok(api),
        }
    }

    /// Creates a provider that reads the key from a file again for every attempt.
    ///
    /// A missing or empty file fails the call, not this constructor.
    pub fn from_token_file(path: impl Into<PathBuf>) -> Self {
        Self::from_token_source(TokenFile(path.into()))
    }

    /// Creates a provider that calls `key` for the key of every attempt.
    ///
    /// `key` must not block. To fetch a key asynchronously, use
    /// [`from_token_source`](Self::from_token_source).
    ///
    /// ```
    /// # fn current_key() -> String { "key".into() }
    /// use mistral_sdk::MistralApi;
    ///
    /// let api = MistralApi::from_key_fn(|| Ok(current_key()));
    /// # let _ = api;
    /// ```
    pub fn from_key_fn<K, F>(key: F) -> Self
    where
        K: Into<SecretString>,
        F: Fn() -> Result<K> + Send + Sync + 'static,
    {
        Self::from_token_source(KeyFn(move || key().map(Token::new)))
    }

    /// Creates a provider that requests the key of every attempt from `source`, without a cache.
    pub fn from_token_source(source: impl TokenSource) -> Self {
        Self::with_credentials(Credentials::Dynamic(Arc::new(source)))
    }

    fn with_credentials(credentials: Credentials) -> Self {
        Self {
            base_url: BaseUrl::Server(Server::default()),
            credentials,
        }
    }

    /// Sets the server. Default: [`Server::Global`].
    #[must_use]
    pub fn server(mut self, server: Server) -> Self {
        self.base_url = BaseUrl::Server(server);
        self
    }

    /// Sets the base URL of a gateway, a proxy or a self-hosted deployment.
    ///
    /// A path is kept. A trailing slash, `/v1`, or the path of an operation with its version is
    /// ignored, as in `https://api.mistral.ai/v1/chat/completions`.
    ///
    /// # Errors
    /// Fails if `url` is not an `http` or `https` URL, has a query, a fragment or a user, or ends in
    /// the path of an operation without a version.
    pub fn base_url(self, url: &str) -> Result<Self> {
        self.with_base_url("the base URL", url)
    }

    fn with_base_url(mut self, setting: &str, url: &str) -> Result<Self> {
        let url = parse_base_url(setting, url)?;
        Route::join(&url, "/v1/models")
            .map_err(|error| Error::config(format!("{setting}: {error}")))?;
        self.base_url = BaseUrl::Custom(url);
        Ok(self)
    }
}

#[async_trait]
impl Provider for MistralApi {
    fn name(&self) -> &'static str {
        "api"
    }

    fn supports(&self, _: &Operation) -> bool {
        true
    }

    fn route(&self, request: &RouteRequest<'_>) -> Result<Route> {
        match (request.base_url, &self.base_url) {
            (Some(url), _) | (None, BaseUrl::Custom(url)) => Route::join(url, request.path),
            (None, BaseUrl::Server(server)) => {
                Route::join(&parse_base_url("the server", server.url())?, request.path)
            }
        }
    }

    async fn authorize(&self, _: Option<&HeaderMap>, headers: &mut HeaderMap) -> Result<()> {
        headers.insert(AUTHORIZATION, self.credentials.header().await?);
        Ok(())
    }
}

/// Shows the base URL, never the key.
impl fmt::Debug for MistralApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MistralApi")
            .field(
                "base_url",
                &match &self.base_url {
                    BaseUrl::Server(server) => server.url(),
                    BaseUrl::Custom(url) => url.as_str(),
                },
            )
            .field("key", &self.credentials)
            .finish()
    }
}
