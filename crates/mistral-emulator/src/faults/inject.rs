//! Bodies that stall or break off, and the connection that tells when bytes have left.

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

/// Makes the body of a response stall or break off as the fault says.
pub(crate) fn disturb(response: Response, fault: &Fault, flushes: &Arc<Flushes>) -> Response {
    if !fault.touches_the_body() {
        return response;
    }
    let (mut parts, inner) = response.into_parts();
    let length = hyper::body::Body::size_hint(&inner).exact();
    if let Some(length) = length {
        // The length of the whole body, though not all of it will come.
        parts
            .headers
            .entry(header::CONTENT_LENGTH)
            .or_insert(length.into());
    }
    let body = DisturbedBody {
        inner,
        frames_left: fault.stall_after_events,
        bytes_left: fault.cut_after_bytes,
        cut_after_flush: None,
        flushes: Arc::clone(flushes),
    };
    Response::from_parts(parts, Body::new(body))
}

struct DisturbedBody {
    inner: Body,
    frames_left: Option<usize>,
    bytes_left: Option<usize>,
    /// Set once all bytes are handed over: how many flushes there had been by then.
    cut_after_flush: Option<u64>,
    flushes: Arc<Flushes>,
}

type Polled = Poll<Option<Result<Frame<Bytes>, axum::Error>>>;

impl DisturbedBody {
    /// Breaks off, but not before the bytes handed over so far have left.
    fn poll_cut(&mut self, context: &Context<'_>) -> Polled {
        let mut flushes = self.flushes.lock();
        let after = *self.cut_after_flush.get_or_insert(flushes.count);
        if flushes.count > after {
            let error = io::Error::new(io::ErrorKind::ConnectionAborted, "cut on demand");
            return Poll::Ready(Some(Err(axum::Error::new(error))));
        }
        flushes.waiting.push(context.waker().clone());
        Poll::Pending
    }
}

impl hyper::body::Body for DisturbedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Polled {
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

/// Counts how often everything written to a connection has been handed to the system.
#[derive(Debug, Default)]
pub(crate) struct Flushes(Mutex<FlushState>);

#[derive(Debug, Default)]
struct FlushState {
    count: u64,
    waiting: Vec<Waker>,
}

impl Flushes {
    fn lock(&self) -> MutexGuard<'_, FlushState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self) {
        let mut state = self.lock();
        state.count += 1;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
    }
}

/// A connection that counts its flushes.
#[derive(Debug)]
pub(crate) struct Watched<T> {
    pub(crate) inner: T,
    pub(crate) flushes: Arc<Flushes>,
}

impl<T: Read + Unpin> Read for Watched<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl<T: Write + Unpin> Write for Watched<T> {
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
