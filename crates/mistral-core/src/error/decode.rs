use std::fmt;
use std::str::Utf8Error;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Error;
use super::path::path;

/// Says where in a JSON document something was not as expected.
#[derive(Debug)]
pub(crate) struct DecodeError {
    path: String,
    cause: serde_json::Error,
    answer: Option<Error>,
}

impl DecodeError {
    /// The response is as documented; what the model answers in it is not what was asked for.
    #[cfg(feature = "schemars")]
    pub(crate) fn of_answer(error: Error) -> Self {
        Self {
            path: ".".to_owned(),
            cause: serde::de::Error::custom(error.message()),
            answer: Some(error),
        }
    }

    /// Whether this is JSON, but not what was to be read.
    #[cfg(feature = "schemars")]
    pub(crate) fn is_misfit(&self) -> bool {
        self.cause.is_data()
    }

    /// What is said about a part that was read by itself: its lines are not the document's.
    pub(crate) fn without_line(&self) -> String {
        let (line, column) = (self.cause.line(), self.cause.column());
        let line = format!(" at line {line} column {column}");
        let cause = self.cause.to_string().replace(&line, "");
        match &*self.path {
            "." => cause,
            path => format!("{path}: {cause}"),
        }
    }

    /// What is wrong with the answer, if that is what is wrong.
    pub(crate) fn take_answer(&mut self) -> Option<Error> {
        self.answer.take()
    }
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

/// Decodes JSON. Always as text: each kind of input is one more copy of the code of every type.
pub(crate) fn decode<T: DeserializeOwned>(json: &[u8]) -> Result<T, DecodeError> {
    match std::str::from_utf8(json) {
        Ok(text) => serde_json::from_str(text).map_err(|cause| locate(json, cause)),
        Err(error) => Err(no_text(json, error)),
    }
}

/// What the parser says about bytes that are no text.
#[cold]
fn no_text(json: &[u8], error: Utf8Error) -> DecodeError {
    let parsed = serde_json::from_slice::<Value>(json).err();
    let cause = parsed.unwrap_or_else(|| serde::de::Error::custom(error));
    locate(json, cause)
}

/// Finds where in `json` its decoding has failed.
#[cold]
pub(crate) fn locate(json: &[u8], cause: serde_json::Error) -> DecodeError {
    DecodeError {
        path: path(json, &cause),
        cause,
        answer: None,
    }
}
