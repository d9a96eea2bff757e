//! Endpoints, as the portal shows them and as they are needed.

use mistral_core::{Error, Result};

use mistral_core::provider::{Route, parse_base_url};
use url::Url;

use crate::AzureForm;
use crate::form::Operation;
use crate::host::Host;

const API_VERSION: &str = "api-version";
const FORMS: &str = "the known forms are `https://<deployment>.<region>.models.ai.azure.com`, \
     `https://<deployment>.<region>.inference.ai.azure.com`, \
     `https://<resource>.services.ai.azure.com`, \
     `https://<resource>.openai.azure.com/openai/v1` and \
     `https://<resource>.cognitiveservices.azure.com/openai/deployments/<deployment>`, each \
     with or without the path of an operation";

/// Where a deployment is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) host: Host,
    pub(crate) form: AzureForm,
    /// Without what the form adds, without a query.
    pub(crate) base: Url,
    /// The deployment that the path names.
    pub(crate) deployment: Option<String>,
    /// The version that the query names.
    pub(crate) api_version: Option<String>,
}

impl Place {
    /// Understands an endpoint. `form` is that of an endpoint which does not show its own.
    pub(crate) fn parse(setting: &str, text: &str, form: Option<AzureForm>) -> Result<Self> {
        let mut url = Url::parse(text.trim()).map_err(|error| {
            Error::config(format!(
                "{setting} is not a URL ({error}): copy it whole from the deployment's page; \
                 {FORMS}"
            ))
        })?;
        let api_version = api_version(setting, &url)?;
        url.set_query(None);
        let mut base = parse_base_url(setting, url.as_str())?;
        let name = url.host_str().unwrap_or_default();
        let host = Host::of(name.trim_end_matches('.')).map_err(|why| {
            Error::config(format!(
                "{setting}: `{name}` {why}: copy the endpoint from the deployment's page; {FORMS}"
            ))
        })?;
        if host != Host::Other && url.scheme() != "https" {
            return Err(Error::config(format!(
                "{setting} must start with `https://`: over `http` the key could be read on the way"
            )));
        }
        let segments: Vec<_> = url
            .path_segments()
            .into_iter()
            .flatten()
            .filter(|segment| !segment.is_empty())
            .collect();
        let Some(found) = Found::among(&segments, host, form) else {
            return Err(Error::config(format!(
                "{setting}: there is nothing for Mistral models at `{}` of `{name}`: copy the \
                 endpoint from the deployment's page; {FORMS}",
                url.path()
            )));
        };
        if let Some(deployment) = found.deployment.filter(|name| name.contains('%')) {
            return Err(Error::config(format!(
                "{setting}: `{deployment}` is not the name of a deployment: put the name there"
            )));
        }
        base.set_path(&found.prefix.join("/"));
        Ok(Self {
            host,
            form: found.form,
            base,
            deployment: found.deployment.map(str::to_owned),
            api_version,
        })
    }

    /// The route to an operation.
    pub(crate) fn route(
        &self,
        operation: Operation,
        deployment: Option<&str>,
        api_version: &str,
    ) -> Result<Route> {
        let path = self.form.path(operation, deployment)?;
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path); // every URL with a host can have a path
        }
        if self.form.has_api_version() {
            url.query_pairs_mut().append_pair(API_VERSION, api_version);
        }
        Ok(Route::new(url))
    }
}

/// The version in a query that has nothing else.
fn api_version(setting: &str, url: &Url) -> Result<Option<String>> {
    let mut version = None;
    for (name, value) in url.query_pairs() {
        if !name.eq_ignore_ascii_case(API_VERSION) {
            return Err(Error::config(format!(
                "{setting}: the query may hold `{API_VERSION}` only, not `{name}`: set other \
                 parameters per call"
            )));
        }
        version = Some(value.trim().to_owned()).filter(|version| !version.is_empty());
    }
    Ok(version)
}

/// What the path of an endpoint shows.
struct Found<'a> {
    form: AzureForm,
    /// What is before the form's own path: a gateway's.
    prefix: &'a [&'a str],
    deployment: Option<&'a str>,
}

impl<'a> Found<'a> {
    fn among(segments: &'a [&'a str], host: Host, form: Option<AzureForm>) -> Option<Self> {
        let fallback = match host {
            Host::Other => form.unwrap_or_else(|| host.form()),
            known => known.form(),
        };
        // A project's endpoint is below its resource, where the models are.
        let segments = match (host, segments) {
            (Host::Other, all) => all,
            (_, ["api", "projects", _, rest @ ..]) => rest,
            (_, all) => all,
        };
        let lower: Vec<_> = segments.iter().map(|s| s.to_ascii_lowercase()).collect();
        let lower: Vec<_> = lower.iter().map(String::as_str).collect();
        for start in 0..=segments.len() {
            let (prefix, tail) = segments.split_at_checked(start)?;
            if host != Host::Other && !prefix.is_empty() {
                return None;
            }
            let (_, tail_lower) = lower.split_at_checked(start)?;
            if let Some(form) = form_of(tail_lower, host, form, fallback) {
                return Some(Self {
                    form,
                    prefix,
                    deployment: match (form, tail) {
                        (AzureForm::Deployments, [_, _, deployment, ..]) => Some(deployment),
                        _ => None,
                    },
                });
            }
        }
        None
    }
}

/// The form whose path this is. An empty one is anybody's.
fn form_of(
    path: &[&str],
    host: Host,
    named: Option<AzureForm>,
    fallback: AzureForm,
) -> Option<AzureForm> {
    let is_serverless = host == Host::Serverless || named == Some(AzureForm::Serverless);
    match path {
        [] => Some(fallback),
        ["openai", "deployments"]
        | ["openai", "deployments", _]
        | ["openai", "deployments", _, "chat"]
        | ["openai", "deployments", _, "chat", "completions"] => Some(AzureForm::Deployments),
        ["openai", "v1"] | ["openai", "v1", "chat"] | ["openai", "v1", "chat", "completions"] => {
            Some(AzureForm::OpenAiV1)
        }
        ["openai"] => match (host, named) {
            (Host::CognitiveServices, _) => Some(AzureForm::Deployments),
            (Host::OpenAi | Host::Foundry, _) => Some(AzureForm::OpenAiV1),
            (_, Some(form @ (AzureForm::OpenAiV1 | AzureForm::Deployments))) => Some(form),
            _ => None,
        },
        ["models"] | ["models", "chat"] | ["models", "chat", "completions"] => {
            Some(AzureForm::Foundry)
        }
        ["providers", "mistral", "azure"] | ["providers", "mistral", "azure", "ocr"] => {
            Some(AzureForm::Foundry)
        }
        ["v1", "chat", "completions"] | ["v1", "ocr"] if is_serverless || host == Host::Other => {
            Some(AzureForm::Serverless)
        }
        ["v1"] | ["v1", "chat"] | ["chat", "completions"] if is_serverless => {
            Some(AzureForm::Serverless)
        }
        _ => None,
    }
}
