//! The search for credentials, in the order of the crate's documentation.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use mistral_core::provider::env_var;
use mistral_core::transport::Transport;
use mistral_core::{Error, Result};
use reqsign_aws_v4::{
    AssumeRoleWithWebIdentityCredentialProvider, Credential, ECSCredentialProvider,
    EnvCredentialProvider, IMDSv2CredentialProvider, ProcessCredentialProvider,
    ProfileCredentialProvider, SSOCredentialProvider,
};
use reqsign_core::{Error as ReqsignError, ProvideCredentialDyn};
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::context::search_context;
use super::credentials::{AwsCredentialSource, AwsCredentials};
use crate::env::{ACCESS_KEY_ID_VARIABLE, BEARER_TOKEN_VARIABLE, SECRET_ACCESS_KEY_VARIABLE};

/// The timeout of a whole search.
const SEARCH_TIMEOUT: Duration = Duration::from_secs(60);
/// The longest reason of a source that an error shows, in characters.
const MAX_REASON: usize = 300;

/// A place to search, and its name in errors.
struct Source {
    name: &'static str,
    provider: Box<dyn ProvideCredentialDyn<Credential = Credential>>,
}

/// Searches for credentials on every call. The signer caches what it finds.
#[derive(Clone)]
pub(crate) struct CredentialChain {
    /// The profile that the application set, which is then the only place to search.
    pub(crate) profile: Option<String>,
    pub(crate) transport: Option<Arc<dyn Transport>>,
}

impl CredentialChain {
    /// Returns the places to search.
    // Not the chain of `reqsign`: it logs its members, whose `Debug` output may hold a token.
    fn sources(&self) -> Vec<Source> {
        fn source(
            name: &'static str,
            provider: impl ProvideCredentialDyn<Credential = Credential>,
        ) -> Source {
            let provider = Box::new(provider);
            Source { name, provider }
        }
        let mut profile = ProfileCredentialProvider::new();
        let mut login = SSOCredentialProvider::new();
        let mut process = ProcessCredentialProvider::new();
        if let Some(name) = &self.profile {
            profile = profile.with_profile(name);
            login = login.with_profile(name);
            process = process.with_profile(name);
            return vec![
                source("access key of the profile", profile),
                source("login of the profile", login),
                source("credential process of the profile", process),
            ];
        }
        vec![
            source("environment", EnvCredentialProvider::new()),
            source("access key of the profile", profile),
            source("login of the profile", login),
            source(
                "web identity",
                AssumeRoleWithWebIdentityCredentialProvider::new(),
            ),
            source("credential process of the profile", process),
            source("container", ECSCredentialProvider::new()),
            source("metadata service", IMDSv2CredentialProvider::new()),
        ]
    }

    async fn search(&self) -> Result<AwsCredentials> {
        let context = search_context(self.transport.clone());
        let mut reasons = Vec::new();
        for source in self.sources() {
            let found = source.provider.provide_credential_dyn(&context).await;
            let reason = match found {
                Ok(Some(credential)) => match to_credentials(&credential).checked() {
                    Ok(credentials) => return Ok(credentials),
                    Err(reason) => reason,
                },
                Ok(None) => "not set".to_owned(),
                Err(error) => shown_reason(&error),
            };
            reasons.push(format!("{}: {reason}", source.name));
        }
        Err(self.not_found(&reasons.join("; ")))
    }

    fn not_found(&self, reasons: &str) -> Error {
        Error::credentials(match &self.profile {
            Some(_) => format!(
                "the profile of `MistralBedrockBuilder::profile` has no credentials ({reasons}): run \
                 `aws configure` or `aws sso login` for it, or set another one"
            ),
            None => format!(
                "no AWS credentials were found ({reasons}): set {BEARER_TOKEN_VARIABLE} to an API \
                 key of Bedrock, or {ACCESS_KEY_ID_VARIABLE} and {SECRET_ACCESS_KEY_VARIABLE}, run \
                 `aws configure`, or set `MistralBedrockBuilder::credential_source`"
            ),
        })
    }
}

#[async_trait]
impl AwsCredentialSource for CredentialChain {
    async fn credentials(&self) -> Result<AwsCredentials> {
        if Handle::try_current().is_err() {
            return Err(Error::credentials(
                "the search for AWS credentials needs a Tokio runtime: set \
                 `MistralBedrockBuilder::credentials`",
            ));
        }
        let found = timeout(SEARCH_TIMEOUT, self.search()).await;
        found.unwrap_or_else(|_| {
            Err(Error::credentials(format!(
                "the search for AWS credentials took longer than {SEARCH_TIMEOUT:?}"
            )))
        })
    }
}

/// Checks that the environment has no half of an access key.
pub(crate) fn check_environment() -> Result<()> {
    let id = env_var(ACCESS_KEY_ID_VARIABLE)?.is_some();
    let secret = env_var(SECRET_ACCESS_KEY_VARIABLE)?.is_some();
    let (set, unset) = match (id, secret) {
        (true, false) => (ACCESS_KEY_ID_VARIABLE, SECRET_ACCESS_KEY_VARIABLE),
        (false, true) => (SECRET_ACCESS_KEY_VARIABLE, ACCESS_KEY_ID_VARIABLE),
        _ => return Ok(()),
    };
    Err(Error::config(format!(
        "{set} is set, but {unset} is not: set both, or neither"
    )))
}

fn to_credentials(found: &Credential) -> AwsCredentials {
    let mut credentials = AwsCredentials::new(&*found.access_key_id, &*found.secret_access_key);
    // Blank tokens stand in profiles next to permanent keys.
    let token = found.session_token.as_deref();
    if let Some(token) = token.filter(|token| !token.trim().is_empty()) {
        credentials = credentials.session_token(token);
    }
    if let Some(expiry) = found.expires_in {
        let lifetime = expiry.as_system_time().duration_since(SystemTime::now());
        // Expired credentials are still used once: the local clock may be wrong.
        credentials = credentials.expires_in(lifetime.unwrap_or_default());
    }
    credentials
}

/// Describes the error of a source by what `reqsign` itself says. Errors of parsers, which quote what
/// they parse, are left out.
fn shown_reason(error: &ReqsignError) -> String {
    let own = |error: &ReqsignError| {
        let text = error.to_string();
        match text.split_once(": ") {
            Some((before, _)) if before.starts_with("failed to parse") => before.to_owned(),
            _ => text,
        }
    };
    let mut reason = own(error);
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(cause) = cause.downcast_ref::<ReqsignError>() {
            reason.push_str(": ");
            reason.push_str(&own(cause));
        }
        source = cause.source();
    }
    reason.chars().take(MAX_REASON).collect()
}

/// Shows the profile. The transport is that of the application.
impl fmt::Debug for CredentialChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("CredentialChain");
        debug.field("profile", &self.profile);
        debug.finish_non_exhaustive()
    }
}
