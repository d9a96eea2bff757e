use std::fmt;

use serde::de::DeserializeOwned;

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
        format!(
            "{}: {}",
            self.path,
            self.cause.to_string().replace(&line, "")
        )
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

/// Decodes JSON.
pub(crate) fn decode<T: DeserializeOwned>(json: &[u8]) -> Result<T, DecodeError> {
    serde_json::from_slice(json).map_err(|cause| locate(json, cause))
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
