//! Readers of unions.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::de::StrRead;
use serde_json::{Map, Value};

use super::lenient::as_number;
use super::wire::{Object, ObjectVisitor, value};
use crate::error::{DecodeError, locate};

/// A union told apart by the field [`TAG`](Self::TAG). Implemented by `ApiUnion`.
pub trait Union: Sized {
    /// The name of the field.
    const TAG: &'static str;
    /// The tag meant when the field is missing.
    const DEFAULT: Option<&'static str>;

    /// Whether there is a variant for `tag`.
    fn is_known(tag: &str) -> bool;
    /// Reads the variant for `tag` from an object without the tag.
    fn member<'de, D: Deserializer<'de>>(tag: &str, deserializer: D) -> Result<Self, D::Error>;
    /// Keeps a value for which there is no variant.
    fn unknown(value: Value) -> Self;
}

/// Reads a member of a union: in one go where the tag comes first, as servers write it.
pub fn deserialize_union<'de, U, D>(deserializer: D) -> Result<U, D::Error>
where
    U: Union,
    D: Deserializer<'de>,
{
    deserializer.deserialize_any(UnionVisitor(PhantomData))
}

/// Reads from the text of `value`: it has places that an error can name, and each further kind
/// of input is one more copy of the code of every type.
pub(crate) fn read_value<T>(
    value: &Value,
    read: impl FnOnce(&mut serde_json::Deserializer<StrRead<'_>>) -> serde_json::Result<T>,
) -> Result<T, DecodeError> {
    let text = value.to_string();
    read(&mut serde_json::Deserializer::from_str(&text))
        .map_err(|error| locate(text.as_bytes(), error))
}

struct UnionVisitor<U>(PhantomData<U>);

impl<'de, U: Union> Visitor<'de> for UnionVisitor<U> {
    type Value = U;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with a field `{}`", U::TAG)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<U, A::Error> {
        let mut read = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let value = map.next_value::<Value>()?;
            if key == U::TAG
                && read.is_empty()
                && let Some(tag) = value.as_str().filter(|tag| U::is_known(tag))
            {
                return U::member(tag, MapAccessDeserializer::new(map));
            }
            read.insert(key, value);
        }
        let tag = match read.get(U::TAG) {
            None | Some(Value::Null) => U::DEFAULT.map(str::to_owned),
            Some(tag) => tag.as_str().map(str::to_owned),
        };
        match tag.filter(|tag| U::is_known(tag)) {
            Some(tag) => {
                read.remove(U::TAG);
                read_value(&Value::Object(read), |text| U::member(&tag, text))
                    .map_err(|error| de::Error::custom(error.without_position()))
            }
            None => Ok(U::unknown(as_number(&read).unwrap_or(Value::Object(read)))),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<U, A::Error> {
        Value::deserialize(SeqAccessDeserializer::new(seq)).map(U::unknown)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<U, E> {
        Ok(U::unknown(value.into()))
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<U, E> {
        Ok(U::unknown(value.into()))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<U, E> {
        Ok(U::unknown(value.into()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<U, E> {
        Ok(U::unknown(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<U, E> {
        Ok(U::unknown(value.into()))
    }

    fn visit_unit<E: de::Error>(self) -> Result<U, E> {
        Ok(U::unknown(Value::Null))
    }
}

/// Reads a member of a union `U` where no other member can be: the tag says nothing.
pub(crate) fn without_tag<'de, U, T, A>(map: &mut A) -> Result<Option<T>, A::Error>
where
    U: Union,
    T: Object,
    A: MapAccess<'de>,
{
    let member: Option<WithoutTag<U, T>> = value(map)?;
    Ok(member.map(|WithoutTag(member, _)| member))
}

struct WithoutTag<U, T>(T, PhantomData<U>);

impl<'de, U: Union, T: Object> Deserialize<'de> for WithoutTag<U, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let member = deserializer.deserialize_map(ObjectVisitor {
            skipped: Some(U::TAG),
            object: PhantomData,
        })?;
        Ok(Self(member, PhantomData))
    }
}
