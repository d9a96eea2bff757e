//! Signing: the last step before an exchange is sent.

use std::future::{Future, ready};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use http::HeaderMap;

use super::deadline::Deadline;
use super::exchange::{Exchange, ResponseFuture};
use crate::error::Result;
use crate::provider::SignedBody;
use crate::transport::{Body, RequestContext};

type SigningFuture<'a> = Pin<Box<dyn Future<Output = Result<http::Request<Body>>> + Send + 'a>>;

/// The first step of an exchange.
pub(super) enum Start<'a> {
    Send(ResponseFuture<'a>),
    Sign(SigningFuture<'a>),
}

impl<'a> Exchange<'a> {
    /// Sends the request, or signs it first.
    ///
    /// The future of a provider that does not sign has no state. It is not awaited, so that the
    /// future of every call need not have room for the request.
    #[inline(never)]
    pub(super) fn start(
        &self,
        headers: HeaderMap,
        body: Body,
        until: Option<Deadline>,
    ) -> Start<'a> {
        let pipeline = self.pipeline;
        let provider = &pipeline.provider;
        let mut parts = self.http_parts(headers, until);
        let mut signing = provider.sign(&mut parts, signed_body(&body));
        if size_of_val(&*signing) == 0 {
            let mut context = Context::from_waker(Waker::noop());
            match signing.as_mut().poll(&mut context) {
                Poll::Ready(Ok(())) => {
                    drop(signing);
                    let request = http::Request::from_parts(parts, body);
                    return Start::Send(pipeline.transport.send(request));
                }
                Poll::Ready(Err(error)) => return Start::Sign(Box::pin(ready(Err(error)))),
                Poll::Pending => {}
            }
        }
        drop(signing);
        // Built anew: a provider may have changed the parts before its future was polled.
        let mut parts = self.http_parts(self.credentials.to_headers(), until);
        Start::Sign(Box::pin(async move {
            let body = body;
            provider.sign(&mut parts, signed_body(&body)).await?;
            Ok(http::Request::from_parts(parts, body))
        }))
    }

    /// Sends a signed request, with the time left after signing.
    pub(super) fn send_signed(
        &self,
        mut request: http::Request<Body>,
        until: Option<Deadline>,
    ) -> ResponseFuture<'a> {
        if let Some(context) = request.extensions_mut().get_mut::<RequestContext>() {
            context.deadline = until.map(|until| until.at);
        }
        let pipeline = self.pipeline;
        pipeline.transport.send(request)
    }
}

fn signed_body(body: &Body) -> SignedBody<'_> {
    body.bytes().map_or(SignedBody::Stream, SignedBody::Bytes)
}
