use std::fmt;

use async_trait::async_trait;
use http::HeaderMap;
use url::{Position, Url};

use crate::endpoint::Endpoint;
use crate::error::{Error, Result};

/// Knows where a place that serves Mistral models keeps its operations, and how to be
/// let in.
///
/// This is the seam for a cloud, a gateway or a deployment of your own; `mistral-api`
/// implements it for Mistral's own API.
///
/// ```
/// use async_trait::async_trait;
/// use http::{HeaderMap, HeaderValue};
/// use mistral_core::{Endpoint, Provider, Result, Route, RouteRequest};
/// use url::Url;
///
/// /// A deployment that serves chat completions alone, under one fixed key.
/// #[derive(Debug)]
/// struct Deployment {
///     base_url: Url,
///     key: HeaderValue, // marked as sensitive
/// }
///
/// #[async_trait]
/// impl Provider for Deployment {
///     fn name(&self) -> &'static str {
///         "deployment"
///     }
///
///     fn supports(&self, endpoint: &Endpoint) -> bool {
///         endpoint.group() == "chat"
///     }
///
///     fn route(&self, request: &RouteRequest<'_>) -> Result<Route> {
///         Route::join(request.base_url.unwrap_or(&self.base_url), request.path)
///     }
///
///     async fn authorize(
///         &self,
///         _rejected: Option<&HeaderMap>,
///         headers: &mut HeaderMap,
///     ) -> Result<()> {
///         headers.insert("x-key", self.key.clone());
///         Ok(())
///     }
/// }
/// ```
#[async_trait]
pub trait Provider: fmt::Debug + Send + Sync + 'static {
    /// A short name for errors and spans, for example `api`.
    fn name(&self) -> &'static str;

    /// The `gen_ai.provider.name` of spans. OpenTelemetry's conventions name the well-known
    /// ones; the default is theirs for Mistral's own API.
    fn otel_name(&self) -> &'static str {
        "mistral_ai"
    }

    /// Whether this provider offers the operation.
    ///
    /// A call of one that it does not offer fails before anything is sent.
    fn supports(&self, endpoint: &Endpoint) -> bool;

    /// Says where to send a request of an operation that this provider supports.
    ///
    /// The same request must give the same route each time: routes are remembered.
    ///
    /// # Errors
    /// Fails when the request cannot be routed, for example for want of a model.
    fn route(&self, request: &RouteRequest<'_>) -> Result<Route>;

    /// Whether [`route`](Self::route) knows all that it needs. The default says so.
    fn is_prepared(&self) -> bool {
        true
    }

    /// Finds out what `route` needs and only the network can tell, for example which project
    /// this machine belongs to. Called before a call is routed, as long as
    /// [`is_prepared`](Self::is_prepared) says no.
    ///
    /// # Errors
    /// Fails when it cannot be found out; the call fails with that.
    async fn prepare(&self) -> Result<()> {
        Ok(())
    }

    /// Adds credentials to `headers`. Called before every attempt, so that they are fresh.
    ///
    /// `rejected` holds the credentials of this call that came back with a 401. If the
    /// provider then gives the same ones again, the call ends with that 401.
    ///
    /// # Errors
    /// Fails when no credential can be obtained; see [`Error::credentials`].
    async fn authorize(&self, rejected: Option<&HeaderMap>, headers: &mut HeaderMap) -> Result<()>;
}

/// What a [`Provider`] is asked to route.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct RouteRequest<'a> {
    /// The operation.
    pub endpoint: &'a Endpoint,
    /// The path on Mistral's own API, with its parameters filled in and escaped.
    pub path: &'a str,
    /// The model that the request names, if it names one.
    pub model: Option<&'a str>,
    /// The base URL that this call asks for instead of the provider's.
    pub base_url: Option<&'a Url>,
}

impl<'a> RouteRequest<'a> {
    /// Asks for the route of an operation whose path has no parameters.
    pub fn new(endpoint: &'a Endpoint) -> Self {
        Self {
            endpoint,
            path: &endpoint.path,
            model: None,
            base_url: None,
        }
    }
}

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Route {
    /// The URL. The call's own query parameters are added to it.
    pub url: Url,
    /// What the body's `model` becomes, where the provider wants another name there.
    pub model: Option<String>,
}

impl Route {
    /// Routes to `url`.
    pub fn new(url: Url) -> Self {
        Self { url, model: None }
    }

    /// Routes to `path` below `base`, which may end in `/` and in `/v1`.
    ///
    /// # Errors
    /// Fails when the two do not make a URL.
    pub fn join(base: &Url, path: &str) -> Result<Self> {
        let origin = &base[..Position::BeforePath];
        let before = base.path().trim_end_matches('/');
        let before = if path.starts_with("/v1/") {
            before.strip_suffix("/v1").unwrap_or(before)
        } else {
            before
        };
        Url::parse(&format!("{origin}{before}{path}"))
            .map(Self::new)
            .map_err(|error| {
                Error::config(format!("`{path}` below `{base}` is not a URL")).with_source(error)
            })
    }

    /// Sends another `model` in the body than the request names.
    #[must_use]
    pub fn model(mut self, model: impl Into<String>) -> Self {
        self.model = Some(model.into());
        self
    }
}

/// Parses a base URL: `http` or `https`, with a host, without query, fragment or user.
///
/// Meant for providers, so that all of them refuse the same mistakes in the same words.
///
/// # Errors
/// Fails with [`ErrorKind::Config`](crate::ErrorKind::Config), naming `setting` and the fix.
pub fn parse_base_url(setting: &str, text: &str) -> Result<Url> {
    let refuse = |why: &str| Err(Error::config(format!("{setting} {why}")));
    let url = match Url::parse(text.trim()) {
        Ok(url) => url,
        Err(error) => {
            return Err(Error::config(format!(
                "{setting} is not a URL ({error}): write it like `https://api.mistral.ai`"
            )));
        }
    };
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return refuse("must start with `https://` or `http://` and name a host");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refuse("must not have a query or a fragment: set query parameters per call");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("must not hold a user name or a password: give the key by itself");
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_urls_join_with_and_without_version_and_slash() {
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
    fn base_urls_that_cannot_work_are_refused() {
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
