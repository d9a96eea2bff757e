//! Readers and writers that the code of the derives calls.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{self, Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

use super::placeholder::says_something;

/// An object that keeps the fields that it does not declare. Implemented by `ApiObject` and
/// `ApiRequest`.
pub trait Object: Sized {
    /// Whether the `null` of an optional field stays in `extra`.
    const KEEPS_NULLS: bool;
    /// Whether every JSON object can be read: what does not fit goes to `extra`.
    const IS_LENIENT: bool;
    /// The names of the declared fields in JSON.
    const FIELDS: &'static [&'static str];
    /// Reads the entries of `map`, but for the key that is `skipped`.
    fn read<'de, A: MapAccess<'de>>(map: A, skipped: Option<&str>) -> Result<Self, A::Error>;
    /// Writes all entries, those in `extra` included.
    fn write<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error>;
    /// Returns the fields that are not declared.
    fn extra(&self) -> &Map<String, Value>;
}

/// Whether a name is among those of the fields.
pub const fn contains(mut fields: &[&str], name: &str) -> bool {
    while let [first, rest @ ..] = fields {
        if is_equal(first.as_bytes(), name.as_bytes()) {
            return true;
        }
        fields = rest;
    }
    false
}

const fn is_equal(mut one: &[u8], mut other: &[u8]) -> bool {
    while let ([first, rest @ ..], [second, others @ ..]) = (one, other) {
        if *first != *second {
            return false;
        }
        (one, other) = (rest, others);
    }
    one.is_empty() && other.is_empty()
}

/// Writes an object.
pub fn serialize_object<T: Object, S: Serializer>(
    object: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    object.write(&mut map)?;
    map.end()
}

/// Writes an object with one more entry, which comes first.
pub fn serialize_tagged<T: Object, S: Serializer>(
    key: &'static str,
    tag: &'static str,
    object: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    entry(&mut map, object.extra(), key, tag)?;
    object.write(&mut map)?;
    map.end()
}

/// Writes a member of a union that is a union itself, with one more entry, which comes first.
pub fn serialize_tagged_union<T: Serialize, S: Serializer>(
    key: &'static str,
    tag: &'static str,
    union: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let value = serde_json::to_value(union).map_err(ser::Error::custom)?;
    let Value::Object(entries) = &value else {
        return value.serialize(serializer);
    };
    let mut map = serializer.serialize_map(None)?;
    entry(&mut map, entries, key, tag)?;
    extra_entries(&mut map, entries)?;
    map.end()
}

/// Writes an entry, unless `extra` has one of that name.
#[inline(never)]
pub fn entry<M: SerializeMap, T: Serialize + ?Sized>(
    map: &mut M,
    extra: &Map<String, Value>,
    key: &'static str,
    value: &T,
) -> Result<(), M::Error> {
    if !extra.is_empty() && extra.contains_key(key) {
        return Ok(());
    }
    map.serialize_entry(key, value)
}

/// Writes an [`entry`] that most objects are without: its code stays out of the way.
#[cold]
pub fn optional_entry<M: SerializeMap, T: Serialize>(
    map: &mut M,
    extra: &Map<String, Value>,
    key: &'static str,
    value: &T,
) -> Result<(), M::Error> {
    entry(map, extra, key, value)
}

/// Writes the entries of `extra`.
pub fn extra_entries<M: SerializeMap>(
    map: &mut M,
    extra: &Map<String, Value>,
) -> Result<(), M::Error> {
    extra
        .iter()
        .try_for_each(|(key, value)| map.serialize_entry(key, value))
}

/// Reads an object.
pub fn deserialize_object<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Object,
    D: Deserializer<'de>,
{
    deserializer.deserialize_map(ObjectVisitor {
        skipped: None,
        object: PhantomData,
    })
}

/// Reads an object, but for the key that is `skipped`.
pub(super) struct ObjectVisitor<T> {
    pub(super) skipped: Option<&'static str>,
    pub(super) object: PhantomData<T>,
}

impl<'de, T: Object> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        let mut read = T::read(map, self.skipped);
        if const { has_results(T::FIELDS) }
            && let Ok(object) = &read
            && !object.extra().is_empty()
            && is_error_beside_nothing(object)
        {
            read = Err(de::Error::custom("an error beside an empty result"));
        }
        read
    }
}

/// The names of the fields that hold the result of an operation.
const RESULTS: [&str; 5] = ["choices", "data", "results", "pages", "text"];

/// Whether one of the fields holds the result of an operation.
const fn has_results(fields: &[&str]) -> bool {
    let mut names: &[&str] = &RESULTS;
    while let [name, rest @ ..] = names {
        if contains(fields, name) {
            return true;
        }
        names = rest;
    }
    false
}

/// Whether an object has an error and an empty result, as some gateways send it with the status
/// 200.
#[cold]
fn is_error_beside_nothing<T: Object>(object: &T) -> bool {
    let is_error =
        |value: &Value| says_something(value) && !value.is_boolean() && !value.is_number();
    let extra = object.extra();
    // A list of nothing may have a message that is no error.
    let message = contains(T::FIELDS, "choices").then_some("message");
    let names = ["error", "errors", "detail"].into_iter().chain(message);
    if !names
        .into_iter()
        .any(|name| extra.get(name).is_some_and(is_error))
    {
        return false;
    }
    let written = serialize_object(object, serde_json::value::Serializer);
    let value = written.unwrap_or_default();
    let results = RESULTS.iter().filter_map(|name| value.get(name));
    results.into_iter().all(|result| {
        let failed = |choice: &Value| choice["finish_reason"] == "error";
        let has_failed = result
            .as_array()
            .is_some_and(|list| list.iter().all(failed));
        has_failed || !says_something(result)
    })
}

/// Reads the next key of an object, borrowed from the input where that is possible.
#[inline]
pub fn next_key<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<Cow<'de, str>>, A::Error> {
    Ok(map.next_key()?.map(|Text(key)| key))
}

/// Reads the value of an entry. Not inlined: all fields of a type share its code.
#[inline(never)]
pub fn value<'de, A, T>(map: &mut A) -> Result<T, A::Error>
where
    A: MapAccess<'de>,
    T: Deserialize<'de>,
{
    map.next_value()
}

/// Reads the value of an optional entry whose `null` means something.
pub fn nullable<'de, A, T>(map: &mut A) -> Result<Option<T>, A::Error>
where
    A: MapAccess<'de>,
    T: Deserialize<'de>,
{
    value(map).map(Some)
}

/// Reads the value of an entry that is a list, and mostly one of one element.
pub(crate) fn mostly_one<'de, A, T>(map: &mut A) -> Result<Vec<T>, A::Error>
where
    A: MapAccess<'de>,
    T: Deserialize<'de>,
{
    value(map).map(|MostlyOne(elements)| elements)
}

/// Returns the value of a field that must be there.
pub fn required<T, E: de::Error>(field: Option<T>, name: &'static str) -> Result<T, E> {
    field.ok_or_else(|| E::missing_field(name))
}

/// A list with room for just one element, unless it has more.
struct MostlyOne<T>(Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for MostlyOne<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
            type Value = MostlyOne<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut elements = Vec::with_capacity(1);
                while let Some(element) = seq.next_element()? {
                    elements.push(element);
                }
                Ok(MostlyOne(elements))
            }
        }

        deserializer.deserialize_seq(ListVisitor(PhantomData))
    }
}

/// A key that is borrowed from the input where that is possible.
struct Text<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E: de::Error>(self, value: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(value)))
            }

            fn visit_str<E: de::Error>(self, value: &str) -> Result<Text<'de>, E> {
                Ok(Text(copy(value)))
            }

            fn visit_string<E: de::Error>(self, value: String) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(value)))
            }
        }

        deserializer.deserialize_any(TextVisitor)
    }
}

/// Copies a key that is not as in the input. Out of line: keys with escapes are rare.
#[cold]
#[inline(never)]
fn copy<'a>(key: &str) -> Cow<'a, str> {
    Cow::Owned(key.to_owned())
}
