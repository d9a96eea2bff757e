//! Reads some fields of a JSON object.

use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};

use crate::json::wire::{next_key, value};

/// Reads the fields in `names`. All others, such as the prompt or vectors, are skipped, not
/// copied.
pub(in crate::pipeline) fn pick_fields(
    json: &[u8],
    names: &'static [&'static str],
) -> serde_json::Result<Map<String, Value>> {
    let text = str::from_utf8(json).map_err(serde::de::Error::custom)?;
    serde_json::Deserializer::from_str(text).deserialize_map(FieldsVisitor(names))
}

struct FieldsVisitor(&'static [&'static str]);

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Map::new();
        while let Some(name) = next_key(&mut map)? {
            if self.0.contains(&&*name) {
                fields.insert(name.into_owned(), value(&mut map)?);
            } else {
                value::<_, IgnoredAny>(&mut map)?;
            }
        }
        Ok(fields)
    }
}
