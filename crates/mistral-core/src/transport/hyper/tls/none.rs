use http::Uri;

use super::super::connect::{BoxError, BoxedConnection};
use super::missing;
use crate::transport::TransportError;

/// No TLS.
#[derive(Clone)]
pub(in super::super) struct Tls;

impl Tls {
    #[allow(clippy::unnecessary_wraps)] // with TLS it can fail
    pub(in super::super) fn new() -> Result<Self, TransportError> {
        Ok(Self)
    }

    pub(in super::super) fn without_http2(&self) -> Self {
        Self
    }

    #[allow(clippy::unused_async)] // with TLS it waits
    pub(in super::super) async fn secure(
        &self,
        _: BoxedConnection,
        _: Uri,
    ) -> Result<BoxedConnection, BoxError> {
        Err(missing().into())
    }
}
