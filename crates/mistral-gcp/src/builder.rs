use std::fmt;
#[cfg(feature = "adc")]
use std::path::PathBuf;
use std::sync::Arc;

use http::HeaderValue;
use mistral_core::provider::{TokenCache, TokenSource, secret_header};
#[cfg(feature = "adc")]
use mistral_core::transport::Transport;
use mistral_core::{Error, Result};
use secrecy::{ExposeSecret, SecretString};

#[cfg(feature = "adc")]
use crate::adc::{Adc, AdcTokenSource};
use crate::env::{
    DEFAULT_LOCATION, ENDPOINT_VARIABLE, GOOGLE_CLOUD_LOCATION_VARIABLE,
    GOOGLE_CLOUD_PROJECT_VARIABLE, MODEL_VARIABLE, PROJECT_VARIABLE, QUOTA_PROJECT_VARIABLE,
    REGION_VARIABLE, first_env_var,
};
use crate::location::{Project, VertexLocation, missing_project};
use crate::model::ModelNames;
#[cfg(feature = "adc")]
use crate::provider::ProjectLookup;
use crate::provider::{Credentials, MistralGcp};

impl MistralGcp {
    /// Creates a builder without any settings.
    pub fn builder() -> MistralGcpBuilder {
        MistralGcpBuilder::new()
    }

    /// Creates a provider from environment variables.
    ///
    /// | variable | setting |
    /// |---|---|
    /// | `GCP_PROJECT_ID` or `GOOGLE_CLOUD_PROJECT` | [`project`](MistralGcpBuilder::project) |
    /// | `GCP_REGION` or `GOOGLE_CLOUD_LOCATION` | [`location`](MistralGcpBuilder::location) |
    /// | `GCP_MODEL` | [`model`](MistralGcpBuilder::model) |
    /// | `GOOGLE_CLOUD_QUOTA_PROJECT` | [`quota_project`](MistralGcpBuilder::quota_project) |
    ///
    /// White space and one pair of quotes around a value are removed. The credentials are the
    /// Application Default Credentials. To combine the variables with other settings, use
    /// [`MistralGcpBuilder::or_env`].
    ///
    /// # Errors
    /// Fails if no project is set and none can be looked up at the first call, or if a variable
    /// holds an invalid value.
    pub fn from_env() -> Result<Self> {
        Self::builder().or_env()?.build()
    }
}

/// A builder for [`MistralGcp`]. Requires a project, unless the credentials provide one.
///
/// ```
/// # fn main() -> mistral_sdk::Result<()> {
/// use mistral_sdk::MistralGcp;
///
/// let gcp = MistralGcp::builder()
///     .project("my-project")
///     .location("global")
///     .model("mistral-small-2503")
///     .access_token("ya29.what-gcloud-auth-print-access-token-prints")
///     .build()?;
/// # assert!(!format!("{gcp:?}").contains("ya29"));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct MistralGcpBuilder {
    project: Option<String>,
    location: Option<String>,
    endpoint: Option<String>,
    quota_project: Option<String>,
    names: ModelNames,
    credentials: CredentialSource,
    #[cfg(feature = "adc")]
    token_transport: Option<Arc<dyn Transport>>,
}

/// The source of access tokens.
#[derive(Clone)]
enum CredentialSource {
    #[cfg(feature = "adc")]
    Adc(Adc),
    #[cfg(not(feature = "adc"))]
    Missing,
    Static(SecretString),
    TokenSource(Arc<dyn TokenSource>),
}

/// Shows the kind of source, never a token.
impl fmt::Debug for CredentialSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            #[cfg(feature = "adc")]
            Self::Adc(adc) => adc.fmt(f),
            #[cfg(not(feature = "adc"))]
            Self::Missing => f.write_str("none"),
            Self::Static(_) => f.write_str("[redacted]"),
            Self::TokenSource(source) => source.fmt(f),
        }
    }
}

impl MistralGcpBuilder {
    pub(crate) fn new() -> Self {
        Self {
            project: None,
            location: None,
            endpoint: None,
            quota_project: None,
            names: ModelNames::default(),
            #[cfg(feature = "adc")]
            credentials: CredentialSource::Adc(Adc::FromEnv),
            #[cfg(not(feature = "adc"))]
            credentials: CredentialSource::Missing,
            #[cfg(feature = "adc")]
            token_transport: None,
        }
    }

    /// Sets the id of the project whose models are called.
    ///
    /// Default: the project of the Application Default Credentials: `GOOGLE_CLOUD_PROJECT`,
    /// `GCLOUD_PROJECT`, or the project in their file. If none of these is set, the first call
    /// looks it up from the metadata server of Google Cloud and from `gcloud`.
    pub fn project(mut self, project: impl Into<String>) -> Self {
        self.project = Some(project.into());
        self
    }

    /// Sets the location: a region like `us-central1`, one of the multi-regions `eu` and
    /// `us`, or `global`. Default: [`DEFAULT_LOCATION`](crate::DEFAULT_LOCATION).
    pub fn location(mut self, location: impl Into<String>) -> Self {
        self.location = Some(location.into());
        self
    }

    /// Sets the endpoint, for a gateway, a private endpoint or a test server. Its path is kept
    /// as a prefix of Vertex AI's. Default: Google's endpoint for the location.
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = Some(url.into());
        self
    }

    /// Sets the model for requests whose model is empty or missing. Default: such requests
    /// fail.
    pub fn model(mut self, model: impl Into<String>) -> Self {
        self.names.default = Some(model.into());
        self
    }

    /// Sets the name in the URL for requests whose model is `body_model`. A later call for the
    /// same `body_model` replaces an earlier one.
    ///
    /// Default: `codestral@2405` in a request is `codestral@2405` in the URL and
    /// `codestral` in the body; a name without `@` is the same in both.
    pub fn url_model(
        mut self,
        body_model: impl Into<String>,
        url_model: impl Into<String>,
    ) -> Self {
        self.names
            .url_names
            .push((body_model.into(), url_model.into()));
        self
    }

    /// Sets the project that calls are billed and rate-limited to, sent as
    /// `x-goog-user-project`.
    ///
    /// Default: with Application Default Credentials, `GOOGLE_CLOUD_QUOTA_PROJECT` or the
    /// `quota_project_id` of their file; otherwise none.
    pub fn quota_project(mut self, project: impl Into<String>) -> Self {
        self.quota_project = Some(project.into());
        self
    }

    /// Sets a fixed access token for all calls.
    ///
    /// It is not refreshed and usually expires after an hour, so it suits experiments and
    /// short-lived programs.
    pub fn access_token(mut self, token: impl Into<SecretString>) -> Self {
        self.credentials = CredentialSource::Static(token.into());
        self
    }

    /// Fetches tokens from `source` and caches each until it expires; see [`TokenCache`].
    ///
    /// ```
    /// use async_trait::async_trait;
    /// use mistral_sdk::Result;
    /// use mistral_sdk::provider::{Token, TokenSource};
    /// use mistral_sdk::MistralGcp;
    ///
    /// /// Returns tokens by impersonation, workload identity federation, or from a vault.
    /// #[derive(Debug)]
    /// struct Federation;
    ///
    /// #[async_trait]
    /// impl TokenSource for Federation {
    ///     async fn token(&self) -> Result<Token> {
    ///         # let (token, lifetime) = ("token", std::time::Duration::from_secs(3600));
    ///         Ok(Token::new(token).expires_in(lifetime))
    ///     }
    /// }
    ///
    /// # fn main() -> Result<()> {
    /// let gcp = MistralGcp::builder().project("my-project").token_source(Federation).build()?;
    /// # let _ = gcp;
    /// # Ok(()) }
    /// ```
    pub fn token_source(mut self, source: impl TokenSource) -> Self {
        self.credentials = CredentialSource::TokenSource(Arc::new(source));
        self
    }

    /// Sets the file of the Application Default Credentials: a service account's key or the login of
    /// a person. It is read again for every token.
    ///
    /// The environment is then ignored: the projects come from the file, unless they are set.
    #[cfg(feature = "adc")]
    pub fn credentials_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.credentials = CredentialSource::Adc(Adc::File(path.into()));
        self
    }

    /// Sets the transport on which the tokens of Application Default Credentials are fetched, for
    /// example one with the same proxy or root certificates as that of the client. It runs on the
    /// runtime of a background thread. The metadata server is reached directly.
    ///
    /// Default: a new [`HyperTransport`](mistral_core::transport::HyperTransport), whose proxies and
    /// certificates are those of the environment and the platform, as for calls.
    #[cfg(feature = "adc")]
    pub fn token_transport(mut self, transport: impl Transport) -> Self {
        self.token_transport = Some(Arc::new(transport));
        self
    }

    /// Fills unset settings from environment variables; see [`MistralGcp::from_env`].
    ///
    /// # Errors
    /// Fails if a variable is not valid UTF-8.
    pub fn or_env(mut self) -> Result<Self> {
        for (setting, names) in [
            (
                &mut self.project,
                &[PROJECT_VARIABLE, GOOGLE_CLOUD_PROJECT_VARIABLE][..],
            ),
            (
                &mut self.location,
                &[REGION_VARIABLE, GOOGLE_CLOUD_LOCATION_VARIABLE],
            ),
            (&mut self.endpoint, &[ENDPOINT_VARIABLE]),
            (&mut self.names.default, &[MODEL_VARIABLE]),
            (&mut self.quota_project, &[QUOTA_PROJECT_VARIABLE]),
        ] {
            if setting.is_none() {
                *setting = first_env_var(names)?;
            }
        }
        Ok(self)
    }

    /// Builds the provider. Sends nothing and fetches no token. With Application Default
    /// Credentials, their file is read once.
    ///
    /// # Errors
    /// Fails if no project is set and the credentials cannot provide one, if a setting is
    /// invalid, or if the credentials file cannot be read or is of an unsupported kind.
    pub fn build(self) -> Result<MistralGcp> {
        let (mut project, mut quota_project) = (self.project, self.quota_project);
        #[cfg(feature = "adc")]
        let mut project_lookup = None;
        let credentials = match self.credentials {
            #[cfg(feature = "adc")]
            CredentialSource::Adc(adc) => {
                let projects = adc.projects()?;
                project = project.or(projects.project);
                quota_project = quota_project.or(projects.quota_project);
                project_lookup = Some(ProjectLookup::new(adc.clone()));
                let transport = self.token_transport;
                Credentials::Cached(Arc::new(TokenCache::new(AdcTokenSource { adc, transport })))
            }
            #[cfg(not(feature = "adc"))]
            CredentialSource::Missing => {
                return Err(Error::config(
                    "the credentials are not set: set `MistralGcpBuilder::token_source` or \
                     `access_token`, or enable the cargo feature `adc` of `mistral-gcp`",
                ));
            }
            CredentialSource::Static(token) => {
                let header = secret_header("Bearer", token.expose_secret());
                Credentials::Static(header.map_err(|reason| {
                    Error::config(format!(
                        "the access token {reason}: set `MistralGcpBuilder::access_token` to what \
                         `gcloud auth print-access-token` prints"
                    ))
                })?)
            }
            CredentialSource::TokenSource(source) => {
                Credentials::Cached(Arc::new(TokenCache::shared(source)))
            }
        };
        let is_set = |value: &String| !value.trim().is_empty();
        let project = match project.take().filter(is_set) {
            Some(project) => Project::new(&project)?,
            #[cfg(feature = "adc")]
            None if project_lookup.is_some() => Project::unresolved(),
            None => return Err(missing_project()),
        };
        let location = self.location.as_deref().unwrap_or(DEFAULT_LOCATION);
        Ok(MistralGcp {
            location: VertexLocation::new(project, location, self.endpoint.as_deref())?,
            names: ModelNames {
                default: self.names.default.filter(is_set),
                ..self.names
            },
            credentials,
            #[cfg(feature = "adc")]
            project_lookup,
            quota_project: match quota_project.take().filter(is_set) {
                Some(project) => Some(quota_project_header(&project)?),
                None => None,
            },
        })
    }
}

fn quota_project_header(quota_project: &str) -> Result<HeaderValue> {
    HeaderValue::try_from(quota_project.trim()).map_err(|_| {
        Error::config(format!(
            "the quota project has a character that is not valid in a header: set \
             `MistralGcpBuilder::quota_project` or {QUOTA_PROJECT_VARIABLE} to a project's id"
        ))
    })
}
