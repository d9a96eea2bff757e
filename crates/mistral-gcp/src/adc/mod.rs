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

use self::file::{CredentialsFile, Kind};
use crate::env::first_of;
use crate::{CREDENTIALS_VARIABLE, GOOGLE_CLOUD_PROJECT_VARIABLE, QUOTA_PROJECT_VARIABLE};

const SCOPES: &[&str] = &["https://www.googleapis.com/auth/cloud-platform"];

/// Names the project, as for Google's older libraries.
const GCLOUD_PROJECT_VARIABLE: &str = "GCLOUD_PROJECT";

/// Where the credentials are looked for.
#[derive(Debug, Clone)]
pub(crate) enum Adc {
    /// Where Google's libraries look.
    FromEnv,
    File(PathBuf),
}

/// The projects that can be known without asking the network.
#[derive(Debug, Default)]
pub(crate) struct Projects {
    pub(crate) project: Option<String>,
    pub(crate) quota_project: Option<String>,
}

impl Adc {
    /// Reads the environment and the file with the credentials, if there is one.
    pub(crate) fn projects(&self) -> Result<Projects> {
        let file = self.file().map_err(Error::config)?;
        let mut known = file.map(|file| file.projects()).unwrap_or_default();
        if matches!(self, Self::FromEnv) {
            let project = first_of(&[GOOGLE_CLOUD_PROJECT_VARIABLE, GCLOUD_PROJECT_VARIABLE])?;
            known.project = project.or(known.project);
            known.quota_project = first_of(&[QUOTA_PROJECT_VARIABLE])?.or(known.quota_project);
        }
        Ok(known)
    }

    /// The file with the credentials, unless there is none where Google's libraries look.
    fn file(&self) -> Result<Option<CredentialsFile>, String> {
        match self {
            Self::File(path) => CredentialsFile::read(path).map(Some),
            Self::FromEnv => match std::env::var_os(CREDENTIALS_VARIABLE) {
                Some(path) if !path.is_empty() => CredentialsFile::read(path.as_ref())
                    .map(Some)
                    .map_err(|why| format!("{CREDENTIALS_VARIABLE}: {why}")),
                _ => match file::well_known() {
                    Some(path) if path.exists() => CredentialsFile::read(&path).map(Some),
                    _ => Ok(None),
                },
            },
        }
    }

    /// Asks which project this is: the machine and the `gcloud` tool, or the tool first where
    /// its login is what calls use.
    pub(crate) async fn find_project(&self) -> Result<String, String> {
        let adc = self.clone();
        thread::apart(async move || {
            let has_login = adc.file()?.is_some();
            let (first, then) = if has_login {
                (Teller::Tool, Teller::Machine)
            } else {
                (Teller::Machine, Teller::Tool)
            };
            let first_words = match first.project().await {
                Ok(project) => return Ok(project),
                Err(words) => words,
            };
            let found = then.project().await;
            found.map_err(|words| format!("{first_words}; {words}"))
        })
        .await
    }

    /// Asks for a token. Blocks now and then: for files, certificates and `gcloud`.
    async fn ask(&self) -> Result<Token, String> {
        let Some(file) = self.file()? else {
            return ask_surroundings().await;
        };
        let provider: Box<dyn TokenProvider> = match file.kind {
            Kind::ServiceAccount => Box::new(
                CustomServiceAccount::from_json(file.text())
                    .map_err(|error| file.complain(words(&error)))?,
            ),
            Kind::AuthorizedUser => Box::new(
                ConfigDefaultCredentials::new()
                    .await
                    .map_err(|error| file.complain(words(&error)))?,
            ),
        };
        match provider.token(SCOPES).await {
            Ok(token) => Ok(known_token(&token)),
            Err(error) => Err(file.complain(words(&error))),
        }
    }
}

/// What may know the project.
#[derive(Clone, Copy)]
enum Teller {
    Machine,
    Tool,
}

impl Teller {
    async fn project(self) -> Result<String, String> {
        let (name, project) = match self {
            Self::Machine => ("this machine", machine_project().await),
            Self::Tool => ("`gcloud`", tool_project().await),
        };
        match project {
            Ok(project) => Ok(project.to_string()),
            Err(error) => Err(format!("{name} cannot tell ({})", words(&error))),
        }
    }
}

async fn machine_project() -> Result<Arc<str>, gcp_auth::Error> {
    MetadataServiceAccount::new().await?.project_id().await
}

async fn tool_project() -> Result<Arc<str>, gcp_auth::Error> {
    GCloudAuthorizedUser::new().await?.project_id().await
}

/// Asks the machine, then the `gcloud` tool.
async fn ask_surroundings() -> Result<Token, String> {
    let machine = match MetadataServiceAccount::new().await {
        Ok(machine) => return provided(&machine).await,
        Err(error) => words(&error),
    };
    let tool = match GCloudAuthorizedUser::new().await {
        Ok(tool) => return provided(&tool).await,
        Err(error) => words(&error),
    };
    let file = file::well_known().unwrap_or_default();
    Err(format!(
        "there are no Application Default Credentials: {CREDENTIALS_VARIABLE} is not set, there \
         is no file `{}`, this machine has no service account ({machine}), and `gcloud` gave no \
         token ({tool}): run `gcloud auth application-default login`, set {CREDENTIALS_VARIABLE} \
         to a service account's key, or set `MistralGcpBuilder::token_source`",
        file.display()
    ))
}

async fn provided(provider: &dyn TokenProvider) -> Result<Token, String> {
    let token = provider.token(SCOPES).await;
    token
        .map(|token| known_token(&token))
        .map_err(|error| words(&error))
}

fn known_token(token: &gcp_auth::Token) -> Token {
    let end = SystemTime::from(token.expires_at());
    let life = end.duration_since(SystemTime::now()).unwrap_or_default();
    Token::new(token.as_str()).expires_in(life)
}

/// What an error and its causes say, each once.
fn words(error: &gcp_auth::Error) -> String {
    if let gcp_auth::Error::Json(what, _) = error {
        return (*what).to_owned(); // the rest may show a part of the answer
    }
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let more = error.to_string();
        if !words.contains(&more) {
            words.push_str(": ");
            words.push_str(&more);
        }
        cause = error.source();
    }
    words
}

/// Gives a new token each time that it is asked: what keeps them is the cache above it.
#[derive(Debug)]
pub(crate) struct AdcSource(pub(crate) Adc);

#[async_trait]
impl TokenSource for AdcSource {
    async fn token(&self) -> Result<Token> {
        let adc = self.0.clone();
        thread::apart(async move || adc.ask().await)
            .await
            .map_err(Error::credentials)
    }
}
