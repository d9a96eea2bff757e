//! The reader of open enums.

use serde::de::{Deserialize, Deserializer, Error, Unexpected};
use serde_json::Value;

use super::text::TextOrValue;

/// Reads a string without a copy, and converts it with `make`. A number, a boolean, an array or
/// an object is converted from its JSON text.
pub fn deserialize_enum<'de, D, T>(deserializer: D, make: impl Fn(&str) -> T) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
{
    // One reader for all enums: each further one is a copy of the code of the whole JSON parser.
    match TextOrValue::deserialize(deserializer)?.0 {
        Ok(text) => Ok(make(&text)),
        Err(Value::Null) => Err(D::Error::invalid_type(Unexpected::Unit, &"a string")),
        Err(value) => Ok(make(&value.to_string())),
    }
}
