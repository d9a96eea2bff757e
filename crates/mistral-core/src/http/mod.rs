//! The HTTP seam: what a transport is given and what it gives back.

mod body;
mod payload;
#[cfg(feature = "reqwest")]
mod reqwest;
mod transport;

pub use self::body::Body;
pub use self::payload::Payload;
#[cfg(feature = "reqwest")]
pub use self::reqwest::ReqwestTransport;
pub(crate) use self::transport::Target;
pub use self::transport::{Operation, Transport, TransportError, TransportErrorKind};
