//! Access keys, their sources, and the form in which they are cached.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::HeaderValue;
use mistral_core::provider::{Token, TokenSource};
use mistral_core::{Error, Result};
use reqsign_aws_v4::Credential;
use secrecy::{ExposeSecret, SecretString};

/// An access key of AWS, which signs requests.
///
/// Its parts are never printed.
// The condition of the module, repeated: rustdoc shows that of a re-exported item only then.
#[cfg(feature = "sigv4")]
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AwsCredentials {
    /// The id of the access key, sent with every signature.
    pub access_key_id: SecretString,
    /// The secret of the access key, which is never sent.
    pub secret_access_key: SecretString,
    /// The session token of a temporary access key, sent with every request. `None`: the key is a
    /// permanent one.
    pub session_token: Option<SecretString>,
    /// The time from now until the credentials expire. `None`: they do not expire, or the time is
    /// not known.
    pub expires_in: Option<Duration>,
}

impl AwsCredentials {
    /// Creates credentials that do not expire.
    pub fn new(
        access_key_id: impl Into<SecretString>,
        secret_access_key: impl Into<SecretString>,
    ) -> Self {
        Self {
            access_key_id: access_key_id.into(),
            secret_access_key: secret_access_key.into(),
            session_token: None,
            expires_in: None,
        }
    }

    /// Sets the session token of a temporary access key.
    #[must_use]
    pub fn session_token(mut self, token: impl Into<SecretString>) -> Self {
        self.session_token = Some(token.into());
        self
    }

    /// Sets the time from now until the credentials expire.
    #[must_use]
    pub fn expires_in(mut self, time: Duration) -> Self {
        self.expires_in = Some(time);
        self
    }

    /// Removes white space around the parts, and checks that each can be sent.
    ///
    /// # Errors
    /// Returns a message that names the part and does not contain it.
    pub(crate) fn checked(&self) -> Result<Self, String> {
        let part = |name: &str, value: &SecretString| {
            let value = value.expose_secret().trim();
            let reason = if value.is_empty() {
                "is empty"
            } else if !value.bytes().all(|byte| byte.is_ascii_graphic()) {
                "has white space, a control character or a non-ASCII character inside: copy it alone"
            } else if value.starts_with(['"', '\'']) || value.ends_with(['"', '\'']) {
                "has a quotation mark around it: remove it"
            } else {
                return Ok(SecretString::from(value));
            };
            Err(format!("the {name} {reason}"))
        };
        let session_token = self.session_token.as_ref();
        Ok(Self {
            access_key_id: part("access key id", &self.access_key_id)?,
            secret_access_key: part("secret access key", &self.secret_access_key)?,
            session_token: session_token
                .map(|token| part("session token", token))
                .transpose()?,
            expires_in: self.expires_in,
        })
    }

    /// Joins the parts by spaces, which occur in none of them: the cache holds one text.
    fn to_cached(&self) -> Token {
        let mut text = format!(
            "{} {}",
            self.access_key_id.expose_secret(),
            self.secret_access_key.expose_secret()
        );
        if let Some(token) = &self.session_token {
            text.push(' ');
            text.push_str(token.expose_secret());
        }
        match self.expires_in {
            Some(time) => Token::new(text).expires_in(time),
            None => Token::new(text),
        }
    }

    /// Splits what the cache holds: the joined parts, after the word `Bearer`.
    pub(super) fn from_cached(header: &HeaderValue) -> Result<Self> {
        let text = header.to_str().unwrap_or_default();
        let mut parts = text.split(' ').skip(1);
        let (Some(id), Some(secret)) = (parts.next(), parts.next()) else {
            return Err(Error::credentials("the cached access key is incomplete"));
        };
        let credentials = Self::new(id, secret);
        Ok(match parts.next() {
            Some(token) => credentials.session_token(token),
            None => credentials,
        })
    }

    /// Returns the credentials for the signer. Their expiry is left out: the cache has checked it,
    /// and the clock may be wrong.
    pub(super) fn to_signing(&self) -> Credential {
        let token = self.session_token.as_ref();
        Credential {
            access_key_id: self.access_key_id.expose_secret().to_owned(),
            secret_access_key: self.secret_access_key.expose_secret().to_owned(),
            session_token: token.map(|token| token.expose_secret().to_owned()),
            expires_in: None,
        }
    }
}

/// Supplies the credentials that requests are signed with.
///
/// Called when there are none yet, and before they expire. Concurrent calls share one fetch.
///
/// ```
/// use async_trait::async_trait;
/// use mistral_sdk::{AwsCredentialSource, AwsCredentials, MistralBedrock, Result};
///
/// /// Returns the credentials of a role that another library assumes.
/// #[derive(Debug)]
/// struct AssumedRole;
///
/// #[async_trait]
/// impl AwsCredentialSource for AssumedRole {
///     async fn credentials(&self) -> Result<AwsCredentials> {
///         # let (id, secret, token) = ("id", "secret", "token");
///         # let lifetime = std::time::Duration::from_secs(3600);
///         Ok(AwsCredentials::new(id, secret).session_token(token).expires_in(lifetime))
///     }
/// }
///
/// # fn main() -> Result<()> {
/// let bedrock = MistralBedrock::builder()
///     .region("us-east-1")
///     .credential_source(AssumedRole)
///     .build()?;
/// # let _ = bedrock;
/// # Ok(()) }
/// ```
#[cfg(feature = "sigv4")]
#[async_trait]
pub trait AwsCredentialSource: fmt::Debug + Send + Sync + 'static {
    /// Returns the credentials for the next requests.
    ///
    /// # Errors
    /// Fails when no credentials can be obtained; create the error with
    /// [`Error::credentials`](mistral_core::Error::credentials).
    async fn credentials(&self) -> Result<AwsCredentials>;
}

/// Adapts a source of access keys to the cache, which holds one text.
pub(crate) struct CachedSource(pub(crate) Arc<dyn AwsCredentialSource>);

#[async_trait]
impl TokenSource for CachedSource {
    async fn token(&self) -> Result<Token> {
        let credentials = self.0.credentials().await?.checked();
        Ok(credentials.map_err(Error::credentials)?.to_cached())
    }
}

impl fmt::Debug for CachedSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
