//! Reading ahead of rustls.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use ::hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};

use super::super::connect::BoxedConnection;

/// The size of the first read, which is that of rustls.
const MIN_READ: usize = 4 * 1024;
/// The size of the largest read: four records of TLS.
const MAX_READ: usize = 64 * 1024;

/// A connection that is read in larger pieces than rustls asks for.
///
/// rustls reads 4 KiB at a time, a quarter of a record of TLS. The size of a read here follows what
/// arrives. While the connection waits for data, its buffer is of the smallest size.
pub(super) struct ReadAhead {
    connection: BoxedConnection,
    buffer: Vec<u8>,
    /// The part of the buffer that was read from the connection, and not yet from the buffer.
    unread: std::ops::Range<usize>,
    /// The size of the next read.
    size: usize,
}

impl ReadAhead {
    pub(super) fn new(connection: BoxedConnection) -> Self {
        Self {
            connection,
            buffer: Vec::new(),
            unread: 0..0,
            size: MIN_READ,
        }
    }

    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.buffer.resize(self.size, 0);
        let mut read = ReadBuf::new(&mut self.buffer);
        let polled = Pin::new(&mut self.connection).poll_read(cx, read.unfilled());
        if polled.is_pending() {
            if self.size > MIN_READ {
                self.buffer = Vec::new();
            }
            return Poll::Pending;
        }
        let length = read.filled().len();
        self.unread = 0..length;
        if length == self.size {
            self.size = (2 * self.size).min(MAX_READ);
        } else if length < self.size / 4 {
            self.size = (self.size / 2).max(MIN_READ);
        }
        polled
    }
}

impl Read for ReadAhead {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.unread.is_empty() {
            ready!(this.poll_fill(cx))?;
        }
        let end = this.unread.end.min(this.unread.start + buffer.remaining());
        if let Some(bytes) = this.buffer.get(this.unread.start..end) {
            buffer.put_slice(bytes);
            this.unread.start = end;
        }
        Poll::Ready(Ok(()))
    }
}

impl Write for ReadAhead {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.connection).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.connection.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.connection).poll_write_vectored(cx, parts)
    }
}

impl Connection for ReadAhead {
    fn connected(&self) -> Connected {
        self.connection.connected()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::future::poll_fn;

    use proptest::prelude::*;

    use super::*;

    /// A connection whose reads return the next piece each, as far as there is room for it. An empty
    /// piece is a read that must wait.
    struct Pieces(VecDeque<Vec<u8>>);

    impl Read for Pieces {
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            mut buffer: ReadBufCursor<'_>,
        ) -> Poll<io::Result<()>> {
            let Some(mut piece) = self.0.pop_front() else {
                return Poll::Ready(Ok(())); // the end
            };
            if piece.is_empty() {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            let rest = piece.split_off(piece.len().min(buffer.remaining()));
            buffer.put_slice(&piece);
            if !rest.is_empty() {
                self.0.push_front(rest);
            }
            Poll::Ready(Ok(()))
        }
    }

    impl Write for Pieces {
        fn poll_write(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    impl Connection for Pieces {
        fn connected(&self) -> Connected {
            Connected::new()
        }
    }

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.unwrap().block_on(future)
    }

    fn reader(pieces: impl IntoIterator<Item = Vec<u8>>) -> ReadAhead {
        ReadAhead::new(BoxedConnection::new(Pieces(pieces.into_iter().collect())))
    }

    async fn read(reader: &mut ReadAhead, size: usize) -> Vec<u8> {
        let mut space = vec![0; size];
        let mut buffer = ReadBuf::new(&mut space);
        poll_fn(|cx| Pin::new(&mut *reader).poll_read(cx, buffer.unfilled()))
            .await
            .unwrap();
        buffer.filled().to_vec()
    }

    proptest! {
        #[test]
        fn tls_read_ahead_returns_every_byte_in_order(
            lengths in prop::collection::vec(0_usize..20_000, 0..20),
            sizes in prop::collection::vec(1_usize..9_000, 1..8),
        ) {
            let mut next = 0_u8;
            let pieces = lengths.into_iter().map(|length| {
                let bytes = (0..length).map(|_| { next = next.wrapping_add(1); next });
                bytes.collect::<Vec<u8>>()
            });
            let pieces: Vec<_> = pieces.collect();
            let all = pieces.concat();
            let mut reader = reader(pieces);
            let read_all = async {
                let mut received = Vec::new();
                for size in sizes.into_iter().cycle() {
                    match read(&mut reader, size).await {
                        end if end.is_empty() => return received,
                        bytes => received.extend(bytes),
                    }
                }
                received
            };
            prop_assert!(block_on(read_all) == all);
        }
    }

    #[test]
    fn tls_read_ahead_grows_with_what_arrives_and_holds_little_while_idle() {
        let long = (4 + 8 + 16 + 32 + 64 + 64) * 1024;
        let pieces = vec![vec![1; long], Vec::new(), vec![2; 100], vec![3; 100]];
        let mut reader = reader(pieces);
        block_on(async {
            let mut received = 0;
            while received < long {
                received += read(&mut reader, 4096).await.len();
            }
            assert_eq!(reader.size, MAX_READ);
            let waiting = poll_fn(|cx| {
                let mut space = [0; 10];
                let mut buffer = ReadBuf::new(&mut space);
                Poll::Ready(
                    Pin::new(&mut reader)
                        .poll_read(cx, buffer.unfilled())
                        .is_pending(),
                )
            });
            assert!(waiting.await);
            assert!(reader.buffer.capacity() <= MIN_READ);
            for _ in 0..2 {
                assert_eq!(read(&mut reader, 4096).await.len(), 100);
            }
            assert_eq!(reader.size, MAX_READ / 4);
        });
    }
}
