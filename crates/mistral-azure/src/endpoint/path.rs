//! The path of an endpoint, and the kind that it shows.

use super::host::HostKind;
use super::kind::EndpointKind;

/// The path of an endpoint, split into the parts that routes are built from.
#[derive(Debug)]
pub(super) struct EndpointPath<'a> {
    /// The path of a gateway, which precedes all routes.
    pub(super) prefix: &'a [&'a str],
    /// The segments of a project, which precede its chat route. Empty without a project.
    pub(super) project: &'a [&'a str],
    /// The kind that the path shows, if any.
    pub(super) kind: Option<EndpointKind>,
    pub(super) deployment: Option<&'a str>,
}

/// The kind that the rest of a path shows.
enum Shown {
    /// It belongs to several kinds: it is empty or that of OCR.
    Any,
    Kind(EndpointKind),
}

impl<'a> EndpointPath<'a> {
    /// Splits a path at the first segment that belongs to a kind. Returns `None` if no kind has
    /// such a path. `configured` decides where a gateway's path is ambiguous.
    pub(super) fn find(
        segments: &'a [&'a str],
        host: HostKind,
        configured: Option<EndpointKind>,
    ) -> Option<Self> {
        let is_gateway = host == HostKind::Other;
        for start in 0..=segments.len() {
            let (prefix, rest) = segments.split_at_checked(start)?;
            if !is_gateway && !prefix.is_empty() {
                return None;
            }
            let (project, tail) = split_project(rest);
            let shown = match kind_of_path(&lowercase(tail), host, configured) {
                None => continue,
                Some(Shown::Any) => None,
                Some(Shown::Kind(kind)) => Some(kind),
            };
            // Only the recommended route exists below a project. A gateway's path is kept whole.
            let is_of_project = matches!(shown, None | Some(EndpointKind::OpenAiV1));
            if is_gateway && !project.is_empty() && !is_of_project {
                continue;
            }
            if tail.is_empty() && is_operation(&lowercase(prefix), configured) {
                return None;
            }
            return Some(Self {
                prefix,
                project,
                kind: shown,
                deployment: match (shown, tail) {
                    (Some(EndpointKind::Deployments), [_, _, deployment, ..]) => Some(deployment),
                    _ => None,
                },
            });
        }
        None
    }
}

/// Splits the segments of a project, `api/projects/<project>`, from what follows them.
pub(super) fn split_project<'a>(segments: &'a [&'a str]) -> (&'a [&'a str], &'a [&'a str]) {
    match segments {
        [api, projects, _, ..]
            if api.eq_ignore_ascii_case("api") && projects.eq_ignore_ascii_case("projects") =>
        {
            segments.split_at_checked(3).unwrap_or((&[], segments))
        }
        _ => (&[], segments),
    }
}

fn lowercase(segments: &[&str]) -> Vec<String> {
    segments.iter().map(|s| s.to_ascii_lowercase()).collect()
}

/// Whether a path that shows no kind ends in that of an operation. With a configured kind, only what
/// cannot be a gateway's own path counts.
fn is_operation(path: &[String], configured: Option<EndpointKind>) -> bool {
    match path.last().map(String::as_str) {
        Some("completions") => true,
        Some("embeddings" | "ocr" | "responses" | "score") => configured.is_none(),
        _ => false,
    }
}

/// Returns the kind of endpoint that has this path, which is in lower case.
fn kind_of_path(
    path: &[String],
    host: HostKind,
    configured: Option<EndpointKind>,
) -> Option<Shown> {
    use EndpointKind::{Deployments, Models, OpenAiV1, Serverless};

    let has_own_host = matches!(host, HostKind::Serverless | HostKind::MachineLearning);
    let is_serverless = has_own_host || configured == Some(Serverless);
    let path: Vec<_> = path.iter().map(String::as_str).collect();
    let kind = match path.as_slice() {
        [] => return Some(Shown::Any),
        ["providers", "mistral", "azure"] | ["providers", "mistral", "azure", "ocr"] => {
            return host.has_provider_routes().then_some(Shown::Any);
        }
        ["openai", "v1"] | ["openai", "v1", "chat"] | ["openai", "v1", "chat", "completions"] => {
            OpenAiV1
        }
        ["models"] | ["models", "chat"] | ["models", "chat", "completions"] => Models,
        ["openai", "deployments"]
        | ["openai", "deployments", _]
        | ["openai", "deployments", _, "chat"]
        | ["openai", "deployments", _, "chat", "completions"] => Deployments,
        ["openai"] => match (host, configured) {
            (HostKind::CognitiveServices, _) => Deployments,
            (HostKind::OpenAi | HostKind::Foundry, _) => OpenAiV1,
            (_, Some(kind @ (OpenAiV1 | Deployments))) => kind,
            _ => return None,
        },
        ["v1", "chat", "completions"] | ["v1", "ocr"]
            if is_serverless || host == HostKind::Other =>
        {
            Serverless
        }
        ["v1"] | ["v1", "chat"] | ["chat", "completions"] if is_serverless => Serverless,
        _ => return None,
    };
    Some(Shown::Kind(kind))
}
