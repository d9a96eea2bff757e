//! The reader of strings that are borrowed from the input where that is possible.

use std::borrow::Cow;
use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::lenient::{forget, keep};

/// Reads a string. `null` is read as an empty one; any other value goes to `extra`.
pub(crate) fn text<'de, A: MapAccess<'de>>(
    map: &mut A,
    extra: &mut Map<String, Value>,
    name: &'static str,
) -> Result<Cow<'de, str>, A::Error> {
    match map.next_value()? {
        TextOrValue(Ok(text)) => {
            forget(extra, name);
            return Ok(text);
        }
        TextOrValue(Err(Value::Null)) => forget(extra, name),
        TextOrValue(Err(value)) => keep(extra, name, value),
    }
    Ok(Cow::default())
}

/// A string, or the value that is none.
pub(crate) struct TextOrValue<'a>(pub(crate) Result<Cow<'a, str>, Value>);

impl TextOrValue<'_> {
    #[cold]
    fn of(value: impl Into<Value>) -> Self {
        Self(Err(value.into()))
    }
}

impl<'de> Deserialize<'de> for TextOrValue<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = TextOrValue<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E: de::Error>(self, value: &'de str) -> Result<TextOrValue<'de>, E> {
        Ok(TextOrValue(Ok(Cow::Borrowed(value))))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<TextOrValue<'de>, E> {
        Ok(TextOrValue(Ok(Cow::Owned(value.to_owned()))))
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<TextOrValue<'de>, E> {
        Ok(TextOrValue::of(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<TextOrValue<'de>, E> {
        Ok(TextOrValue::of(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<TextOrValue<'de>, E> {
        Ok(TextOrValue::of(value))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<TextOrValue<'de>, E> {
        Ok(TextOrValue::of(value))
    }

    fn visit_unit<E: de::Error>(self) -> Result<TextOrValue<'de>, E> {
        Ok(TextOrValue::of(Value::Null))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<TextOrValue<'de>, A::Error> {
        Value::deserialize(SeqAccessDeserializer::new(seq)).map(TextOrValue::of)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<TextOrValue<'de>, A::Error> {
        Value::deserialize(MapAccessDeserializer::new(map)).map(TextOrValue::of)
    }
}
