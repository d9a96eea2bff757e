//! Azure endpoints: parsing a pasted URL, and building the URLs of operations from it.

mod host;
mod kind;

use mistral_core::{Error, Result};

use mistral_core::provider::{Route, parse_base_url};
use url::Url;

use self::host::HostKind;
pub(crate) use self::kind::AzureOperation;
pub use self::kind::EndpointKind;

const API_VERSION: &str = "api-version";
const KNOWN_ENDPOINTS: &str = "the known forms are \
     `https://<deployment>.<region>.models.ai.azure.com`, \
     `https://<deployment>.<region>.inference.ai.azure.com`, \
     `https://<endpoint>.<region>.inference.ml.azure.com`, \
     `https://<resource>.services.ai.azure.com`, \
     `https://<resource>.openai.azure.com/openai/v1` and \
     `https://<resource>.cognitiveservices.azure.com/openai/deployments/<deployment>`, each \
     with or without the path of an operation";

/// A parsed endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AzureEndpoint {
    pub(crate) host: HostKind,
    pub(crate) kind: EndpointKind,
    /// The URL without the path that the kind adds, and without a query.
    pub(crate) base: Url,
    /// The deployment in the path, if any.
    pub(crate) deployment: Option<String>,
    /// The `api-version` in the query, if any.
    pub(crate) api_version: Option<String>,
}

impl AzureEndpoint {
    /// Parses the value of `setting`. `kind` applies if the URL does not show its kind.
    pub(crate) fn parse(setting: &str, text: &str, kind: Option<EndpointKind>) -> Result<Self> {
        let mut url = Url::parse(text.trim()).map_err(|error| {
            Error::config(format!(
                "{setting} is not a URL ({error}): copy the endpoint from the deployment's \
                 page; {KNOWN_ENDPOINTS}"
            ))
        })?;
        let api_version = api_version(setting, &url)?;
        url.set_query(None);
        let mut base = parse_base_url(setting, url.as_str())?;
        let name = url.host_str().unwrap_or_default();
        let host = HostKind::from_name(name.trim_end_matches('.')).map_err(|reason| {
            Error::config(format!(
                "{setting}: `{name}` {reason}: copy the endpoint from the deployment's page; \
                 {KNOWN_ENDPOINTS}"
            ))
        })?;
        if host != HostKind::Other && url.scheme() != "https" {
            return Err(Error::config(format!(
                "{setting} must start with `https://`: over `http` the key would be sent in plain text"
            )));
        }
        let segments: Vec<_> = url
            .path_segments()
            .into_iter()
            .flatten()
            .filter(|segment| !segment.is_empty())
            .collect();
        let Some(matched) = PathMatch::find(&segments, host, kind) else {
            return Err(Error::config(format!(
                "{setting}: `{name}` serves no Mistral models at the path `{}`: copy the endpoint \
                 from the deployment's page, or remove the path of the operation from that of a \
                 gateway; {KNOWN_ENDPOINTS}",
                url.path()
            )));
        };
        if let Some(deployment) = matched.deployment.filter(|name| name.contains('%')) {
            return Err(Error::config(format!(
                "{setting}: `{deployment}` is not the name of a deployment: replace it with the name"
            )));
        }
        base.set_path(&matched.prefix.join("/"));
        Ok(Self {
            host,
            kind: matched.kind,
            base,
            deployment: matched.deployment.map(str::to_owned),
            api_version,
        })
    }

    /// Returns the route of an operation.
    pub(crate) fn route(
        &self,
        operation: AzureOperation,
        deployment: Option<&str>,
        api_version: &str,
    ) -> Result<Route> {
        let path = self.kind.path(operation, deployment)?;
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path); // infallible: a URL with a host has a path
        }
        if self.kind.has_api_version() {
            url.query_pairs_mut().append_pair(API_VERSION, api_version);
        }
        Ok(Route::new(url))
    }
}

/// Returns the `api-version` of a query that has no other parameter.
fn api_version(setting: &str, url: &Url) -> Result<Option<String>> {
    let mut version = None;
    for (name, value) in url.query_pairs() {
        if !name.eq_ignore_ascii_case(API_VERSION) {
            return Err(Error::config(format!(
                "{setting}: the query may contain only `{API_VERSION}`, not `{name}`: set other \
                 parameters with `query` of a call"
            )));
        }
        version = Some(value.trim().to_owned()).filter(|version| !version.is_empty());
    }
    Ok(version)
}

/// The path of an endpoint, split at the first segment that belongs to its kind.
struct PathMatch<'a> {
    kind: EndpointKind,
    /// The path of a gateway, which precedes that of the kind.
    prefix: &'a [&'a str],
    deployment: Option<&'a str>,
}

impl<'a> PathMatch<'a> {
    fn find(
        segments: &'a [&'a str],
        host: HostKind,
        configured: Option<EndpointKind>,
    ) -> Option<Self> {
        let fallback = match host {
            HostKind::Other => configured.unwrap_or_else(|| host.default_endpoint_kind()),
            known => known.default_endpoint_kind(),
        };
        // A project's endpoint is below that of its resource, which serves the models.
        let segments = match (host, segments) {
            (HostKind::Other, all) => all,
            (_, ["api", "projects", _, rest @ ..]) => rest,
            (_, all) => all,
        };
        let lower: Vec<_> = segments.iter().map(|s| s.to_ascii_lowercase()).collect();
        let lower: Vec<_> = lower.iter().map(String::as_str).collect();
        for start in 0..=segments.len() {
            let (prefix, tail) = segments.split_at_checked(start)?;
            if host != HostKind::Other && !prefix.is_empty() {
                return None;
            }
            let (_, tail_lower) = lower.split_at_checked(start)?;
            if let Some(kind) = kind_of_path(tail_lower, host, configured, fallback) {
                if tail.is_empty() && is_operation(&lower, configured) {
                    return None;
                }
                return Some(Self {
                    kind,
                    prefix,
                    deployment: match (kind, tail) {
                        (EndpointKind::Deployments, [_, _, deployment, ..]) => Some(deployment),
                        _ => None,
                    },
                });
            }
        }
        None
    }
}

/// Whether a path that shows no kind ends in that of an operation. With a configured kind, only what
/// cannot be a gateway's own path counts.
fn is_operation(path: &[&str], configured: Option<EndpointKind>) -> bool {
    match path.last() {
        Some(&"completions") => true,
        Some(&("embeddings" | "ocr" | "score")) => configured.is_none(),
        _ => false,
    }
}

/// Returns the kind of endpoint that has this path. An empty path belongs to `fallback`.
fn kind_of_path(
    path: &[&str],
    host: HostKind,
    configured: Option<EndpointKind>,
    fallback: EndpointKind,
) -> Option<EndpointKind> {
    let is_serverless =
        host == HostKind::Serverless || configured == Some(EndpointKind::Serverless);
    match path {
        [] => Some(fallback),
        ["openai", "deployments"]
        | ["openai", "deployments", _]
        | ["openai", "deployments", _, "chat"]
        | ["openai", "deployments", _, "chat", "completions"] => Some(EndpointKind::Deployments),
        ["openai", "v1"] | ["openai", "v1", "chat"] | ["openai", "v1", "chat", "completions"] => {
            Some(EndpointKind::OpenAiV1)
        }
        ["openai"] => match (host, configured) {
            (HostKind::CognitiveServices, _) => Some(EndpointKind::Deployments),
            (HostKind::OpenAi | HostKind::Foundry, _) => Some(EndpointKind::OpenAiV1),
            (_, Some(kind @ (EndpointKind::OpenAiV1 | EndpointKind::Deployments))) => Some(kind),
            _ => None,
        },
        ["models"] | ["models", "chat"] | ["models", "chat", "completions"] => {
            Some(EndpointKind::Foundry)
        }
        ["providers", "mistral", "azure"] | ["providers", "mistral", "azure", "ocr"] => {
            Some(EndpointKind::Foundry)
        }
        ["v1", "chat", "completions"] | ["v1", "ocr"]
            if is_serverless || host == HostKind::Other =>
        {
            Some(EndpointKind::Serverless)
        }
        ["v1"] | ["v1", "chat"] | ["chat", "completions"] if is_serverless => {
            Some(EndpointKind::Serverless)
        }
        _ => None,
    }
}
