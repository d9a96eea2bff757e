//! The part of a call that all types of calls share: from its request to the raw response.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use crate::error::{Error, Result};
use crate::pipeline::Pipeline;
use crate::pipeline::classify::RawResponse;
use crate::pipeline::request::{ApiRequest, RequestParts};

/// A request that is sent when it is first polled.
///
/// Its future has no type parameter, so that it is compiled once and not for every type of
/// response.
pub(super) struct PendingRequest {
    /// `None` once it has been sent.
    request: Option<ApiRequest>,
    in_flight: Option<InFlight>,
}

type InFlight = Pin<Box<dyn Future<Output = Result<SentRequest>> + Send>>;

/// A request with the response to it.
pub(super) struct SentRequest {
    pub(super) request: Box<RequestParts>,
    pub(super) raw: RawResponse,
}

impl PendingRequest {
    pub(super) fn new(request: ApiRequest) -> Self {
        Self {
            request: Some(request),
            in_flight: None,
        }
    }

    /// Changes the request, unless it has failed or was sent already.
    pub(super) fn update(mut self, change: impl FnOnce(&mut RequestParts) -> Result<()>) -> Self {
        self.request = self.request.map(|request| request.update(change));
        self
    }

    pub(super) fn parts(&self) -> Option<&RequestParts> {
        self.request.as_ref()?.parts()
    }

    /// Returns a copy that has not been sent. An error cannot be copied: it moves into the copy.
    pub(super) fn take_or_clone(&mut self) -> Self {
        match &mut self.request {
            Some(request) => Self::new(request.take_or_clone()),
            None => Self {
                request: None,
                in_flight: None,
            },
        }
    }

    /// Sends the request when it is first polled, and returns the response to it.
    pub(super) fn poll(
        &mut self,
        pipeline: &Arc<Pipeline>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<SentRequest>> {
        let in_flight = match &mut self.in_flight {
            Some(in_flight) => in_flight,
            None => {
                let request = self.request.take().ok_or_else(already_ended)?;
                let sending = send(Arc::clone(pipeline), request.into_parts()?);
                self.in_flight.insert(Box::pin(sending))
            }
        };
        let sent = ready!(in_flight.as_mut().poll(cx));
        self.in_flight = None;
        Poll::Ready(sent)
    }
}

async fn send(pipeline: Arc<Pipeline>, request: Box<RequestParts>) -> Result<SentRequest> {
    let raw = pipeline.call(&request).await?;
    Ok(SentRequest { request, raw })
}

#[cold]
fn already_ended() -> Error {
    Error::config("the call was polled after it had ended")
}
