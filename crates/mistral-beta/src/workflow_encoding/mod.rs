//! Encoding of the payloads of workflows: encryption, compression and storage outside of the
//! server.
//!
//! Workers and applications that share a [`WorkflowEncoding`] exchange inputs and results that the
//! server cannot read. [`around`](WorkflowEncoding::around) adds it to a client:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
//! use std::time::Duration;
//! use mistral_sdk::beta::workflow_encoding::{PayloadEncryption, WorkflowEncoding};
//! use mistral_sdk::transport::HyperTransport;
//! use mistral_sdk::{Client, MistralApi};
//!
//! let encoding = WorkflowEncoding::new().encryption(PayloadEncryption::full(key)?);
//! let transport = HyperTransport::new(Duration::from_secs(10))?;
//! let client = Client::builder(MistralApi::new("my-key")?)
//!     .transport(encoding.around(transport))
//!     .build()?;
//! # let _ = client;
//! # Ok(()) }
//! ```
//!
//! From then on, all calls of the client are encoded and decoded:
//!
//! | | calls |
//! |---|---|
//! | encoded inputs | `execute`, `execute_registration`, `signal`, `query`, `update` of executions, `create` and `update` of schedules |
//! | decoded results | `execute`, `execute_registration`, `query`, `update`, `get` of executions |
//! | decoded inputs | `list` and `get` of schedules; one that cannot be decoded is left as it is, with a warning |
//! | decoded events | lists and streams of events |
//!
//! A payload is compressed, then stored, then encrypted, as far as each is set up and its size makes
//! it worthwhile. An execution without an `execution_id` is given one.
//!
//! # Errors
//! An input that cannot be encoded fails the call with
//! [`ErrorKind::Config`](mistral_core::ErrorKind::Config) before it is sent. A response that cannot
//! be decoded, for example because it is encrypted under another key, fails with
//! [`ErrorKind::Decode`](mistral_core::ErrorKind::Decode), and is not retried.

mod canonical;
#[cfg(feature = "workflow-compression")]
mod compression;
mod encryption;
mod events;
#[cfg(feature = "workflow-compression")]
mod message_pack;
mod offloading;
mod requests;
mod responses;
mod transport;

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use mistral_core::transport::Transport;
use serde::{Deserialize, Serialize};

#[cfg(feature = "workflow-compression")]
pub use self::compression::PayloadCompression;
pub use self::encryption::PayloadEncryption;
pub use self::offloading::{PayloadOffloading, PayloadStorage, StorageError};
pub use self::transport::EncodedTransport;

const ENCRYPTED_PARTIAL: &str = "encrypted-partial";
const COMPRESSED: &str = "compressed";
const OFFLOADED: &str = "offloaded";
const ENCRYPTED: &str = "encrypted";

/// The encoding of the payloads of workflows, as the workers have set it up as well.
///
/// See the [module](self) for an example.
#[derive(Debug, Clone, Default)]
pub struct WorkflowEncoding {
    encryption: Option<PayloadEncryption>,
    #[cfg(feature = "workflow-compression")]
    compression: Option<PayloadCompression>,
    offloading: Option<PayloadOffloading>,
}

impl WorkflowEncoding {
    /// Creates an encoding that neither encrypts, compresses nor stores payloads.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the encryption of payloads. Default: none.
    #[must_use]
    pub fn encryption(mut self, encryption: PayloadEncryption) -> Self {
        self.encryption = Some(encryption);
        self
    }

    /// Sets the compression of payloads. Default: none. Payloads that workers have compressed are
    /// decompressed in any case.
    #[cfg(feature = "workflow-compression")]
    #[must_use]
    pub fn compression(mut self, compression: PayloadCompression) -> Self {
        self.compression = Some(compression);
        self
    }

    /// Sets the storage of large payloads. Default: none.
    #[must_use]
    pub fn offloading(mut self, offloading: PayloadOffloading) -> Self {
        self.offloading = Some(offloading);
        self
    }

    /// Returns a transport that encodes the payloads of requests and decodes those of responses.
    pub fn around<T: Transport>(&self, transport: T) -> EncodedTransport<T> {
        EncodedTransport::new(transport, Arc::new(self.clone()))
    }

    /// Encodes a payload of JSON. `execution_id` is that of the execution, or `None` for a schedule,
    /// whose payloads are not stored.
    async fn encode(
        &self,
        json: &str,
        execution_id: Option<&str>,
    ) -> Result<EncodedPayload, EncodingError> {
        let mut payload = json.as_bytes().to_vec();
        let mut options = Vec::new();
        if let Some(encryption) = self.encryption.as_ref().filter(|it| !it.is_full()) {
            let invalid = |_| EncodingError::new("the payload is not JSON");
            let mut value = serde_json::from_str(json).map_err(invalid)?;
            if encryption.encrypt_marked(&mut value)? {
                payload = serde_json::to_vec(&value).map_err(invalid)?;
                options.push(ENCRYPTED_PARTIAL.to_owned());
            }
        }
        #[cfg(feature = "workflow-compression")]
        if let Some(compression) = &self.compression
            && let Some(compressed) = compression.compress(&payload)?
        {
            payload = compressed;
            options.push(COMPRESSED.to_owned());
        }
        if let (Some(offloading), Some(id)) = (&self.offloading, execution_id)
            && let Some(reference) = offloading.store(&payload, id).await?
        {
            payload = reference;
            options.push(OFFLOADED.to_owned());
        }
        if let Some(encryption) = self.encryption.as_ref().filter(|it| it.is_full()) {
            payload = encryption.encrypt(&payload)?;
            options.push(ENCRYPTED.to_owned());
        }
        Ok(EncodedPayload {
            b64payload: base64_simd::STANDARD.encode_to_string(payload),
            encoding_options: options,
            empty: false,
        })
    }

    /// Decodes a payload into JSON.
    async fn decode(&self, encoded: &EncodedPayload) -> Result<String, EncodingError> {
        if encoded.empty {
            return Ok("null".to_owned());
        }
        let mut payload = decode_base64(&encoded.b64payload)?;
        for option in encoded.encoding_options.iter().rev() {
            payload = match option.as_str() {
                ENCRYPTED => self.key(option)?.decrypt(&payload)?,
                OFFLOADED => {
                    let offloading = self.offloading.as_ref();
                    offloading
                        .ok_or_else(|| missing(option))?
                        .load(&payload)
                        .await?
                }
                #[cfg(feature = "workflow-compression")]
                COMPRESSED => compression::decompress(&payload)?,
                ENCRYPTED_PARTIAL => {
                    let invalid = |_| EncodingError::new("the decoded payload is not JSON");
                    let mut value = serde_json::from_slice(&payload).map_err(invalid)?;
                    self.key(option)?.decrypt_marked(&mut value)?;
                    serde_json::to_vec(&value).map_err(invalid)?
                }
                _ => return Err(missing(option)),
            };
        }
        String::from_utf8(payload)
            .map_err(|_| EncodingError::new("the decoded payload is not JSON"))
    }

    fn key(&self, option: &str) -> Result<&PayloadEncryption, EncodingError> {
        self.encryption.as_ref().ok_or_else(|| missing(option))
    }
}

/// A payload in the form that the server stores.
#[derive(Serialize, Deserialize)]
struct EncodedPayload {
    b64payload: String,
    /// The encodings in the order in which they were applied.
    #[serde(default)]
    encoding_options: Vec<String>,
    #[serde(default)]
    empty: bool,
}

/// The reason why a payload cannot be encoded or decoded. Has nothing of the payload itself.
#[derive(Debug)]
struct EncodingError {
    message: String,
    source: Option<StorageError>,
}

impl EncodingError {
    fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            source: None,
        }
    }

    fn caused(message: impl Into<String>, source: StorageError) -> Self {
        Self {
            message: message.into(),
            source: Some(source),
        }
    }
}

impl fmt::Display for EncodingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("payloads of workflows: ")?;
        f.write_str(&self.message)
    }
}

impl StdError for EncodingError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&**self.source.as_ref()?)
    }
}

#[cold]
fn missing(option: &str) -> EncodingError {
    let needs = match option {
        ENCRYPTED | ENCRYPTED_PARTIAL => "`WorkflowEncoding::encryption`",
        OFFLOADED => "`WorkflowEncoding::offloading`",
        COMPRESSED => "the cargo feature `workflow-compression`",
        _ => "a later version of the SDK",
    };
    EncodingError::new(format!("a payload is `{option}`, which needs {needs}"))
}

fn decode_base64(text: &str) -> Result<Vec<u8>, EncodingError> {
    let decoded = base64_simd::STANDARD.decode_to_vec(text);
    decoded.map_err(|_| EncodingError::new("a payload is not Base64"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
