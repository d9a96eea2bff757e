//! The credentials file: reading, validation, and the projects it names.

use std::fmt;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use crate::env::CREDENTIALS_VARIABLE;

/// The projects that are known without network access.
#[derive(Debug, Default)]
pub(crate) struct Projects {
    pub(crate) project: Option<String>,
    pub(crate) quota_project: Option<String>,
}

/// A credentials file of a kind that `gcp_auth` supports.
pub(super) struct CredentialsFile {
    path: PathBuf,
    text: SecretString,
    pub(super) kind: CredentialsKind,
    project: Option<String>,
    quota_project: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CredentialsKind {
    ServiceAccount,
    AuthorizedUser,
}

impl CredentialsFile {
    /// Reads and validates the file.
    ///
    /// # Errors
    /// Returns a message that names the file and never contains a secret.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let error = |reason: &str| file_error(path, reason);
        let text = match std::fs::read_to_string(path) {
            Ok(text) => SecretString::from(text),
            Err(cause) => return Err(error(&format!("cannot be read: {cause}"))),
        };
        let fields = match serde_json::from_str::<Value>(text.expose_secret()) {
            Ok(Value::Object(fields)) => fields,
            Ok(_) => return Err(error("is not a JSON object: download the key again")),
            Err(cause) => {
                let reason = format!("is not JSON ({cause}): download the key again");
                return Err(error(&reason));
            }
        };
        Ok(Self {
            kind: kind_of(path, &fields).map_err(|reason| error(&reason))?,
            project: string_field(&fields, "project_id"),
            quota_project: string_field(&fields, "quota_project_id"),
            path: path.to_owned(),
            text,
        })
    }

    /// Returns the projects that the file names.
    pub(super) fn projects(self) -> Projects {
        Projects {
            project: self.project.or_else(|| self.quota_project.clone()),
            quota_project: self.quota_project,
        }
    }

    pub(super) fn text(&self) -> &str {
        self.text.expose_secret()
    }

    /// Returns the error message for a failed token request with these credentials.
    pub(super) fn token_error(&self, reason: &str) -> String {
        file_error(&self.path, &format!("yielded no token: {reason}"))
    }
}

fn file_error(path: &Path, reason: &str) -> String {
    format!("the credentials file `{}` {reason}", path.display())
}

fn string_field(fields: &Map<String, Value>, name: &str) -> Option<String> {
    let text = fields.get(name)?.as_str()?;
    (!text.trim().is_empty()).then(|| text.to_owned())
}

/// Returns the kind of the credentials, if `gcp_auth` supports it.
fn kind_of(path: &Path, fields: &Map<String, Value>) -> Result<CredentialsKind, String> {
    let required = |names: &[&str]| match names
        .iter()
        .find(|name| string_field(fields, name).is_none())
    {
        Some(name) => Err(format!("has no `{name}`: download the key again")),
        None => Ok(()),
    };
    match string_field(fields, "type").as_deref() {
        Some("service_account") => {
            required(&["client_email", "private_key", "token_uri"])?;
            let uri = string_field(fields, "token_uri").unwrap_or_default();
            let is_url = url::Url::parse(&uri).is_ok_and(|url| url.has_host())
                && http::Uri::try_from(&uri).is_ok();
            if !is_url {
                return Err(format!("has a `token_uri` that is not a URL: `{uri}`"));
            }
            Ok(CredentialsKind::ServiceAccount)
        }
        Some("authorized_user") => {
            required(&["client_id", "client_secret", "refresh_token"])?;
            if well_known_path().is_none_or(|well_known| well_known != path) {
                return Err(format!(
                    "is of type `authorized_user`, which is supported only at the path to which \
                     `gcloud` writes it: leave {} unset after `gcloud auth application-default login`, \
                     or set `MistralGcpBuilder::token_source`",
                    CREDENTIALS_VARIABLE
                ));
            }
            Ok(CredentialsKind::AuthorizedUser)
        }
        Some(other) => Err(format!(
            "is of type `{other}`, which is not supported: set \
             `MistralGcpBuilder::token_source`, or use a service account's key"
        )),
        None => Err("has no `type`: download the key again".to_owned()),
    }
}

/// Returns the path to which `gcloud auth application-default login` writes its file.
pub(super) fn well_known_path() -> Option<PathBuf> {
    let directory = if cfg!(windows) {
        PathBuf::from(std::env::var_os("APPDATA")?)
    } else {
        std::env::home_dir()?.join(".config")
    };
    Some(directory.join("gcloud/application_default_credentials.json"))
}

/// Shows the path, never the contents.
impl fmt::Debug for CredentialsFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CredentialsFile").field(&self.path).finish()
    }
}
