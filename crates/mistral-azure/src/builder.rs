use std::fmt;
use std::sync::Arc;

use mistral_core::{Error, Result};

use mistral_core::provider::{Token, TokenCache, TokenSource};
use secrecy::{ExposeSecret, SecretString};

use crate::key::{Credentials, KeyFunction};
use crate::place::Place;
use crate::{
    API_KEY_VARIABLE, API_VERSION_VARIABLE, AzureAuth, AzureForm, ENDPOINT_VARIABLE,
    MODEL_VARIABLE, MistralAzure, OTHER_ENDPOINT_VARIABLE,
};

/// Makes a [`MistralAzure`]. Needs an endpoint, and a key or another credential.
#[derive(Clone, Default)]
#[must_use = "call `build`"]
pub struct MistralAzureBuilder {
    endpoint: Option<Setting<String>>,
    secret: Option<Secret>,
    api_version: Option<Setting<String>>,
    model: Option<Setting<String>>,
    form: Option<AzureForm>,
    auth: Option<AzureAuth>,
    #[cfg(feature = "entra")]
    scope: Option<String>,
}

/// A value, and the name of what it was set with.
#[derive(Debug, Clone)]
struct Setting<T> {
    name: &'static str,
    value: T,
}

#[derive(Clone)]
enum Secret {
    Key(Setting<SecretString>),
    Function(Arc<dyn TokenSource>),
    Source(Arc<dyn TokenSource>),
    #[cfg(feature = "entra")]
    Credential(Arc<dyn azure_core::credentials::TokenCredential>),
}

impl MistralAzureBuilder {
    /// Sets the endpoint, as the portal shows it: with or without the path of an operation
    /// or a deployment, a trailing slash, an `api-version`.
    ///
    /// A host that is not Azure's, for example a gateway's, counts as
    /// [`AzureForm::Foundry`], unless its path shows another form or [`form`](Self::form)
    /// names one. What its path has in front of the form's own stays in front.
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = set("`endpoint`", url);
        self
    }

    /// Sets the key. White space around it is dropped, and so is a leading `Bearer `.
    ///
    /// The last one of `api_key`, `api_key_fn`, `token_source` and `credential` counts.
    pub fn api_key(mut self, key: impl Into<SecretString>) -> Self {
        let (name, value) = ("`api_key`", key.into());
        self.secret = Some(Secret::Key(Setting { name, value }));
        self
    }

    /// Asks `key` for the key of every attempt. It must not block; for what takes time, see
    /// [`token_source`](Self::token_source).
    pub fn api_key_fn<K, F>(mut self, key: F) -> Self
    where
        K: Into<SecretString>,
        F: Fn() -> Result<K> + Send + Sync + 'static,
    {
        let function = KeyFunction(move || key().map(Token::new));
        self.secret = Some(Secret::Function(Arc::new(function)));
        self
    }

    /// Asks `source` for tokens, and keeps each for as long as it is good: any number of
    /// calls ask once, and once more after a 401.
    ///
    /// They are sent as `Bearer`, unless [`auth`](Self::auth) says otherwise.
    pub fn token_source(mut self, source: impl TokenSource) -> Self {
        self.secret = Some(Secret::Source(Arc::new(source)));
        self
    }

    /// Asks a credential of Entra ID for tokens, for example one of the crate
    /// `azure_identity`, and keeps each for as long as it is good: any number of calls ask
    /// once, and once more after a 401.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use azure_core::credentials::TokenCredential;
    /// use mistral_azure::MistralAzure;
    ///
    /// fn azure(credential: Arc<dyn TokenCredential>) -> mistral_core::Result<MistralAzure> {
    ///     MistralAzure::builder_from_env()? // AZURE_ENDPOINT
    ///         .credential(credential)
    ///         .build()
    /// }
    /// # let _ = azure;
    /// ```
    #[cfg(feature = "entra")]
    pub fn credential(
        mut self,
        credential: Arc<dyn azure_core::credentials::TokenCredential>,
    ) -> Self {
        self.secret = Some(Secret::Credential(credential));
        self
    }

    /// Sets the scope of the tokens that [`credential`](Self::credential) is asked for.
    ///
    /// Default: [`DEFAULT_SCOPE`](crate::DEFAULT_SCOPE), or its like in the clouds of
    /// `azure.us` and `azure.cn`.
    #[cfg(feature = "entra")]
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// Sets the `api-version`, for the forms that have one. Default: that of the endpoint's
    /// query, else [`DEFAULT_API_VERSION`](crate::DEFAULT_API_VERSION).
    pub fn api_version(mut self, version: impl Into<String>) -> Self {
        self.api_version = set("`api_version`", version);
        self
    }

    /// Sets the model, which on Azure is the name of the deployment, of requests that name
    /// none. Default: the deployment in the endpoint's path, else
    /// [`DEFAULT_MODEL`](crate::DEFAULT_MODEL).
    pub fn model(mut self, deployment: impl Into<String>) -> Self {
        self.model = set("`model`", deployment);
        self
    }

    /// Sets the form of the endpoint's URLs. Default: what its host and path show.
    pub fn form(mut self, form: AzureForm) -> Self {
        self.form = Some(form);
        self
    }

    /// Sets how the key is sent. Default: as the endpoint's host wants it; see
    /// [`AzureAuth`].
    pub fn auth(mut self, auth: AzureAuth) -> Self {
        self.auth = Some(auth);
        self
    }

    /// Takes from the environment what is set there.
    pub(crate) fn from_env() -> Result<Self> {
        let mut builder = Self::default();
        for name in [ENDPOINT_VARIABLE, OTHER_ENDPOINT_VARIABLE] {
            if builder.endpoint.is_none() {
                builder.endpoint = variable(name)?;
            }
        }
        builder.api_version = variable(API_VERSION_VARIABLE)?;
        builder.model = variable(MODEL_VARIABLE)?;
        builder.secret = variable(API_KEY_VARIABLE)?.map(|Setting { name, value }| {
            let value = SecretString::from(value);
            Secret::Key(Setting { name, value })
        });
        Ok(builder)
    }

    /// Makes the provider. Sends nothing.
    ///
    /// # Errors
    /// Fails when the endpoint or the credential is missing, or when a setting cannot work;
    /// the message names it and the fix.
    pub fn build(self) -> Result<MistralAzure> {
        let Some(endpoint) = self.endpoint else {
            return Err(Error::config(format!(
                "the endpoint is not set: set {ENDPOINT_VARIABLE} to the URL from the \
                 deployment's page, or call `endpoint`"
            )));
        };
        let mut place = Place::parse(endpoint.name, &endpoint.value, self.form)?;
        place.form = self.form.unwrap_or(place.form);
        let host = place.host;
        let by_token = self.auth.unwrap_or(AzureAuth::Bearer);
        let (auth, credentials) = match self.secret {
            None => {
                return Err(Error::config(format!(
                    "the key is not set: set {API_KEY_VARIABLE} to the key from the \
                     deployment's page, or call `api_key` or, for tokens of Entra ID, \
                     `credential` (cargo feature `entra`)"
                )));
            }
            Some(Secret::Key(key)) => {
                let auth = self.auth.unwrap_or_else(|| host.auth());
                let header = auth
                    .value(key.value.expose_secret())
                    .map_err(|why| Error::config(format!("{} {why}", key.name)))?;
                (auth, Credentials::Fixed(header))
            }
            Some(Secret::Function(function)) => {
                let auth = self.auth.unwrap_or_else(|| host.auth());
                (auth, Credentials::Asked(function))
            }
            Some(Secret::Source(source)) => {
                let tokens = TokenCache::shared(source);
                (by_token, Credentials::Kept(Arc::new(tokens)))
            }
            #[cfg(feature = "entra")]
            Some(Secret::Credential(credential)) => {
                if by_token != AzureAuth::Bearer {
                    return Err(Error::config(
                        "`auth`: tokens of Entra ID are sent as `Bearer`: leave `auth` out, or \
                         give a key in place of `credential`",
                    ));
                }
                let scope = match self.scope {
                    Some(scope) if scope.trim().is_empty() => {
                        return Err(Error::config(
                            "`scope` is empty: leave it out for the default",
                        ));
                    }
                    Some(scope) => scope,
                    None => {
                        let host = place.base.host_str().unwrap_or_default();
                        crate::host::scope(host).to_owned()
                    }
                };
                let tokens = TokenCache::new(crate::entra::EntraTokens { credential, scope });
                (by_token, Credentials::Kept(Arc::new(tokens)))
            }
        };
        Ok(MistralAzure {
            form: self.form,
            api_version: filled(self.api_version)?,
            model: filled(self.model)?,
            place,
            auth,
            credentials,
        })
    }
}

fn set(name: &'static str, value: impl Into<String>) -> Option<Setting<String>> {
    let value = value.into();
    Some(Setting { name, value })
}

/// A value that is not blank, if there is any.
fn filled(setting: Option<Setting<String>>) -> Result<Option<String>> {
    let Some(Setting { name, value }) = setting else {
        return Ok(None);
    };
    match value.trim() {
        "" => Err(Error::config(format!(
            "{name} is empty: leave it out for the default"
        ))),
        value => Ok(Some(value.to_owned())),
    }
}

/// The variable's value, if it is set and not blank.
fn variable(name: &'static str) -> Result<Option<Setting<String>>> {
    match std::env::var(name) {
        Ok(value) if value.trim().is_empty() => Ok(None),
        Ok(value) => Ok(Some(Setting { name, value })),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => {
            Err(Error::config(format!("{name} is not valid UTF-8")))
        }
    }
}

/// Prints the settings, never the key.
impl fmt::Debug for MistralAzureBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_set = self.secret.as_ref().map(|_| "[redacted]");
        f.debug_struct("MistralAzureBuilder")
            .field("form", &self.form)
            .field("auth", &self.auth)
            .field("api_version", &self.api_version)
            .field("model", &self.model)
            .field("secret", &is_set)
            .finish_non_exhaustive()
    }
}
