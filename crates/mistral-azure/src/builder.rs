use std::fmt;
use std::sync::Arc;

use mistral_core::{Error, Result};

use mistral_core::provider::{Token, TokenCache, TokenSource, env_var};
use secrecy::{ExposeSecret, SecretString};

use crate::credentials::{AzureAuth, Credentials, KeyFn};
use crate::endpoint::{AzureEndpoint, EndpointKind, KindSettings};
#[cfg(feature = "entra")]
use crate::entra::EntraTokenSource;
use crate::env::{
    self, API_KEY_VARIABLE, API_VERSION_VARIABLE, AZUREAI_ENDPOINT_VARIABLE, ENDPOINT_VARIABLE,
    MODEL_VARIABLE,
};
use crate::provider::MistralAzure;
use crate::scope::default_scope;

impl MistralAzure {
    /// Creates a builder without any settings.
    pub fn builder() -> MistralAzureBuilder {
        MistralAzureBuilder::default()
    }

    /// Creates a provider from environment variables.
    ///
    /// | variable | setting |
    /// |---|---|
    /// | `AZURE_ENDPOINT` or `AZUREAI_ENDPOINT` | [`endpoint`](MistralAzureBuilder::endpoint) |
    /// | `AZURE_ENDPOINT_KIND`: `openai-v1`, `models`, `deployments` or `serverless` | the kind of an endpoint whose URL shows none |
    /// | `AZURE_API_KEY` | [`api_key`](MistralAzureBuilder::api_key) |
    /// | `AZURE_API_VERSION` | [`api_version`](MistralAzureBuilder::api_version) |
    /// | `AZURE_MODEL` | [`model`](MistralAzureBuilder::model) |
    ///
    /// White space and one pair of quotes around a value are removed. To combine the variables with
    /// other settings, use [`MistralAzureBuilder::or_env`].
    ///
    /// # Errors
    /// Fails if the endpoint or the key is not set, or if a variable holds an invalid value.
    pub fn from_env() -> Result<Self> {
        Self::builder().or_env()?.build()
    }
}

/// A builder for [`MistralAzure`]. Requires an endpoint and a credential.
///
/// ```
/// # fn main() -> mistral_sdk::Result<()> {
/// use mistral_sdk::MistralAzure;
///
/// let azure = MistralAzure::builder()
///     .endpoint("https://my-resource.services.ai.azure.com")
///     .api_key("my-key")
///     .build()?;
/// # assert!(!format!("{azure:?}").contains("my-key"));
/// # Ok(()) }
/// ```
#[derive(Clone, Default)]
#[must_use = "a builder does nothing until it is built"]
pub struct MistralAzureBuilder {
    endpoint: Option<Setting<String>>,
    credential: Option<CredentialSource>,
    api_version: Option<Setting<String>>,
    model: Option<Setting<String>>,
    endpoint_kind: Option<EndpointKind>,
    /// The kind that applies where the URL shows none.
    env_kind: Option<EndpointKind>,
    auth: Option<AzureAuth>,
    /// The scope of the tokens of an Entra ID credential.
    scope: Option<Setting<String>>,
}

/// A value and the name of the method or variable that set it, for error messages.
#[derive(Debug, Clone)]
struct Setting<T> {
    name: &'static str,
    value: T,
}

#[derive(Clone)]
enum CredentialSource {
    Key(Setting<SecretString>),
    KeyFn(Arc<dyn TokenSource>),
    TokenSource(Arc<dyn TokenSource>),
    #[cfg(feature = "entra")]
    Entra(Arc<dyn azure_core::credentials::TokenCredential>),
}

impl MistralAzureBuilder {
    /// Sets the endpoint, as the portal shows it: with or without the path of an operation
    /// or a deployment, a trailing slash, an `api-version`, quotes around it.
    ///
    /// Its path decides about the route of chat. Without a path, chat of a Foundry resource
    /// (`https://<resource>.services.ai.azure.com`) is at `/openai/v1/chat/completions`. If an
    /// [`api_version`](Self::api_version) is set, here or in the URL, it is at
    /// `/models/chat/completions`, which has one. [`endpoint_kind`](Self::endpoint_kind) and the
    /// variable `AZURE_ENDPOINT_KIND` select a route by name.
    ///
    /// A host that does not belong to Azure, for example a gateway, is treated like a Foundry
    /// resource. A path prefix of the gateway is kept.
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = setting("`endpoint`", url);
        self
    }

    /// Sets a fixed API key. Trims whitespace around it and strips a leading `Bearer `.
    ///
    /// Replaces an earlier `api_key`, `api_key_fn`, `token_source` or `credential`.
    pub fn api_key(mut self, key: impl Into<SecretString>) -> Self {
        let (name, value) = ("`api_key`", key.into());
        self.credential = Some(CredentialSource::Key(Setting { name, value }));
        self
    }

    /// Calls `key` for the key of every attempt.
    ///
    /// `key` must not block. To fetch a key asynchronously, use
    /// [`token_source`](Self::token_source).
    pub fn api_key_fn<K, F>(mut self, key: F) -> Self
    where
        K: Into<SecretString>,
        F: Fn() -> Result<K> + Send + Sync + 'static,
    {
        let function = KeyFn(move || key().map(Token::new));
        self.credential = Some(CredentialSource::KeyFn(Arc::new(function)));
        self
    }

    /// Fetches tokens from `source` and caches each until it expires. Concurrent calls share
    /// one fetch. A 401 causes one refresh.
    ///
    /// Tokens are sent as `Authorization: Bearer`, unless [`auth`](Self::auth) is set.
    pub fn token_source(mut self, source: impl TokenSource) -> Self {
        self.credential = Some(CredentialSource::TokenSource(Arc::new(source)));
        self
    }

    /// Fetches Entra ID tokens from `credential`, for example one of the crate
    /// `azure_identity`, and caches each until it expires. Concurrent calls share one fetch. A
    /// 401 causes one refresh.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use azure_core::credentials::TokenCredential;
    /// use mistral_sdk::MistralAzure;
    ///
    /// fn azure(credential: Arc<dyn TokenCredential>) -> mistral_sdk::Result<MistralAzure> {
    ///     MistralAzure::builder()
    ///         .credential(credential)
    ///         .or_env()? // AZURE_ENDPOINT
    ///         .build()
    /// }
    /// # let _ = azure;
    /// ```
    #[cfg(feature = "entra")]
    pub fn credential(
        mut self,
        credential: Arc<dyn azure_core::credentials::TokenCredential>,
    ) -> Self {
        self.credential = Some(CredentialSource::Entra(credential));
        self
    }

    /// Sets the scope for which tokens are requested from [`credential`](Self::credential).
    ///
    /// Default: [`AI_SCOPE`](crate::AI_SCOPE) for [`EndpointKind::OpenAiV1`],
    /// [`MACHINE_LEARNING_SCOPE`](crate::MACHINE_LEARNING_SCOPE) for
    /// `inference.ml.azure.com`, and
    /// [`COGNITIVE_SERVICES_SCOPE`](crate::COGNITIVE_SERVICES_SCOPE) for all others; on hosts of
    /// `azure.us` the equivalents of that cloud, and on hosts of `azure.cn`
    /// `https://cognitiveservices.azure.cn/.default`.
    #[cfg(feature = "entra")]
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = setting("`scope`", scope);
        self
    }

    /// Sets the `api-version`, for the routes that have one. It selects
    /// [`EndpointKind::Models`] for a Foundry resource without a path.
    ///
    /// Default: the one in the endpoint's query, otherwise
    /// [`DEFAULT_API_VERSION`](crate::DEFAULT_API_VERSION) for chat and none for OCR.
    pub fn api_version(mut self, version: impl Into<String>) -> Self {
        self.api_version = setting("`api_version`", version);
        self
    }

    /// Sets the deployment for requests without a model.
    ///
    /// Default: the deployment in the endpoint's path, otherwise
    /// [`DEFAULT_MODEL`](crate::DEFAULT_MODEL).
    pub fn model(mut self, deployment: impl Into<String>) -> Self {
        self.model = setting("`model`", deployment);
        self
    }

    /// Sets the URL layout of the endpoint, whatever its host and path show.
    ///
    /// Default: detected from them; see [`endpoint`](Self::endpoint). For example,
    /// [`EndpointKind::Models`] sends chat of a Foundry resource to `/models/chat/completions`,
    /// as Mistral's official SDK does:
    ///
    /// ```
    /// # fn main() -> mistral_sdk::Result<()> {
    /// use mistral_sdk::{EndpointKind, MistralAzure};
    ///
    /// let azure = MistralAzure::builder()
    ///     .endpoint("https://my-resource.services.ai.azure.com")
    ///     .endpoint_kind(EndpointKind::Models)
    ///     .api_key("my-key")
    ///     .build()?;
    /// # let _ = azure;
    /// # Ok(()) }
    /// ```
    pub fn endpoint_kind(mut self, kind: EndpointKind) -> Self {
        self.endpoint_kind = Some(kind);
        self
    }

    /// Sets the header in which the key or token is sent. Default: see [`AzureAuth`].
    pub fn auth(mut self, auth: AzureAuth) -> Self {
        self.auth = Some(auth);
        self
    }

    /// Fills unset settings from environment variables; see [`MistralAzure::from_env`].
    ///
    /// # Errors
    /// Fails if a variable is not valid UTF-8, or if `AZURE_ENDPOINT_KIND` names no kind.
    pub fn or_env(mut self) -> Result<Self> {
        for (setting, name) in [
            (&mut self.endpoint, ENDPOINT_VARIABLE),
            (&mut self.api_version, API_VERSION_VARIABLE),
            (&mut self.model, MODEL_VARIABLE),
        ] {
            if setting.is_none() {
                *setting = env_setting(name)?;
            }
        }
        if self.endpoint.is_none() {
            self.endpoint = env_setting(AZUREAI_ENDPOINT_VARIABLE)?;
        }
        if self.endpoint_kind.is_none() {
            self.env_kind = env::endpoint_kind()?;
        }
        if self.credential.is_none() {
            self.credential = env_setting(API_KEY_VARIABLE)?.map(|Setting { name, value }| {
                let value = SecretString::from(value);
                CredentialSource::Key(Setting { name, value })
            });
        }
        Ok(self)
    }

    /// Builds the provider. Performs no I/O.
    ///
    /// # Errors
    /// Fails if the endpoint or the credential is missing, or if a setting is invalid. The
    /// message names the setting.
    pub fn build(self) -> Result<MistralAzure> {
        let endpoint = self.endpoint.ok_or_else(missing_endpoint)?;
        let api_version = trimmed(self.api_version)?;
        let kinds = KindSettings {
            forced: self.endpoint_kind,
            preferred: self.env_kind,
            has_api_version: api_version.is_some(),
        };
        let endpoint = AzureEndpoint::parse(endpoint.name, &endpoint.value, kinds)?;
        let name = endpoint.chat_base.host_str().unwrap_or_default();
        let default_scope = default_scope(endpoint.host, name, endpoint.kind);
        let scope = trimmed(self.scope)?.unwrap_or_else(|| default_scope.to_owned());
        let credential = self.credential.ok_or_else(missing_key)?;
        let requested_scope = credential.requests_tokens().then(|| scope.clone());
        let (auth, credentials) = credential.with_auth(self.auth, &endpoint, scope)?;
        Ok(MistralAzure {
            base_url_kinds: KindSettings {
                forced: None,
                preferred: self.endpoint_kind.or(self.env_kind),
                ..kinds
            },
            api_version,
            model: trimmed(self.model)?,
            endpoint,
            auth,
            credentials,
            requested_scope,
            default_scope,
        })
    }
}

impl CredentialSource {
    /// Whether the SDK requests the tokens from Entra ID, and knows their scope.
    fn requests_tokens(&self) -> bool {
        match self {
            Self::Key(_) | Self::KeyFn(_) | Self::TokenSource(_) => false,
            #[cfg(feature = "entra")]
            Self::Entra(_) => true,
        }
    }

    /// Returns the header and the credentials for an endpoint. `auth` is the header that is set,
    /// `scope` that of Entra ID tokens.
    #[cfg_attr(
        not(feature = "entra"),
        expect(unused_variables, reason = "only tokens of Entra ID have a scope")
    )]
    fn with_auth(
        self,
        auth: Option<AzureAuth>,
        endpoint: &AzureEndpoint,
        scope: String,
    ) -> Result<(AzureAuth, Credentials)> {
        let key_auth = auth.unwrap_or_else(|| endpoint.host.default_auth(endpoint.kind));
        let token_auth = auth.unwrap_or(AzureAuth::Bearer);
        Ok(match self {
            Self::Key(key) => {
                let header = key_auth
                    .header_value(key.value.expose_secret())
                    .map_err(|reason| Error::config(format!("{} {reason}", key.name)))?;
                (key_auth, Credentials::Static(header))
            }
            Self::KeyFn(function) => (key_auth, Credentials::Dynamic(function)),
            Self::TokenSource(source) => {
                let tokens = TokenCache::shared(source);
                (token_auth, Credentials::Cached(Arc::new(tokens)))
            }
            #[cfg(feature = "entra")]
            Self::Entra(credential) => {
                if token_auth != AzureAuth::Bearer {
                    return Err(Error::config(
                        "`auth`: Entra ID tokens are always sent as `Authorization: Bearer`: remove \
                         `auth`, or set `api_key` in place of `credential`",
                    ));
                }
                let tokens = TokenCache::new(EntraTokenSource { credential, scope });
                (token_auth, Credentials::Cached(Arc::new(tokens)))
            }
        })
    }
}

fn missing_endpoint() -> Error {
    Error::config(format!(
        "the Azure endpoint is not set: set {ENDPOINT_VARIABLE} to the URL from the deployment's \
         page, or call `MistralAzureBuilder::endpoint`"
    ))
}

fn missing_key() -> Error {
    Error::config(format!(
        "the Azure key is not set: set {API_KEY_VARIABLE} to the key from the deployment's page, or \
         call `MistralAzureBuilder::api_key` or, for Entra ID tokens, \
         `MistralAzureBuilder::credential` (cargo feature `entra`)"
    ))
}

fn setting(name: &'static str, value: impl Into<String>) -> Option<Setting<String>> {
    let value = value.into();
    Some(Setting { name, value })
}

/// Trims a value. Fails if it is blank.
fn trimmed(setting: Option<Setting<String>>) -> Result<Option<String>> {
    let Some(Setting { name, value }) = setting else {
        return Ok(None);
    };
    match value.trim() {
        "" => Err(Error::config(format!(
            "{name} is empty: remove it to use the default"
        ))),
        value => Ok(Some(value.to_owned())),
    }
}

fn env_setting(name: &'static str) -> Result<Option<Setting<String>>> {
    Ok(env_var(name)?.map(|value| Setting { name, value }))
}

/// Shows the settings, never the key.
impl fmt::Debug for MistralAzureBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let credential = self.credential.as_ref().map(|_| "[redacted]");
        f.debug_struct("MistralAzureBuilder")
            .field("endpoint_kind", &self.endpoint_kind)
            .field("auth", &self.auth)
            .field("api_version", &self.api_version)
            .field("model", &self.model)
            .field("credential", &credential)
            .finish_non_exhaustive()
    }
}
