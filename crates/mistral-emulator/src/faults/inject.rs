//! Bodies that stall or are cut, and a connection that counts flushes.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::header;
use hyper::body::Frame;
use hyper::rt::{Read, ReadBufCursor, Write};

use super::Fault;

/// Applies the fault to the body of a response: stalls it, cuts it, or declares another length.
pub(crate) fn inject_fault(
    response: Response,
    fault: &Fault,
    flushes: &Arc<FlushCounter>,
) -> Response {
    if !fault.affects_body() {
        return response;
    }
    let (mut parts, inner) = response.into_parts();
    let length = hyper::body::Body::size_hint(&inner).exact();
    if let Some(length) = length {
        // The declared length is that of the complete body, even if it will be cut.
        parts
            .headers
            .entry(header::CONTENT_LENGTH)
            .or_insert(length.into());
    }
    let body = FaultyBody {
        inner,
        frames_left: fault.stall_after_events,
        bytes_left: fault.cut_after_bytes,
        flushes_before_cut: None,
        flushes: Arc::clone(flushes),
    };
    Response::from_parts(parts, Body::new(body))
}

struct FaultyBody {
    inner: Body,
    frames_left: Option<usize>,
    bytes_left: Option<usize>,
    /// The number of flushes when the last byte had been passed on.
    flushes_before_cut: Option<u64>,
    flushes: Arc<FlushCounter>,
}

type PollFrame = Poll<Option<Result<Frame<Bytes>, axum::Error>>>;

impl FaultyBody {
    /// Fails the body, which closes the connection, once the bytes passed on so far are flushed.
    fn poll_cut(&mut self, context: &Context<'_>) -> PollFrame {
        let mut flushes = self.flushes.lock();
        let before = *self.flushes_before_cut.get_or_insert(flushes.count);
        if flushes.count > before {
            let error = io::Error::new(io::ErrorKind::ConnectionAborted, "cut by a fault");
            return Poll::Ready(Some(Err(axum::Error::new(error))));
        }
        flushes.wakers.push(context.waker().clone());
        Poll::Pending
    }
}

impl hyper::body::Body for FaultyBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> PollFrame {
        if self.bytes_left == Some(0) {
            return self.poll_cut(context);
        }
        if self.frames_left == Some(0) {
            return Poll::Pending;
        }
        let Some(frame) = ready!(Pin::new(&mut self.inner).poll_frame(context)) else {
            if self.bytes_left.is_some() {
                self.bytes_left = Some(0);
                return self.poll_cut(context);
            }
            return Poll::Ready(None);
        };
        let mut frame = frame?;
        self.frames_left = self.frames_left.map(|left| left - 1);
        if let (Some(left), Some(data)) = (self.bytes_left, frame.data_mut()) {
            data.truncate(left);
            self.bytes_left = Some(left - data.len());
        }
        Poll::Ready(Some(Ok(frame)))
    }
}

/// Counts the flushes of a connection.
#[derive(Debug, Default)]
pub(crate) struct FlushCounter(Mutex<FlushState>);

#[derive(Debug, Default)]
struct FlushState {
    count: u64,
    wakers: Vec<Waker>,
}

impl FlushCounter {
    fn lock(&self) -> MutexGuard<'_, FlushState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self) {
        let mut state = self.lock();
        state.count += 1;
        let wakers = std::mem::take(&mut state.wakers);
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }
}

/// A connection that reports its flushes to a [`FlushCounter`].
#[derive(Debug)]
pub(crate) struct CountingIo<T> {
    pub(crate) inner: T,
    pub(crate) flushes: Arc<FlushCounter>,
}

impl<T: Read + Unpin> Read for CountingIo<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl<T: Write + Unpin> Write for CountingIo<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.inner).poll_flush(context))?;
        self.flushes.add();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
