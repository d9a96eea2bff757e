//! Google's Application Default Credentials, through `gcp_auth`.

mod file;
mod thread;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use gcp_auth::{
    ConfigDefaultCredentials, CustomServiceAccount, GCloudAuthorizedUser, MetadataServiceAccount,
    TokenProvider,
};
use mistral_core::provider::{Token, TokenSource};
use mistral_core::{Error, Result};

use self::file::{CredentialsFile, CredentialsKind, Projects, well_known_path};
use self::thread::run_on_thread;
use crate::env::{
    CREDENTIALS_VARIABLE, GOOGLE_CLOUD_PROJECT_VARIABLE, QUOTA_PROJECT_VARIABLE, first_env_var,
};

const SCOPES: &[&str] = &["https://www.googleapis.com/auth/cloud-platform"];

/// Environment variable that holds the project's id, for Google's older libraries.
const GCLOUD_PROJECT_VARIABLE: &str = "GCLOUD_PROJECT";

/// The location of the Application Default Credentials.
#[derive(Debug, Clone)]
pub(crate) enum Adc {
    /// The search order of Google's libraries.
    FromEnv,
    File(PathBuf),
}

impl Adc {
    /// Returns the projects from the environment and the credentials file, if there is one.
    pub(crate) fn projects(&self) -> Result<Projects> {
        let file = self.file().map_err(Error::config)?;
        let mut projects = file.map(|file| file.projects()).unwrap_or_default();
        if matches!(self, Self::FromEnv) {
            let project = first_env_var(&[GOOGLE_CLOUD_PROJECT_VARIABLE, GCLOUD_PROJECT_VARIABLE])?;
            projects.project = project.or(projects.project);
            projects.quota_project =
                first_env_var(&[QUOTA_PROJECT_VARIABLE])?.or(projects.quota_project);
        }
        Ok(projects)
    }

    /// Reads the credentials file, or returns `None` if the search order finds none.
    fn file(&self) -> Result<Option<CredentialsFile>, String> {
        match self {
            Self::File(path) => CredentialsFile::read(path).map(Some),
            Self::FromEnv => match std::env::var_os(CREDENTIALS_VARIABLE) {
                Some(path) if !path.is_empty() => CredentialsFile::read(path.as_ref())
                    .map(Some)
                    .map_err(|reason| format!("{CREDENTIALS_VARIABLE}: {reason}")),
                _ => match well_known_path() {
                    Some(path) if path.exists() => CredentialsFile::read(&path).map(Some),
                    _ => Ok(None),
                },
            },
        }
    }

    /// Looks up the project: from the metadata server, then `gcloud`. The order is reversed if
    /// the credentials come from `gcloud`'s login.
    pub(crate) async fn find_project(&self) -> Result<String, String> {
        let adc = self.clone();
        run_on_thread(async move || {
            let has_login = adc.file()?.is_some();
            let (first, second) = if has_login {
                (ProjectSource::Gcloud, ProjectSource::MetadataServer)
            } else {
                (ProjectSource::MetadataServer, ProjectSource::Gcloud)
            };
            let first_error = match first.project().await {
                Ok(project) => return Ok(project),
                Err(error) => error,
            };
            let project = second.project().await;
            project.map_err(|error| format!("{first_error}; {error}"))
        })
        .await
    }

    /// Fetches a token. Blocks on files, certificates and `gcloud`.
    async fn fetch_token(&self) -> Result<Token, String> {
        let Some(file) = self.file()? else {
            return token_from_environment().await;
        };
        let provider: Box<dyn TokenProvider> = match file.kind {
            CredentialsKind::ServiceAccount => Box::new(
                CustomServiceAccount::from_json(file.text())
                    .map_err(|error| file.token_error(&error_chain(&error)))?,
            ),
            CredentialsKind::AuthorizedUser => Box::new(
                ConfigDefaultCredentials::new()
                    .await
                    .map_err(|error| file.token_error(&error_chain(&error)))?,
            ),
        };
        match provider.token(SCOPES).await {
            Ok(token) => Ok(into_token(&token)),
            Err(error) => Err(file.token_error(&error_chain(&error))),
        }
    }
}

/// A source of the project's id.
#[derive(Clone, Copy)]
enum ProjectSource {
    MetadataServer,
    Gcloud,
}

impl ProjectSource {
    async fn project(self) -> Result<String, String> {
        let (name, project) = match self {
            Self::MetadataServer => ("the metadata server", metadata_project().await),
            Self::Gcloud => ("`gcloud`", gcloud_project().await),
        };
        match project {
            Ok(project) => Ok(project.to_string()),
            Err(error) => Err(format!(
                "{name} returned no project ({})",
                error_chain(&error)
            )),
        }
    }
}

async fn metadata_project() -> Result<Arc<str>, gcp_auth::Error> {
    MetadataServiceAccount::new().await?.project_id().await
}

async fn gcloud_project() -> Result<Arc<str>, gcp_auth::Error> {
    GCloudAuthorizedUser::new().await?.project_id().await
}

/// Fetches a token from the metadata server, otherwise from `gcloud`.
async fn token_from_environment() -> Result<Token, String> {
    let metadata_error = match MetadataServiceAccount::new().await {
        Ok(server) => return token_from(&server).await,
        Err(error) => error_chain(&error),
    };
    let gcloud_error = match GCloudAuthorizedUser::new().await {
        Ok(gcloud) => return token_from(&gcloud).await,
        Err(error) => error_chain(&error),
    };
    let file = well_known_path().unwrap_or_default();
    Err(format!(
        "no Application Default Credentials were found: {CREDENTIALS_VARIABLE} is not set, the \
         file `{}` does not exist, the metadata server is not available ({metadata_error}), and \
         `gcloud` returned no token ({gcloud_error}): run `gcloud auth application-default login`, set {CREDENTIALS_VARIABLE} \
         to a service account's key, or set `MistralGcpBuilder::token_source`",
        file.display()
    ))
}

async fn token_from(provider: &dyn TokenProvider) -> Result<Token, String> {
    let token = provider.token(SCOPES).await;
    token
        .map(|token| into_token(&token))
        .map_err(|error| error_chain(&error))
}

fn into_token(token: &gcp_auth::Token) -> Token {
    let expires_at = SystemTime::from(token.expires_at());
    let lifetime = expires_at
        .duration_since(SystemTime::now())
        .unwrap_or_default();
    Token::new(token.as_str()).expires_in(lifetime)
}

/// Joins the messages of an error and its sources, without repetitions.
fn error_chain(error: &gcp_auth::Error) -> String {
    if let gcp_auth::Error::Json(message, _) = error {
        return (*message).to_owned(); // the source may quote a part of the response
    }
    let mut chain = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        let message = error.to_string();
        if !chain.contains(&message) {
            chain.push_str(": ");
            chain.push_str(&message);
        }
        source = error.source();
    }
    chain
}

/// Fetches a new token on every call. The provider wraps it in a cache.
#[derive(Debug)]
pub(crate) struct AdcTokenSource(pub(crate) Adc);

#[async_trait]
impl TokenSource for AdcTokenSource {
    async fn token(&self) -> Result<Token> {
        let adc = self.0.clone();
        run_on_thread(async move || adc.fetch_token().await)
            .await
            .map_err(Error::credentials)
    }
}
