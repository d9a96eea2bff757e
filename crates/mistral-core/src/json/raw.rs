//! The reader of fields whose value is kept even where it is not what the API documents.

use std::fmt;

use serde::de::{
    self, Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer,
    MapAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::lenient::{forget, keep, keep_null};
use super::wire::value;
use crate::error::{repaired, report_repair};

/// Reads a value. One that is not a `T` goes to `extra`, and so does `null` if `keep_nulls`.
///
/// `T` is read from the value's text: it is known in full before it is read, and each further
/// kind of input is one more copy of the code of every type.
pub fn lenient<'de, A, T>(
    map: &mut A,
    extra: &mut Map<String, Value>,
    name: &'static str,
    keep_nulls: bool,
) -> Result<Option<T>, A::Error>
where
    A: MapAccess<'de>,
    T: DeserializeOwned,
{
    read(map, extra, name, keep_nulls, |_| None)
}

/// Reads a list as [`lenient`] does. If only some elements cannot be read, the list goes to
/// `extra` as it came, and the others are returned.
pub fn lenient_list<'de, A, T>(
    map: &mut A,
    extra: &mut Map<String, Value>,
    name: &'static str,
    keep_nulls: bool,
) -> Result<Option<Vec<T>>, A::Error>
where
    A: MapAccess<'de>,
    T: DeserializeOwned,
{
    read(map, extra, name, keep_nulls, readable_elements)
}

/// Reads a `T`, or what `fallback` finds in the text of a value that is not a `T`.
#[inline(never)]
pub(super) fn read<'de, A, T>(
    map: &mut A,
    extra: &mut Map<String, Value>,
    name: &'static str,
    keep_nulls: bool,
    fallback: fn(&RawValue) -> Option<T>,
) -> Result<Option<T>, A::Error>
where
    A: MapAccess<'de>,
    T: DeserializeOwned,
{
    let Raw(json) = value(map)?;
    match serde_json::from_str(json.get()) {
        Ok(None) if keep_nulls => {
            keep_null(extra, name);
            Ok(None)
        }
        Ok(read) => {
            forget(extra, name);
            Ok(read)
        }
        Err(_) => {
            if let Some(value) = read_repaired(&json) {
                forget(extra, name);
                return Ok(value);
            }
            keep_raw(extra, name, &json);
            Ok(fallback(&json))
        }
    }
}

/// Reads a value that becomes a `T` when it is repaired.
#[cold]
fn read_repaired<T: DeserializeOwned>(json: &RawValue) -> Option<Option<T>> {
    let value = serde_json::from_str(&repaired(json.get())?).ok()?;
    report_repair();
    Some(value)
}

/// Returns the elements of a list that can be read. `None` if there are none.
#[cold]
fn readable_elements<T: DeserializeOwned>(list: &RawValue) -> Option<Vec<T>> {
    // A loop: iterators are several times its code for each type.
    let mut read = Vec::new();
    for element in elements(list) {
        if let Ok(element) = serde_json::from_str(element.get()) {
            read.push(element);
        }
    }
    if read.is_empty() { None } else { Some(read) }
}

/// Returns the text of each element of a list. Empty if the value is not a list.
fn elements(list: &RawValue) -> Vec<&RawValue> {
    serde_json::from_str(list.get()).unwrap_or_default()
}

/// Keeps a value that the field `name` cannot hold. One that a [`Value`] cannot hold either, such
/// as half of a surrogate pair or `1e999`, is repaired, or kept as its text.
#[cold]
fn keep_raw(extra: &mut Map<String, Value>, name: &'static str, json: &RawValue) {
    let text = repaired(json.get());
    if text.is_some() {
        report_repair();
    }
    let text = text.as_deref().unwrap_or(json.get());
    let value = serde_json::from_str(text);
    let value = value.unwrap_or_else(|_| Value::String(text.to_owned()));
    keep(extra, name, value);
}

/// The text of a value, whatever the value is read from.
pub(super) struct Raw(pub(super) Box<RawValue>);

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Deserialize::deserialize(RawDeserializer(deserializer)).map(Self)
    }
}

/// Reads a [`RawValue`] also from what does not keep the text: other formats than JSON, and the
/// buffers of serde's `flatten` and `untagged`.
struct RawDeserializer<D>(D);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for RawDeserializer<D> {
    type Error = D::Error;

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0
            .deserialize_newtype_struct(name, RawVisitor { name, visitor })
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct RawVisitor<V> {
    name: &'static str,
    visitor: V,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for RawVisitor<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    /// Reads the text, or an object whose text is not kept.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<V::Value, A::Error> {
        let name = self.name;
        let mut object = Map::new();
        match map.next_key_seed(KeySeed(name))? {
            Some(Key::Mark) => {
                let name = Some(name);
                return self.visitor.visit_map(TextAccess { name, map });
            }
            Some(Key::Other(first)) => {
                object.insert(first, map.next_value()?);
            }
            None => {}
        }
        while let Some((key, value)) = map.next_entry()? {
            object.insert(key, value);
        }
        Value::Object(object)
            .deserialize_newtype_struct(name, self.visitor)
            .map_err(de::Error::custom)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<V::Value, D::Error> {
        Value::deserialize(deserializer)?
            .deserialize_newtype_struct(self.name, self.visitor)
            .map_err(de::Error::custom)
    }
}

/// The first key of a map.
enum Key {
    /// The one that serde_json marks the text of a value with.
    Mark,
    Other(String),
}

/// Compares the first key with the mark, which is also the name of the type.
struct KeySeed(&'static str);

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySeed {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<Key, E> {
        Ok(if key == self.0 {
            Key::Mark
        } else {
            Key::Other(key.to_owned())
        })
    }
}

/// The entry of a map that holds the text of a value. Its key has been read.
struct TextAccess<A> {
    name: Option<&'static str>,
    map: A,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for TextAccess<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        let name = self.name.take();
        name.map(|name| seed.deserialize(name.into_deserializer()))
            .transpose()
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}
