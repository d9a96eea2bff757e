//! Passes a response on to the client while it arrives, and collects it for the recording.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};

use super::upstream::is_forwarded;

/// A response, as it arrived.
#[derive(Debug)]
pub(super) struct RawResponse {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) chunks: Vec<Bytes>,
}

type Store = Box<dyn FnOnce(RawResponse) + Send>;

/// Creates the response for the client. `store` receives the whole response before the client
/// receives its end, and nothing if it breaks off or the client does not read it to its end.
pub(super) fn pass_on(response: http::Response<Incoming>, store: Store) -> Response {
    let (parts, inner) = response.into_parts();
    let collected = RawResponse {
        status: parts.status,
        headers: parts.headers.clone(),
        chunks: Vec::new(),
    };
    let body = PassingBody {
        inner,
        collected: Some((collected, store)),
    };
    let mut response = Response::new(Body::new(body));
    *response.status_mut() = parts.status;
    for (name, value) in &parts.headers {
        if is_forwarded(name) {
            response.headers_mut().append(name, value.clone());
        }
    }
    response
}

struct PassingBody {
    inner: Incoming,
    /// The response so far. `None` once it has been stored.
    collected: Option<(RawResponse, Store)>,
}

impl HttpBody for PassingBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(context));
        if let (Some(Ok(frame)), Some((response, _))) = (&frame, &mut self.collected) {
            response.chunks.extend(frame.data_ref().cloned());
        }
        // A body of a declared length is not polled again after its last byte.
        let has_ended = frame.is_none() || self.inner.is_end_stream();
        if has_ended && let Some((response, store)) = self.collected.take() {
            store(response);
        }
        Poll::Ready(frame)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
