//! The HTTP seam: what a transport is given and what it gives back.

mod body;
mod debug;
#[cfg(feature = "hyper")]
mod exchange;
mod file;
mod file_chunks;
#[cfg(feature = "hyper")]
mod hyper;
mod mask;
pub(crate) mod media_type;
mod payload;
#[cfg(feature = "reqwest")]
mod reqwest;
mod transport;

pub use self::body::Body;
pub(crate) use self::body::Gathered;
pub(crate) use self::debug::{DebugTransport, is_debugging};
pub use self::file::FileSource;
pub(crate) use self::file_chunks::blocking;
#[cfg(feature = "hyper")]
pub use self::hyper::HyperTransport;
pub(crate) use self::mask::is_secret_header;
pub(crate) use self::payload::Opening;
pub use self::payload::Payload;
#[cfg(feature = "reqwest")]
pub use self::reqwest::ReqwestTransport;
pub(crate) use self::transport::Target;
pub use self::transport::{Operation, Transport, TransportError, TransportErrorKind};
