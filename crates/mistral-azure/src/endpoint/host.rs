use super::kind::EndpointKind;
use crate::credentials::AzureAuth;

/// The Azure service that a host belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HostKind {
    Serverless,
    Foundry,
    OpenAi,
    CognitiveServices,
    /// Not an Azure host: a gateway, a proxy, an emulator.
    Other,
}

const HOST_SUFFIXES: [(&str, HostKind); 12] = [
    ("models.ai.azure.com", HostKind::Serverless),
    ("inference.ai.azure.com", HostKind::Serverless),
    ("inference.ml.azure.com", HostKind::Serverless),
    ("services.ai.azure.com", HostKind::Foundry),
    ("services.ai.azure.us", HostKind::Foundry),
    ("openai.azure.com", HostKind::OpenAi),
    ("openai.azure.us", HostKind::OpenAi),
    ("openai.azure.cn", HostKind::OpenAi),
    ("cognitiveservices.azure.com", HostKind::CognitiveServices),
    ("cognitiveservices.azure.us", HostKind::CognitiveServices),
    ("cognitiveservices.azure.cn", HostKind::CognitiveServices),
    ("api.cognitive.microsoft.com", HostKind::CognitiveServices),
];

/// Web portals, whose addresses are easily pasted in place of an endpoint.
const PORTALS: [&str; 5] = [
    "ai.azure.com",
    "ml.azure.com",
    "oai.azure.com",
    "portal.azure.com",
    "management.azure.com",
];

impl HostKind {
    /// Classifies a host name.
    ///
    /// # Errors
    /// Returns the reason `name` cannot be the host of an endpoint.
    pub(crate) fn from_name(name: &str) -> Result<Self, &'static str> {
        if PORTALS.contains(&name) {
            return Err("is the address of a portal, not of an endpoint");
        }
        for (suffix, host) in HOST_SUFFIXES {
            match name.strip_suffix(suffix) {
                Some("" | ".") => {
                    return Err("names no resource (the resource's name precedes it)");
                }
                Some(resource) if resource.ends_with('.') => return Ok(host),
                _ => {}
            }
        }
        Ok(Self::Other)
    }

    /// Returns the kind of an endpoint without a path.
    pub(crate) fn default_endpoint_kind(self) -> EndpointKind {
        match self {
            Self::Serverless => EndpointKind::Serverless,
            Self::Foundry | Self::Other => EndpointKind::Foundry,
            Self::OpenAi => EndpointKind::OpenAiV1,
            Self::CognitiveServices => EndpointKind::Deployments,
        }
    }

    /// Returns the header in which the host expects a key for an endpoint of this kind.
    pub(crate) fn default_auth(self, kind: EndpointKind) -> AzureAuth {
        match (self, kind) {
            (Self::OpenAi | Self::CognitiveServices, _) => AzureAuth::ApiKey,
            (Self::Foundry, EndpointKind::Deployments) => AzureAuth::ApiKey,
            (Self::Serverless | Self::Foundry | Self::Other, _) => AzureAuth::Bearer,
        }
    }
}
