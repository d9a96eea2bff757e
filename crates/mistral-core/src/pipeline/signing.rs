//! Signing: the last step before a request is sent.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use http::request::Parts;

use super::deadline::Deadline;
use super::exchange::{Exchange, ResponseFuture};
use crate::error::Result;
use crate::provider::{Provider, SignedBody};
use crate::transport::{Body, RequestContext};

pub(super) type SigningFuture<'a> =
    Pin<Box<dyn Future<Output = Result<http::Request<Body>>> + Send + 'a>>;

/// Asks a provider for a signature that needs no waiting: that of one that does not sign, whose
/// future has no state. Pending means that the request must be [signed](Exchange::sign).
pub(super) fn poll_stateless(
    provider: &dyn Provider,
    parts: &mut Parts,
    body: &Body,
) -> Poll<Result<()>> {
    let mut signing = provider.sign(parts, signed_body(body));
    if size_of_val(&*signing) != 0 {
        return Poll::Pending;
    }
    signing
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
}

impl<'a> Exchange<'a> {
    /// Signs the request of this attempt.
    ///
    /// Its parts are built anew: a provider may have changed them before its future was polled.
    pub(super) fn sign(&self, body: Body, until: Option<Deadline>) -> SigningFuture<'a> {
        let provider = &self.pipeline.provider;
        let mut parts = self.http_parts(self.credentials.to_headers(), until);
        Box::pin(async move {
            let body = body;
            provider.sign(&mut parts, signed_body(&body)).await?;
            Ok(http::Request::from_parts(parts, body))
        })
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
