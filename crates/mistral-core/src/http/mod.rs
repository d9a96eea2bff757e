//! The HTTP seam: what a transport is given and what it gives back.

mod body;
mod file;
mod file_chunks;
pub(crate) mod media_type;
mod payload;
#[cfg(feature = "reqwest")]
mod reqwest;
mod transport;

pub use self::body::Body;
pub(crate) use self::body::Gathered;
pub use self::file::FileSource;
pub(crate) use self::file_chunks::blocking;
pub(crate) use self::payload::Opening;
pub use self::payload::Payload;
#[cfg(feature = "reqwest")]
pub use self::reqwest::ReqwestTransport;
pub(crate) use self::transport::Target;
pub use self::transport::{Operation, Transport, TransportError, TransportErrorKind};
