//! Mistral's own API (La Plateforme) as a provider for the Mistral SDK.
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

mod key;
mod server;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use mistral_core::provider::{
    Operation, Provider, Route, RouteRequest, Token, TokenSource, parse_base_url,
};
use mistral_core::{Error, Result};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use self::key::{KeyFunction, KeySource, TokenFile, bearer};
pub use self::server::{Server, UnknownServer};

/// Holds the key of the API.
pub const API_KEY_VARIABLE: &str = "MISTRAL_API_KEY";
/// Names a file that holds a service account's token. Wins over [`API_KEY_VARIABLE`].
pub const TOKEN_PATH_VARIABLE: &str = "MISTRAL_SA_TOKEN_PATH";
/// Names the server, or gives the URL of one.
pub const SERVER_VARIABLE: &str = "MISTRAL_SERVER";

/// Mistral's own API.
///
/// Offers every operation. Keys are sent as `Authorization: Bearer …` and never printed.
#[derive(Clone)]
pub struct MistralApi {
    place: Place,
    key: KeySource,
}

#[derive(Clone)]
enum Place {
    Server(Server),
    Url(Url),
}

impl MistralApi {
    /// Uses `key` on the default server.
    ///
    /// White space around the key is dropped, and so is a leading `Bearer `.
    ///
    /// # Errors
    /// Fails when the key is empty or has characters that no key has.
    pub fn new(key: impl Into<SecretString>) -> Result<Self> {
        let header = bearer(key.into().expose_secret())
            .map_err(|why| Error::config(format!("the API key {why}")))?;
        Ok(Self::with(KeySource::Fixed(header)))
    }

    /// Takes the key, and the server, from the environment.
    ///
    /// If `MISTRAL_SA_TOKEN_PATH` is set, it names a file with a token, which is read
    /// afresh for every request. Otherwise the key is in `MISTRAL_API_KEY`.
    /// `MISTRAL_SERVER` may hold a server's name (`global`, `eu`, `us`) or a base URL.
    ///
    /// # Errors
    /// Fails when neither variable is set, or when one has a value that cannot work.
    pub fn from_env() -> Result<Self> {
        let api = match (variable(TOKEN_PATH_VARIABLE)?, variable(API_KEY_VARIABLE)?) {
            (Some(path), _) => Self::from_token_file(path),
            (None, Some(key)) => {
                let header = bearer(&key)
                    .map_err(|why| Error::config(format!("{API_KEY_VARIABLE} {why}")))?;
                Self::with(KeySource::Fixed(header))
            }
            (None, None) => {
                return Err(Error::config(format!(
                    "{API_KEY_VARIABLE} is not set: set it to a key from \
                     https://console.mistral.ai, or use `MistralApi::new`"
                )));
            }
        };
        match variable(SERVER_VARIABLE)? {
            Some(server) if server.contains("://") => api.at(SERVER_VARIABLE, &server),
            Some(server) => match server.parse() {
                Ok(server) => Ok(api.server(server)),
                Err(why) => Err(Error::config(format!("{SERVER_VARIABLE}: {why}"))),
            },
            None => Ok(api),
        }
    }

    /// Reads the key from a file, afresh for every request.
    ///
    /// A file that is missing or empty is the error of the request, not of this.
    pub fn from_token_file(path: impl Into<PathBuf>) -> Self {
        Self::from_token_source(TokenFile(path.into()))
    }

    /// Asks `key` for the key of every request. It must not block; for what takes time,
    /// see [`from_token_source`](Self::from_token_source).
    ///
    /// ```
    /// # fn current_key() -> String { "key".into() }
    /// use mistral_api::MistralApi;
    ///
    /// let api = MistralApi::from_key_fn(|| Ok(current_key()));
    /// # let _ = api;
    /// ```
    pub fn from_key_fn<K, F>(key: F) -> Self
    where
        K: Into<SecretString>,
        F: Fn() -> Result<K> + Send + Sync + 'static,
    {
        Self::from_token_source(KeyFunction(move || key().map(Token::new)))
    }

    /// Asks `source` for the key of every request.
    pub fn from_token_source(source: impl TokenSource) -> Self {
        Self::with(KeySource::Source(Arc::new(source)))
    }

    fn with(key: KeySource) -> Self {
        Self {
            place: Place::Server(Server::default()),
            key,
        }
    }

    /// Uses another of Mistral's servers. Default: [`Server::Global`].
    #[must_use]
    pub fn server(mut self, server: Server) -> Self {
        self.place = Place::Server(server);
        self
    }

    /// Uses a server by its URL: a gateway, a proxy, a deployment of your own.
    ///
    /// A path is kept; a trailing slash or `/v1` makes no difference.
    ///
    /// # Errors
    /// Fails when this is not a URL of `http` or `https`, or when it has a query, a
    /// fragment or a user.
    pub fn base_url(self, url: &str) -> Result<Self> {
        self.at("the base URL", url)
    }

    fn at(mut self, setting: &str, url: &str) -> Result<Self> {
        self.place = Place::Url(parse_base_url(setting, url)?);
        Ok(self)
    }
}

/// The variable's value, if it is set and not blank.
fn variable(name: &str) -> Result<Option<String>> {
    match std::env::var(name) {
        Ok(value) => Ok(Some(value.trim().to_owned()).filter(|value| !value.is_empty())),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => {
            Err(Error::config(format!("{name} is not valid UTF-8")))
        }
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
        match (request.base_url, &self.place) {
            (Some(url), _) | (None, Place::Url(url)) => Route::join(url, request.path),
            (None, Place::Server(server)) => {
                Route::join(&parse_base_url("the server", server.url())?, request.path)
            }
        }
    }

    async fn authorize(&self, _: Option<&HeaderMap>, headers: &mut HeaderMap) -> Result<()> {
        let header: HeaderValue = match &self.key {
            KeySource::Fixed(header) => header.clone(),
            KeySource::Source(source) => {
                let token = source.token().await?;
                bearer(token.secret.expose_secret())
                    .map_err(|why| Error::credentials(format!("the key {why}")))?
            }
        };
        headers.insert(AUTHORIZATION, header);
        Ok(())
    }
}

/// Prints the server, never the key.
impl fmt::Debug for MistralApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MistralApi")
            .field(
                "base_url",
                &match &self.place {
                    Place::Server(server) => server.url(),
                    Place::Url(url) => url.as_str(),
                },
            )
            .field("key", &self.key)
            .finish()
    }
}
