//! HTTP upgrades on hyper.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use ::hyper::rt::{Read, ReadBuf, Write};
use futures_io::{AsyncRead, AsyncWrite};
use http::StatusCode;

use super::exchange::incoming;
use super::{HyperTransport, Outgoing, classify, pool};
use crate::transport::{Body, RequestContext, TransportError, UpgradeResponse, Upgraded};

impl HyperTransport {
    /// Sends `request` over a connection of its own, which speaks HTTP/1.1 and goes through a
    /// tunnel where there is a proxy.
    pub(super) async fn send_upgrade(
        &self,
        mut request: http::Request<()>,
    ) -> Result<UpgradeResponse, TransportError> {
        self.check(request.uri())?;
        let context = request.extensions_mut().remove::<RequestContext>();
        let timeout = context.map_or(self.connector.timeout(), |context| context.connect_timeout);
        let connector = self.connector.clone().with_timeout(timeout).for_upgrades();
        let request = request.map(|()| Outgoing::new(Body::empty()));
        let response = pool(connector, false).request(request).await;
        let response = response.map_err(|error| classify(error, true))?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            let response = incoming(response, |error| classify(error, true));
            return Ok(UpgradeResponse::Refused(response));
        }
        let (parts, body) = response.into_parts();
        let head = http::Response::from_parts(parts.clone(), ());
        let response = http::Response::from_parts(parts, body);
        let upgraded = ::hyper::upgrade::on(response).await;
        let io = Io(upgraded.map_err(|error| classify(error, true))?);
        Ok(UpgradeResponse::Upgraded(Upgraded::new(head, io)))
    }
}

/// hyper's connection under the traits of `futures`.
struct Io(::hyper::upgrade::Upgraded);

impl AsyncRead for Io {
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

impl AsyncWrite for Io {
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
