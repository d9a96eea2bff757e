use std::sync::Arc;
#[cfg(any(feature = "ring", feature = "rustls"))]
use std::sync::LazyLock;

use http::Uri;
use hyper_rustls::HttpsConnector;
use rustls_crate::client::WantsClientCert;
use rustls_crate::crypto::CryptoProvider;
use rustls_crate::pki_types::pem::PemObject;
use rustls_crate::pki_types::{CertificateDer, PrivateKeyDer};
use rustls_crate::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};
use rustls_platform_verifier::Verifier;
use secrecy::ExposeSecret;
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;

use super::super::connect::{self, BoxError, BoxedConnection, Established};
use super::read_ahead::ReadAhead;
use super::settings::invalid;
use super::{ClientCertificate, RootCertificate, TlsSettings};
use crate::transport::{TransportError, TransportErrorKind};

/// The verifier of all clients with the default settings. To read the certificates of the system
/// takes longer than the other steps of a connection.
static SYSTEM_VERIFIER: OnceCell<SystemVerifier> = OnceCell::const_new();

struct SystemVerifier {
    provider: Arc<CryptoProvider>,
    verifier: Arc<Verifier>,
}

/// rustls with the root certificates of the platform and of the environment.
#[derive(Clone)]
pub(in super::super) struct Tls {
    provider: Arc<CryptoProvider>,
    /// Created for the first connection, unless the application sets certificates.
    config: Arc<OnceCell<Arc<ClientConfig>>>,
    /// Whether ALPN is without HTTP/2.
    http1_only: bool,
}

impl Tls {
    #[allow(clippy::unnecessary_wraps)] // there may be no provider
    pub(in super::super) fn new() -> Result<Self, TransportError> {
        Ok(Self::of(provider()?, None))
    }

    /// Creates it with certificates of the application.
    ///
    /// # Errors
    /// Fails when a certificate or the key is not understood.
    #[inline]
    pub(in super::super) fn with_settings(settings: &TlsSettings) -> Result<Self, TransportError> {
        if settings.is_default() {
            return Self::new();
        }
        let (provider, roots) = (provider()?, root_certificates(settings)?);
        let builder = if settings.trusts_system {
            let verifier = verifier(Arc::clone(&provider), roots).map_err(failed)?;
            with_verifier(Arc::clone(&provider), Arc::new(verifier))?
        } else {
            let mut store = RootCertStore::empty();
            store.add_parsable_certificates(roots);
            versions(Arc::clone(&provider))?.with_root_certificates(store)
        };
        let Some(client) = &settings.client else {
            return Ok(Self::of(provider, Some(builder.with_no_client_auth())));
        };
        let (chain, key) = client_certificate(client)?;
        let config = builder.with_client_auth_cert(chain, key).map_err(|error| {
            invalid(format!(
                "the client certificate and its key cannot be used: {error}"
            ))
        })?;
        Ok(Self::of(provider, Some(config)))
    }

    fn of(provider: Arc<CryptoProvider>, config: Option<ClientConfig>) -> Self {
        Self {
            provider,
            config: Arc::new(OnceCell::new_with(config.map(with_alpn))),
            http1_only: false,
        }
    }

    /// Returns the same configuration without HTTP/2 in ALPN.
    pub(in super::super) fn without_http2(&self) -> Self {
        Self {
            http1_only: true,
            ..self.clone()
        }
    }

    pub(in super::super) async fn secure(
        &self,
        connection: BoxedConnection,
        uri: Uri,
    ) -> Result<BoxedConnection, BoxError> {
        let config = self
            .config
            .get_or_try_init(|| system_config(&self.provider));
        let mut config = Arc::clone(config.await?);
        if self.http1_only {
            Arc::make_mut(&mut config).alpn_protocols = vec![b"http/1.1".to_vec()];
        }
        let connection = BoxedConnection::new(ReadAhead::new(connection));
        let secured = HttpsConnector::from((Established(Some(connection)), config));
        connect::call_connector(secured, uri).await
    }
}

/// Returns the configuration of a client with the default settings.
async fn system_config(
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<ClientConfig>, TransportError> {
    let read = || async { read_system_verifier(provider).await };
    let shared = SYSTEM_VERIFIER.get_or_try_init(read).await?;
    let verifier = if Arc::ptr_eq(&shared.provider, provider) {
        Arc::clone(&shared.verifier)
    } else {
        // The application has installed its provider after the first client was built.
        read_system_verifier(provider).await?.verifier
    };
    let config = with_verifier(Arc::clone(provider), verifier)?;
    Ok(with_alpn(config.with_no_client_auth()))
}

/// Reads the certificates of the system, which are files, outside of the threads of the runtime.
async fn read_system_verifier(
    provider: &Arc<CryptoProvider>,
) -> Result<SystemVerifier, TransportError> {
    let provider = Arc::clone(provider);
    let read = spawn_blocking(move || {
        let verifier = verifier(Arc::clone(&provider), Vec::new())?;
        Ok(SystemVerifier {
            verifier: Arc::new(verifier),
            provider,
        })
    });
    let read = read.await;
    let read = read.map_err(|error| TransportError::new(TransportErrorKind::Other, error))?;
    read.map_err(|error: rustls_crate::Error| {
        TransportError::new(TransportErrorKind::Config, error)
    })
}

fn with_alpn(mut config: ClientConfig) -> Arc<ClientConfig> {
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Arc::new(config)
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
    verifier: Arc<Verifier>,
) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, TransportError> {
    let builder = versions(provider)?.dangerous(); // so rustls calls any verifier of one's own
    Ok(builder.with_custom_certificate_verifier(verifier))
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
#[inline]
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
#[inline]
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

#[inline]
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

/// The provider of a program that installs none, by its features.
#[cfg(feature = "ring")]
static DEFAULT_PROVIDER: LazyLock<Arc<CryptoProvider>> =
    LazyLock::new(|| Arc::new(rustls_crate::crypto::ring::default_provider()));
#[cfg(all(feature = "rustls", not(feature = "ring")))]
static DEFAULT_PROVIDER: LazyLock<Arc<CryptoProvider>> =
    LazyLock::new(|| Arc::new(rustls_crate::crypto::aws_lc_rs::default_provider()));

/// Returns the `CryptoProvider` that the application installed, or the default one.
fn provider() -> Result<Arc<CryptoProvider>, TransportError> {
    if let Some(installed) = CryptoProvider::get_default() {
        return Ok(Arc::clone(installed));
    }
    #[cfg(any(feature = "ring", feature = "rustls"))]
    {
        Ok(Arc::clone(&DEFAULT_PROVIDER))
    }
    #[cfg(not(any(feature = "ring", feature = "rustls")))]
    {
        Err(TransportError::new(
            TransportErrorKind::Config,
            "no rustls `CryptoProvider` is installed: call `CryptoProvider::install_default` first, \
             or enable the feature `rustls` or `ring`",
        ))
    }
}
