//! Connections that leave HTTP: a stream of bytes in both directions.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};

use super::Body;

/// The response to a request that asks to upgrade its connection.
#[derive(Debug)]
#[non_exhaustive]
pub enum UpgradeResponse {
    /// The server switched protocols.
    Upgraded(Upgraded),
    /// The server responded as to any other request, for example with a 401.
    Refused(http::Response<Body>),
}

/// A connection after its upgrade: a stream of bytes in both directions.
///
/// It implements `AsyncRead` and `AsyncWrite` of `futures`; the `compat` module of
/// `tokio-util` turns it into what tokio reads and writes.
pub struct Upgraded {
    response: http::Response<()>,
    io: Pin<Box<dyn ReadWrite>>,
}

trait ReadWrite: AsyncRead + AsyncWrite + Send {}

impl<T: AsyncRead + AsyncWrite + Send> ReadWrite for T {}

impl Upgraded {
    /// Wraps the connection that followed `response`, for a transport of your own.
    pub fn new(
        response: http::Response<()>,
        io: impl AsyncRead + AsyncWrite + Send + 'static,
    ) -> Self {
        Self {
            response,
            io: Box::pin(io),
        }
    }

    /// The head of the response that switched protocols.
    pub fn response(&self) -> &http::Response<()> {
        &self.response
    }
}

impl AsyncRead for Upgraded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.io.as_mut().poll_read(cx, buffer)
    }
}

impl AsyncWrite for Upgraded {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.io.as_mut().poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io.as_mut().poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io.as_mut().poll_close(cx)
    }
}

impl fmt::Debug for Upgraded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upgraded")
            .field("status", &self.response.status())
            .finish_non_exhaustive()
    }
}
