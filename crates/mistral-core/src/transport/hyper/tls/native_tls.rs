use http::Uri;
use hyper_tls::HttpsConnector;
use native_tls_crate::TlsConnector;

use super::super::connect::{self, BoxError, BoxedConnection, Made};
use crate::transport::{TransportError, TransportErrorKind};

/// The platform's TLS library.
#[derive(Clone)]
pub(in super::super) struct Tls {
    http2: TlsConnector,
    http1: TlsConnector,
}

impl Tls {
    pub(in super::super) fn new() -> Result<Self, TransportError> {
        let offering = |protocols: &[&str]| {
            let connector = TlsConnector::builder().request_alpns(protocols).build();
            connector.map_err(|error| TransportError::new(TransportErrorKind::Other, error))
        };
        Ok(Self {
            http2: offering(&["h2", "http/1.1"])?,
            http1: offering(&["http/1.1"])?,
        })
    }

    /// The same without an offer of HTTP/2.
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
        let secured = HttpsConnector::from((Made(Some(connection)), self.http2.clone().into()));
        connect::connection(secured, uri).await
    }
}
