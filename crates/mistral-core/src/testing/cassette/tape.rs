//! The file of a cassette.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use base64_simd::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::unusable;
use crate::error::{Error, Result};

const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tape {
    version: u32,
    pub(super) exchanges: Vec<TapeExchange>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TapeExchange {
    /// For readers of the file; not compared.
    pub(super) operation: String,
    pub(super) request: TapeRequest,
    pub(super) response: TapeResponse,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TapeRequest {
    pub(super) method: String,
    /// Path and query.
    pub(super) url: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) headers: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "RecordedContent::is_empty")]
    pub(super) body: RecordedContent,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TapeResponse {
    pub(super) status: u16,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) headers: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "RecordedContent::is_empty")]
    pub(super) body: RecordedContent,
    #[serde(default, skip_serializing_if = "End::is_proper")]
    pub(super) end: End,
}

/// A body.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RecordedContent {
    Json(Value),
    Chunks(Vec<Chunk>),
}

/// A chunk of a body, as it arrived.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Chunk {
    Text(String),
    Binary { base64: String },
}

/// The end of a body.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum End {
    #[default]
    Proper,
    /// The connection broke.
    Broken,
    /// The program dropped the body.
    Dropped,
}

impl End {
    fn is_proper(&self) -> bool {
        *self == Self::Proper
    }
}

impl RecordedContent {
    fn is_empty(&self) -> bool {
        matches!(self, Self::Chunks(chunks) if chunks.is_empty())
    }

    pub(super) fn from_chunks<'a>(chunks: impl Iterator<Item = &'a [u8]>) -> Self {
        let chunks = chunks.filter(|bytes| !bytes.is_empty());
        Self::Chunks(chunks.map(Chunk::new).collect())
    }

    /// The bytes, in their chunks.
    pub(super) fn chunks(&self) -> Result<Vec<Bytes>, base64_simd::Error> {
        match self {
            Self::Json(value) => Ok(vec![value.to_string().into()]),
            Self::Chunks(chunks) => chunks.iter().map(Chunk::bytes).collect(),
        }
    }
}

impl Default for RecordedContent {
    fn default() -> Self {
        Self::Chunks(Vec::new())
    }
}

impl Chunk {
    fn new(bytes: &[u8]) -> Self {
        match str::from_utf8(bytes) {
            Ok(text) => Self::Text(text.to_owned()),
            Err(_) => Self::Binary {
                base64: STANDARD.encode_to_string(bytes),
            },
        }
    }

    fn bytes(&self) -> Result<Bytes, base64_simd::Error> {
        match self {
            Self::Text(text) => Ok(text.clone().into()),
            Self::Binary { base64 } => Ok(STANDARD.decode_to_vec(base64)?.into()),
        }
    }
}

impl Tape {
    pub(super) fn new(exchanges: Vec<TapeExchange>) -> Self {
        Self {
            version: VERSION,
            exchanges,
        }
    }

    pub(super) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read(path).map_err(|error| {
            let why = if error.kind() == io::ErrorKind::NotFound {
                "does not exist: make it with `Cassette::record` and `save`"
            } else {
                "cannot be read"
            };
            Error::io(format!("the cassette `{}` {why}", path.display()), error)
        })?;
        let tape: Self = serde_json::from_slice(&text)
            .map_err(|error| unusable(path, format_args!("is damaged: {error}: record it anew")))?;
        if tape.version != VERSION {
            return Err(unusable(
                path,
                format_args!(
                    "has version {}, but this SDK reads version {VERSION}: record it anew",
                    tape.version
                ),
            ));
        }
        Ok(tape)
    }

    pub(super) fn write(&self, path: &Path) -> Result<()> {
        let write = || {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            let mut text = serde_json::to_vec_pretty(self)?;
            text.push(b'\n');
            std::fs::write(path, text)
        };
        write().map_err(|error| {
            let what = format!("the cassette `{}` cannot be written", path.display());
            Error::io(what, error)
        })
    }
}
