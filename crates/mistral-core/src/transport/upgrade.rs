//! HTTP upgrades: connections that become a byte stream in both directions.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};

use super::Body;

/// The response to an upgrade request; see [`Transport::upgrade`](super::Transport::upgrade).
#[derive(Debug)]
#[non_exhaustive]
pub enum UpgradeResponse {
    /// The server responded with `101` and switched protocols.
    Upgraded(Upgraded),
    /// The server responded with another status, for example `401`.
    Refused(http::Response<Body>),
}

/// A connection after its upgrade: a byte stream in both directions.
///
/// It implements `AsyncRead` and `AsyncWrite` of `futures`. The `compat` module of `tokio-util`
/// converts it for tokio.
pub struct Upgraded {
    response: http::Response<()>,
    io: Pin<Box<dyn ReadWrite>>,
}

trait ReadWrite: AsyncRead + AsyncWrite + Send {}

impl<T: AsyncRead + AsyncWrite + Send> ReadWrite for T {}

impl Upgraded {
    /// Wraps a connection on which the server sent `response` and switched protocols.
    ///
    /// Implementations of [`Transport::upgrade`](super::Transport::upgrade) use it.
    pub fn new(
        response: http::Response<()>,
        io: impl AsyncRead + AsyncWrite + Send + 'static,
    ) -> Self {
        Self {
            response,
            io: Box::pin(io),
        }
    }

    /// Returns the head of the response that switched protocols.
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
