//! The reader of open enums.

use std::borrow::Cow;

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
    let text = TextOrValue::deserialize(deserializer)?;
    into_text(text).map(|text| make(&text))
}

fn into_text<E: Error>(text: TextOrValue<'_>) -> Result<Cow<'_, str>, E> {
    match text.0 {
        Ok(text) => Ok(text),
        Err(Value::Null) => Err(E::invalid_type(Unexpected::Unit, &"a string")),
        Err(value) => Ok(Cow::Owned(value.to_string())),
    }
}
