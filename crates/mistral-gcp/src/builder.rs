use std::fmt;
#[cfg(feature = "adc")]
use std::path::PathBuf;
use std::sync::Arc;

use http::HeaderValue;
use mistral_core::provider::{TokenCache, TokenSource, secret_header};
use mistral_core::{Error, Result};
use secrecy::{ExposeSecret, SecretString};

#[cfg(feature = "adc")]
use crate::adc::{Adc, AdcSource};
use crate::env::first_of;
use crate::model::ModelNames;
use crate::place::{Place, Project, no_project};
use crate::{
    Credentials, DEFAULT_LOCATION, GOOGLE_CLOUD_LOCATION_VARIABLE, GOOGLE_CLOUD_PROJECT_VARIABLE,
    MODEL_VARIABLE, MistralGcp, PROJECT_VARIABLE, QUOTA_PROJECT_VARIABLE, REGION_VARIABLE,
};

/// Settings for a [`MistralGcp`].
///
/// ```
/// # fn main() -> mistral_core::Result<()> {
/// use mistral_gcp::MistralGcp;
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
#[derive(Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct MistralGcpBuilder {
    project: Option<String>,
    location: Option<String>,
    endpoint: Option<String>,
    quota_project: Option<String>,
    names: ModelNames,
    credentials: Source,
}

/// Where tokens come from.
enum Source {
    #[cfg(feature = "adc")]
    Adc(Adc),
    #[cfg(not(feature = "adc"))]
    Nowhere,
    Fixed(SecretString),
    Own(Arc<dyn TokenSource>),
}

/// Prints the kind of source, never a token.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            #[cfg(feature = "adc")]
            Self::Adc(adc) => adc.fmt(f),
            #[cfg(not(feature = "adc"))]
            Self::Nowhere => f.write_str("none"),
            Self::Fixed(_) => f.write_str("[redacted]"),
            Self::Own(source) => source.fmt(f),
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
            credentials: Source::Adc(Adc::FromEnv),
            #[cfg(not(feature = "adc"))]
            credentials: Source::Nowhere,
        }
    }

    /// Sets the project whose models are asked, by its id.
    ///
    /// Default: what the Application Default Credentials say: `GOOGLE_CLOUD_PROJECT`,
    /// `GCLOUD_PROJECT`, or the project that their file names. Where these say nothing, the
    /// first call asks the machine, if it is one on Google Cloud, and the `gcloud` tool.
    pub fn project(mut self, project: impl Into<String>) -> Self {
        self.project = Some(project.into());
        self
    }

    /// Sets the location: a region like `us-central1`, one of the multi-regions `eu` and
    /// `us`, or `global`. Default: `europe-west4`.
    pub fn location(mut self, location: impl Into<String>) -> Self {
        self.location = Some(location.into());
        self
    }

    /// Sends requests to another place than the location's own: a gateway, a private
    /// endpoint, a test server. Its path is kept in front of Vertex AI's.
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = Some(url.into());
        self
    }

    /// Sets the model of requests that name none, or an empty one. Default: such requests
    /// fail.
    pub fn model(mut self, model: impl Into<String>) -> Self {
        self.names.default = Some(model.into());
        self
    }

    /// Sets what the URL calls the model that requests, and their bodies, call
    /// `body_model`. The last one of a name counts.
    ///
    /// Default: `codestral@2405` in a request is `codestral@2405` in the URL and
    /// `codestral` in the body; a name without `@` is the same in both.
    pub fn url_model(
        mut self,
        body_model: impl Into<String>,
        url_model: impl Into<String>,
    ) -> Self {
        self.names
            .in_url
            .push((body_model.into(), url_model.into()));
        self
    }

    /// Sets the project that pays for and limits the calls, sent as `x-goog-user-project`.
    ///
    /// Default: with Application Default Credentials, `GOOGLE_CLOUD_QUOTA_PROJECT` or what
    /// their file names as `quota_project_id`; otherwise none.
    pub fn quota_project(mut self, project: impl Into<String>) -> Self {
        self.quota_project = Some(project.into());
        self
    }

    /// Uses one access token for all calls. It ends after an hour or so, and is not
    /// renewed: meant for experiments, or for what lives shorter.
    pub fn access_token(mut self, token: impl Into<SecretString>) -> Self {
        self.credentials = Source::Fixed(token.into());
        self
    }

    /// Asks `source` for tokens. They are kept for as long as they are good; see
    /// [`TokenCache`].
    ///
    /// ```
    /// use async_trait::async_trait;
    /// use mistral_core::Result;
    /// use mistral_core::provider::{Token, TokenSource};
    /// use mistral_gcp::MistralGcp;
    ///
    /// /// Impersonation, workload identity federation, a vault: whatever gives tokens.
    /// #[derive(Debug)]
    /// struct Federation;
    ///
    /// #[async_trait]
    /// impl TokenSource for Federation {
    ///     async fn token(&self) -> Result<Token> {
    ///         # let (token, life) = ("token", std::time::Duration::from_secs(3600));
    ///         Ok(Token::new(token).expires_in(life))
    ///     }
    /// }
    ///
    /// # fn main() -> Result<()> {
    /// let gcp = MistralGcp::builder().project("my-project").token_source(Federation).build()?;
    /// # let _ = gcp;
    /// # Ok(()) }
    /// ```
    pub fn token_source(mut self, source: impl TokenSource) -> Self {
        self.credentials = Source::Own(Arc::new(source));
        self
    }

    /// Reads the Application Default Credentials from this file, whatever the environment
    /// says: a service account's key. It is read afresh for every token.
    ///
    /// The projects then come from the file alone, unless they are set.
    #[cfg(feature = "adc")]
    pub fn credentials_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.credentials = Source::Adc(Adc::File(path.into()));
        self
    }

    /// Takes what is not set from the environment; see [`MistralGcp::from_env`].
    ///
    /// # Errors
    /// Fails when a variable is not valid UTF-8.
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
            (&mut self.names.default, &[MODEL_VARIABLE]),
            (&mut self.quota_project, &[QUOTA_PROJECT_VARIABLE]),
        ] {
            if setting.is_none() {
                *setting = first_of(names)?;
            }
        }
        Ok(self)
    }

    /// Makes the provider. Nothing is sent, and no token is asked for; with Application
    /// Default Credentials, their file is read once.
    ///
    /// # Errors
    /// Fails when no project is known and the credentials cannot tell one, when a setting
    /// cannot work, and when the file with the credentials cannot be read or is of a kind
    /// that is not supported.
    pub fn build(self) -> Result<MistralGcp> {
        let (mut project, mut quota_project) = (self.project, self.quota_project);
        #[cfg(feature = "adc")]
        let mut finder = None;
        let credentials = match self.credentials {
            #[cfg(feature = "adc")]
            Source::Adc(adc) => {
                let known = adc.projects()?;
                project = project.or(known.project);
                quota_project = quota_project.or(known.quota_project);
                finder = Some((adc.clone(), Arc::default()));
                Credentials::Cached(Arc::new(TokenCache::new(AdcSource(adc))))
            }
            #[cfg(not(feature = "adc"))]
            Source::Nowhere => {
                return Err(Error::config(
                    "there are no credentials: set `MistralGcpBuilder::token_source` or \
                     `access_token`, or enable the cargo feature `adc` of `mistral-gcp`",
                ));
            }
            Source::Fixed(token) => {
                let header = secret_header("Bearer", token.expose_secret());
                Credentials::Fixed(header.map_err(|why| {
                    Error::config(format!(
                        "the access token {why}: set `MistralGcpBuilder::access_token` to what \
                         `gcloud auth print-access-token` prints"
                    ))
                })?)
            }
            Source::Own(source) => Credentials::Cached(Arc::new(TokenCache::shared(source))),
        };
        let is_set = |value: &String| !value.trim().is_empty();
        let project = match project.take().filter(is_set) {
            Some(project) => Project::known(&project)?,
            #[cfg(feature = "adc")]
            None if finder.is_some() => Project::unknown(),
            None => return Err(no_project()),
        };
        let location = self.location.as_deref().unwrap_or(DEFAULT_LOCATION);
        Ok(MistralGcp {
            place: Place::new(project, location, self.endpoint.as_deref())?,
            names: ModelNames {
                default: self.names.default.filter(is_set),
                ..self.names
            },
            credentials,
            #[cfg(feature = "adc")]
            finder,
            quota_project: match quota_project.take().filter(is_set) {
                Some(project) => Some(header_of(&project)?),
                None => None,
            },
        })
    }
}

fn header_of(quota_project: &str) -> Result<HeaderValue> {
    HeaderValue::try_from(quota_project.trim()).map_err(|_| {
        Error::config(format!(
            "the quota project `{}` has characters that no project has: set \
             `MistralGcpBuilder::quota_project` or {QUOTA_PROJECT_VARIABLE} to a project's id",
            quota_project.escape_debug()
        ))
    })
}
