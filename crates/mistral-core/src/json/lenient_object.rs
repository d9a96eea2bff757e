//! The reader of fields that are objects of lenient fields.

use std::fmt;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::lenient::{as_number, forget, keep, keep_null};
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
    let mut object = None;
    map.next_value_seed(ObjectSeed {
        object: &mut object,
        extra,
        name,
        keep_nulls,
    })?;
    Ok(object)
}

/// Reads an object into its place, and anything else into `extra`.
struct ObjectSeed<'a, T> {
    object: &'a mut Option<T>,
    extra: &'a mut Map<String, Value>,
    name: &'static str,
    keep_nulls: bool,
}

impl<T> ObjectSeed<'_, T> {
    #[cold]
    fn keep<E>(self, value: Value) -> Result<(), E> {
        keep(self.extra, self.name, value);
        Ok(())
    }
}

impl<'de, T: Object> DeserializeSeed<'de> for ObjectSeed<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Object> Visitor<'de> for ObjectSeed<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        let object = T::read(map, None)?;
        if let Some(number) = as_number(object.extra()) {
            return self.keep(number);
        }
        *self.object = Some(object);
        forget(self.extra, self.name);
        Ok(())
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        if self.keep_nulls {
            keep_null(self.extra, self.name);
        } else {
            forget(self.extra, self.name);
        }
        Ok(())
    }

    fn visit_none<E: de::Error>(self) -> Result<(), E> {
        self.visit_unit()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        let value = Value::deserialize(SeqAccessDeserializer::new(seq))?;
        self.keep(value)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<(), E> {
        self.keep(value.into())
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<(), E> {
        self.keep(value.into())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<(), E> {
        self.keep(value.into())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<(), E> {
        self.keep(value.into())
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<(), E> {
        self.keep(value.into())
    }
}
