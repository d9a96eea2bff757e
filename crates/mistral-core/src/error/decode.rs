use std::fmt;

use serde::de::DeserializeOwned;

/// Says where in a JSON document something was not as expected.
#[derive(Debug)]
pub(crate) struct DecodeError {
    path: String,
    cause: serde_json::Error,
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
        },
        Ok(_) => DecodeError {
            path: ".".to_owned(), // only what follows the document is wrong
            cause: plain,
        },
    }
}
