//! Storage of large payloads outside of the server.

use std::error::Error as StdError;
use std::fmt::{self, Write as _};
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use mistral_core::async_trait;
use mistral_core::bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{EncodingError, hex};

/// The size from which payloads are stored, in bytes.
const DEFAULT_MIN_SIZE: usize = 1024 * 1024;

/// An error of a [`PayloadStorage`].
pub type StorageError = Box<dyn StdError + Send + Sync>;

/// A storage of large payloads that the application and the workers share, such as a bucket.
///
/// Implement it with the client library of the storage. The keys are those that the workers use as
/// well; a prefix is up to the implementation.
#[async_trait]
pub trait PayloadStorage: fmt::Debug + Send + Sync + 'static {
    /// Returns whether there is a payload under `key`. It is then not stored again, because the key
    /// has its hash.
    ///
    /// # Errors
    /// Fails when the storage cannot be read. The call is then not sent.
    async fn contains(&self, key: &str) -> Result<bool, StorageError>;

    /// Stores a payload.
    ///
    /// # Errors
    /// Fails when the payload was not stored. The call is then not sent.
    async fn put(&self, key: &str, payload: Bytes) -> Result<(), StorageError>;

    /// Returns the payload under `key`.
    ///
    /// # Errors
    /// Fails when there is none.
    async fn get(&self, key: &str) -> Result<Bytes, StorageError>;
}

/// Stores large payloads outside of the server, which only sees their keys.
///
/// Payloads are stored before they are encrypted as a whole: encrypt the storage itself.
#[derive(Debug, Clone)]
pub struct PayloadOffloading {
    storage: Arc<dyn PayloadStorage>,
    namespace: String,
    min_size: usize,
}

#[derive(Serialize, Deserialize)]
struct Reference {
    key: String,
}

impl PayloadOffloading {
    /// Stores payloads from 1 MiB on in `storage`. `namespace` is that of the workers, which
    /// [`Workflows::scheduler_namespace`](crate::workflows::Workflows::scheduler_namespace) retrieves.
    pub fn new(storage: impl PayloadStorage, namespace: impl Into<String>) -> Self {
        Self {
            storage: Arc::new(storage),
            namespace: namespace.into(),
            min_size: DEFAULT_MIN_SIZE,
        }
    }

    /// Sets the size from which payloads are stored, in bytes. Default: 1 MiB.
    #[must_use]
    pub fn min_size(mut self, bytes: usize) -> Self {
        self.min_size = bytes;
        self
    }

    /// Stores a payload and returns the reference to it, unless it is too small.
    pub(super) async fn store(
        &self,
        payload: &[u8],
        execution_id: &str,
    ) -> Result<Option<Vec<u8>>, EncodingError> {
        if payload.len() < self.min_size {
            return Ok(None);
        }
        let hash = format!("sha256:{}", hex(digest(&SHA256, payload).as_ref()));
        let mut key = "temporal-payload".to_owned();
        for part in [&*self.namespace, execution_id, &hash] {
            key.push('/');
            push_escaped(&mut key, part);
        }
        let failed = |error| EncodingError::caused("the payload cannot be stored", error);
        if !self.storage.contains(&key).await.map_err(failed)? {
            let payload = Bytes::copy_from_slice(payload);
            self.storage.put(&key, payload).await.map_err(failed)?;
        }
        let reference = serde_json::to_vec(&Reference { key });
        reference
            .map(Some)
            .map_err(|error| EncodingError::caused("the payload cannot be stored", error.into()))
    }

    pub(super) async fn load(&self, reference: &[u8]) -> Result<Vec<u8>, EncodingError> {
        let reference: Reference = serde_json::from_slice(reference)
            .map_err(|_| EncodingError::new("the reference to a stored payload is damaged"))?;
        let payload = self.storage.get(&reference.key).await;
        let payload = payload.map_err(|error| {
            let message = format!("the stored payload `{}` cannot be read", reference.key);
            EncodingError::caused(message, error)
        })?;
        Ok(payload.to_vec())
    }
}

/// Appends `part` with all but the unreserved characters of RFC 3986 percent-encoded.
fn push_escaped(key: &mut String, part: &str) {
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            key.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(key, "%{byte:02X}");
        }
    }
}
