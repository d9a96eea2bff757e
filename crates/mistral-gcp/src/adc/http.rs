//! HTTP exchanges with token endpoints and the metadata server.

use std::error::Error as StdError;
use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use futures_core::Stream;
use http::{Request, StatusCode};
use mistral_core::transport::{Body, Transport, TransportError, TransportErrorKind};
use tokio::time::timeout;

use super::Failure;

/// The timeout for establishing a connection.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The timeout of one exchange.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(20);
/// The largest response that is read, in bytes.
const MAX_RESPONSE_SIZE: usize = 1 << 18;

/// A response with its whole body.
pub(super) struct RawResponse {
    pub(super) status: StatusCode,
    pub(super) body: Vec<u8>,
}

/// Sends `request` and reads the response. A failure names the host.
pub(super) async fn send(
    transport: &dyn Transport,
    request: Request<Body>,
) -> Result<RawResponse, Failure> {
    let host = request.uri().host().unwrap_or_default().to_owned();
    let exchange = timeout(EXCHANGE_TIMEOUT, exchange(transport, request));
    let response = exchange
        .await
        .unwrap_or_else(|_| Err(format!("no response within {EXCHANGE_TIMEOUT:?}").into()));
    response.map_err(|failure: Failure| failure.context(&format!("{host}: ")))
}

async fn exchange(
    transport: &dyn Transport,
    request: Request<Body>,
) -> Result<RawResponse, Failure> {
    let response = transport.send(request).await;
    let (head, mut body) = response.map_err(|error| failure(&error))?.into_parts();
    let mut bytes = Vec::new();
    while let Some(chunk) = poll_fn(|cx| Pin::new(&mut body).poll_next(cx)).await {
        let chunk = chunk.map_err(|error| failure(&error))?;
        if bytes.len() + chunk.len() > MAX_RESPONSE_SIZE {
            let message = format!("the response is larger than {MAX_RESPONSE_SIZE} bytes");
            return Err(message.into());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(RawResponse {
        status: head.status,
        body: bytes,
    })
}

/// Describes an error of a transport with its causes, without repetitions.
pub(super) fn failure(error: &TransportError) -> Failure {
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
    Failure {
        message: chain,
        is_config: error.kind() == TransportErrorKind::Config,
    }
}
