use http::Uri;
use hyper_tls::HttpsConnector;
use native_tls_crate::TlsConnector;

use super::super::connect::{self, BoxError, BoxedConnection, Established};
use crate::transport::{TransportError, TransportErrorKind};

/// The TLS library of the platform.
#[derive(Clone)]
pub(in super::super) struct Tls {
    http2: TlsConnector,
    http1: TlsConnector,
}

impl Tls {
    pub(in super::super) fn new() -> Result<Self, TransportError> {
        let with_alpn = |protocols: &[&str]| {
            let connector = TlsConnector::builder().request_alpns(protocols).build();
            connector.map_err(|error| TransportError::new(TransportErrorKind::Other, error))
        };
        Ok(Self {
            http2: with_alpn(&["h2", "http/1.1"])?,
            http1: with_alpn(&["http/1.1"])?,
        })
    }

    /// Returns the same configuration without HTTP/2 in ALPN.
    pub(in super::super) fn without_http2(&self) -> Self {
        Self {
            http2: self.http1.clone(),
            http1: self.http1.clone(),
        }
    }

    pub(in super::super) async fn secure(
        &self,
        connection: BoxedConnection,
        uri: Uri,
    ) -> Result<BoxedConnection, BoxError> {
        let secured =
            HttpsConnector::from((Established(Some(connection)), self.http2.clone().into()));
        connect::call_connector(secured, uri).await
    }
}
