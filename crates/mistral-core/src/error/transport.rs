use super::{Error, ErrorKind, TimeoutPhase};
use crate::transport::{TransportError, TransportErrorKind};

impl From<TransportError> for Error {
    fn from(error: TransportError) -> Self {
        let (kind, phase) = match error.kind() {
            TransportErrorKind::ConnectTimeout => (ErrorKind::Timeout, Some(TimeoutPhase::Connect)),
            TransportErrorKind::Timeout => (ErrorKind::Timeout, None),
            TransportErrorKind::RequestBody => (ErrorKind::Io, None),
            TransportErrorKind::TooLarge => (ErrorKind::TooLarge, None),
            TransportErrorKind::Config => (ErrorKind::Config, None),
            TransportErrorKind::RateLimited => (ErrorKind::RateLimited, None),
            _ => (ErrorKind::Connection, None),
        };
        let message = match error.kind() {
            // These name the file, and what to change.
            TransportErrorKind::RequestBody
            | TransportErrorKind::Config
            | TransportErrorKind::RateLimited => error.source_text(),
            _ => error.to_string(),
        };
        let mut this = Self::new(kind, message);
        this.0.transport = Some(error.kind());
        this.0.phase = phase;
        match error.kind() {
            // All of their words are the message already.
            TransportErrorKind::Config | TransportErrorKind::RateLimited => this,
            _ => this.with_source(error.into_source()), // its own words are
        }
    }
}
