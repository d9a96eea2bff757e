use std::fmt;
use std::sync::Arc;

#[cfg(feature = "sigv4")]
use mistral_core::provider::shown_value;
use mistral_core::provider::{TokenCache, TokenSource, env_var};
#[cfg(feature = "sigv4")]
use mistral_core::transport::Transport;
use mistral_core::{Error, Result};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::auth::{Auth, bearer_header};
use crate::endpoint::{AwsHost, BedrockService, UrlSettings, check_path_prefix, check_region};
use crate::env::{
    self, BEARER_TOKEN_VARIABLE, DEFAULT_REGION_VARIABLE, ENDPOINT_VARIABLE, MODEL_VARIABLE,
    REGION_VARIABLE,
};
use crate::provider::MistralBedrock;
#[cfg(feature = "sigv4")]
use crate::sigv4::{
    AwsCredentialSource, AwsCredentials, CredentialChain, RequestSigner, SigningCredentials,
    check_environment,
};

impl MistralBedrock {
    /// Creates a builder without any settings.
    pub fn builder() -> MistralBedrockBuilder {
        MistralBedrockBuilder::default()
    }

    /// Creates a provider from environment variables.
    ///
    /// | variable | setting |
    /// |---|---|
    /// | `AWS_REGION` or `AWS_DEFAULT_REGION` | [`region`](MistralBedrockBuilder::region) |
    /// | `AWS_BEDROCK_BASE_URL` | [`endpoint`](MistralBedrockBuilder::endpoint) |
    /// | `AWS_BEDROCK_MODEL` | [`model`](MistralBedrockBuilder::model) |
    ///
    /// White space and one pair of quotes around a value are removed. The credentials are found as
    /// the [crate's documentation](crate) describes. To combine the variables with other settings,
    /// use [`MistralBedrockBuilder::or_env`].
    ///
    /// # Errors
    /// Fails if the region is not set and the endpoint does not name one, or if a variable holds an
    /// invalid value.
    pub fn from_env() -> Result<Self> {
        Self::builder().or_env()?.build()
    }
}

/// A builder for [`MistralBedrock`]. Requires a region, unless the endpoint names it.
///
/// ```
/// # fn main() -> mistral_sdk::Result<()> {
/// use mistral_sdk::MistralBedrock;
///
/// let bedrock = MistralBedrock::builder()
///     .region("eu-west-1")
///     .model("mistral.ministral-3-8b-instruct")
///     .api_key("bedrock-api-key-…")
/// #   .api_key("bedrock-api-key-s3cret")
///     .build()?;
/// # assert!(!format!("{bedrock:?}").contains("s3cret"));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "a builder does nothing until it is built"]
pub struct MistralBedrockBuilder {
    region: Option<String>,
    env_region: Option<String>,
    endpoint: Option<String>,
    env_endpoint: Option<String>,
    service: Option<BedrockService>,
    path_prefix: Option<String>,
    model: Option<String>,
    credentials: CredentialSetting,
    #[cfg(feature = "sigv4")]
    signing_service: Option<String>,
    #[cfg(feature = "sigv4")]
    credentials_transport: Option<Arc<dyn Transport>>,
}

/// The credentials that were set.
#[derive(Clone, Default)]
enum CredentialSetting {
    /// Those of the environment.
    #[default]
    Environment,
    ApiKey(SecretString),
    TokenSource(Arc<dyn TokenSource>),
    #[cfg(feature = "sigv4")]
    AccessKey(AwsCredentials),
    #[cfg(feature = "sigv4")]
    Source(Arc<dyn AwsCredentialSource>),
    #[cfg(feature = "sigv4")]
    Profile(String),
}

/// Shows the kind of credentials, never a secret.
impl fmt::Debug for CredentialSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment => f.write_str("Environment"),
            Self::ApiKey(_) => f.write_str("[redacted]"),
            Self::TokenSource(source) => source.fmt(f),
            #[cfg(feature = "sigv4")]
            Self::AccessKey(credentials) => credentials.fmt(f),
            #[cfg(feature = "sigv4")]
            Self::Source(source) => source.fmt(f),
            #[cfg(feature = "sigv4")]
            Self::Profile(name) => f.debug_tuple("Profile").field(name).finish(),
        }
    }
}

impl MistralBedrockBuilder {
    /// Sets the region whose endpoint is called, for example `us-east-1`, which is also that of
    /// signatures. For an endpoint below one of AWS's domains, the region is the one in its host.
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// Sets the URL of the endpoint, for a gateway, a VPC endpoint, another partition or a test
    /// server. A version at its end, such as `/openai/v1`, is kept, and so is the whole path of chat
    /// completions. Default: that of the [`service`](Self::service) in the region.
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = Some(url.into());
        self
    }

    /// Sets the endpoint of the region that is called. Default: [`BedrockService::Mantle`], unless
    /// [`endpoint`](Self::endpoint) names another one.
    pub fn service(mut self, service: BedrockService) -> Self {
        self.service = Some(service);
        self
    }

    /// Sets the part of the path before `/chat/completions`, for models that are not served below
    /// the default one, for example `/openai/v1`. Takes precedence over the version in the URL of the
    /// endpoint. Default: `/v1`, and `/openai/v1` for [`BedrockService::Runtime`].
    pub fn path_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.path_prefix = Some(prefix.into());
        self
    }

    /// Sets the name of the service in signatures. Default: `bedrock-mantle`, and `bedrock` for
    /// [`BedrockService::Runtime`].
    #[cfg(feature = "sigv4")]
    pub fn signing_service(mut self, name: impl Into<String>) -> Self {
        self.signing_service = Some(name.into());
        self
    }

    /// Sets the model for requests whose model is empty or missing. Default: such requests
    /// fail.
    pub fn model(mut self, model: impl Into<String>) -> Self {
        self.model = Some(model.into());
        self
    }

    /// Sets an API key of Bedrock, which is sent as a bearer token.
    pub fn api_key(mut self, key: impl Into<SecretString>) -> Self {
        self.credentials = CredentialSetting::ApiKey(key.into());
        self
    }

    /// Fetches bearer tokens from `source` and caches each until it expires; see [`TokenCache`].
    ///
    /// Intended for short-term API keys of Bedrock, which expire with the credentials that they were
    /// created with.
    pub fn token_source(mut self, source: impl TokenSource) -> Self {
        self.credentials = CredentialSetting::TokenSource(Arc::new(source));
        self
    }

    /// Sets the access key that requests are signed with.
    #[cfg(feature = "sigv4")]
    pub fn credentials(mut self, credentials: AwsCredentials) -> Self {
        self.credentials = CredentialSetting::AccessKey(credentials);
        self
    }

    /// Fetches the access key that requests are signed with from `source`, and caches it until it
    /// expires.
    #[cfg(feature = "sigv4")]
    pub fn credential_source(mut self, source: impl AwsCredentialSource) -> Self {
        self.credentials = CredentialSetting::Source(Arc::new(source));
        self
    }

    /// Sets the profile in `~/.aws/credentials` and `~/.aws/config` whose credentials requests are
    /// signed with. Nothing else is searched for credentials.
    #[cfg(feature = "sigv4")]
    pub fn profile(mut self, name: impl Into<String>) -> Self {
        self.credentials = CredentialSetting::Profile(name.into());
        self
    }

    /// Sets the transport on which credentials are requested from services such as STS, for example
    /// one with the same proxy or root certificates as that of the client. The metadata service and
    /// the agents of containers are reached directly, as far as they are reached over plain HTTP.
    ///
    /// Default: a new [`HyperTransport`](mistral_core::transport::HyperTransport), whose proxies and
    /// certificates are those of the environment and the platform, as for calls.
    #[cfg(feature = "sigv4")]
    pub fn credentials_transport(mut self, transport: impl Transport) -> Self {
        self.credentials_transport = Some(Arc::new(transport));
        self
    }

    /// Fills unset settings from environment variables; see [`MistralBedrock::from_env`].
    ///
    /// # Errors
    /// Fails if a variable is not valid UTF-8.
    pub fn or_env(mut self) -> Result<Self> {
        self.env_region = env::region()?;
        self.env_endpoint = env_var(ENDPOINT_VARIABLE)?;
        if self.model.is_none() {
            self.model = env_var(MODEL_VARIABLE)?;
        }
        Ok(self)
    }

    /// Builds the provider. Sends nothing, and reads no files.
    ///
    /// # Errors
    /// Fails if the region is not set and the endpoint does not name one, or if a setting or a
    /// variable with credentials is invalid.
    pub fn build(mut self) -> Result<MistralBedrock> {
        let path_prefix = self.path_prefix.take();
        let url_settings = UrlSettings {
            service: self.service,
            path_prefix: path_prefix.as_deref().map(check_path_prefix).transpose()?,
        };
        let url = self.url(&url_settings)?;
        self.check_service(&url)?;
        let region = self.signing_region(&url)?;
        Ok(MistralBedrock {
            auth: self.auth(region)?,
            model: self.model.filter(|model| !model.trim().is_empty()),
            url,
            url_settings,
        })
    }

    /// Returns the URL of chat completions.
    fn url(&self, settings: &UrlSettings) -> Result<Url> {
        let set = self.endpoint.as_deref().map(|url| ("the endpoint", url));
        let of_env = self.env_endpoint.as_deref();
        if let Some((setting, url)) = set.or(of_env.map(|url| (ENDPOINT_VARIABLE, url))) {
            return settings.chat_url(setting, url);
        }
        let region = self.region.as_deref().or(self.env_region.as_deref());
        let region = check_region(region.ok_or_else(missing_region)?)?;
        let url = self.service.unwrap_or_default().url(region);
        settings.chat_url("the region's endpoint", &url)
    }

    /// Checks that the endpoint is not one of another service than the one that was set.
    fn check_service(&self, url: &Url) -> Result<()> {
        let of_host = url.host_str().and_then(AwsHost::parse);
        match (of_host, self.service) {
            (Some(host), Some(set)) if host.service != set => Err(Error::config(format!(
                "the endpoint is one of `{}`, but `MistralBedrockBuilder::service` is `{}`: set one \
                 of them",
                host.service.host_label(),
                set.host_label(),
            ))),
            _ => Ok(()),
        }
    }

    /// Returns the region of signatures for hosts that name none, which may be unknown.
    fn signing_region(&self, url: &Url) -> Result<Option<String>> {
        let of_host = url.host_str().and_then(AwsHost::parse);
        let set = self.region.as_deref().map(check_region).transpose()?;
        if let (Some(host), Some(region)) = (of_host, set)
            && host.region != region
        {
            return Err(Error::config(format!(
                "the endpoint is in the region `{}`, but `MistralBedrockBuilder::region` is \
                 `{region}`: set one of them",
                host.region
            )));
        }
        let of_env = self.env_region.as_deref();
        let region = match of_host {
            Some(host) => Some(host.region),
            None => set.or(of_env.map(check_region).transpose()?),
        };
        Ok(region.map(str::to_owned))
    }

    /// Returns what requests are authenticated with.
    fn auth(&mut self, region: Option<String>) -> Result<Auth> {
        let key = match std::mem::take(&mut self.credentials) {
            CredentialSetting::Environment => match env_var(BEARER_TOKEN_VARIABLE)? {
                Some(key) => return bearer_header(BEARER_TOKEN_VARIABLE, &key).map(Auth::Static),
                None => CredentialSetting::Environment,
            },
            CredentialSetting::ApiKey(key) => {
                let header = bearer_header("the API key", key.expose_secret())?;
                return Ok(Auth::Static(header));
            }
            CredentialSetting::TokenSource(source) => {
                return Ok(Auth::Cached(Arc::new(TokenCache::shared(source))));
            }
            #[cfg(feature = "sigv4")]
            other => other,
        };
        self.signing_auth(key, region)
    }

    #[cfg(not(feature = "sigv4"))]
    fn signing_auth(&self, _: CredentialSetting, _: Option<String>) -> Result<Auth> {
        Err(Error::config(format!(
            "{BEARER_TOKEN_VARIABLE} is not set: set it to an API key of Bedrock, set \
             `MistralBedrockBuilder::api_key`, or enable the cargo feature `sigv4` of `mistral-aws` \
             for other credentials"
        )))
    }

    #[cfg(feature = "sigv4")]
    fn signing_auth(&mut self, setting: CredentialSetting, region: Option<String>) -> Result<Auth> {
        let chain = |profile| CredentialChain {
            profile,
            transport: self.credentials_transport.clone(),
        };
        let credentials = match setting {
            CredentialSetting::AccessKey(credentials) => {
                let checked = credentials.checked().map_err(|reason| {
                    Error::config(format!("`MistralBedrockBuilder::credentials`: {reason}"))
                })?;
                SigningCredentials::Static(checked)
            }
            CredentialSetting::Source(source) => SigningCredentials::cached(source),
            CredentialSetting::Profile(name) if name.trim().is_empty() => {
                return Err(Error::config(
                    "`MistralBedrockBuilder::profile` is empty: set it to the name of a profile",
                ));
            }
            CredentialSetting::Profile(name) => {
                SigningCredentials::cached(Arc::new(chain(Some(name.trim().to_owned()))))
            }
            _ => {
                check_environment()?;
                SigningCredentials::cached(Arc::new(chain(None)))
            }
        };
        Ok(Auth::SigV4(Arc::new(RequestSigner {
            credentials,
            region: region.ok_or_else(missing_region)?,
            service: self.service.unwrap_or_default(),
            service_name: check_signing_service(self.signing_service.take())?,
        })))
    }
}

#[cfg(feature = "sigv4")]
fn check_signing_service(name: Option<String>) -> Result<Option<String>> {
    let Some(name) = name else { return Ok(None) };
    let is_valid = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let trimmed = name.trim();
    if trimmed.is_empty() || !trimmed.bytes().all(is_valid) {
        return Err(Error::config(format!(
            "the service {} is not valid: set `MistralBedrockBuilder::signing_service` to a name \
             like `bedrock-mantle`",
            shown_value(trimmed)
        )));
    }
    Ok(Some(trimmed.to_owned()))
}

fn missing_region() -> Error {
    Error::config(format!(
        "the region is not set: set {REGION_VARIABLE}, {DEFAULT_REGION_VARIABLE} or \
         `MistralBedrockBuilder::region`, for example to `us-east-1`"
    ))
}
