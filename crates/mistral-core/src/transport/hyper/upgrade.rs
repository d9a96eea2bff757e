//! HTTP upgrades on hyper.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use ::hyper::rt::{Read, ReadBuf, Write};
use futures_io::{AsyncRead, AsyncWrite};
use http::StatusCode;

use super::body::into_response;
use super::connection_state::ConnectionState;
use super::pool::PoolSettings;
use super::pool_state::PoolState;
use super::request_body::RequestBody;
use super::{HyperTransport, classify_error};
use crate::transport::{
    Body, RequestContext, TransportError, UpgradeResponse, Upgraded, current_runtime,
};

#[cfg(feature = "hyper")]
impl HyperTransport {
    /// Sends `request` on a new HTTP/1.1 connection, through a tunnel if there is a proxy.
    pub(super) async fn send_upgrade(
        &self,
        mut request: http::Request<()>,
    ) -> Result<UpgradeResponse, TransportError> {
        self.check_uri(request.uri())?;
        self.set_user_agent(&mut request);
        let context = request.extensions_mut().remove::<RequestContext>();
        let timeout = context.map_or(self.connector.timeout(), |context| context.connect_timeout);
        let connector = self.connector.clone().with_timeout(timeout).for_upgrades();
        let request = request.map(|()| RequestBody::new(Body::empty()));
        current_runtime()?;
        let pool = Arc::new(PoolState::http1());
        let settings = PoolSettings::default();
        let client = settings.client(settings.connector(connector, pool));
        let response = client.request(request).await;
        let mut response = response.map_err(classify_error)?;
        let connection = response.extensions_mut().remove::<Arc<ConnectionState>>();
        if let Some(connection) = &connection {
            connection.head_received(response.headers());
        }
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            let response = into_response(response, classify_error, ());
            return Ok(UpgradeResponse::Refused(response));
        }
        let (parts, body) = response.into_parts();
        let head = http::Response::from_parts(parts.clone(), ());
        let response = http::Response::from_parts(parts, body);
        let upgraded = ::hyper::upgrade::on(response).await;
        let io = FuturesIo(upgraded.map_err(classify_error)?);
        Ok(UpgradeResponse::Upgraded(Upgraded::new(head, io)))
    }
}

/// An upgraded connection of hyper with the I/O traits of `futures`.
struct FuturesIo(::hyper::upgrade::Upgraded);

impl AsyncRead for FuturesIo {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(buffer);
        ready!(Pin::new(&mut self.0).poll_read(cx, buffer.unfilled()))?;
        Poll::Ready(Ok(buffer.filled().len()))
    }
}

impl AsyncWrite for FuturesIo {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
