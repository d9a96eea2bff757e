//! TLS, of the kind that the features choose: rustls before the platform's own.

#[cfg(all(
    feature = "native-tls",
    not(any(feature = "rustls", feature = "rustls-no-provider"))
))]
mod native_tls;
#[cfg(not(any(
    feature = "rustls",
    feature = "rustls-no-provider",
    feature = "native-tls"
)))]
mod none;
#[cfg(any(feature = "rustls", feature = "rustls-no-provider"))]
mod rustls;

#[cfg(all(
    feature = "native-tls",
    not(any(feature = "rustls", feature = "rustls-no-provider"))
))]
pub(super) use self::native_tls::Tls;
#[cfg(not(any(
    feature = "rustls",
    feature = "rustls-no-provider",
    feature = "native-tls"
)))]
pub(super) use self::none::Tls;
#[cfg(any(feature = "rustls", feature = "rustls-no-provider"))]
pub(super) use self::rustls::Tls;
