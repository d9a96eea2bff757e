//! The certificates that the application sets.

use std::fmt;

use secrecy::SecretSlice;

use crate::transport::{TransportError, TransportErrorKind};

/// Certificates in one of their formats.
#[cfg_attr(
    not(any(feature = "rustls-no-provider", feature = "native-tls")),
    allow(dead_code) // settings are refused then
)]
#[derive(Clone)]
pub(in super::super) enum RootCertificate {
    /// One or more.
    Pem(Vec<u8>),
    Der(Vec<u8>),
}

/// The certificate that the client presents, and its key, both in PEM.
#[cfg_attr(
    not(any(feature = "rustls-no-provider", feature = "native-tls")),
    allow(dead_code) // settings are refused then
)]
#[derive(Clone)]
pub(in super::super) struct ClientCertificate {
    pub(in super::super) chain: Vec<u8>,
    pub(in super::super) key: SecretSlice<u8>,
}

/// The certificates that the application sets.
#[derive(Clone)]
pub(in super::super) struct TlsSettings {
    pub(in super::super) roots: Vec<RootCertificate>,
    pub(in super::super) trusts_system: bool,
    pub(in super::super) client: Option<ClientCertificate>,
}

impl Default for TlsSettings {
    fn default() -> Self {
        Self {
            roots: Vec::new(),
            trusts_system: true,
            client: None,
        }
    }
}

impl TlsSettings {
    /// Whether nothing was set.
    #[inline]
    pub(in super::super) fn is_default(&self) -> bool {
        self.roots.is_empty() && self.trusts_system && self.client.is_none()
    }

    /// Checks what no backend can do.
    #[inline]
    pub(in super::super) fn check(&self) -> Result<(), TransportError> {
        if !self.is_default() && !super::IS_ENABLED {
            return Err(super::not_enabled());
        }
        if self.roots.is_empty() && !self.trusts_system {
            return Err(invalid(
                "no server would be trusted: add a root certificate with `root_certificate_pem` or \
                 leave `system_root_certificates` on",
            ));
        }
        Ok(())
    }
}

/// Creates the error of a setting. `message` contains no key.
#[cold]
pub(super) fn invalid(message: impl Into<String>) -> TransportError {
    TransportError::new(TransportErrorKind::Config, message.into())
}

/// Writes how many certificates there are, never a key.
impl fmt::Debug for TlsSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsSettings")
            .field("root_certificates", &self.roots.len())
            .field("system_root_certificates", &self.trusts_system)
            .field("client_certificate", &self.client.is_some())
            .finish()
    }
}
