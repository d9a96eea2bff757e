use http::Uri;
use hyper_tls::HttpsConnector;
use native_tls_crate::{Certificate, Identity, TlsConnector, TlsConnectorBuilder};
use secrecy::ExposeSecret;

use super::super::connect::{self, BoxError, BoxedConnection, Established};
use super::settings::invalid;
use super::{ClientCertificate, RootCertificate, TlsSettings};
use crate::transport::{TransportError, TransportErrorKind};

/// The TLS library of the platform.
#[derive(Clone)]
pub(in super::super) struct Tls {
    http2: TlsConnector,
    http1: TlsConnector,
}

impl Tls {
    pub(in super::super) fn new() -> Result<Self, TransportError> {
        Self::build(TlsConnector::builder)
    }

    /// Creates it with certificates of the application.
    ///
    /// # Errors
    /// Fails when a certificate or the key is not understood.
    #[inline]
    pub(in super::super) fn with_settings(settings: &TlsSettings) -> Result<Self, TransportError> {
        let roots = roots(settings)?;
        let identity = settings.client.as_ref().map(identity).transpose()?;
        let built = Self::build(|| {
            let mut builder = TlsConnector::builder();
            builder.disable_built_in_roots(!settings.trusts_system);
            for root in &roots {
                builder.add_root_certificate(root.clone());
            }
            if let Some(identity) = &identity {
                builder.identity(identity.clone());
            }
            builder
        });
        built.map_err(|error| match &settings.client {
            None => error,
            Some(_) => invalid(format!(
                "the client certificate and its key cannot be used: {}",
                error.source_text()
            )),
        })
    }

    fn build(builder: impl Fn() -> TlsConnectorBuilder) -> Result<Self, TransportError> {
        let with_alpn = |protocols: &[&str]| {
            let connector = builder().request_alpns(protocols).build();
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

#[inline]
fn roots(settings: &TlsSettings) -> Result<Vec<Certificate>, TransportError> {
    let mut roots = Vec::new();
    for root in &settings.roots {
        let parsed = match root {
            RootCertificate::Pem(pem) => Certificate::stack_from_pem(pem),
            RootCertificate::Der(der) => Certificate::from_der(der).map(|root| vec![root]),
        };
        match parsed {
            Ok(parsed) if !parsed.is_empty() => roots.extend(parsed),
            Ok(_) => {
                return Err(invalid(
                    "a root certificate is not understood: there is none in PEM",
                ));
            }
            Err(error) => {
                return Err(invalid(format!(
                    "a root certificate is not understood: {error}"
                )));
            }
        }
    }
    Ok(roots)
}

#[inline]
fn identity(client: &ClientCertificate) -> Result<Identity, TransportError> {
    let identity = Identity::from_pkcs8(&client.chain, client.key.expose_secret());
    identity.map_err(|error| {
        invalid(format!(
            "the client certificate is not understood: the TLS library of the platform needs the \
             certificates in PEM, and an unencrypted key in PEM as PKCS #8 (`BEGIN PRIVATE KEY`): \
             {error}"
        ))
    })
}
