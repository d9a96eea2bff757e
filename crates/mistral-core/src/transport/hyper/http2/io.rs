//! Counting the reads and writes of a connection, and recording its end.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::super::pool_state::PoolState;

/// The activity of a connection, shared by its task and its exchanges.
#[derive(Debug, Default)]
pub(super) struct Activity {
    reads: AtomicUsize,
    writes: AtomicUsize,
    is_unresponsive: AtomicBool,
}

impl Activity {
    /// Returns the number of reads, which prove that the server is alive.
    pub(super) fn reads(&self) -> usize {
        self.reads.load(Ordering::Relaxed)
    }

    /// Returns the number of writes. A request that was handed over since the last one has not
    /// reached the server.
    pub(super) fn writes(&self) -> usize {
        self.writes.load(Ordering::SeqCst)
    }

    /// Whether the server has not responded to a ping.
    pub(super) fn is_unresponsive(&self) -> bool {
        self.is_unresponsive.load(Ordering::Acquire)
    }

    #[cold]
    pub(super) fn ping_timed_out(&self) {
        self.is_unresponsive.store(true, Ordering::Release);
    }
}

/// A connection of a pool whose reads and writes are counted.
pub(super) struct CountingIo<T> {
    io: T,
    activity: Arc<Activity>,
    pool: Arc<PoolState>,
}

impl<T> CountingIo<T> {
    pub(super) fn new(io: T, activity: Arc<Activity>, pool: Arc<PoolState>) -> Self {
        Self { io, activity, pool }
    }

    fn count_write(&self) {
        self.activity.writes.fetch_add(1, Ordering::SeqCst);
    }
}

impl<T> Drop for CountingIo<T> {
    fn drop(&mut self) {
        self.pool.connection_ended();
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for CountingIo<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.io).poll_read(cx, buffer);
        if read.is_ready() {
            self.activity.reads.fetch_add(1, Ordering::Relaxed);
        }
        read
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for CountingIo<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.count_write();
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.count_write();
        Pin::new(&mut self.io).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
