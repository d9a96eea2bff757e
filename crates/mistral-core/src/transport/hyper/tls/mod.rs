//! TLS, of the kind that the features choose: rustls before the platform's own.

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

pub(super) use self::backend::Tls;
use crate::transport::{TransportError, TransportErrorKind};

pub(super) const IS_THERE: bool = cfg!(any(feature = "rustls-no-provider", feature = "native-tls"));

#[cold]
pub(super) fn missing() -> TransportError {
    let why = "this program is built without TLS: enable the feature `rustls` or `native-tls`";
    TransportError::new(TransportErrorKind::Config, why)
}
