//! One exchange on a connection.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::RecvStream;
use h2::client::{ResponseFuture, SendRequest};
use http::header::{CONNECTION, CONTENT_LENGTH, TE, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderName, HeaderValue, Method, Version};
use tokio::time::Instant;

use super::super::pool::Lease;
use super::Http2Connection;
use super::body::ResponseBody;
use super::guard::ExchangeGuard;
use super::upload::Upload;
use crate::transport::{Body, TransportError};

/// Headers of HTTP/1.1 that HTTP/2 forbids (RFC 9113, section 8.2.2).
const HTTP1_HEADERS: [HeaderName; 6] = [
    CONNECTION,
    TE,
    TRANSFER_ENCODING,
    UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// A request that was handed to h2.
pub(in super::super) struct Exchange {
    response: ResponseFuture,
    upload: Option<Upload>,
    guard: ExchangeGuard,
}

impl Exchange {
    /// Sends `request` with `sender`. Its connection is given up if nothing is read until
    /// `deadline`, which the caller observes.
    ///
    /// # Errors
    /// Fails when the connection ends meanwhile.
    pub(in super::super) fn start(
        request: http::Request<Body>,
        mut sender: SendRequest<Bytes>,
        connection: Arc<Http2Connection>,
        lease: Lease,
        deadline: Option<Instant>,
    ) -> Result<Self, TransportError> {
        let guard = ExchangeGuard::new(connection, lease, deadline);
        let (head, body) = split(request);
        let is_empty = body.content_length() == Some(0);
        let sent = sender.send_request(head, is_empty);
        let (response, mut stream) = sent.map_err(|error| guard.error(error))?;
        let upload = match body.into_bytes() {
            _ if is_empty => None,
            // h2 keeps what the windows of the server do not allow yet, without a copy.
            Ok(bytes) => {
                let _response_has_the_error = stream.send_data(bytes, true);
                None
            }
            Err(body) => Some(Upload::new(body, stream)),
        };
        Ok(Self {
            response,
            upload,
            guard,
        })
    }

    pub(in super::super) async fn run(mut self) -> Result<http::Response<Body>, TransportError> {
        let response = poll_fn(|cx| self.poll(cx)).await?;
        Ok(self.respond(response))
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<http::Response<RecvStream>, TransportError>> {
        if let Poll::Ready(response) = Pin::new(&mut self.response).poll(cx) {
            return Poll::Ready(response.map_err(|error| self.guard.error(error)));
        }
        if let Some(upload) = &mut self.upload {
            ready!(upload.poll(cx))?;
            self.upload = None;
        }
        Poll::Pending
    }

    /// Converts the response, which carries the guard from now on.
    fn respond(self, response: http::Response<RecvStream>) -> http::Response<Body> {
        let Self {
            upload, mut guard, ..
        } = self;
        guard.head_received();
        // The server does not want the rest of the request. The stream is reset after the response.
        let upload = upload.filter(|_| response.status().is_success());
        if response.body().is_end_stream() {
            return response.map(|_| Body::empty());
        }
        let length = response.headers().get(CONTENT_LENGTH).and_then(length_of);
        response.map(|stream| {
            let body = ResponseBody::new(stream, upload, guard);
            let body = Body::from_stream(body);
            match length {
                Some(length) => body.with_content_length(length),
                None => body,
            }
        })
    }
}

/// Splits a request into the head in the form of HTTP/2 and the body.
fn split(request: http::Request<Body>) -> (http::Request<()>, Body) {
    let (mut parts, body) = request.into_parts();
    parts.version = Version::HTTP_2;
    parts.extensions.clear();
    if parts
        .headers
        .keys()
        .any(|name| HTTP1_HEADERS.contains(name))
    {
        for name in HTTP1_HEADERS {
            parts.headers.remove(name);
        }
    }
    let has_content = matches!(parts.method, Method::POST | Method::PUT | Method::PATCH);
    if let Some(length) = body.content_length()
        && (length > 0 || has_content)
    {
        let length = || HeaderValue::from(length);
        parts.headers.entry(CONTENT_LENGTH).or_insert_with(length);
    }
    (http::Request::from_parts(parts, ()), body)
}

fn length_of(header: &HeaderValue) -> Option<u64> {
    header.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::Uri;
    use tokio::io::{DuplexStream, duplex};

    use super::super::super::connect::Connector;
    use super::super::super::pool::Pools;
    use super::super::super::pool_state::PoolState;
    use super::super::Http2Settings;
    use super::*;
    use crate::transport::TransportErrorKind;

    async fn connect(io: DuplexStream) -> Arc<Http2Connection> {
        let settings = Http2Settings {
            idle_timeout: Duration::from_secs(30),
            ping_interval: None,
            ping_timeout: Duration::ZERO,
            is_single_use: false,
        };
        let pool = Arc::new(PoolState::unsettled(100));
        Http2Connection::start(io, pool, settings).await.unwrap()
    }

    fn exchange(connection: &Arc<Http2Connection>) -> Exchange {
        let uri = Uri::from_static("http://server.test/v1/chat");
        let request = http::Request::post(&uri).body("text".into()).unwrap();
        let (pools, timeout) = (Pools::default(), Duration::from_secs(1));
        let connector = Connector::new(timeout).unwrap();
        let (lease, _) = pools.lease(&uri, timeout, &connector).unwrap();
        let sender = connection.enter().unwrap();
        Exchange::start(request, sender, Arc::clone(connection), lease, None).unwrap()
    }

    /// A connection may end between the start of an exchange and the next write.
    #[tokio::test]
    async fn http2_request_that_was_not_written_was_not_sent() {
        for is_written in [false, true] {
            let (client, server) = duplex(64 * 1024);
            let connection = connect(client).await;
            let mut server = h2::server::handshake(server).await.unwrap();
            for _ in 0..10 {
                // The settings of both sides are exchanged.
                let accepted = poll_fn(|cx| Poll::Ready(server.poll_accept(cx))).await;
                assert!(accepted.is_pending());
                tokio::task::yield_now().await;
            }
            let mut exchange = exchange(&connection);
            if is_written {
                tokio::select! {
                    request = server.accept() => drop(request),
                    _ = poll_fn(|cx| exchange.poll(cx)) => panic!("no response"),
                }
            }
            drop(server);
            let error = exchange.run().await.unwrap_err();
            let kind = match is_written {
                true => TransportErrorKind::Interrupted,
                false => TransportErrorKind::NotSent,
            };
            assert_eq!(error.kind(), kind, "{:?}", error.source_text());
        }
    }
}
