//! What a host says about an endpoint.

use crate::{AzureAuth, AzureForm};

/// Where an endpoint is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Host {
    Serverless,
    Foundry,
    OpenAi,
    CognitiveServices,
    /// A gateway, a proxy, an emulator.
    Other,
}

const KNOWN: [(&str, Host); 11] = [
    ("models.ai.azure.com", Host::Serverless),
    ("inference.ai.azure.com", Host::Serverless),
    ("services.ai.azure.com", Host::Foundry),
    ("services.ai.azure.us", Host::Foundry),
    ("openai.azure.com", Host::OpenAi),
    ("openai.azure.us", Host::OpenAi),
    ("openai.azure.cn", Host::OpenAi),
    ("cognitiveservices.azure.com", Host::CognitiveServices),
    ("cognitiveservices.azure.us", Host::CognitiveServices),
    ("cognitiveservices.azure.cn", Host::CognitiveServices),
    ("api.cognitive.microsoft.com", Host::CognitiveServices),
];

/// Sites for people, which are easily copied in place of an endpoint.
const PORTALS: [&str; 5] = [
    "ai.azure.com",
    "ml.azure.com",
    "oai.azure.com",
    "portal.azure.com",
    "management.azure.com",
];

impl Host {
    /// What `name` says, or why it cannot be the host of an endpoint.
    pub(crate) fn of(name: &str) -> Result<Self, &'static str> {
        if PORTALS.contains(&name) {
            return Err("is the address of a portal, not of an endpoint");
        }
        for (suffix, host) in KNOWN {
            match name.strip_suffix(suffix) {
                Some("" | ".") => {
                    return Err("names no resource (its name comes in front)");
                }
                Some(resource) if resource.ends_with('.') => return Ok(host),
                _ => {}
            }
        }
        Ok(Self::Other)
    }

    /// The form of an endpoint that is only a host.
    pub(crate) fn form(self) -> AzureForm {
        match self {
            Self::Serverless => AzureForm::Serverless,
            Self::Foundry | Self::Other => AzureForm::Foundry,
            Self::OpenAi => AzureForm::OpenAiV1,
            Self::CognitiveServices => AzureForm::Deployments,
        }
    }

    /// How a key is sent there.
    pub(crate) fn auth(self) -> AzureAuth {
        match self {
            Self::OpenAi | Self::CognitiveServices => AzureAuth::ApiKey,
            Self::Serverless | Self::Foundry | Self::Other => AzureAuth::Bearer,
        }
    }
}

/// The scope of the tokens that a host accepts.
#[cfg(feature = "entra")]
pub(crate) fn scope(host: &str) -> &'static str {
    match host.rsplit_once('.') {
        Some((rest, "us")) if rest.ends_with(".azure") => {
            "https://cognitiveservices.azure.us/.default"
        }
        Some((rest, "cn")) if rest.ends_with(".azure") => {
            "https://cognitiveservices.azure.cn/.default"
        }
        _ => crate::DEFAULT_SCOPE,
    }
}
