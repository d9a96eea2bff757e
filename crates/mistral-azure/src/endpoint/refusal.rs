//! The explanation of a path that no kind of endpoint has, and the URL that is right.

use url::Url;

use super::KNOWN_ENDPOINTS;
use super::host::{HostKind, foundry_url};
use super::path::split_project;

/// Returns why `url` is refused, and the URL to set in its place.
pub(super) fn refusal(host: HostKind, url: &Url, segments: &[&str]) -> String {
    let reason = reason(url, segments);
    match right_url(host, url, segments) {
        Some(right) => format!("{reason}: set it to `{right}`"),
        None => format!(
            "{reason}: copy the endpoint from the deployment's page, or remove the path of the \
             operation from that of a gateway and set `MistralAzureBuilder::endpoint_kind`; \
             {KNOWN_ENDPOINTS}"
        ),
    }
}

fn reason(url: &Url, segments: &[&str]) -> String {
    let path = url.path();
    let has = |name: &str| segments.iter().any(|s| s.eq_ignore_ascii_case(name));
    let name = url.host_str().unwrap_or_default();
    if has("responses") {
        format!("`{path}` is a route of the Responses API, which the SDK does not use on Azure")
    } else if has("anthropic") {
        format!("`{path}` serves models of Anthropic")
    } else if has("score") {
        format!("`{path}` has another protocol than Mistral's API")
    } else {
        format!("`{name}` serves no Mistral models at the path `{path}`")
    }
}

/// Returns the endpoint of the same resource or deployment. `None` for a gateway, whose paths
/// are unknown.
fn right_url(host: HostKind, url: &Url, segments: &[&str]) -> Option<String> {
    let name = url.host_str()?;
    let (project, route) = split_project(segments);
    let project: String = project
        .iter()
        .map(|segment| format!("/{segment}"))
        .collect();
    let ends_in_ocr = route
        .last()
        .is_some_and(|last| last.eq_ignore_ascii_case("ocr"));
    let first = route.first().map(|segment| segment.to_ascii_lowercase());
    let deployment = match route {
        [_, deployments, deployment, ..] if deployments.eq_ignore_ascii_case("deployments") => {
            Some(*deployment)
        }
        _ => None,
    };
    Some(match (host, first.as_deref()) {
        (HostKind::Other, _) => return None,
        (HostKind::Serverless | HostKind::MachineLearning, _) => format!("https://{name}"),
        (HostKind::OpenAi | HostKind::CognitiveServices, Some("providers")) => foundry_url(name),
        (HostKind::Foundry, Some("providers")) => format!("https://{name}"),
        (HostKind::Foundry, _) if ends_in_ocr => format!("https://{name}"),
        (HostKind::Foundry, Some("models")) => format!("https://{name}/models"),
        (HostKind::CognitiveServices, _) => {
            let deployment = deployment.unwrap_or("<deployment>");
            format!("https://{name}/openai/deployments/{deployment}")
        }
        (HostKind::OpenAi | HostKind::Foundry, _) => match deployment {
            Some(deployment) => format!("https://{name}/openai/deployments/{deployment}"),
            None => format!("https://{name}{project}/openai/v1"),
        },
    })
}
