use super::kind::EndpointKind;
use crate::credentials::AzureAuth;

/// The Azure service that a host belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HostKind {
    Serverless,
    MachineLearning,
    Foundry,
    OpenAi,
    CognitiveServices,
    /// Not an Azure host: a gateway, a proxy, an emulator.
    Other,
}

const HOST_SUFFIXES: [(&str, HostKind); 13] = [
    ("models.ai.azure.com", HostKind::Serverless),
    ("inference.ai.azure.com", HostKind::Serverless),
    ("inference.ml.azure.com", HostKind::MachineLearning),
    ("services.ai.azure.com", HostKind::Foundry),
    ("services.ai.azure.us", HostKind::Foundry),
    ("services.ai.azure.cn", HostKind::Foundry),
    ("openai.azure.com", HostKind::OpenAi),
    ("openai.azure.us", HostKind::OpenAi),
    ("openai.azure.cn", HostKind::OpenAi),
    ("cognitiveservices.azure.com", HostKind::CognitiveServices),
    ("cognitiveservices.azure.us", HostKind::CognitiveServices),
    ("cognitiveservices.azure.cn", HostKind::CognitiveServices),
    ("api.cognitive.microsoft.com", HostKind::CognitiveServices),
];

/// Web portals, whose addresses are easily pasted in place of an endpoint.
const PORTALS: [&str; 9] = [
    "ai.azure.com",
    "ai.azure.us",
    "ml.azure.com",
    "ml.azure.us",
    "oai.azure.com",
    "portal.azure.com",
    "portal.azure.us",
    "portal.azure.cn",
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

    /// Returns the kind of an endpoint whose path shows none.
    ///
    /// `preferred` counts where the host serves that kind. An `api-version` selects the route
    /// that has one.
    pub(crate) fn bare_endpoint_kind(
        self,
        preferred: Option<EndpointKind>,
        has_api_version: bool,
    ) -> EndpointKind {
        if let Some(kind) = preferred.filter(|kind| self.serves(*kind)) {
            return kind;
        }
        match self {
            Self::Serverless | Self::MachineLearning => EndpointKind::Serverless,
            Self::Foundry | Self::Other if has_api_version => EndpointKind::Models,
            Self::Foundry | Self::Other | Self::OpenAi => EndpointKind::OpenAiV1,
            Self::CognitiveServices => EndpointKind::Deployments,
        }
    }

    fn serves(self, kind: EndpointKind) -> bool {
        match self {
            Self::Serverless | Self::MachineLearning => kind == EndpointKind::Serverless,
            Self::Foundry | Self::CognitiveServices => kind != EndpointKind::Serverless,
            Self::OpenAi => matches!(kind, EndpointKind::OpenAiV1 | EndpointKind::Deployments),
            Self::Other => true,
        }
    }

    /// Whether the routes of the providers of models, such as Mistral's OCR, may exist beside
    /// those below `/openai`.
    pub(crate) fn has_provider_routes(self) -> bool {
        matches!(self, Self::Foundry | Self::Other)
    }

    /// Returns the header in which a key is expected by an endpoint of this kind.
    pub(crate) fn default_auth(self, kind: EndpointKind) -> AzureAuth {
        match (kind, self) {
            (EndpointKind::Deployments, _) | (_, Self::OpenAi | Self::CognitiveServices) => {
                AzureAuth::ApiKey
            }
            _ => AzureAuth::Bearer,
        }
    }
}

/// Returns the URL of the Foundry resource that a host of the same resource belongs to. A
/// placeholder takes the place of a name that the host does not show.
pub(crate) fn foundry_url(name: &str) -> String {
    let services = [".openai.azure.", ".cognitiveservices.azure."];
    let parts = services.iter().find_map(|service| name.split_once(service));
    let (resource, domain) = parts.unwrap_or(("<resource>", "com"));
    format!("https://{resource}.services.ai.azure.{domain}")
}
