use http::Uri;
use http::uri::Scheme;
use tower_service::Service;

use super::{BoxError, BoxedConnection, Io};
use crate::http::TransportError;

/// No TLS: `https` is refused.
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

    pub(in super::super) async fn connect<C>(
        &self,
        tcp: C,
        uri: Uri,
    ) -> Result<BoxedConnection, BoxError>
    where
        C: Service<Uri>,
        C::Response: Io + 'static,
        C::Future: Send + 'static,
        C::Error: Into<BoxError>,
    {
        if uri.scheme() == Some(&Scheme::HTTPS) {
            return Err(
                "this program is built without TLS: enable the feature `rustls` or \
                        `native-tls`"
                    .into(),
            );
        }
        super::connection(tcp, uri).await
    }
}
