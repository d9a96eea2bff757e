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

use std::future::poll_fn;

use http::Uri;
use tower_service::Service;

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

use super::connect::{BoxError, BoxedConnection, Io};

/// Makes a connection that may or may not be secured, as the URL says.
async fn connection<C>(mut connector: C, uri: Uri) -> Result<BoxedConnection, BoxError>
where
    C: Service<Uri>,
    C::Response: Io + 'static,
    C::Error: Into<BoxError>,
{
    let ready = poll_fn(|cx| connector.poll_ready(cx)).await;
    ready.map_err(Into::into)?;
    let connected = connector.call(uri).await;
    connected.map(BoxedConnection::new).map_err(Into::into)
}
