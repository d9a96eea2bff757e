//! The readers of open enums.

use std::borrow::Cow;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Unexpected};
use serde_json::Value;

use super::placeholder::{is_no_value, says_something};
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

/// Reads an optional enum. A value that stands for `null` is read as `null`: some servers write
/// `""`, `"None"` or `false` instead.
pub fn optional_enum<'de, A, T>(map: &mut A) -> Result<Option<T>, A::Error>
where
    A: MapAccess<'de>,
    T: for<'a> From<&'a str>,
{
    let text = map.next_value::<TextOrValue<'de>>()?;
    Ok(match text.0 {
        Ok(text) if is_no_value(&text) => None,
        Ok(text) => Some(T::from(&text)),
        Err(value) if !says_something(&value) => None,
        Err(value) => Some(T::from(&value.to_string())),
    })
}

fn into_text<E: Error>(text: TextOrValue<'_>) -> Result<Cow<'_, str>, E> {
    match text.0 {
        Ok(text) => Ok(text),
        Err(Value::Null) => Err(E::invalid_type(Unexpected::Unit, &"a string")),
        Err(value) => Ok(Cow::Owned(value.to_string())),
    }
}
