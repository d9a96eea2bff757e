use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use mistral_core::provider::{Token, TokenSource, env_var};
use mistral_core::{Error, Result};
use secrecy::{ExposeSecret, SecretString};

use crate::credentials::{Credentials, KeyFn, TokenFile, bearer_header};
use crate::provider::{BaseUrl, MistralApi};
use crate::server::Server;
use crate::{API_KEY_VARIABLE, SERVER_VARIABLE, TOKEN_PATH_VARIABLE};

impl MistralApi {
    /// Creates a provider with a fixed API key, for the default server. The short form of
    /// [`builder`](Self::builder) with [`api_key`](MistralApiBuilder::api_key).
    ///
    /// Trims whitespace around the key and strips a leading `Bearer `.
    ///
    /// # Errors
    /// Fails if the key is empty, or contains a control or non-ASCII character.
    pub fn new(key: impl Into<SecretString>) -> Result<Self> {
        let (name, value) = ("the API key", key.into());
        let credentials = Some(CredentialSource::Key(Setting { name, value }));
        let builder = MistralApiBuilder {
            credentials,
            ..MistralApiBuilder::default()
        };
        builder.build()
    }

    /// Creates a builder without any settings.
    pub fn builder() -> MistralApiBuilder {
        MistralApiBuilder::default()
    }

    /// Creates a provider from environment variables.
    ///
    /// | variable | setting |
    /// |---|---|
    /// | `MISTRAL_API_KEY` | [`api_key`](MistralApiBuilder::api_key) |
    /// | `MISTRAL_SA_TOKEN_PATH`, which takes precedence | [`token_file`](MistralApiBuilder::token_file) |
    /// | `MISTRAL_SERVER`: a server's name (`global`, `eu`, `us`) or a base URL | [`server`](MistralApiBuilder::server) or [`base_url`](MistralApiBuilder::base_url) |
    ///
    /// White space and one pair of quotes around a value, or around the token in the file, are
    /// removed. To combine the variables with other settings, use [`MistralApiBuilder::or_env`].
    ///
    /// # Errors
    /// Fails if neither `MISTRAL_SA_TOKEN_PATH` nor `MISTRAL_API_KEY` is set, or if a variable
    /// holds an invalid value.
    pub fn from_env() -> Result<Self> {
        Self::builder().or_env()?.build()
    }
}

/// A builder for [`MistralApi`]. Requires a credential, or a server that needs none.
///
/// ```
/// use mistral_sdk::MistralApi;
///
/// # fn main() -> mistral_sdk::Result<()> {
/// let gateway = MistralApi::builder()
///     .base_url("https://gateway.example/mistral")
///     .api_key("my-key")
///     .build()?;
///
/// // vLLM, Ollama, llama.cpp and other servers on this machine
/// let local = MistralApi::builder()
///     .base_url("http://localhost:8000/v1")
///     .without_key()
///     .build()?;
/// # assert!(!format!("{gateway:?} {local:?}").contains("my-key"));
/// # Ok(()) }
/// ```
#[derive(Clone, Default)]
#[must_use = "a builder does nothing until it is built"]
pub struct MistralApiBuilder {
    server: Option<ServerSource>,
    credentials: Option<CredentialSource>,
}

/// A value and the name of the method or variable that set it, for error messages.
#[derive(Debug, Clone)]
struct Setting<T> {
    name: &'static str,
    value: T,
}

#[derive(Debug, Clone)]
enum ServerSource {
    Server(Server),
    Url(Setting<String>),
    /// A server's name or a URL.
    Variable(String),
}

#[derive(Clone)]
enum CredentialSource {
    Key(Setting<SecretString>),
    Source(Arc<dyn TokenSource>),
    WithoutKey,
}

impl MistralApiBuilder {
    /// Sets one of Mistral's servers. Default: [`Server::Global`].
    ///
    /// Replaces an earlier `server` or `base_url`.
    pub fn server(mut self, server: Server) -> Self {
        self.server = Some(ServerSource::Server(server));
        self
    }

    /// Sets the base URL of a gateway, a proxy or a self-hosted deployment.
    ///
    /// A path is kept. A trailing slash, `/v1`, or the path of an operation with its version is
    /// ignored, as in `https://api.mistral.ai/v1/chat/completions`.
    ///
    /// Replaces an earlier `server` or `base_url`.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        let (name, value) = ("`base_url`", url.into());
        self.server = Some(ServerSource::Url(Setting { name, value }));
        self
    }

    /// Sets a fixed API key. Trims whitespace around it and strips a leading `Bearer `.
    ///
    /// Replaces an earlier `api_key`, `api_key_fn`, `token_file`, `token_source` or `without_key`.
    pub fn api_key(mut self, key: impl Into<SecretString>) -> Self {
        let (name, value) = ("`api_key`", key.into());
        self.credentials = Some(CredentialSource::Key(Setting { name, value }));
        self
    }

    /// Calls `key` for the key of every attempt.
    ///
    /// `key` must not block. To fetch a key asynchronously, use
    /// [`token_source`](Self::token_source).
    ///
    /// ```
    /// # fn current_key() -> String { "key".into() }
    /// use mistral_sdk::MistralApi;
    ///
    /// # fn main() -> mistral_sdk::Result<()> {
    /// let api = MistralApi::builder().api_key_fn(|| Ok(current_key())).build()?;
    /// # let _ = api;
    /// # Ok(()) }
    /// ```
    pub fn api_key_fn<K, F>(self, key: F) -> Self
    where
        K: Into<SecretString>,
        F: Fn() -> Result<K> + Send + Sync + 'static,
    {
        self.token_source(KeyFn(move || key().map(Token::new)))
    }

    /// Reads the key from the file at `path`, again for every attempt.
    ///
    /// A missing or empty file fails the call, not [`build`](Self::build).
    pub fn token_file(self, path: impl Into<PathBuf>) -> Self {
        self.token_source(TokenFile(path.into()))
    }

    /// Requests the key of every attempt from `source`, without a cache.
    pub fn token_source(mut self, source: impl TokenSource) -> Self {
        self.credentials = Some(CredentialSource::Source(Arc::new(source)));
        self
    }

    /// Sends no key, for a server that needs none: vLLM, Ollama, llama.cpp, or a gateway that adds
    /// the key by itself. Requires [`base_url`](Self::base_url).
    pub fn without_key(mut self) -> Self {
        self.credentials = Some(CredentialSource::WithoutKey);
        self
    }

    /// Fills unset settings from environment variables; see [`MistralApi::from_env`].
    ///
    /// # Errors
    /// Fails if a variable is not valid UTF-8.
    pub fn or_env(mut self) -> Result<Self> {
        if self.credentials.is_none() {
            let (path, key) = (env_var(TOKEN_PATH_VARIABLE)?, env_var(API_KEY_VARIABLE)?);
            self.credentials = match (path, key) {
                (Some(path), _) => Some(CredentialSource::Source(Arc::new(TokenFile(path.into())))),
                (None, key) => key.map(|key| {
                    let (name, value) = (API_KEY_VARIABLE, key.into());
                    CredentialSource::Key(Setting { name, value })
                }),
            };
        }
        if self.server.is_none() {
            self.server = env_var(SERVER_VARIABLE)?.map(ServerSource::Variable);
        }
        Ok(self)
    }

    /// Builds the provider. Performs no I/O.
    ///
    /// # Errors
    /// Fails if the credential is missing, or if a setting is invalid. The message names the
    /// setting.
    pub fn build(self) -> Result<MistralApi> {
        let credentials = match self.credentials {
            None => {
                return Err(Error::config(format!(
                    "{API_KEY_VARIABLE} is not set: set it to a key from \
                     https://console.mistral.ai, or call `MistralApiBuilder::api_key` or, for a \
                     server that needs no key, `MistralApiBuilder::without_key`"
                )));
            }
            Some(CredentialSource::Key(Setting { name, value })) => {
                let header = bearer_header(value.expose_secret());
                Credentials::Static(
                    header.map_err(|reason| Error::config(format!("{name} {reason}")))?,
                )
            }
            Some(CredentialSource::Source(source)) => Credentials::Dynamic(source),
            Some(CredentialSource::WithoutKey) => Credentials::WithoutKey,
        };
        let base_url = match self.server {
            None => BaseUrl::default(),
            Some(ServerSource::Server(server)) => BaseUrl::Server(server),
            Some(ServerSource::Url(url)) => BaseUrl::parse(url.name, &url.value)?,
            Some(ServerSource::Variable(url)) if url.contains("://") => {
                BaseUrl::parse(SERVER_VARIABLE, &url)?
            }
            Some(ServerSource::Variable(name)) => BaseUrl::Server(
                name.parse()
                    .map_err(|error| Error::config(format!("{SERVER_VARIABLE}: {error}")))?,
            ),
        };
        if let (Credentials::WithoutKey, BaseUrl::Server(_)) = (&credentials, &base_url) {
            return Err(Error::config(format!(
                "`without_key`: Mistral's own servers need a key: set \
                 `MistralApiBuilder::base_url` or {SERVER_VARIABLE} to the URL of another server, \
                 or call `MistralApiBuilder::api_key`"
            )));
        }
        Ok(MistralApi {
            base_url,
            credentials,
        })
    }
}

/// Shows the settings, never the key.
impl fmt::Debug for MistralApiBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let server: Option<&dyn fmt::Debug> = match &self.server {
            None => None,
            Some(ServerSource::Server(server)) => Some(server),
            // It may have a password, which `build` refuses.
            Some(ServerSource::Url(_) | ServerSource::Variable(_)) => Some(&"a URL"),
        };
        let credentials: Option<&dyn fmt::Debug> = match &self.credentials {
            None => None,
            Some(CredentialSource::Key(_)) => Some(&"[redacted]"),
            Some(CredentialSource::Source(source)) => Some(source),
            Some(CredentialSource::WithoutKey) => Some(&"without key"),
        };
        f.debug_struct("MistralApiBuilder")
            .field("server", &server)
            .field("credentials", &credentials)
            .finish()
    }
}
