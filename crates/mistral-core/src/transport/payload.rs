use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::{Body, TransportError};

/// Opens a body.
pub(crate) type BodyFuture = Pin<Box<dyn Future<Output = Result<Body, TransportError>> + Send>>;

/// The source of a request body, which provides a new [`Body`] for every attempt.
#[derive(Clone)]
pub struct Payload(PayloadKind);

#[derive(Clone)]
enum PayloadKind {
    Bytes(Bytes),
    Rebuild(Arc<dyn Fn() -> Body + Send + Sync>),
    Open {
        open: Arc<dyn Fn() -> BodyFuture + Send + Sync>,
        replayable: bool,
    },
    Once(Arc<Mutex<Option<Body>>>),
}

impl Payload {
    /// Creates a payload that calls `make` for the body of every attempt.
    pub fn rebuild(make: impl Fn() -> Body + Send + Sync + 'static) -> Self {
        Self(PayloadKind::Rebuild(Arc::new(make)))
    }

    /// Creates a payload from a body that can be read only once, for example from a pipe.
    ///
    /// A call with such a payload is never retried.
    pub fn once(body: Body) -> Self {
        Self(PayloadKind::Once(Arc::new(Mutex::new(Some(body)))))
    }

    /// Creates a payload whose body is opened asynchronously: for every attempt if it is
    /// `replayable`, otherwise once.
    pub(crate) fn open<F>(replayable: bool, open: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Body, TransportError>> + Send + 'static,
    {
        let open = Arc::new(move || -> BodyFuture { Box::pin(open()) });
        Self(PayloadKind::Open { open, replayable })
    }

    /// Returns the body for one attempt, or `None` if it was consumed or must be opened first.
    pub(crate) fn body(&self) -> Option<Body> {
        match &self.0 {
            PayloadKind::Bytes(bytes) => Some(bytes.clone().into()),
            PayloadKind::Rebuild(make) => Some(make()),
            PayloadKind::Open { .. } => None,
            PayloadKind::Once(slot) => slot.lock().unwrap_or_else(PoisonError::into_inner).take(),
        }
    }

    /// Starts to open a body that must be opened first.
    pub(crate) fn open_body(&self) -> Option<BodyFuture> {
        match &self.0 {
            PayloadKind::Open { open, .. } => Some(open()),
            _ => None,
        }
    }

    /// Whether the body is a stream, which may take long to send.
    pub(crate) fn is_streamed(&self) -> bool {
        !matches!(self.0, PayloadKind::Bytes(_))
    }

    /// Whether another attempt can send the same body.
    pub(crate) fn is_replayable(&self) -> bool {
        !matches!(
            self.0,
            PayloadKind::Once(_)
                | PayloadKind::Open {
                    replayable: false,
                    ..
                }
        )
    }

    /// Returns the bytes of a body in memory.
    pub(crate) fn bytes(&self) -> Option<&Bytes> {
        match &self.0 {
            PayloadKind::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }
}

impl<T: Into<Bytes>> From<T> for Payload {
    fn from(bytes: T) -> Self {
        Self(PayloadKind::Bytes(bytes.into()))
    }
}

/// Writes the kind of the payload, never the bytes.
impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            PayloadKind::Bytes(bytes) => write!(f, "Payload({} bytes)", bytes.len()),
            PayloadKind::Rebuild(_)
            | PayloadKind::Open {
                replayable: true, ..
            } => f.write_str("Payload(rebuilt for every attempt)"),
            PayloadKind::Once(_) | PayloadKind::Open { .. } => {
                f.write_str("Payload(readable once)")
            }
        }
    }
}
