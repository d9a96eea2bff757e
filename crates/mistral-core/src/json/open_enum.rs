//! The reader of open enums.

use std::borrow::Cow;
use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// Reads a string without a copy, and converts it with `make`. A number, a boolean, an array or
/// an object is converted from its JSON text.
pub fn deserialize_enum<'de, D, T>(deserializer: D, make: impl Fn(&str) -> T) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
{
    // One reader for all enums: each further one is a copy of the code of the whole JSON parser.
    EnumText::deserialize(deserializer).map(|EnumText(text)| make(&text))
}

/// A string, or the JSON text of any other value.
struct EnumText<'a>(Cow<'a, str>);

impl EnumText<'_> {
    #[cold]
    fn of(value: impl Into<Value>) -> Self {
        Self(Cow::Owned(value.into().to_string()))
    }
}

impl<'de> Deserialize<'de> for EnumText<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EnumTextVisitor)
    }
}

struct EnumTextVisitor;

impl<'de> Visitor<'de> for EnumTextVisitor {
    type Value = EnumText<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E: de::Error>(self, value: &'de str) -> Result<EnumText<'de>, E> {
        Ok(EnumText(Cow::Borrowed(value)))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<EnumText<'de>, E> {
        Ok(EnumText(Cow::Owned(value.to_owned())))
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<EnumText<'de>, E> {
        Ok(EnumText::of(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<EnumText<'de>, E> {
        Ok(EnumText::of(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<EnumText<'de>, E> {
        Ok(EnumText::of(value))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<EnumText<'de>, E> {
        Ok(EnumText::of(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<EnumText<'de>, A::Error> {
        Value::deserialize(SeqAccessDeserializer::new(seq)).map(EnumText::of)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<EnumText<'de>, A::Error> {
        Value::deserialize(MapAccessDeserializer::new(map)).map(EnumText::of)
    }
}
