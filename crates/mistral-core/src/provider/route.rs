//! Routes: the URL of a request, and base URLs.

use url::{Position, Url};

use super::operation::Operation;
use crate::error::{Error, Result};

/// A request to be routed; see [`Provider::route`](super::Provider::route).
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct RouteRequest<'a> {
    /// The operation.
    pub operation: &'a Operation,
    /// The path on Mistral's own API, version included, with its parameters filled in and
    /// percent-encoded.
    pub path: &'a str,
    /// The model of the request, if it has one, after
    /// [`ClientBuilder::model_map`](crate::ClientBuilder::model_map).
    pub model: Option<&'a str>,
    /// The base URL that the caller set for this call, which replaces the provider's.
    pub base_url: Option<&'a Url>,
}

impl<'a> RouteRequest<'a> {
    /// Creates a request to route an operation whose path has no parameters.
    pub fn new(operation: &'a Operation) -> Self {
        Self {
            operation,
            path: &operation.path,
            model: None,
            base_url: None,
        }
    }
}

/// The paths of operations after the version, for base URLs that are pasted with one of them.
/// `crates/mistral-api/tests/api.rs` checks that none is missing.
const OPERATION_PATHS: [&str; 17] = [
    "agents/completions",
    "audio/speech",
    "audio/transcriptions",
    "audio/voices",
    "batch/jobs",
    "chat/classifications",
    "chat/completions",
    "chat/moderations",
    "classifications",
    "conversations",
    "embeddings",
    "files",
    "fim/completions",
    "fine_tuning/jobs",
    "models",
    "moderations",
    "ocr",
];

/// The URL of a request, and the model name to send.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Route {
    /// The URL. The query parameters of the call are appended to it.
    pub url: Url,
    /// The value of `model` in the body, if the service needs another one than the request has.
    pub model: Option<String>,
}

impl Route {
    /// Creates a route to `url`.
    pub fn new(url: Url) -> Self {
        Self { url, model: None }
    }

    /// Creates a route to `path` below `base`, which may end in a slash, a version, or the path of an
    /// operation with its version, as in `https://api.mistral.ai/v1/chat/completions`.
    ///
    /// The version of the path takes precedence: `/v2/agents` below `https://api.mistral.ai/v1` is
    /// `https://api.mistral.ai/v2/agents`.
    ///
    /// # Errors
    /// Fails when `base` and `path` do not form a URL, or when `base` ends in the path of an operation
    /// without a version.
    pub fn join(base: &Url, path: &str) -> Result<Self> {
        let origin = &base[..Position::BeforePath];
        let before = without_operation(base.path().trim_end_matches('/')).map_err(|operation| {
            Error::config(format!(
                "the base URL `{base}` ends in the path of an operation: remove `/{operation}`, \
                 which the SDK appends itself, after `/v1`"
            ))
        })?;
        let before = match before.rsplit_once('/') {
            Some((parent, last)) if is_version(last) && has_version(path) => parent,
            _ => before,
        };
        Url::parse(&format!("{origin}{before}{path}"))
            .map(Self::new)
            .map_err(|error| {
                Error::config(format!(
                    "the path `{path}` below the base URL `{base}` is not a URL"
                ))
                .with_source(error)
            })
    }

    /// Sets the value of `model` in the body.
    #[must_use]
    pub fn model(mut self, model: impl Into<String>) -> Self {
        self.model = Some(model.into());
        self
    }
}

/// Removes the path of an operation, or the beginning of one, after a version.
///
/// # Errors
/// Returns the path of an operation that no version precedes.
fn without_operation(path: &str) -> Result<&str, &'static str> {
    let parent = |tail: &str| path.strip_suffix(tail)?.strip_suffix('/');
    for operation in OPERATION_PATHS {
        let group = operation.split_once('/').map(|(group, _)| group);
        for tail in [Some(operation), group].into_iter().flatten() {
            let Some(parent) = parent(tail) else { continue };
            if is_version(parent.rsplit('/').next().unwrap_or_default()) {
                return Ok(parent);
            }
            // A single segment such as `models` may be a part of a gateway's path.
            if tail == operation && group.is_some() {
                return Err(operation);
            }
        }
    }
    Ok(path)
}

/// Whether the first segment of `path` is a version, as in `/v1/models`.
fn has_version(path: &str) -> bool {
    let segments = path.strip_prefix('/').and_then(|path| path.split_once('/'));
    segments.is_some_and(|(first, _)| is_version(first))
}

fn is_version(segment: &str) -> bool {
    let number = segment.strip_prefix('v').unwrap_or_default();
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// Parses a base URL, which must use `http` or `https` and have a host, but no query, fragment or
/// user.
///
/// Intended for providers, so that all of them validate base URLs alike. `setting` names the URL in
/// errors, for example `MISTRAL_SERVER`. White space around the URL is ignored.
///
/// # Errors
/// Fails with [`ErrorKind::Config`](crate::ErrorKind::Config). The message names `setting` and the
/// fix.
pub fn parse_base_url(setting: &str, text: &str) -> Result<Url> {
    let invalid = |reason: &str| Err(Error::config(format!("{setting} {reason}")));
    let url = match Url::parse(text.trim()) {
        Ok(url) => url,
        Err(error) => {
            return Err(Error::config(format!(
                "{setting} is not a URL ({error}): write it like `https://api.mistral.ai`"
            )));
        }
    };
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return invalid("must start with `https://` or `http://` and name a host");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return invalid("must not have a query or a fragment: set query parameters per call");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return invalid("must not hold a user name or a password: give the key by itself");
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_url_with_or_without_version_and_slash_joins_path() {
        for (base, expected) in [
            ("https://api.mistral.ai", "https://api.mistral.ai/v1/models"),
            (
                "https://api.mistral.ai/",
                "https://api.mistral.ai/v1/models",
            ),
            (
                "https://api.mistral.ai/v1",
                "https://api.mistral.ai/v1/models",
            ),
            (
                "https://api.mistral.ai/v1/",
                "https://api.mistral.ai/v1/models",
            ),
            (
                "http://gate:8080/team/mistral",
                "http://gate:8080/team/mistral/v1/models",
            ),
            ("http://gate/team/v1/", "http://gate/team/v1/models"),
            ("http://v1", "http://v1/v1/models"),
            ("http://v1/v1", "http://v1/v1/models"),
            ("http://gate/team-v1", "http://gate/team-v1/v1/models"),
        ] {
            let base = parse_base_url("base_url", base).unwrap();
            assert_eq!(
                Route::join(&base, "/v1/models").unwrap().url.as_str(),
                expected
            );
        }
    }

    #[test]
    fn base_url_version_is_replaced_by_version_of_path() {
        for (base, path, expected) in [
            ("https://h/v1", "/v2/agents", "https://h/v2/agents"),
            ("https://h/v1/", "/v2/agents", "https://h/v2/agents"),
            ("https://h/v2", "/v1/models", "https://h/v1/models"),
            (
                "https://h/team/v1",
                "/v2/agents",
                "https://h/team/v2/agents",
            ),
            ("https://h/v1", "/health", "https://h/v1/health"),
            (
                "https://h/v1beta",
                "/v1/models",
                "https://h/v1beta/v1/models",
            ),
            ("https://h/v", "/v1/models", "https://h/v/v1/models"),
        ] {
            let base = parse_base_url("base_url", base).unwrap();
            let route = Route::join(&base, path).unwrap();
            assert_eq!(route.url.as_str(), expected);
        }
    }

    #[test]
    fn base_url_with_path_of_operation_is_cut_or_refused() {
        for (base, expected) in [
            ("https://h/v1/chat/completions", "https://h/v1/models"),
            ("https://h/v1/chat/completions/", "https://h/v1/models"),
            ("https://h/v1/chat", "https://h/v1/models"),
            ("https://h/v2/chat/completions", "https://h/v1/models"),
            ("https://h/team/v1/ocr", "https://h/team/v1/models"),
            ("https://h/team/models", "https://h/team/models/v1/models"),
            ("https://h/files", "https://h/files/v1/models"),
            ("https://h/v1/team", "https://h/v1/team/v1/models"),
            ("https://h/v1/mychat", "https://h/v1/mychat/v1/models"),
        ] {
            let base = parse_base_url("base_url", base).unwrap();
            let route = Route::join(&base, "/v1/models").unwrap();
            assert_eq!(route.url.as_str(), expected);
        }
        for (base, operation) in [
            ("https://h/team/chat/completions", "/chat/completions"),
            ("https://h/chat/completions/", "/chat/completions"),
            ("https://h/v1beta/fim/completions", "/fim/completions"),
            ("https://h/audio/speech", "/audio/speech"),
        ] {
            let base = parse_base_url("base_url", base).unwrap();
            let error = Route::join(&base, "/v1/models").unwrap_err();
            assert!(error.to_string().contains(operation), "{error}");
        }
    }

    #[test]
    fn base_url_invalid_is_refused_by_setting_name() {
        for text in [
            "",
            "api.mistral.ai",
            "ftp://x",
            "https://",
            "https://x?y=1",
            "https://x#y",
            "https://u:secret@x",
            "mailto:a@b",
        ] {
            let error = parse_base_url("MY_URL", text).unwrap_err();
            assert!(error.to_string().contains("MY_URL"), "{text}: {error}");
            assert!(!error.to_string().contains("secret"), "{text}: {error}");
        }
    }
}
