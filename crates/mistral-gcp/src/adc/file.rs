//! Files with credentials.

use std::fmt;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use super::Projects;

/// A file with credentials that `gcp_auth` can read.
pub(super) struct CredentialsFile {
    path: PathBuf,
    text: SecretString,
    pub(super) kind: Kind,
    project: Option<String>,
    quota_project: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    ServiceAccount,
    AuthorizedUser,
}

impl CredentialsFile {
    /// Reads the file. The reason against it names the file and never shows a secret.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let complain = |why: &str| complain(path, why);
        let text = match std::fs::read_to_string(path) {
            Ok(text) => SecretString::from(text),
            Err(error) => return Err(complain(&format!("cannot be read: {error}"))),
        };
        let fields = match serde_json::from_str::<Value>(text.expose_secret()) {
            Ok(Value::Object(fields)) => fields,
            Ok(_) => return Err(complain("is not a JSON object: download the key again")),
            Err(error) => {
                let why = format!("is not JSON ({error}): download the key again");
                return Err(complain(&why));
            }
        };
        Ok(Self {
            kind: kind(path, &fields).map_err(|why| complain(&why))?,
            project: text_of(&fields, "project_id"),
            quota_project: text_of(&fields, "quota_project_id"),
            path: path.to_owned(),
            text,
        })
    }

    /// The projects that the file names.
    pub(super) fn projects(self) -> Projects {
        Projects {
            project: self.project.or_else(|| self.quota_project.clone()),
            quota_project: self.quota_project,
        }
    }

    pub(super) fn text(&self) -> &str {
        self.text.expose_secret()
    }

    /// Says that the credentials in the file gave no token.
    pub(super) fn complain(&self, why: String) -> String {
        complain(&self.path, &format!("gave no token: {why}"))
    }
}

fn complain(path: &Path, why: &str) -> String {
    format!("the credentials file `{}` {why}", path.display())
}

fn text_of(fields: &Map<String, Value>, name: &str) -> Option<String> {
    let text = fields.get(name)?.as_str()?;
    (!text.trim().is_empty()).then(|| text.to_owned())
}

/// The kind of the credentials, if `gcp_auth` can use them.
fn kind(path: &Path, fields: &Map<String, Value>) -> Result<Kind, String> {
    let required = |names: &[&str]| match names.iter().find(|name| text_of(fields, name).is_none())
    {
        Some(name) => Err(format!("has no `{name}`: download the key again")),
        None => Ok(()),
    };
    match text_of(fields, "type").as_deref() {
        Some("service_account") => {
            required(&["client_email", "private_key", "token_uri"])?;
            let uri = text_of(fields, "token_uri").unwrap_or_default();
            let is_url = url::Url::parse(&uri).is_ok_and(|url| url.has_host())
                && http::Uri::try_from(&uri).is_ok();
            if !is_url {
                return Err(format!("has a `token_uri` that is not a URL: `{uri}`"));
            }
            Ok(Kind::ServiceAccount)
        }
        Some("authorized_user") => {
            required(&["client_id", "client_secret", "refresh_token"])?;
            if well_known().is_none_or(|well_known| well_known != path) {
                return Err(format!(
                    "is of type `authorized_user`, which is supported only where gcloud \
                     writes it: leave {} unset after `gcloud auth application-default login`, \
                     or set `MistralGcpBuilder::token_source`",
                    crate::CREDENTIALS_VARIABLE
                ));
            }
            Ok(Kind::AuthorizedUser)
        }
        Some(other) => Err(format!(
            "is of type `{other}`, which is not supported: set \
             `MistralGcpBuilder::token_source` to a source of tokens of your own, or use a \
             service account's key"
        )),
        None => Err("has no `type`: download the key again".to_owned()),
    }
}

/// Where `gcloud auth application-default login` leaves its file.
pub(super) fn well_known() -> Option<PathBuf> {
    let folder = if cfg!(windows) {
        PathBuf::from(std::env::var_os("APPDATA")?)
    } else {
        std::env::home_dir()?.join(".config")
    };
    Some(folder.join("gcloud/application_default_credentials.json"))
}

/// Prints the path, never what the file says.
impl fmt::Debug for CredentialsFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CredentialsFile").field(&self.path).finish()
    }
}
