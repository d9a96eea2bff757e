//! The URLs of Bedrock's chat routes.

use mistral_core::provider::{parse_base_url, shown_value};
use mistral_core::{Error, Result};
use url::{Position, Url};

use crate::env::{DEFAULT_REGION_VARIABLE, REGION_VARIABLE};

const OPERATION_PATH: &str = "/chat/completions";
/// The domains below which the host of an endpoint names its service and region.
const AWS_DOMAINS: [&str; 5] = [
    ".api.aws",
    ".amazonaws.com",
    ".amazonaws.com.cn",
    ".amazonaws.eu",
    ".aws.amazon.com",
];
const RIGHT_URL: &str = "`https://bedrock-mantle.us-east-1.api.aws/v1`, with your region";

/// The endpoint of Bedrock that chat completions are sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum BedrockService {
    /// `https://bedrock-mantle.<region>.api.aws/v1`. Requests are signed for the service
    /// `bedrock-mantle`.
    #[default]
    Mantle,
    /// `https://bedrock-runtime.<region>.amazonaws.com/openai/v1`. Requests are signed for the
    /// service `bedrock`.
    ///
    /// Which Mistral models this endpoint serves in the form of chat completions is not established.
    Runtime,
}

impl BedrockService {
    /// Returns the name of the service in signatures.
    #[cfg(feature = "sigv4")]
    pub(crate) fn signing_name(self) -> &'static str {
        match self {
            Self::Mantle => "bedrock-mantle",
            Self::Runtime => "bedrock",
        }
    }

    /// Returns the first label of the service's hosts.
    pub(crate) fn host_label(self) -> &'static str {
        match self {
            Self::Mantle => "bedrock-mantle",
            Self::Runtime => "bedrock-runtime",
        }
    }

    fn path_prefix(self) -> &'static str {
        match self {
            Self::Mantle => "/v1",
            Self::Runtime => "/openai/v1",
        }
    }

    /// Returns the endpoint of a region.
    pub(crate) fn url(self, region: &str) -> String {
        let domain = match self {
            Self::Mantle => "api.aws",
            Self::Runtime => "amazonaws.com",
        };
        format!("https://{}.{region}.{domain}", self.host_label())
    }
}

/// The service and the region of a host below one of AWS's domains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AwsHost<'a> {
    pub(crate) service: BedrockService,
    pub(crate) region: &'a str,
}

impl<'a> AwsHost<'a> {
    /// Returns `None` for hosts that are not AWS's, such as that of a gateway.
    pub(crate) fn parse(host: &'a str) -> Option<Self> {
        if !AWS_DOMAINS.iter().any(|domain| host.ends_with(domain)) {
            return None;
        }
        let mut labels = host.split('.');
        let service = labels.find_map(|label| {
            let label = label.trim_end_matches("-fips");
            let services = [BedrockService::Mantle, BedrockService::Runtime];
            services.into_iter().find(|it| it.host_label() == label)
        })?;
        let region = labels.next().filter(|region| is_region(region))?;
        Some(Self { service, region })
    }
}

/// The settings that complete a URL.
#[derive(Debug, Clone, Default)]
pub(crate) struct UrlSettings {
    pub(crate) service: Option<BedrockService>,
    pub(crate) path_prefix: Option<String>,
}

impl UrlSettings {
    /// Returns the URL of chat completions below `text`, which may end in a version or in the whole path.
    /// `setting` names the URL in errors.
    pub(crate) fn chat_url(&self, setting: &str, text: &str) -> Result<Url> {
        let base = parse_base_url(setting, text)?;
        check_host(setting, &base)?;
        let path = base.path().trim_end_matches('/');
        check_path(setting, path)?;
        let (before, is_whole) = match path.strip_suffix(OPERATION_PATH) {
            Some(before) => (before, true),
            None => (path, false),
        };
        let (parent, own_prefix) = split_version(before);
        let own_prefix = own_prefix.or(is_whole.then_some(""));
        let host = base.host_str().and_then(AwsHost::parse);
        let service = host.map(|host| host.service).or(self.service);
        let default_prefix = service.unwrap_or_default().path_prefix();
        let prefix = self.path_prefix.as_deref().or(own_prefix);
        let prefix = prefix.unwrap_or(default_prefix);
        let origin = &base[..Position::BeforePath];
        let url = format!("{origin}{parent}{prefix}{OPERATION_PATH}");
        Url::parse(&url).map_err(|error| {
            Error::config(format!("{setting}: `{url}` is not a URL")).with_source(error)
        })
    }
}

/// Splits the version, with a preceding `/openai`, from a path.
fn split_version(path: &str) -> (&str, Option<&str>) {
    let Some((parent, last)) = path.rsplit_once('/') else {
        return (path, None);
    };
    let number = last.strip_prefix('v').unwrap_or_default();
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return (path, None);
    }
    let parent = parent.strip_suffix("/openai").unwrap_or(parent);
    let (parent, version) = path.split_at(parent.len());
    (parent, Some(version))
}

fn check_host(setting: &str, url: &Url) -> Result<()> {
    let host = url.host_str().unwrap_or_default();
    let is_aws = AWS_DOMAINS.iter().any(|domain| host.ends_with(domain));
    if !is_aws || AwsHost::parse(host).is_some() {
        return Ok(());
    }
    let mut labels = host.split('.');
    let reason = if labels.any(|label| label.contains("console")) {
        "is the address of a page of the console"
    } else if host.split('.').any(|label| label == "bedrock") {
        "is the endpoint that manages models, which does not run them"
    } else if host
        .split('.')
        .any(|label| label.starts_with("bedrock-agent"))
    {
        "is the endpoint of Bedrock's agents"
    } else if host.split('.').any(|label| label.starts_with("bedrock-")) {
        "names no region after the service"
    } else {
        return Ok(()); // a gateway, such as API Gateway, that runs on AWS
    };
    Err(Error::config(format!(
        "{setting} {reason}: set it to {RIGHT_URL}"
    )))
}

fn check_path(setting: &str, path: &str) -> Result<()> {
    let last = path.rsplit('/').next().unwrap_or_default();
    let operation = match last {
        "invoke" | "invoke-with-response-stream" => "InvokeModel",
        "converse" | "converse-stream" => "Converse",
        "responses" => "the Responses API",
        "messages" => "the Messages API",
        _ => return Ok(()),
    };
    Err(Error::config(format!(
        "{setting} is the URL of {operation}, whose bodies are not those of chat completions: set it \
         to {RIGHT_URL}"
    )))
}

/// Checks a region, which becomes a part of the host.
pub(crate) fn check_region(region: &str) -> Result<&str> {
    let region = region.trim();
    if is_region(region) {
        return Ok(region);
    }
    let zone = region.trim_end_matches(|letter: char| letter.is_ascii_lowercase());
    let fix = if zone.len() + 1 == region.len() && is_region(zone) {
        format!("it is an availability zone, whose region is `{zone}`")
    } else {
        "write it like `us-east-1`".to_owned()
    };
    Err(Error::config(format!(
        "the region {} is not valid: {fix}, in {REGION_VARIABLE}, {DEFAULT_REGION_VARIABLE} or \
         `MistralBedrockBuilder::region`",
        shown_value(region)
    )))
}

/// Whether the text has the form of a region: words of lower-case letters, then a number.
fn is_region(text: &str) -> bool {
    let Some((words, number)) = text.rsplit_once('-') else {
        return false;
    };
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|it| it.is_ascii_lowercase());
    text.len() <= 64
        && words.split('-').all(is_word)
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// Checks the prefix of the path, which is empty or starts with a slash.
pub(crate) fn check_path_prefix(prefix: &str) -> Result<String> {
    let prefix = prefix.trim().trim_end_matches('/');
    let prefix = prefix.strip_suffix(OPERATION_PATH).unwrap_or(prefix);
    let is_valid = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~%".contains(&byte);
    if !prefix.bytes().all(is_valid) || !(prefix.is_empty() || prefix.starts_with('/')) {
        return Err(Error::config(format!(
            "the path prefix {} is not valid: set `MistralBedrockBuilder::path_prefix` to a path \
             like `/v1` or `/openai/v1`, and the host with `MistralBedrockBuilder::endpoint`",
            shown_value(prefix)
        )));
    }
    Ok(prefix.to_owned())
}
