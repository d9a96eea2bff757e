//! The metadata server of Google Cloud: the service account and the project of a machine.

use std::time::Duration;

use http::{Request, StatusCode};
use mistral_core::provider::{Token, env_var};
use mistral_core::transport::{Body, HyperTransport};
use tokio::net::lookup_host;
use tokio::time::{Instant, sleep};

use super::http::{RawResponse, failure, send};
use super::{Failure, oauth};
use crate::env::METADATA_HOST_VARIABLE;

const HOST: &str = "metadata.google.internal";
/// The header that the server requires of requests.
const FLAVOR: (&str, &str) = ("metadata-flavor", "Google");
const TOKEN_PATH: &str = "instance/service-accounts/default/token";
const PROJECT_PATH: &str = "project/project-id";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// The longest wait for a server that is not ready yet, as in a pod that has just started.
const READY_TIMEOUT: Duration = Duration::from_secs(30);
const MIN_INTERVAL: Duration = Duration::from_millis(100);
const MAX_INTERVAL: Duration = Duration::from_secs(2);

pub(super) struct MetadataServer {
    transport: HyperTransport,
    host: String,
}

impl MetadataServer {
    pub(super) fn new() -> Result<Self, Failure> {
        let host = env_var(METADATA_HOST_VARIABLE);
        let host = host.map_err(|error| Failure::config(error.to_string()))?;
        let transport = HyperTransport::new(CONNECT_TIMEOUT).map_err(|error| failure(&error))?;
        Ok(Self {
            transport: transport.no_proxy(), // the server is on the machine or next to it
            host: host.unwrap_or_else(|| HOST.to_owned()),
        })
    }

    pub(super) async fn token(&self) -> Result<Token, Failure> {
        oauth::parse_token(&self.get(TOKEN_PATH).await?)
    }

    pub(super) async fn project(&self) -> Result<String, Failure> {
        let body = self.get(PROJECT_PATH).await?.body;
        let project = String::from_utf8(body).unwrap_or_default();
        let project = project.trim();
        let is_id = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:".contains(&byte);
        if project.is_empty() || !project.bytes().all(is_id) {
            return Err("its response is not the id of a project".to_owned().into());
        }
        Ok(project.to_owned())
    }

    /// Requests a value, and waits for the server while it is not ready. Nothing waits on a machine
    /// that does not know the server's name.
    async fn get(&self, path: &str) -> Result<RawResponse, Failure> {
        let url = format!("http://{}/computeMetadata/v1/{path}", self.host);
        let url: http::Uri = url.parse().map_err(|_| {
            Failure::config(format!(
                "{METADATA_HOST_VARIABLE} is not a host: set it to `host:port`"
            ))
        })?;
        let address = (url.host().unwrap_or_default(), url.port_u16().unwrap_or(80));
        let bare = address.0.trim_matches(['[', ']']);
        let lookup = lookup_host((bare, address.1)).await.map(drop);
        lookup.map_err(|error| format!("its name is not known: {error}"))?;
        let deadline = Instant::now() + READY_TIMEOUT;
        let mut interval = MIN_INTERVAL;
        loop {
            let request = Request::get(&url).header(FLAVOR.0, FLAVOR.1);
            let request = request.body(Body::empty());
            let request = request.map_err(|error| Failure::from(error.to_string()))?;
            let (error, is_transient) = match send(&self.transport, request).await {
                Ok(response) => match check(response) {
                    Ok(response) => return Ok(response),
                    Err(error) => error,
                },
                Err(error) => (error, true),
            };
            if !is_transient || Instant::now() + interval >= deadline {
                return Err(error);
            }
            sleep(interval).await;
            interval = MAX_INTERVAL.min(interval * 2);
        }
    }
}

/// Returns the response if it is a success, or the error and whether it is
/// transient.
fn check(response: RawResponse) -> Result<RawResponse, (Failure, bool)> {
    let status = response.status;
    if status == StatusCode::OK {
        return Ok(response);
    }
    let is_transient = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
    let reason = match status {
        StatusCode::NOT_FOUND => ": this machine has no service account",
        _ => "",
    };
    let message = format!("it responded with status {}{reason}", status.as_u16());
    Err((message.into(), is_transient))
}
