//! The reader of fields that are objects of lenient fields.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::lenient::{keep, keep_null};
use super::wire::Object;

/// Reads an object. Any other value goes to `extra`, and so does `null` if `keep_nulls`.
///
/// As [`lenient`](super::raw::lenient), without the text of the value: only a value of another
/// kind can fail here.
#[inline(never)]
pub fn lenient_object<'de, A, T>(
    map: &mut A,
    extra: &mut Map<String, Value>,
    name: &'static str,
    keep_nulls: bool,
) -> Result<Option<T>, A::Error>
where
    A: MapAccess<'de>,
    T: Object,
{
    const {
        assert!(
            T::IS_LENIENT,
            "`lenient_object` needs a type without strict or required fields"
        );
    }
    match map.next_value()? {
        AnyKind::Object(object) => return Ok(Some(object)),
        AnyKind::Null if keep_nulls => keep_null(extra, name),
        AnyKind::Null => {}
        AnyKind::Other(value) => keep(extra, name, value),
    }
    Ok(None)
}

enum AnyKind<T> {
    Object(T),
    Null,
    Other(Value),
}

impl<'de, T: Object> Deserialize<'de> for AnyKind<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyKindVisitor(PhantomData))
    }
}

struct AnyKindVisitor<T>(PhantomData<T>);

impl<'de, T: Object> Visitor<'de> for AnyKindVisitor<T> {
    type Value = AnyKind<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<AnyKind<T>, A::Error> {
        T::read(map, None).map(AnyKind::Object)
    }

    fn visit_unit<E: de::Error>(self) -> Result<AnyKind<T>, E> {
        Ok(AnyKind::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<AnyKind<T>, E> {
        Ok(AnyKind::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<AnyKind<T>, A::Error> {
        Value::deserialize(SeqAccessDeserializer::new(seq)).map(AnyKind::Other)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<AnyKind<T>, E> {
        Ok(AnyKind::Other(value.into()))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<AnyKind<T>, E> {
        Ok(AnyKind::Other(value.into()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<AnyKind<T>, E> {
        Ok(AnyKind::Other(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<AnyKind<T>, E> {
        Ok(AnyKind::Other(value.into()))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<AnyKind<T>, E> {
        Ok(AnyKind::Other(value.into()))
    }
}
