//! Azure endpoints: parsing a pasted URL, and building the URLs of operations from it.

mod host;
mod kind;
mod path;
mod refusal;

use mistral_core::{Error, Result};

use mistral_core::provider::{Route, parse_base_url, unquote};
use url::Url;

pub(crate) use self::host::HostKind;
use self::host::foundry_url;
pub(crate) use self::kind::AzureOperation;
pub use self::kind::EndpointKind;
use self::path::EndpointPath;
use self::refusal::refusal;
use crate::env::DEFAULT_API_VERSION;

const API_VERSION: &str = "api-version";
const KNOWN_ENDPOINTS: &str = "the known forms are \
     `https://<resource>.services.ai.azure.com`, also with `/openai/v1`, `/models` or \
     `/api/projects/<project>`, \
     `https://<resource>.openai.azure.com/openai/v1`, \
     `https://<resource>.cognitiveservices.azure.com/openai/deployments/<deployment>`, \
     `https://<deployment>.<region>.models.ai.azure.com`, \
     `https://<deployment>.<region>.inference.ai.azure.com` and \
     `https://<endpoint>.<region>.inference.ml.azure.com`, each with or without the path of an \
     operation";

/// The settings that decide about the kind of an endpoint.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct KindSettings {
    /// The kind that applies whatever the URL shows.
    pub(crate) forced: Option<EndpointKind>,
    /// The kind that applies where the URL shows none.
    pub(crate) preferred: Option<EndpointKind>,
    /// Whether an `api-version` is set besides that of the URL.
    pub(crate) has_api_version: bool,
}

/// A parsed endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AzureEndpoint {
    pub(crate) host: HostKind,
    pub(crate) kind: EndpointKind,
    /// The URL without the path that the kind adds, and without a query.
    base: Url,
    /// The URL that precedes the path of the chat route: `base`, or that of a project below it.
    pub(crate) chat_base: Url,
    /// The deployment in the path, if any.
    pub(crate) deployment: Option<String>,
    /// The `api-version` in the query, if any.
    api_version: Option<String>,
}

impl AzureEndpoint {
    /// Parses the value of `setting`.
    pub(crate) fn parse(setting: &str, text: &str, kinds: KindSettings) -> Result<Self> {
        let mut url = Url::parse(unquote(text)).map_err(|error| {
            Error::config(format!(
                "{setting} is not a URL ({error}): copy the endpoint from the deployment's \
                 page; {KNOWN_ENDPOINTS}"
            ))
        })?;
        let host = host_kind(setting, &url)?;
        let api_version = api_version(setting, &url)?;
        url.set_query(None);
        let base = parse_base_url(setting, url.as_str())?;
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
        let configured = kinds.forced.or(kinds.preferred);
        let path = EndpointPath::find(&segments, host, configured).ok_or_else(|| {
            Error::config(format!("{setting}: {}", refusal(host, &url, &segments)))
        })?;
        if let Some(deployment) = path.deployment.filter(|name| name.contains('%')) {
            return Err(Error::config(format!(
                "{setting}: `{deployment}` is not the name of a deployment: replace it with the name"
            )));
        }
        let has_api_version = kinds.has_api_version || api_version.is_some();
        let kind = kinds
            .forced
            .or(path.kind)
            .unwrap_or_else(|| host.bare_endpoint_kind(kinds.preferred, has_api_version));
        let below = |segments: &[&str]| {
            let mut url = base.clone();
            url.set_path(&segments.join("/"));
            url
        };
        Ok(Self {
            host,
            kind,
            base: below(path.prefix),
            chat_base: match kind {
                EndpointKind::OpenAiV1 => below(&[path.prefix, path.project].concat()),
                _ => below(path.prefix),
            },
            deployment: path.deployment.map(str::to_owned),
            api_version,
        })
    }

    /// Returns the route of an operation. `api_version` is the one that is set besides that of
    /// the URL.
    pub(crate) fn route(
        &self,
        operation: AzureOperation,
        deployment: Option<&str>,
        api_version: Option<&str>,
    ) -> Result<Route> {
        let path = self.kind.path(operation, deployment)?;
        let mut url = match operation {
            AzureOperation::Chat => self.chat_base.clone(),
            AzureOperation::Ocr => self.ocr_base()?.clone(),
        };
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path); // infallible: a URL with a host has a path
        }
        if let Some(version) = self.api_version(operation, api_version) {
            url.query_pairs_mut().append_pair(API_VERSION, version);
        }
        Ok(Route::new(url))
    }

    /// Returns the URL that precedes the path of OCR.
    fn ocr_base(&self) -> Result<&Url> {
        let is_below_openai = matches!(
            self.kind,
            EndpointKind::OpenAiV1 | EndpointKind::Deployments
        );
        if !is_below_openai || self.host.has_provider_routes() {
            return Ok(&self.base);
        }
        let name = self.base.host_str().unwrap_or_default();
        Err(Error::config(format!(
            "`ocr.process` is not available at `{name}`: set the endpoint to that of a Foundry \
             resource (`{}`) or of a serverless deployment",
            foundry_url(name)
        )))
    }

    /// Returns the `api-version` of an operation, if it has one. OCR does not require any.
    fn api_version<'a>(
        &'a self,
        operation: AzureOperation,
        set: Option<&'a str>,
    ) -> Option<&'a str> {
        let of_url = self.api_version.as_deref();
        match (operation, self.kind) {
            (_, EndpointKind::Serverless) => None,
            (AzureOperation::Chat, kind) => kind
                .has_api_version()
                .then(|| set.or(of_url).unwrap_or(DEFAULT_API_VERSION)),
            (AzureOperation::Ocr, EndpointKind::Models) => set.or(of_url),
            // The version in a URL below `/openai` is one of Azure OpenAI.
            (AzureOperation::Ocr, _) => set,
        }
    }
}

fn host_kind(setting: &str, url: &Url) -> Result<HostKind> {
    let name = url.host_str().unwrap_or_default();
    HostKind::from_name(name.trim_end_matches('.')).map_err(|reason| {
        Error::config(format!(
            "{setting}: `{name}` {reason}: copy the endpoint from the deployment's page; \
             {KNOWN_ENDPOINTS}"
        ))
    })
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
