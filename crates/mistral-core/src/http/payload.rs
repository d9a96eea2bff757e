use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::Body;

/// A recipe for the body of a request: makes a fresh [`Body`] for every attempt.
#[derive(Clone)]
pub struct Payload(Recipe);

#[derive(Clone)]
enum Recipe {
    Bytes(Bytes),
    Rebuild(Arc<dyn Fn() -> Body + Send + Sync>),
    Once(Arc<Mutex<Option<Body>>>),
}

impl Payload {
    /// A body that can be made again, for example by opening a file anew.
    pub fn rebuild(make: impl Fn() -> Body + Send + Sync + 'static) -> Self {
        Self(Recipe::Rebuild(Arc::new(make)))
    }

    /// A body that can be read only once, for example from a pipe.
    ///
    /// A call with such a body is never repeated.
    pub fn once(body: Body) -> Self {
        Self(Recipe::Once(Arc::new(Mutex::new(Some(body)))))
    }

    /// The body for one attempt, or `None` if it was used up.
    pub(crate) fn body(&self) -> Option<Body> {
        match &self.0 {
            Recipe::Bytes(bytes) => Some(bytes.clone().into()),
            Recipe::Rebuild(make) => Some(make()),
            Recipe::Once(slot) => slot.lock().unwrap_or_else(PoisonError::into_inner).take(),
        }
    }

    /// Whether a further attempt would find a body.
    pub(crate) fn is_replayable(&self) -> bool {
        !matches!(self.0, Recipe::Once(_))
    }

    /// The bytes, where the body is bytes.
    pub(crate) fn bytes(&self) -> Option<&Bytes> {
        match &self.0 {
            Recipe::Bytes(bytes) => Some(bytes),
            Recipe::Rebuild(_) | Recipe::Once(_) => None,
        }
    }
}

impl<T: Into<Bytes>> From<T> for Payload {
    fn from(bytes: T) -> Self {
        Self(Recipe::Bytes(bytes.into()))
    }
}

/// Prints what kind of recipe it is, never the bytes.
impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Recipe::Bytes(bytes) => write!(f, "Payload({} bytes)", bytes.len()),
            Recipe::Rebuild(_) => f.write_str("Payload(rebuilt for every attempt)"),
            Recipe::Once(_) => f.write_str("Payload(readable once)"),
        }
    }
}
