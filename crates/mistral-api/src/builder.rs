use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use mistral_core::provider::{Token, TokenSource, env_var};
use mistral_core::{Error, Result};
use secrecy::SecretString;

use crate::credentials::{KeyFn, TokenFile};
use crate::provider::MistralApi;
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
    /// | `MISTRAL_SERVER`: the name of a [`Server`] (`eu`, `ollama`) or a base URL | [`server`](MistralApiBuilder::server) or [`base_url`](MistralApiBuilder::base_url) |
    ///
    /// A key is optional where [`build`](MistralApiBuilder::build) does not require one: for a
    /// server on this machine or in a private network, and for some others.
    ///
    /// White space and one pair of quotes around a value, or around the token in the file, are
    /// removed. To combine the variables with other settings, use [`MistralApiBuilder::or_env`].
    ///
    /// # Errors
    /// Fails if neither `MISTRAL_SA_TOKEN_PATH` nor `MISTRAL_API_KEY` is set although the server
    /// requires a key, or if a variable holds an invalid value.
    pub fn from_env() -> Result<Self> {
        Self::builder().or_env()?.build()
    }

    /// Creates a provider for a server that is not Mistral's from the variables of
    /// [`from_env`](Self::from_env). `MISTRAL_SERVER` is required, a key is not, whatever the
    /// host. `Client::from_env` calls this function where `MISTRAL_PROVIDER` is `local`.
    ///
    /// # Errors
    /// Fails if `MISTRAL_SERVER` is not set or names a server of Mistral's, so that nothing is sent
    /// there by mistake; if a [`Server`] that requires a key is named without one; or if a variable
    /// holds an invalid value.
    pub fn local_from_env() -> Result<Self> {
        let mut builder = Self::builder().or_env()?;
        builder.is_local = true;
        builder.build()
    }
}

/// A builder for [`MistralApi`]. Requires a credential unless the server needs none.
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
/// // vLLM, Ollama, llama.cpp and other servers
/// let local = MistralApi::builder().base_url("http://localhost:8000/v1").keyless().build()?;
/// # assert!(!format!("{gateway:?} {local:?}").contains("my-key"));
/// # Ok(()) }
/// ```
#[derive(Clone, Default)]
#[must_use = "a builder does nothing until it is built"]
pub struct MistralApiBuilder {
    pub(crate) server: Option<Server>,
    pub(crate) base_url: Option<UrlSource>,
    pub(crate) credentials: Option<CredentialSource>,
    /// Whether the server must not be Mistral's, and a key is optional.
    pub(crate) is_local: bool,
}

/// A value and the name of the method or variable that set it, for error messages.
#[derive(Debug, Clone)]
pub(crate) struct Setting<T> {
    pub(crate) name: &'static str,
    pub(crate) value: T,
}

#[derive(Debug, Clone)]
pub(crate) enum UrlSource {
    Url(Setting<String>),
    /// A server's name or a URL.
    Variable(String),
}

#[derive(Clone)]
pub(crate) enum CredentialSource {
    Key(Setting<SecretString>),
    Source(Arc<dyn TokenSource>),
    Keyless,
}

impl MistralApiBuilder {
    /// Sets a server with its address, and whether it requires a key. Default:
    /// [`Server::Global`].
    ///
    /// Replaces an earlier `server` or `base_url`.
    pub fn server(mut self, server: Server) -> Self {
        self.server = Some(server);
        self.base_url = None;
        self
    }

    /// Sets the base URL of a gateway, a proxy or a self-hosted deployment.
    ///
    /// A path is kept. A trailing slash, `/v1`, or the path of an operation with its version is
    /// ignored, as in `https://api.mistral.ai/v1/chat/completions`.
    ///
    /// To the URL of a Snowflake account without a path, `/api/v2/cortex` is added.
    ///
    /// Replaces an earlier `base_url`, and the address of an earlier `server`.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        let (name, value) = ("`base_url`", url.into());
        self.base_url = Some(UrlSource::Url(Setting { name, value }));
        self
    }

    /// Sets a fixed API key. Trims whitespace around it and strips a leading `Bearer `.
    ///
    /// Replaces an earlier `api_key`, `api_key_fn`, `token_file`, `token_source` or `keyless`.
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
    /// the key by itself. Requires [`base_url`](Self::base_url), or a [`server`](Self::server) that
    /// needs no key.
    ///
    /// Also keeps [`or_env`](Self::or_env) from reading a key. Where the server needs no key and
    /// none is set, `keyless` is the default; see [`build`](Self::build).
    pub fn keyless(mut self) -> Self {
        self.credentials = Some(CredentialSource::Keyless);
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
                // A mistake, also for a server that needs no key.
                (None, None) if has_only_quotes(API_KEY_VARIABLE) => {
                    return Err(Error::config(format!(
                        "{API_KEY_VARIABLE} is not set: there is nothing between its quotation \
                         marks. Set it to a key or, for a server that needs none, remove it"
                    )));
                }
                (None, key) => key.map(|key| {
                    let (name, value) = (API_KEY_VARIABLE, key.into());
                    CredentialSource::Key(Setting { name, value })
                }),
            };
        }
        if self.server.is_none() && self.base_url.is_none() {
            self.base_url = env_var(SERVER_VARIABLE)?.map(UrlSource::Variable);
        }
        Ok(self)
    }
}

/// Whether a variable without a value is not blank either.
fn has_only_quotes(variable: &str) -> bool {
    std::env::var(variable).is_ok_and(|value| !value.trim().is_empty())
}

/// Shows the settings, never the key.
impl fmt::Debug for MistralApiBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // It may have a password, which `build` refuses.
        let base_url = self.base_url.as_ref().map(|_| "a URL");
        let credentials: Option<&dyn fmt::Debug> = match &self.credentials {
            None => None,
            Some(CredentialSource::Key(_)) => Some(&"[redacted]"),
            Some(CredentialSource::Source(source)) => Some(source),
            Some(CredentialSource::Keyless) => Some(&"keyless"),
        };
        f.debug_struct("MistralApiBuilder")
            .field("server", &self.server)
            .field("base_url", &base_url)
            .field("credentials", &credentials)
            .finish()
    }
}
