//! Readers of fields that may be absent, `null`, or written as servers without `null` do.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{
    self, Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde_json::{Map, Value};

use super::lenient::{Exact, ExactVisitor, Scalar, forget, keep_null};
use super::placeholder::is_placeholder;
use super::wire::Object;

/// Reads an integer on which the meaning of the response depends: it may be absent or `null`, but
/// a value that is not a `T` is an error.
#[inline(never)]
pub(crate) fn optional_number<'de, A, T>(map: &mut A) -> Result<Option<T>, A::Error>
where
    A: MapAccess<'de>,
    T: Scalar + TryFrom<i64>,
{
    // One reader for all integers: each further one is a copy of the code of the JSON parser.
    let Some(value) = map.next_value::<OptionalInteger>()?.0 else {
        return Ok(None);
    };
    let number = T::try_from(value);
    number
        .map(Some)
        .map_err(|_| de::Error::invalid_value(Unexpected::Signed(value), &T::NAME))
}

/// An integer, or one of the values that stand for none.
struct OptionalInteger(Option<i64>);

impl<'de> Deserialize<'de> for OptionalInteger {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IntegerVisitor)
    }
}

struct IntegerVisitor;

impl IntegerVisitor {
    const EXACT: ExactVisitor<i64> = ExactVisitor(PhantomData);

    fn read<E>(number: Result<Exact<i64>, E>) -> Result<OptionalInteger, E> {
        number.map(|Exact(number)| OptionalInteger(Some(number)))
    }
}

impl<'de> Visitor<'de> for IntegerVisitor {
    type Value = OptionalInteger;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Self::EXACT.expecting(f)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<OptionalInteger, E> {
        Ok(OptionalInteger(Some(value)))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<OptionalInteger, E> {
        Self::read(Self::EXACT.visit_u64(value))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<OptionalInteger, E> {
        Self::read(Self::EXACT.visit_f64(value))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<OptionalInteger, E> {
        if is_placeholder(text) {
            return self.visit_unit();
        }
        Self::read(Self::EXACT.visit_str(text))
    }

    fn visit_unit<E>(self) -> Result<OptionalInteger, E> {
        Ok(OptionalInteger(None))
    }

    fn visit_none<E>(self) -> Result<OptionalInteger, E> {
        Ok(OptionalInteger(None))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    /// Reads a number in the form it has with serde_json's feature `arbitrary_precision`.
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<OptionalInteger, A::Error> {
        Self::read(Self::EXACT.visit_map(map))
    }
}

/// Reads a text that must be there, but may be `null`: it is then empty, and `extra` has the `null`.
pub fn nullable_text<'de, A: MapAccess<'de>>(
    map: &mut A,
    extra: &mut Map<String, Value>,
    name: &'static str,
) -> Result<String, A::Error> {
    let text = map.next_value::<Option<String>>()?;
    match text {
        Some(_) => forget(extra, name),
        None => keep_null(extra, name),
    }
    Ok(text.unwrap_or_default())
}

/// Reads a list. Servers in languages that do not tell empty lists, objects and strings apart
/// write `{}` or `""` for an empty one.
pub fn optional_list<'de, A, T>(map: &mut A) -> Result<Option<Vec<T>>, A::Error>
where
    A: MapAccess<'de>,
    T: Deserialize<'de>,
{
    map.next_value().map(|OptionalList(list)| list)
}

/// Reads an object that may be absent. Servers in PHP write `[]` for an empty one.
pub(crate) fn optional_object<'de, A, T>(map: &mut A) -> Result<Option<T>, A::Error>
where
    A: MapAccess<'de>,
    T: Object,
{
    map.next_value().map(|OptionalObject(object)| object)
}

/// An object, or one of the values that stand for none.
struct OptionalObject<T>(Option<T>);

impl<'de, T: Object> Deserialize<'de> for OptionalObject<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Object> Visitor<'de> for ObjectVisitor<T> {
    type Value = OptionalObject<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<OptionalObject<T>, A::Error> {
        T::read(map, None).map(|object| OptionalObject(Some(object)))
    }

    fn visit_unit<E>(self) -> Result<OptionalObject<T>, E> {
        Ok(OptionalObject(None))
    }

    fn visit_none<E>(self) -> Result<OptionalObject<T>, E> {
        Ok(OptionalObject(None))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<OptionalObject<T>, E> {
        if is_placeholder(text) {
            return self.visit_unit();
        }
        Err(E::invalid_type(Unexpected::Str(text), &self))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<OptionalObject<T>, A::Error> {
        match seq.next_element::<IgnoredAny>()? {
            None => self.visit_unit(),
            Some(_) => Err(de::Error::invalid_type(Unexpected::Seq, &self)),
        }
    }
}

/// A list, or one of the values that stand for none.
struct OptionalList<T>(Option<Vec<T>>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OptionalList<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListVisitor(PhantomData))
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = OptionalList<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<OptionalList<T>, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = seq.next_element::<Option<T>>()? {
            elements.extend(element);
        }
        Ok(OptionalList(Some(elements)))
    }

    fn visit_unit<E>(self) -> Result<OptionalList<T>, E> {
        Ok(OptionalList(None))
    }

    fn visit_none<E>(self) -> Result<OptionalList<T>, E> {
        Ok(OptionalList(None))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<OptionalList<T>, E> {
        if is_placeholder(text) {
            return self.visit_unit();
        }
        Err(E::invalid_type(Unexpected::Str(text), &self))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<OptionalList<T>, A::Error> {
        match map.next_key::<IgnoredAny>()? {
            None => self.visit_unit(),
            Some(_) => Err(de::Error::invalid_type(Unexpected::Map, &self)),
        }
    }
}
