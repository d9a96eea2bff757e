//! Compression of payloads with zstd, in a MessagePack envelope.

use std::io::Read as _;

use mistral_core::{Error, Result};

use super::EncodingError;
use super::message_pack::{Reader, push_bytes, push_text};

/// The size from which payloads are compressed, in bytes.
const DEFAULT_MIN_SIZE: usize = 1024 * 1024;
const ALGORITHM: &str = "zstd";
/// The largest payload that is decompressed, in bytes. A small one may claim to be much larger.
const MAX_SIZE: u64 = 256 * 1024 * 1024;

/// Compresses payloads with zstd.
///
/// ```
/// use mistral_sdk::beta::workflow_encoding::PayloadCompression;
///
/// let compression = PayloadCompression::new().level(10)?.min_size(64 * 1024);
/// # let _ = compression;
/// # Ok::<_, mistral_sdk::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct PayloadCompression {
    level: u8,
    min_size: usize,
}

impl PayloadCompression {
    /// Creates a compression of level 3, for payloads from 1 MiB on.
    pub fn new() -> Self {
        Self {
            level: 3,
            min_size: DEFAULT_MIN_SIZE,
        }
    }

    /// Sets the level, 1 to 22. A higher one compresses more and takes longer. Default: 3.
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Config`](mistral_core::ErrorKind::Config) for another level.
    pub fn level(mut self, level: u8) -> Result<Self> {
        if !(1..=22).contains(&level) {
            let message = format!("the level of compression must be 1 to 22, but is {level}");
            return Err(Error::config(message));
        }
        self.level = level;
        Ok(self)
    }

    /// Sets the size from which payloads are compressed, in bytes. Default: 1 MiB.
    #[must_use]
    pub fn min_size(mut self, bytes: usize) -> Self {
        self.min_size = bytes;
        self
    }

    /// Returns the compressed payload, unless it is too small or would not shrink.
    pub(super) fn compress(&self, payload: &[u8]) -> Result<Option<Vec<u8>>, EncodingError> {
        if payload.len() < self.min_size {
            return Ok(None);
        }
        let compressed = zstd::bulk::compress(payload, i32::from(self.level)).map_err(|error| {
            EncodingError::new(format!("the payload cannot be compressed: {error}"))
        })?;
        let mut packed = vec![0x82]; // a map of two
        push_text(&mut packed, "compression");
        packed.push(0x82);
        push_text(&mut packed, "algorithm");
        push_text(&mut packed, ALGORITHM);
        push_text(&mut packed, "level");
        packed.push(self.level); // a positive number below 128 is its own byte
        push_text(&mut packed, "payload");
        push_bytes(&mut packed, &compressed)?;
        Ok((packed.len() < payload.len()).then_some(packed))
    }
}

impl Default for PayloadCompression {
    fn default() -> Self {
        Self::new()
    }
}

pub(super) fn decompress(packed: &[u8]) -> Result<Vec<u8>, EncodingError> {
    let invalid = || EncodingError::new("the compressed payload is damaged");
    let mut reader = Reader::new(packed);
    let (mut payload, mut algorithm) = (None, None);
    for _ in 0..reader.map_length().ok_or_else(invalid)? {
        match reader.text().ok_or_else(invalid)? {
            "payload" => payload = reader.bytes(),
            "compression" => {
                for _ in 0..reader.map_length().ok_or_else(invalid)? {
                    if reader.text().ok_or_else(invalid)? == "algorithm" {
                        algorithm = reader.text();
                    } else {
                        reader.skip().ok_or_else(invalid)?;
                    }
                }
            }
            _ => reader.skip().ok_or_else(invalid)?,
        }
    }
    match algorithm {
        Some(ALGORITHM) => {}
        Some(other) => {
            let message = format!("the payload is compressed with `{other}`, which is not known");
            return Err(EncodingError::new(message));
        }
        None => return Err(invalid()),
    }
    let compressed = payload.ok_or_else(invalid)?;
    let mut decompressed = Vec::new();
    let decoder = zstd::stream::read::Decoder::new(compressed).map_err(|_| invalid())?;
    let mut limited = decoder.take(MAX_SIZE + 1);
    limited
        .read_to_end(&mut decompressed)
        .map_err(|_| invalid())?;
    if decompressed.len() as u64 > MAX_SIZE {
        let message = format!("the decompressed payload is larger than {MAX_SIZE} bytes");
        return Err(EncodingError::new(message));
    }
    Ok(decompressed)
}
