//! How unions and lenient fields are read.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::de::StrRead;
use serde_json::{Map, Value};

use crate::error::{DecodeError, locate};

/// An object that keeps the fields that it does not declare. Implemented by `object!`.
pub trait Object: Sized {
    /// Whether the `null` of an optional field stays in `extra`.
    const KEEPS_NULLS: bool;
    /// The names of the declared fields in JSON.
    const FIELDS: &'static [&'static str];
    /// Reads the entries of `map`, but for the key that is `skipped`.
    fn read<'de, A: MapAccess<'de>>(map: A, skipped: Option<&str>) -> Result<Self, A::Error>;
    /// Writes all entries, those in `extra` included.
    fn write<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error>;
    /// The fields that the type does not declare.
    fn extra(&self) -> &Map<String, Value>;
}

pub(crate) fn serialize_object<T: Object, S: Serializer>(
    object: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    object.write(&mut map)?;
    map.end()
}

/// Writes an object with one more entry, which comes first.
pub(crate) fn serialize_tagged<T: Object, S: Serializer>(
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

/// Writes an entry, unless `extra` has one of that name.
#[inline(never)]
pub(crate) fn entry<M: SerializeMap, T: Serialize + ?Sized>(
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
pub(crate) fn optional_entry<M: SerializeMap, T: Serialize>(
    map: &mut M,
    extra: &Map<String, Value>,
    key: &'static str,
    value: &T,
) -> Result<(), M::Error> {
    entry(map, extra, key, value)
}

pub(crate) fn extra_entries<M: SerializeMap>(
    map: &mut M,
    extra: &Map<String, Value>,
) -> Result<(), M::Error> {
    extra
        .iter()
        .try_for_each(|(key, value)| map.serialize_entry(key, value))
}

pub(crate) fn deserialize_object<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Object,
    D: Deserializer<'de>,
{
    deserializer.deserialize_map(ObjectVisitor {
        skipped: None,
        object: PhantomData,
    })
}

struct ObjectVisitor<T> {
    skipped: Option<&'static str>,
    object: PhantomData<T>,
}

impl<'de, T: Object> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::read(map, self.skipped)
    }
}

/// Reads the value of an entry. Not inlined: all fields of a type share its code.
#[inline(never)]
pub(crate) fn value<'de, A, T>(map: &mut A) -> Result<T, A::Error>
where
    A: MapAccess<'de>,
    T: Deserialize<'de>,
{
    map.next_value()
}

/// Reads the value of an optional entry whose `null` means something.
pub(crate) fn nullable<'de, A, T>(map: &mut A) -> Result<Option<T>, A::Error>
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

/// A field that must be there.
pub(crate) fn required<T, E: de::Error>(field: Option<T>, name: &'static str) -> Result<T, E> {
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

/// Reads a string and makes a `T` of it without a copy in between.
pub(crate) fn deserialize_str<'de, D, T>(
    deserializer: D,
    make: impl Fn(&str) -> T,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
{
    struct Text<T, F>(F, PhantomData<T>);

    impl<T, F: Fn(&str) -> T> Visitor<'_> for Text<T, F> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string")
        }

        fn visit_str<E: de::Error>(self, value: &str) -> Result<T, E> {
            Ok((self.0)(value))
        }
    }

    deserializer.deserialize_str(Text(make, PhantomData))
}

/// A string that is borrowed from the input where that is possible; `null` reads as empty.
#[derive(Debug, Default)]
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

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
                Ok(Text(Cow::Owned(value.to_owned())))
            }

            fn visit_string<E: de::Error>(self, value: String) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(value)))
            }

            fn visit_unit<E: de::Error>(self) -> Result<Text<'de>, E> {
                Ok(Text::default())
            }
        }

        deserializer.deserialize_any(TextVisitor)
    }
}

/// A union told apart by the field [`TAG`](Self::TAG). Implemented by `tagged_union!`.
pub(crate) trait Union: Sized {
    const TAG: &'static str;
    /// The tag meant when the field is missing.
    const DEFAULT: Option<&'static str>;

    fn is_known(tag: &str) -> bool;
    fn member<'de, D: Deserializer<'de>>(tag: &str, deserializer: D) -> Result<Self, D::Error>;
    fn unknown(value: Value) -> Self;
}

/// Reads a member of a union: in one go where the tag comes first, as servers write it.
pub(crate) fn deserialize_union<'de, U, D>(deserializer: D) -> Result<U, D::Error>
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
                    .map_err(|error| de::Error::custom(error.without_line()))
            }
            None => Ok(U::unknown(Value::Object(read))),
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

/// Reads a string by `text`, and an object by `object`.
pub(crate) fn deserialize_string_or_object<'de, D, T, O>(
    deserializer: D,
    text: fn(String) -> T,
    object: fn(O) -> T,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    O: Deserialize<'de>,
{
    struct StringOrObject<T, O>(fn(String) -> T, fn(O) -> T);

    impl<'de, T, O: Deserialize<'de>> Visitor<'de> for StringOrObject<T, O> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string or an object")
        }

        fn visit_str<E: de::Error>(self, value: &str) -> Result<T, E> {
            Ok((self.0)(value.to_owned()))
        }

        fn visit_string<E: de::Error>(self, value: String) -> Result<T, E> {
            Ok((self.0)(value))
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
            O::deserialize(MapAccessDeserializer::new(map)).map(self.1)
        }
    }

    deserializer.deserialize_any(StringOrObject(text, object))
}
