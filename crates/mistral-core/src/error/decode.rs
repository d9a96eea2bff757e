use std::fmt;
use std::str::Utf8Error;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Error;
#[cfg(feature = "schemars")]
use super::narrow::narrow;
use super::path::path;
use super::repair::{BYTE_ORDER_MARK, repaired};

/// The failure to decode a JSON document, with the path in it.
#[derive(Debug)]
pub(crate) struct DecodeError {
    path: String,
    cause: serde_json::Error,
    error: Option<Error>,
}

impl DecodeError {
    /// Wraps the error of a response that is as documented, but whose content is not what the
    /// program requested.
    #[cfg(feature = "schemars")]
    pub(crate) fn from_error(error: Error) -> Self {
        Self {
            path: ".".to_owned(),
            cause: serde::de::Error::custom(error.message()),
            error: Some(error),
        }
    }

    /// Whether the document is JSON, but not of the expected type.
    #[cfg(feature = "schemars")]
    pub(crate) fn is_type_mismatch(&self) -> bool {
        self.cause.is_data()
    }

    /// Narrows the path down to the innermost value of `text` that is not a `T`. Values of tagged
    /// and untagged enums have no position of their own.
    #[cfg(feature = "schemars")]
    pub(crate) fn narrowed<T: DeserializeOwned>(mut self, text: &str) -> Self {
        let Ok(document) = serde_json::from_str(text) else {
            return self;
        };
        let attempt = |text: &str| {
            let error = serde_json::from_str::<T>(text).err()?;
            Some(cause_without_position(&error))
        };
        let path = narrow(document, &cause_without_position(&self.cause), &attempt);
        let is_longer = self.path == "." || path.len() > self.path.len();
        if is_longer && !path.is_empty() {
            self.path = path;
        }
        self
    }

    /// Returns the message without line and column. Those of a part that is decoded by itself
    /// are not those of the document.
    pub(crate) fn without_position(self) -> String {
        let (path, cause) = self.into_parts();
        match &*path {
            "" => cause,
            path => format!("{path}: {cause}"),
        }
    }

    /// Returns the path, which is empty for the whole document, and the cause without line and
    /// column.
    pub(crate) fn into_parts(mut self) -> (String, String) {
        let cause = cause_without_position(&self.cause);
        if self.path == "." {
            self.path.clear();
        }
        (self.path, cause)
    }

    /// Takes the error passed to `from_error`, if this wraps one.
    pub(crate) fn take_error(&mut self) -> Option<Error> {
        self.error.take()
    }
}

fn cause_without_position(cause: &serde_json::Error) -> String {
    let position = format!(" at line {} column {}", cause.line(), cause.column());
    cause.to_string().replace(&position, "")
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path == "." {
            write!(f, "{}", self.cause)
        } else {
            write!(f, "at `{}`: {}", self.path, self.cause)
        }
    }
}

impl std::error::Error for DecodeError {}

/// Decodes JSON.
///
/// Always as text: each type of input would instantiate the code of every type once more.
pub(crate) fn decode<T: DeserializeOwned>(json: &[u8]) -> Result<T, DecodeError> {
    match std::str::from_utf8(json) {
        Ok(text) => serde_json::from_str(text).or_else(|cause| decode_repaired(text, cause)),
        Err(error) => decode_lossy(json, error),
    }
}

/// Decodes JSON a second time, if it can be repaired.
#[cold]
fn decode_repaired<T: DeserializeOwned>(
    text: &str,
    cause: serde_json::Error,
) -> Result<T, DecodeError> {
    let Some(text) = repaired(text) else {
        return Err(locate(text.as_bytes(), cause));
    };
    let value = serde_json::from_str(&text).map_err(|cause| locate(text.as_bytes(), cause))?;
    report_repair();
    Ok(value)
}

/// Reports that a response was repaired, because it is not quite what the server sent.
#[cold]
pub(crate) fn report_repair() {
    tracing::warn!(
        "a response is not valid JSON: halves of surrogate pairs and invalid UTF-8 were read as \
         U+FFFD, numbers beyond the range of floats as strings"
    );
}

/// Decodes bytes that are not UTF-8, with U+FFFD in place of what is invalid. An error is the
/// parser's own, if it has one, because that has a position.
#[cold]
fn decode_lossy<T: DeserializeOwned>(json: &[u8], error: Utf8Error) -> Result<T, DecodeError> {
    let text = String::from_utf8_lossy(json);
    let decoded = serde_json::from_str(&text).or_else(|cause| decode_repaired(&text, cause));
    if let Ok(value) = decoded {
        report_repair();
        return Ok(value);
    }
    let parsed = serde_json::from_slice::<Value>(json).err();
    let cause = parsed.unwrap_or_else(|| serde::de::Error::custom(error));
    Err(locate(json, cause))
}

/// Adds the path in `json` at which decoding failed with `cause`.
#[cold]
pub(crate) fn locate(json: &[u8], cause: serde_json::Error) -> DecodeError {
    DecodeError {
        path: path(json, &cause),
        cause,
        error: None,
    }
}

/// Returns the first JSON document in `text`.
pub(super) fn first_json(text: &str) -> Option<Value> {
    all_json(text).next()
}

/// Returns the JSON documents in `text`. Azure may send two in a row.
pub(super) fn all_json(text: &str) -> impl Iterator<Item = Value> {
    let text = text.trim_start_matches(BYTE_ORDER_MARK).trim_start();
    let text = if text.starts_with(['{', '[']) {
        text
    } else {
        ""
    };
    serde_json::Deserializer::from_str(text)
        .into_iter()
        .map_while(Result::ok)
}
