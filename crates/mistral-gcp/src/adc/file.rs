//! Credentials in a file or in a variable: reading, validation, and the projects that they name.

use std::fmt;
use std::path::Path;

use mistral_core::provider::{shown_path, shown_value};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

/// The token endpoint of credentials that do not name one.
const TOKEN_URI: &str = "https://oauth2.googleapis.com/token";
/// The text that replaces a secret.
const MASK: &str = "***";

/// The projects that are known without network access.
#[derive(Debug, Default)]
pub(crate) struct Projects {
    pub(crate) project: Option<String>,
    pub(crate) quota_project: Option<String>,
}

/// Credentials of a supported kind.
pub(super) struct Credentials {
    /// Names the file or the variable in errors.
    origin: String,
    pub(super) kind: CredentialsKind,
    pub(super) token_uri: String,
    projects: Projects,
}

pub(super) enum CredentialsKind {
    ServiceAccount(ServiceAccount),
    AuthorizedUser(AuthorizedUser),
}

/// The key of a service account.
pub(super) struct ServiceAccount {
    pub(super) client_email: String,
    pub(super) key_id: Option<String>,
    pub(super) private_key: SecretString,
    pub(super) token_uri: String,
}

/// The login of a person, as `gcloud auth application-default login` writes it.
pub(super) struct AuthorizedUser {
    pub(super) client_id: String,
    pub(super) client_secret: SecretString,
    pub(super) refresh_token: SecretString,
}

impl Credentials {
    /// Reads and validates a file.
    ///
    /// # Errors
    /// Returns a message that names the file and never contains a secret.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let origin = format!("the credentials file {}", shown_path(path));
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(origin, &SecretString::from(text)),
            Err(cause) => Err(format!("{origin} cannot be read: {cause}")),
        }
    }

    /// Validates the value of a variable that holds the credentials themselves.
    ///
    /// # Errors
    /// Returns a message that never contains a part of the value.
    pub(super) fn from_variable(json: &str) -> Result<Self, String> {
        let origin = "the JSON in the variable".to_owned();
        Self::parse(origin, &SecretString::from(json.to_owned()))
    }

    fn parse(origin: String, text: &SecretString) -> Result<Self, String> {
        let error = |reason: &str| format!("{origin} {reason}: download the key again");
        let text = text.expose_secret().trim_start_matches('\u{feff}');
        let fields = match serde_json::from_str::<Value>(text) {
            Ok(Value::Object(fields)) => fields,
            Ok(_) => return Err(error("is not a JSON object")),
            Err(cause) => {
                let (line, column) = (cause.line(), cause.column());
                let place = format!("is not JSON (at line {line}, column {column})");
                return Err(error(&place));
            }
        };
        let token_uri = string_field(&fields, "token_uri");
        let kind =
            CredentialsKind::parse(&fields).map_err(|reason| format!("{origin} {reason}"))?;
        let token_uri = token_uri.unwrap_or_else(|| TOKEN_URI.to_owned());
        let is_url = url::Url::parse(&token_uri).is_ok_and(|url| url.has_host())
            && http::Uri::try_from(&token_uri).is_ok();
        if !is_url {
            return Err(error("has a `token_uri` that is not a URL"));
        }
        let quota_project = string_field(&fields, "quota_project_id");
        Ok(Self {
            kind,
            token_uri,
            projects: Projects {
                project: string_field(&fields, "project_id").or_else(|| quota_project.clone()),
                quota_project,
            },
            origin,
        })
    }

    /// Names the file or the variable.
    pub(super) fn origin(&self) -> &str {
        &self.origin
    }

    /// Returns the projects that the credentials name.
    pub(super) fn projects(self) -> Projects {
        self.projects
    }

    /// Returns a text without the secrets that a token request contains.
    pub(super) fn redact(&self, text: &str) -> String {
        match &self.kind {
            CredentialsKind::ServiceAccount(_) => text.to_owned(), // the key itself is not sent
            CredentialsKind::AuthorizedUser(user) => {
                let secrets = [&user.client_secret, &user.refresh_token];
                secrets.into_iter().fold(text.to_owned(), |text, secret| {
                    text.replace(secret.expose_secret(), MASK)
                })
            }
        }
    }
}

impl CredentialsKind {
    fn parse(fields: &Map<String, Value>) -> Result<Self, String> {
        let required = |name: &str| {
            let field = string_field(fields, name);
            field.ok_or_else(|| format!("has no `{name}`: download the key again"))
        };
        match string_field(fields, "type").as_deref() {
            Some("service_account") => Ok(Self::ServiceAccount(ServiceAccount {
                client_email: required("client_email")?,
                key_id: string_field(fields, "private_key_id"),
                private_key: required("private_key")?.into(),
                token_uri: required("token_uri")?,
            })),
            Some("authorized_user") => Ok(Self::AuthorizedUser(AuthorizedUser {
                client_id: required("client_id")?,
                client_secret: required("client_secret")?.into(),
                refresh_token: required("refresh_token")?.into(),
            })),
            Some(other) => Err(format!(
                "is of the type {}, which is not supported: set \
                 `MistralGcpBuilder::token_source`, or use a service account's key",
                shown_type(other)
            )),
            None => Err("has no `type`: download the key again".to_owned()),
        }
    }
}

/// Returns the name of a type for an error. The names of Google's types are longer than the values
/// that are shown otherwise.
fn shown_type(name: &str) -> String {
    let is_name = |letter: char| letter.is_ascii_lowercase() || letter == '_';
    if name.len() <= 64 && name.chars().all(is_name) {
        return format!("`{name}`");
    }
    shown_value(name)
}

fn string_field(fields: &Map<String, Value>, name: &str) -> Option<String> {
    let text = fields.get(name)?.as_str()?;
    (!text.trim().is_empty()).then(|| text.to_owned())
}

/// Shows the file, never the contents.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Credentials").field(&self.origin).finish()
    }
}
