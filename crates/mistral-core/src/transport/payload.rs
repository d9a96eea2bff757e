use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::{Body, TransportError};

pub(crate) type BodyFuture = Pin<Box<dyn Future<Output = Result<Body, TransportError>> + Send>>;

/// A recipe for the body of a request: makes a fresh [`Body`] for every attempt.
#[derive(Clone)]
pub struct Payload(PayloadKind);

#[derive(Clone)]
enum PayloadKind {
    Bytes(Bytes),
    Rebuild(Arc<dyn Fn() -> Body + Send + Sync>),
    Open {
        open: Arc<dyn Fn() -> BodyFuture + Send + Sync>,
        again: bool,
    },
    Once(Arc<Mutex<Option<Body>>>),
}

impl Payload {
    /// A body that can be made again, for example by opening a file anew.
    pub fn rebuild(make: impl Fn() -> Body + Send + Sync + 'static) -> Self {
        Self(PayloadKind::Rebuild(Arc::new(make)))
    }

    /// A body that can be read only once, for example from a pipe.
    ///
    /// A call with such a body is never repeated.
    pub fn once(body: Body) -> Self {
        Self(PayloadKind::Once(Arc::new(Mutex::new(Some(body)))))
    }

    /// A body for which something must be opened first, `again` for every attempt or once.
    pub(crate) fn open<F>(again: bool, open: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Body, TransportError>> + Send + 'static,
    {
        let open = Arc::new(move || -> BodyFuture { Box::pin(open()) });
        Self(PayloadKind::Open { open, again })
    }

    /// The body for one attempt, or `None` if it was used up or must be opened first.
    pub(crate) fn body(&self) -> Option<Body> {
        match &self.0 {
            PayloadKind::Bytes(bytes) => Some(bytes.clone().into()),
            PayloadKind::Rebuild(make) => Some(make()),
            PayloadKind::Open { .. } => None,
            PayloadKind::Once(slot) => slot.lock().unwrap_or_else(PoisonError::into_inner).take(),
        }
    }

    /// The opening of the body, where it must be opened.
    pub(crate) fn open_again(&self) -> Option<BodyFuture> {
        match &self.0 {
            PayloadKind::Open { open, .. } => Some(open()),
            _ => None,
        }
    }

    /// Whether the body is streamed, and so may take long to send.
    pub(crate) fn is_streamed(&self) -> bool {
        !matches!(self.0, PayloadKind::Bytes(_))
    }

    /// Whether a further attempt would find a body.
    pub(crate) fn is_replayable(&self) -> bool {
        !matches!(
            self.0,
            PayloadKind::Once(_) | PayloadKind::Open { again: false, .. }
        )
    }

    /// The bytes, where the body is bytes.
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

/// Prints what kind of recipe it is, never the bytes.
impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            PayloadKind::Bytes(bytes) => write!(f, "Payload({} bytes)", bytes.len()),
            PayloadKind::Rebuild(_) | PayloadKind::Open { again: true, .. } => {
                f.write_str("Payload(rebuilt for every attempt)")
            }
            PayloadKind::Once(_) | PayloadKind::Open { .. } => {
                f.write_str("Payload(readable once)")
            }
        }
    }
}
