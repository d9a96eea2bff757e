//! The scopes of Entra ID tokens, and advice where the audience of a token is refused.

use crate::endpoint::{EndpointKind, HostKind};

/// The scope of Entra ID tokens for the route `/openai/v1`, also below a project.
pub const AI_SCOPE: &str = "https://ai.azure.com/.default";
/// The scope of Entra ID tokens for `/models`, `/openai/deployments` and serverless deployments.
pub const COGNITIVE_SERVICES_SCOPE: &str = "https://cognitiveservices.azure.com/.default";
/// The scope of Entra ID tokens for online endpoints of Azure Machine Learning.
pub const MACHINE_LEARNING_SCOPE: &str = "https://ml.azure.com/.default";

const AI_SCOPE_US: &str = "https://ai.azure.us/.default";
const COGNITIVE_SERVICES_SCOPE_US: &str = "https://cognitiveservices.azure.us/.default";
const COGNITIVE_SERVICES_SCOPE_CN: &str = "https://cognitiveservices.azure.cn/.default";

/// One of Microsoft's clouds, each of which issues tokens of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cloud {
    Public,
    UsGovernment,
    China,
}

impl Cloud {
    fn of_host(name: &str) -> Self {
        match name.trim_end_matches('.').rsplit_once('.') {
            Some((domain, "us")) if domain.ends_with(".azure") => Self::UsGovernment,
            Some((domain, "cn")) if domain.ends_with(".azure") => Self::China,
            _ => Self::Public,
        }
    }
}

/// Returns the scope of the tokens that an endpoint accepts. `name` is the name of its host.
pub(crate) fn default_scope(host: HostKind, name: &str, kind: EndpointKind) -> &'static str {
    match (Cloud::of_host(name), host, kind) {
        (Cloud::Public, HostKind::MachineLearning, _) => MACHINE_LEARNING_SCOPE,
        (Cloud::Public, _, EndpointKind::OpenAiV1) => AI_SCOPE,
        (Cloud::Public, ..) => COGNITIVE_SERVICES_SCOPE,
        (Cloud::UsGovernment, _, EndpointKind::OpenAiV1) => AI_SCOPE_US,
        (Cloud::UsGovernment, ..) => COGNITIVE_SERVICES_SCOPE_US,
        // Microsoft documents no scope of Foundry there.
        (Cloud::China, ..) => COGNITIVE_SERVICES_SCOPE_CN,
    }
}

/// A scope that an endpoint of a cloud may require.
struct KnownScope {
    cloud: Cloud,
    scope: &'static str,
    audience: &'static str,
    advice: &'static str,
}

macro_rules! known_scope {
    ($cloud:ident, $audience:literal) => {
        KnownScope {
            cloud: Cloud::$cloud,
            scope: concat!($audience, "/.default"),
            audience: $audience,
            advice: concat!(
                "request the token for the scope `",
                $audience,
                "/.default`, with `MistralAzureBuilder::scope` or in your `token_source`"
            ),
        }
    };
}

/// All known scopes. Those of a cloud that are accepted by the most endpoints come first.
static SCOPES: &[KnownScope] = &[
    known_scope!(Public, "https://cognitiveservices.azure.com"),
    known_scope!(Public, "https://ai.azure.com"),
    known_scope!(Public, "https://ml.azure.com"),
    known_scope!(UsGovernment, "https://cognitiveservices.azure.us"),
    known_scope!(UsGovernment, "https://ai.azure.us"),
    known_scope!(China, "https://cognitiveservices.azure.cn"),
];

/// Returns advice on a response that refuses the audience of a token.
///
/// `requested` is the scope of the token, if it is known, and `default` that of the endpoint. The
/// advice names the scope whose audience the message names, otherwise the other scope of the same
/// cloud. `None` if the message names the audience of `requested` alone: then the token was
/// refused for another reason.
pub(crate) fn audience_advice(
    message: &str,
    requested: Option<&str>,
    default: &'static str,
) -> Option<&'static str> {
    let find = |scope| SCOPES.iter().find(|known| known.scope == scope);
    let expected = find(default)?;
    let cloud = requested.and_then(find).unwrap_or(expected).cloud;
    let in_cloud = SCOPES.iter().filter(|known| known.cloud == cloud);
    let (named, unnamed): (Vec<_>, Vec<_>) =
        in_cloud.partition(|known| message.contains(known.audience));
    let candidates = match requested {
        _ if !named.is_empty() => named,
        Some(_) => unnamed,
        None => vec![expected],
    };
    let other = |known: &&KnownScope| requested != Some(known.scope);
    candidates.into_iter().find(other).map(|known| known.advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scope_of_every_endpoint_is_known() {
        let hosts = [
            ("r.services.ai.azure.com", HostKind::Foundry),
            ("r.services.ai.azure.us", HostKind::Foundry),
            ("r.openai.azure.cn", HostKind::OpenAi),
            (
                "e.westeurope.inference.ml.azure.com",
                HostKind::MachineLearning,
            ),
            ("azure.us", HostKind::Other),
        ];
        for (name, host) in hosts {
            for (_, kind) in EndpointKind::NAMES {
                let scope = default_scope(host, name, kind);
                assert!(SCOPES.iter().any(|known| known.scope == scope), "{scope}");
            }
        }
    }
}
