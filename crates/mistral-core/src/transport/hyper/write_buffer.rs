//! Writing the frames of HTTP/2 together.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The largest number of bytes that are collected, which is that of one record of TLS.
const MAX_COLLECTED: usize = 16 * 1024;

/// A connection whose small writes are collected until the tasks that are ready have run.
///
/// hyper writes the head and the body of a request over HTTP/2 from two tasks, and flushes after
/// each. Collected, they take one record of TLS, one system call and one packet.
pub(super) struct WriteBuffer<T> {
    io: T,
    is_enabled: bool,
    collected: Vec<u8>,
    /// The number of collected bytes that have been written.
    written: usize,
    /// Whether the other tasks have had their turn since the first collected write.
    has_yielded: bool,
}

impl<T: AsyncWrite + Unpin> WriteBuffer<T> {
    /// Wraps a connection. Without `is_enabled`, writes are passed on as they come.
    pub(super) fn new(io: T, is_enabled: bool) -> Self {
        Self {
            io,
            is_enabled,
            collected: Vec::new(),
            written: 0,
            has_yielded: false,
        }
    }

    pub(super) fn get_ref(&self) -> &T {
        &self.io
    }

    fn has_room_for(&self, length: usize) -> bool {
        self.is_enabled && self.collected.len() + length <= MAX_COLLECTED
    }

    /// Writes what was collected.
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(rest @ [_, ..]) = self.collected.get(self.written..) {
            match ready!(Pin::new(&mut self.io).poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                length => self.written += length,
            }
        }
        self.collected.clear();
        self.written = 0;
        self.has_yielded = false;
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for WriteBuffer<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for WriteBuffer<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.has_room_for(bytes.len()) {
            self.collected.extend_from_slice(bytes);
            return Poll::Ready(Ok(bytes.len()));
        }
        ready!(self.poll_drain(cx))?;
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let length = parts.iter().map(|part| part.len()).sum();
        if self.has_room_for(length) {
            parts
                .iter()
                .for_each(|part| self.collected.extend_from_slice(part));
            return Poll::Ready(Ok(length));
        }
        ready!(self.poll_drain(cx))?;
        Pin::new(&mut self.io).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.collected.is_empty() {
            if !self.has_yielded {
                self.has_yielded = true;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            ready!(self.poll_drain(cx))?;
        }
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(cx))?;
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::io::IoSlice;

    use tokio::io::AsyncWriteExt;

    use super::*;

    /// Records each write, and takes at most `max` bytes of it.
    #[derive(Default)]
    struct Recorder {
        writes: Vec<Vec<u8>>,
        max: Option<usize>,
    }

    impl AsyncWrite for Recorder {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            let length = bytes.len().min(self.max.unwrap_or(usize::MAX));
            self.writes.push(bytes[..length].to_vec());
            Poll::Ready(Ok(length))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[tokio::test]
    async fn http2_small_writes_before_a_flush_are_one_write() {
        let mut buffer = WriteBuffer::new(Recorder::default(), true);
        buffer.write_all(b"head").await.unwrap();
        let parts = [IoSlice::new(b", bo"), IoSlice::new(b"dy")];
        assert_eq!(buffer.write_vectored(&parts).await.unwrap(), 6);
        assert!(buffer.io.writes.is_empty());
        buffer.flush().await.unwrap();
        assert_eq!(buffer.io.writes, [b"head, body"]);
        buffer.write_all(b"next").await.unwrap();
        buffer.shutdown().await.unwrap();
        assert_eq!(buffer.io.writes, [&b"head, body"[..], b"next"]);
    }

    #[tokio::test]
    async fn http2_write_after_the_first_flush_joins_what_was_collected() {
        let mut buffer = WriteBuffer::new(Recorder::default(), true);
        buffer.write_all(b"head").await.unwrap();
        std::future::poll_fn(|cx| {
            assert!(Pin::new(&mut buffer).poll_flush(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        buffer.write_all(b", body").await.unwrap();
        buffer.flush().await.unwrap();
        assert_eq!(buffer.io.writes, [b"head, body"]);
    }

    #[tokio::test]
    async fn http2_large_write_follows_what_was_collected_without_a_copy() {
        let recorder = Recorder {
            max: Some(10_000),
            ..Recorder::default()
        };
        let mut buffer = WriteBuffer::new(recorder, true);
        buffer.write_all(&[1; 100]).await.unwrap();
        buffer.write_all(&[2; 30_000]).await.unwrap();
        buffer.flush().await.unwrap();
        let lengths: Vec<_> = buffer.io.writes.iter().map(Vec::len).collect();
        assert_eq!(lengths, [100, 10_000, 10_000, 10_000]);
        assert!(buffer.io.writes.concat().is_sorted());
    }

    #[tokio::test]
    async fn http1_writes_are_passed_on_as_they_come() {
        let mut buffer = WriteBuffer::new(Recorder::default(), false);
        buffer.write_all(b"one").await.unwrap();
        buffer.write_all(b"two").await.unwrap();
        assert_eq!(buffer.io.writes, [b"one", b"two"]);
    }
}
