//! How unions and lenient fields are read.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, IgnoredAny, IntoDeserializer, MapAccess,
    SeqAccess, Visitor,
};
use serde_json::{Map, Value};

/// Reads `null` as the default, as if the field were absent.
pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Reads a list that mostly has one element, with room for just that.
pub(crate) fn mostly_one<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct MostlyOne<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for MostlyOne<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<T>, A::Error> {
            let mut elements = Vec::with_capacity(1);
            while let Some(element) = seq.next_element()? {
                elements.push(element);
            }
            Ok(elements)
        }
    }

    deserializer.deserialize_seq(MostlyOne(PhantomData))
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
pub(crate) trait Union<'de>: Sized {
    const TAG: &'static str;
    /// The tag meant when the field is missing.
    const DEFAULT: Option<&'static str>;

    fn is_known(tag: &str) -> bool;
    fn member<D: Deserializer<'de>>(tag: &str, deserializer: D) -> Result<Self, D::Error>;
    fn unknown(value: Value) -> Self;
}

/// Reads a member of a union: in one go where the tag comes first, as servers write it.
pub(crate) fn deserialize_union<'de, U, D>(deserializer: D) -> Result<U, D::Error>
where
    U: Union<'de>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_any(UnionVisitor(PhantomData))
}

struct UnionVisitor<U>(PhantomData<U>);

impl<'de, U: Union<'de>> Visitor<'de> for UnionVisitor<U> {
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
                let entries = read.into_iter();
                let map = de::value::MapDeserializer::<_, serde_json::Error>::new(entries);
                U::member(&tag, MapAccessDeserializer::new(map)).map_err(de::Error::custom)
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
pub(crate) fn deserialize_without_tag<'de, U, T, D>(deserializer: D) -> Result<T, D::Error>
where
    U: Union<'de>,
    T: Deserialize<'de> + Default,
    D: Deserializer<'de>,
{
    struct WithoutTag<U, T>(PhantomData<(U, T)>);

    impl<'de, U: Union<'de>, T: Deserialize<'de> + Default> Visitor<'de> for WithoutTag<U, T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
            T::deserialize(MapAccessDeserializer::new(Skipping { map, key: U::TAG }))
        }

        fn visit_unit<E: de::Error>(self) -> Result<T, E> {
            Ok(T::default())
        }
    }

    deserializer.deserialize_any(WithoutTag::<U, T>(PhantomData))
}

/// A map without the entries of one key.
struct Skipping<A> {
    map: A,
    key: &'static str,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Skipping<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        while let Some(Text(key)) = self.map.next_key()? {
            if key != self.key {
                return seed.deserialize(key.into_deserializer()).map(Some);
            }
            self.map.next_value::<IgnoredAny>()?;
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
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
