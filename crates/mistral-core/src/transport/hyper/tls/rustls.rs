use std::sync::Arc;

use http::Uri;
use hyper_rustls::HttpsConnector;
use rustls_crate::client::WantsClientCert;
use rustls_crate::crypto::CryptoProvider;
use rustls_crate::pki_types::pem::PemObject;
use rustls_crate::pki_types::{CertificateDer, PrivateKeyDer};
use rustls_crate::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};
use rustls_platform_verifier::Verifier;
use secrecy::ExposeSecret;

use super::super::connect::{self, BoxError, BoxedConnection, Established};
use super::settings::invalid;
use super::{ClientCertificate, RootCertificate, TlsSettings};
use crate::transport::{TransportError, TransportErrorKind};

/// rustls with the root certificates of the platform and of the environment.
#[derive(Clone)]
pub(in super::super) struct Tls(Arc<ClientConfig>);

impl Tls {
    pub(in super::super) fn new() -> Result<Self, TransportError> {
        let provider = provider()?;
        let verifier = verifier(Arc::clone(&provider), Vec::new()).map_err(failed)?;
        Ok(Self::of(
            with_verifier(provider, verifier)?.with_no_client_auth(),
        ))
    }

    /// Creates it with certificates of the application.
    ///
    /// # Errors
    /// Fails when a certificate or the key is not understood.
    pub(in super::super) fn with_settings(settings: &TlsSettings) -> Result<Self, TransportError> {
        let (provider, roots) = (provider()?, root_certificates(settings)?);
        let builder = if settings.trusts_system {
            let verifier = verifier(Arc::clone(&provider), roots).map_err(failed)?;
            with_verifier(provider, verifier)?
        } else {
            let mut store = RootCertStore::empty();
            store.add_parsable_certificates(roots);
            versions(provider)?.with_root_certificates(store)
        };
        let Some(client) = &settings.client else {
            return Ok(Self::of(builder.with_no_client_auth()));
        };
        let (chain, key) = client_certificate(client)?;
        let config = builder.with_client_auth_cert(chain, key);
        config.map(Self::of).map_err(|error| {
            invalid(format!(
                "the client certificate and its key cannot be used: {error}"
            ))
        })
    }

    fn of(mut config: ClientConfig) -> Self {
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Self(Arc::new(config))
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

fn failed(error: rustls_crate::Error) -> TransportError {
    TransportError::new(TransportErrorKind::Other, error)
}

fn versions(
    provider: Arc<CryptoProvider>,
) -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, TransportError> {
    let builder = ClientConfig::builder_with_provider(provider);
    builder
        .with_safe_default_protocol_versions()
        .map_err(failed)
}

fn with_verifier(
    provider: Arc<CryptoProvider>,
    verifier: Verifier,
) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, TransportError> {
    let builder = versions(provider)?.dangerous(); // so rustls calls any verifier of one's own
    Ok(builder.with_custom_certificate_verifier(Arc::new(verifier)))
}

/// Creates the platform's verifier, which also trusts `own` and the certificates of the environment.
fn verifier(
    provider: Arc<CryptoProvider>,
    own: Vec<CertificateDer<'static>>,
) -> Result<Verifier, rustls_crate::Error> {
    #[cfg(not(target_os = "android"))]
    {
        let mut extra_roots = super::roots::extra_roots();
        extra_roots.extend(own);
        if !extra_roots.is_empty() {
            return Verifier::new_with_extra_roots(extra_roots, provider);
        }
    }
    #[cfg(target_os = "android")]
    if !own.is_empty() {
        let message = "on Android, root certificates cannot be added to those of the system: turn \
                       `system_root_certificates` off";
        return Err(rustls_crate::Error::General(message.to_owned()));
    }
    Verifier::new(provider)
}

/// Parses the root certificates of the application.
fn root_certificates(
    settings: &TlsSettings,
) -> Result<Vec<CertificateDer<'static>>, TransportError> {
    let mut roots = Vec::new();
    for root in &settings.roots {
        match root {
            RootCertificate::Der(der) => roots.push(CertificateDer::from(der.clone())),
            RootCertificate::Pem(pem) => roots.extend(certificates(pem, "a root certificate")?),
        }
    }
    for root in &roots {
        let added = RootCertStore::empty().add(root.clone());
        added.map_err(|error| invalid(format!("a root certificate is not understood: {error}")))?;
    }
    Ok(roots)
}

/// Parses one or more certificates in PEM.
fn certificates(pem: &[u8], what: &str) -> Result<Vec<CertificateDer<'static>>, TransportError> {
    let parsed: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match parsed {
        Ok(parsed) if !parsed.is_empty() => Ok(parsed),
        Ok(_) => Err(invalid(format!(
            "{what} is not understood: there is none in PEM (`BEGIN CERTIFICATE`)"
        ))),
        Err(error) => Err(invalid(format!("{what} is not understood: {error}"))),
    }
}

fn client_certificate(
    client: &ClientCertificate,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TransportError> {
    let chain = certificates(&client.chain, "the client certificate")?;
    // The error is not shown: it could quote a part of the key.
    let key = PrivateKeyDer::from_pem_slice(client.key.expose_secret()).map_err(|_| {
        invalid(
            "the key of the client certificate is not understood: it must be an unencrypted key in \
             PEM (`BEGIN PRIVATE KEY`, `BEGIN RSA PRIVATE KEY` or `BEGIN EC PRIVATE KEY`)",
        )
    })?;
    Ok((chain, key))
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
