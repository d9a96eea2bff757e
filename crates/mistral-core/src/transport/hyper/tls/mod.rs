//! TLS, with the backend that the features select: rustls takes precedence over native-tls.

#[cfg_attr(feature = "rustls-no-provider", path = "rustls.rs")]
#[cfg_attr(
    all(feature = "native-tls", not(feature = "rustls-no-provider")),
    path = "native_tls.rs"
)]
#[cfg_attr(
    not(any(feature = "rustls-no-provider", feature = "native-tls")),
    path = "none.rs"
)]
mod backend;
#[cfg(feature = "rustls-no-provider")]
mod read_ahead;
#[cfg(all(feature = "rustls-no-provider", not(target_os = "android")))]
mod roots;
mod settings;

pub(super) use self::backend::Tls;
pub(super) use self::settings::{ClientCertificate, RootCertificate, TlsSettings};
use crate::transport::{TransportError, TransportErrorKind};

/// Whether a TLS backend is compiled in.
pub(super) const IS_ENABLED: bool =
    cfg!(any(feature = "rustls-no-provider", feature = "native-tls"));

/// Creates the error of an `https` URL without a TLS backend.
#[cold]
pub(super) fn not_enabled() -> TransportError {
    let message = "this program is built without TLS: enable the feature `rustls` or `native-tls`";
    TransportError::new(TransportErrorKind::Config, message)
}
