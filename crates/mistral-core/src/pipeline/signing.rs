//! Signing: the last step before a request is sent.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use http::request::Parts;

use super::deadline::Deadline;
use super::request::RequestParts;
use crate::error::Result;
use crate::provider::{Provider, SignedBody};
use crate::transport::{Body, RequestContext, TransportError};

type TransportResult = std::result::Result<http::Response<Body>, TransportError>;
pub(super) type ResponseFuture<'a> = Pin<Box<dyn Future<Output = TransportResult> + Send + 'a>>;
pub(super) type SigningFuture<'a> =
    Pin<Box<dyn Future<Output = Result<http::Request<Body>>> + Send + 'a>>;

/// The first step of an exchange.
pub(super) enum Start<'a> {
    Send(ResponseFuture<'a>),
    Sign(SigningFuture<'a>),
}

/// Asks a provider for a signature that needs no waiting: that of one that does not sign, whose
/// future has no state. Pending means that the request must be [signed](sign).
///
/// A request that is not for the provider is not signed.
pub(super) fn poll_stateless(
    provider: &dyn Provider,
    request: &RequestParts,
    parts: &mut Parts,
    body: &Body,
) -> Poll<Result<()>> {
    if request.signed_url().is_some() {
        return Poll::Ready(Ok(()));
    }
    let mut signing = provider.sign(parts, signed_body(body));
    if size_of_val(&*signing) != 0 {
        return Poll::Pending;
    }
    signing
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
}

/// Signs a request.
pub(super) fn sign<'a>(
    provider: &'a dyn Provider,
    mut parts: Parts,
    body: Body,
) -> SigningFuture<'a> {
    Box::pin(async move {
        let body = body;
        provider.sign(&mut parts, signed_body(&body)).await?;
        Ok(http::Request::from_parts(parts, body))
    })
}

/// Replaces the deadline of a signed request, which had the time before it was signed.
pub(super) fn set_deadline(request: &mut http::Request<Body>, until: Option<Deadline>) {
    if let Some(context) = request.extensions_mut().get_mut::<RequestContext>() {
        context.deadline = until.map(|until| until.at);
    }
}

fn signed_body(body: &Body) -> SignedBody<'_> {
    body.bytes().map_or(SignedBody::Stream, SignedBody::Bytes)
}
