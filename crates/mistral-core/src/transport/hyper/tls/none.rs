use http::Uri;

use super::super::connect::{BoxError, BoxedConnection};
use super::{TlsSettings, not_enabled};
use crate::transport::TransportError;

/// The absence of TLS.
#[derive(Clone)]
pub(in super::super) struct Tls;

impl Tls {
    #[allow(clippy::unnecessary_wraps)] // the other backends can fail
    pub(in super::super) fn new() -> Result<Self, TransportError> {
        Ok(Self)
    }

    /// Fails never: settings are refused before.
    #[allow(clippy::unnecessary_wraps)] // the other backends can fail
    pub(in super::super) fn with_settings(_: &TlsSettings) -> Result<Self, TransportError> {
        Ok(Self)
    }

    pub(in super::super) fn without_http2(&self) -> Self {
        Self
    }

    #[allow(clippy::unused_async)] // the other backends wait
    pub(in super::super) async fn secure(
        &self,
        _: BoxedConnection,
        _: Uri,
    ) -> Result<BoxedConnection, BoxError> {
        Err(not_enabled().into())
    }
}
