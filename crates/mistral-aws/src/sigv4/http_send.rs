//! Requests for credentials, on transports of the SDK.

use std::error::Error as StdError;
use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use http::header::AUTHORIZATION;
use http::{HeaderName, Request, Response, StatusCode};
use mistral_core::transport::{Body, HyperTransport, Transport, TransportError};
use reqsign_core::{Error as ReqsignError, HttpSend, Result as ReqsignResult};
use tokio::time::{sleep, timeout};

use super::context::spawn_blocking;

/// The timeout for a connection to the metadata service or the agent of a container.
const METADATA_CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// The timeout of an exchange with them.
const METADATA_TIMEOUT: Duration = Duration::from_secs(5);
/// The number of requests to them while they respond that they are busy.
const METADATA_ATTEMPTS: u32 = 3;
const METADATA_INTERVAL: Duration = Duration::from_millis(100);
/// The timeout for a connection to another service, such as STS.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The timeout of an exchange with one.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(20);
/// The headers with the token of a container or of a login.
const TOKEN_HEADERS: [HeaderName; 2] = [
    AUTHORIZATION,
    HeaderName::from_static("x-amz-sso_bearer_token"),
];
/// The largest response that is read, in bytes.
const MAX_RESPONSE_SIZE: usize = 1 << 18;

/// Sends the requests of one search.
#[derive(Debug)]
pub(super) struct TransportHttpSend {
    transport: Option<Arc<dyn Transport>>,
}

impl TransportHttpSend {
    pub(super) fn new(transport: Option<Arc<dyn Transport>>) -> Self {
        Self { transport }
    }

    /// Returns the transport for services, which TLS protects.
    async fn service_transport(&self) -> ReqsignResult<Arc<dyn Transport>> {
        if let Some(transport) = &self.transport {
            return Ok(Arc::clone(transport));
        }
        // A new transport reads certificates.
        let created = spawn_blocking(|| HyperTransport::new(CONNECT_TIMEOUT)).await?;
        Ok(Arc::new(created.map_err(|error| failure(&error))?))
    }
}

impl HttpSend for TransportHttpSend {
    async fn http_send(&self, request: Request<Bytes>) -> ReqsignResult<Response<Bytes>> {
        let host = request.uri().host().unwrap_or_default().to_owned();
        let sent = if request.uri().scheme_str() == Some("http") {
            send_to_metadata(&request, &host).await
        } else {
            let transport = self.service_transport().await?;
            exchange(&*transport, &request, EXCHANGE_TIMEOUT).await
        };
        sent.map_err(|error| ReqsignError::unexpected(format!("{host}: {error}")))
    }
}

/// Sends a request to the metadata service or the agent of a container, which are reached directly
/// and without TLS.
async fn send_to_metadata(request: &Request<Bytes>, host: &str) -> ReqsignResult<Response<Bytes>> {
    let has_token = TOKEN_HEADERS
        .iter()
        .any(|name| request.headers().contains_key(name));
    if has_token && !is_local(host) {
        return Err(ReqsignError::config_invalid(
            "a token is not sent over plain HTTP to a host that is neither loopback nor link-local: \
             use `https://` in AWS_CONTAINER_CREDENTIALS_FULL_URI and AWS_SSO_ENDPOINT",
        ));
    }
    let created = spawn_blocking(|| HyperTransport::new(METADATA_CONNECT_TIMEOUT)).await?;
    let transport = created.map_err(|error| failure(&error))?.no_proxy();
    let mut interval = METADATA_INTERVAL;
    for _ in 1..METADATA_ATTEMPTS {
        let response = exchange(&transport, request, METADATA_TIMEOUT).await?;
        let status = response.status();
        if !status.is_server_error() && status != StatusCode::TOO_MANY_REQUESTS {
            return Ok(response);
        }
        sleep(interval).await;
        interval *= 2;
    }
    exchange(&transport, request, METADATA_TIMEOUT).await
}

/// Whether the host is this machine or, as the agents of containers, next to it.
fn is_local(host: &str) -> bool {
    match host.trim_matches(['[', ']']).parse() {
        Ok(IpAddr::V4(address)) => address.is_loopback() || address.is_link_local(),
        Ok(IpAddr::V6(address)) => {
            address.is_loopback() || address.segments().starts_with(&[0xfd00, 0xec2])
        }
        Err(_) => host == "localhost",
    }
}

async fn exchange(
    transport: &dyn Transport,
    request: &Request<Bytes>,
    limit: Duration,
) -> ReqsignResult<Response<Bytes>> {
    let response = timeout(limit, receive(transport, request)).await;
    response.unwrap_or_else(|_| {
        Err(ReqsignError::unexpected(format!(
            "no response within {limit:?}"
        )))
    })
}

async fn receive(
    transport: &dyn Transport,
    request: &Request<Bytes>,
) -> ReqsignResult<Response<Bytes>> {
    let request = request.clone().map(Body::from);
    let response = transport.send(request).await;
    let (head, mut body) = response.map_err(|error| failure(&error))?.into_parts();
    let mut bytes = Vec::new();
    while let Some(chunk) = poll_fn(|cx| Pin::new(&mut body).poll_next(cx)).await {
        let chunk = chunk.map_err(|error| failure(&error))?;
        if bytes.len() + chunk.len() > MAX_RESPONSE_SIZE {
            return Err(ReqsignError::unexpected(format!(
                "the response is larger than {MAX_RESPONSE_SIZE} bytes"
            )));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(Response::from_parts(head, bytes.into()))
}

/// Describes an error of a transport with its causes, without repetitions.
fn failure(error: &TransportError) -> ReqsignError {
    let mut chain = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let message = error.to_string();
        if !chain.contains(&message) {
            chain.push_str(": ");
            chain.push_str(&message);
        }
        source = error.source();
    }
    ReqsignError::unexpected(chain)
}
