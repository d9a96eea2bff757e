//! Google's Application Default Credentials: where they are found, and how a token is fetched.
//!
//! Everything here runs on a thread of its own, because files, certificates and `gcloud` block.

mod assertion;
mod file;
mod gcloud;
mod http;
mod metadata;
mod oauth;
mod thread;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use mistral_core::provider::{Token, TokenSource, env_var, shown_path, unquote};
use mistral_core::transport::{HyperTransport, Transport};
use mistral_core::{Error, Result};

use self::file::{Credentials, Projects};
use self::metadata::MetadataServer;
use self::thread::run_on_thread;
use crate::env::{
    CREDENTIALS_VARIABLE, GOOGLE_CLOUD_PROJECT_VARIABLE, QUOTA_PROJECT_VARIABLE, first_env_var,
};

/// The scope of all tokens.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
/// Environment variable that holds the project's id, for Google's older libraries.
const GCLOUD_PROJECT_VARIABLE: &str = "GCLOUD_PROJECT";
/// Environment variable that holds the directory of `gcloud`'s configuration.
const GCLOUD_DIRECTORY_VARIABLE: &str = "CLOUDSDK_CONFIG";

/// The reason why there is no token or no project. The message never contains a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) message: String,
    /// Whether a setting must be changed before another fetch can succeed.
    is_config: bool,
}

impl Failure {
    fn config(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            is_config: true,
        }
    }

    /// Puts the subject of the failure before its message.
    fn context(self, subject: &str) -> Self {
        Self {
            message: format!("{subject}{}", self.message),
            ..self
        }
    }

    fn into_error(self) -> Error {
        if self.is_config {
            Error::config(self.message)
        } else {
            Error::credentials(self.message)
        }
    }
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self {
            message,
            is_config: false,
        }
    }
}

/// The location of the Application Default Credentials.
#[derive(Clone)]
pub(crate) enum Adc {
    /// The search order of Google's libraries.
    FromEnv,
    File(PathBuf),
}

impl Adc {
    /// Returns the projects from the environment and the credentials, if there are any.
    pub(crate) fn projects(&self) -> Result<Projects> {
        let credentials = self.credentials().map_err(Error::config)?;
        let mut projects = credentials.map(Credentials::projects).unwrap_or_default();
        if matches!(self, Self::FromEnv) {
            let project = first_env_var(&[GOOGLE_CLOUD_PROJECT_VARIABLE, GCLOUD_PROJECT_VARIABLE])?;
            projects.project = project.or(projects.project);
            projects.quota_project =
                first_env_var(&[QUOTA_PROJECT_VARIABLE])?.or(projects.quota_project);
        }
        Ok(projects)
    }

    /// Reads the credentials, or returns `None` if the search order finds no file.
    fn credentials(&self) -> Result<Option<Credentials>, String> {
        if let Self::File(path) = self {
            return Credentials::read(path).map(Some);
        }
        if let Some(value) = std::env::var_os(CREDENTIALS_VARIABLE) {
            let found = match value.to_str().map(unquote) {
                Some("") => None,
                Some(json) if json.starts_with('{') => Some(Credentials::from_variable(json)),
                Some(path) => Some(Credentials::read(path.as_ref())),
                None => Some(Credentials::read(value.as_ref())),
            };
            if let Some(credentials) = found {
                return credentials
                    .map(Some)
                    .map_err(|reason| format!("{CREDENTIALS_VARIABLE}: {reason}"));
            }
        }
        match login_path() {
            Some(path) if path.exists() => Credentials::read(&path).map(Some),
            _ => Ok(None),
        }
    }

    /// Looks up the project: from the metadata server, then `gcloud`. The order is reversed if
    /// the credentials come from `gcloud`'s login.
    pub(crate) async fn find_project(&self) -> Result<String, Failure> {
        let adc = self.clone();
        run_on_thread(async move || {
            let has_login = adc.credentials()?.is_some();
            let first = match has_login {
                true => gcloud::project().await,
                false => metadata_project().await,
            };
            let Err(first) = first else { return first };
            let second = match has_login {
                true => metadata_project().await,
                false => gcloud::project().await,
            };
            second.map_err(|error| error.context(&format!("{}; ", first.message)))
        })
        .await
    }

    /// Fetches a token. Blocks on files and certificates.
    async fn fetch_token(&self, transport: Option<Arc<dyn Transport>>) -> Result<Token, Failure> {
        let Some(credentials) = self.credentials()? else {
            return token_of_environment().await;
        };
        let transport = match transport {
            Some(transport) => transport,
            None => Arc::new(default_transport()?),
        };
        let token = oauth::token(&*transport, &credentials).await;
        token
            .map_err(|error| error.context(&format!("{} yielded no token: ", credentials.origin())))
    }
}

/// Creates a transport with the default settings, which are those of calls.
fn default_transport() -> Result<HyperTransport, Failure> {
    HyperTransport::new(http::CONNECT_TIMEOUT).map_err(|error| http::failure(&error))
}

async fn metadata_project() -> Result<String, Failure> {
    let project = MetadataServer::new()?.project().await;
    project.map_err(|error| error.context("the metadata server returned no project: "))
}

/// Fetches a token from the metadata server, otherwise from `gcloud`.
async fn token_of_environment() -> Result<Token, Failure> {
    let metadata_error = match MetadataServer::new()?.token().await {
        Ok(token) => return Ok(token),
        Err(error) if error.is_config => return Err(error),
        Err(error) => error.message,
    };
    let gcloud_error = match gcloud::token().await {
        Ok(token) => return Ok(token),
        Err(error) => error.message,
    };
    let file = login_path().unwrap_or_default();
    Err(Failure::from(format!(
        "no Application Default Credentials were found: {CREDENTIALS_VARIABLE} is not set, the \
         file {} does not exist, the metadata server returned no token ({metadata_error}), and \
         `gcloud` returned no token ({gcloud_error}): run `gcloud auth application-default login`, \
         set {CREDENTIALS_VARIABLE} to a service account's key, or set \
         `MistralGcpBuilder::token_source`",
        shown_path(&file)
    )))
}

/// Returns the path to which `gcloud auth application-default login` writes its file.
fn login_path() -> Option<PathBuf> {
    let directory = match env_var(GCLOUD_DIRECTORY_VARIABLE) {
        Ok(Some(directory)) => PathBuf::from(directory),
        _ if cfg!(windows) => Path::new(&std::env::var_os("APPDATA")?).join("gcloud"),
        _ => std::env::home_dir()?.join(".config/gcloud"),
    };
    Some(directory.join("application_default_credentials.json"))
}

/// Shows the path, unless it may be a secret.
impl fmt::Debug for Adc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FromEnv => f.write_str("FromEnv"),
            Self::File(path) => write!(f, "File({})", shown_path(path)),
        }
    }
}

/// Fetches a new token on every call. The provider wraps it in a cache.
#[derive(Debug)]
pub(crate) struct AdcTokenSource {
    pub(crate) adc: Adc,
    pub(crate) transport: Option<Arc<dyn Transport>>,
}

#[async_trait]
impl TokenSource for AdcTokenSource {
    async fn token(&self) -> Result<Token> {
        let (adc, transport) = (self.adc.clone(), self.transport.clone());
        let fetched = run_on_thread(async move || adc.fetch_token(transport).await).await;
        fetched.map_err(Failure::into_error)
    }
}
