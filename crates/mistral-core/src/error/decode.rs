use std::fmt;

use serde::de::DeserializeOwned;

use super::Error;

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

    /// What is wrong with the answer, if that is what is wrong.
    pub(crate) fn take_answer(&mut self) -> Option<Error> {
        self.answer.take()
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if matches!(&*self.path, "." | "?") {
            write!(f, "{}", self.cause)
        } else {
            write!(f, "at `{}`: {}", self.path, self.cause)
        }
    }
}

impl std::error::Error for DecodeError {}

/// Decodes JSON; on failure, decodes it once more to find the path of the failure.
pub(crate) fn decode<T: DeserializeOwned>(json: &[u8]) -> Result<T, DecodeError> {
    serde_json::from_slice(json).map_err(|plain| locate::<T>(json, plain))
}

/// Finds where in `json` the decoding of `T` fails. `plain` is what it failed with.
#[cold]
pub(crate) fn locate<T: DeserializeOwned>(json: &[u8], plain: serde_json::Error) -> DecodeError {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
        Err(error) => DecodeError {
            path: error.path().to_string(),
            cause: error.into_inner(),
            answer: None,
        },
        Ok(_) => DecodeError {
            path: ".".to_owned(), // only what follows the document is wrong
            cause: plain,
            answer: None,
        },
    }
}
