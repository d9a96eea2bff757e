use std::sync::Arc;

use http::Uri;
use hyper_rustls::HttpsConnector;
use rustls_crate::ClientConfig;
use rustls_crate::crypto::CryptoProvider;
use rustls_platform_verifier::Verifier;

use super::super::connect::{self, BoxError, BoxedConnection, Established};
use crate::transport::{TransportError, TransportErrorKind};

/// rustls with the root certificates of the platform and of the environment.
#[derive(Clone)]
pub(in super::super) struct Tls(Arc<ClientConfig>);

impl Tls {
    pub(in super::super) fn new() -> Result<Self, TransportError> {
        let failed = |error| TransportError::new(TransportErrorKind::Other, error);
        let provider = provider()?;
        let verifier = verifier(Arc::clone(&provider)).map_err(failed)?;
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(failed)?
            .dangerous() // so rustls calls any verifier of one's own
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self(Arc::new(config)))
    }

    /// Returns the same configuration without HTTP/2 in ALPN.
    pub(in super::super) fn without_http2(&self) -> Self {
        let mut config = ClientConfig::clone(&self.0);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self(Arc::new(config))
    }

    pub(in super::super) async fn secure(
        &self,
        connection: BoxedConnection,
        uri: Uri,
    ) -> Result<BoxedConnection, BoxError> {
        let secured = HttpsConnector::from((Established(Some(connection)), Arc::clone(&self.0)));
        connect::call_connector(secured, uri).await
    }
}

/// Creates the platform's verifier, which also trusts the certificates of the environment.
fn verifier(provider: Arc<CryptoProvider>) -> Result<Verifier, rustls_crate::Error> {
    #[cfg(not(target_os = "android"))]
    {
        let extra_roots = super::roots::extra_roots();
        if !extra_roots.is_empty() {
            return Verifier::new_with_extra_roots(extra_roots, provider);
        }
    }
    Verifier::new(provider)
}

/// Returns the `CryptoProvider` that the application installed, or the default one.
fn provider() -> Result<Arc<CryptoProvider>, TransportError> {
    if let Some(installed) = CryptoProvider::get_default() {
        return Ok(Arc::clone(installed));
    }
    #[cfg(feature = "rustls")]
    {
        Ok(Arc::new(rustls_crate::crypto::aws_lc_rs::default_provider()))
    }
    #[cfg(not(feature = "rustls"))]
    {
        Err(TransportError::new(
            TransportErrorKind::Other,
            "no rustls `CryptoProvider` is installed: call `CryptoProvider::install_default` first, \
             or enable the `rustls` feature",
        ))
    }
}
