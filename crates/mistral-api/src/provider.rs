use std::fmt;

use async_trait::async_trait;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use mistral_core::provider::{Operation, Provider, Route, RouteRequest, parse_base_url};
use mistral_core::{Error, Result};
use url::Url;

use crate::credentials::Credentials;
use crate::server::Server;

/// The provider for Mistral's own API.
///
/// Supports every operation. The key is sent as `Authorization: Bearer …` and never appears in
/// `Debug` output or errors.
#[derive(Clone)]
pub struct MistralApi {
    pub(crate) base_url: BaseUrl,
    pub(crate) credentials: Credentials,
}

/// The path of Cortex below the URL of an account, before the version.
const SNOWFLAKE_PATH: &str = "/api/v2/cortex";

#[derive(Clone)]
pub(crate) enum BaseUrl {
    Server(Server),
    Custom(Url),
}

impl Default for BaseUrl {
    fn default() -> Self {
        Self::Server(Server::default())
    }
}

impl BaseUrl {
    /// Parses the URL in `setting`, which an error names.
    pub(crate) fn parse(setting: &str, url: &str) -> Result<Self> {
        let mut url = parse_base_url(setting, url)?;
        if url.path() == "/" && Server::at(&url) == Some(Server::Snowflake) {
            url.set_path(SNOWFLAKE_PATH);
        }
        Route::join(&url, "/v1/models")
            .map_err(|error| Error::config(format!("{setting}: {error}")))?;
        Ok(Self::Custom(url))
    }
}

impl MistralApi {
    /// Sets the server. Default: [`Server::Global`].
    ///
    /// A call fails before anything is sent if the server has no common address
    /// ([`Server::url`]).
    #[must_use]
    pub fn server(mut self, server: Server) -> Self {
        self.base_url = BaseUrl::Server(server);
        self
    }

    /// Sets the base URL of a gateway, a proxy or a self-hosted deployment.
    ///
    /// A path is kept. A trailing slash, `/v1`, or the path of an operation with its version is
    /// ignored, as in `https://api.mistral.ai/v1/chat/completions`.
    ///
    /// # Errors
    /// Fails if `url` is not an `http` or `https` URL, has a query, a fragment or a user, or ends in
    /// the path of an operation without a version.
    pub fn base_url(mut self, url: &str) -> Result<Self> {
        self.base_url = BaseUrl::parse("the base URL", url)?;
        Ok(self)
    }
}

#[async_trait]
impl Provider for MistralApi {
    fn name(&self) -> &'static str {
        "api"
    }

    fn supports(&self, _: &Operation) -> bool {
        true
    }

    fn route(&self, request: &RouteRequest<'_>) -> Result<Route> {
        match (request.base_url, &self.base_url) {
            (Some(url), _) | (None, BaseUrl::Custom(url)) => Route::join(url, request.path),
            (None, BaseUrl::Server(server)) => Route::join(
                &parse_base_url("the server", server.known_url()?)?,
                request.path,
            ),
        }
    }

    async fn authorize(&self, _: Option<&HeaderMap>, headers: &mut HeaderMap) -> Result<()> {
        if let Some(header) = self.credentials.header().await? {
            headers.insert(AUTHORIZATION, header);
        }
        Ok(())
    }
}

/// Shows the base URL, never the key.
impl fmt::Debug for MistralApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MistralApi")
            .field(
                "base_url",
                &match &self.base_url {
                    BaseUrl::Server(server) => server.url().unwrap_or(server.name()),
                    BaseUrl::Custom(url) => url.as_str(),
                },
            )
            .field("key", &self.credentials)
            .finish()
    }
}
