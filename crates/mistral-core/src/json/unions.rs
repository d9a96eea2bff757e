//! Readers of unions.

use std::fmt;
use std::marker::PhantomData;

use memchr::memchr2;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::de::StrRead;
use serde_json::{Map, Value};

use super::lenient::as_number;
use super::raw::Raw;
use super::strict::{is_strict, record};
use super::wire::{Object, ObjectVisitor, value};
use crate::error::{ApiError, DecodeError, decode, locate};

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
    /// Whether this is a value for which there is no variant.
    fn is_unknown(&self) -> bool;
}

/// The depth of nesting up to which JSON is read. The parser counts the levels of one text, but
/// each member of a union is a text of its own.
const MAX_DEPTH: usize = 127;

/// Reads a member of a union. One that is not what its tag says is kept as it came, with a
/// warning: the members beside it are not lost.
///
/// Read from the text of the member, so that it is still there after a failure.
pub fn deserialize_union<'de, U, D>(deserializer: D) -> Result<U, D::Error>
where
    U: Union,
    D: Deserializer<'de>,
{
    let Raw(json) = Raw::deserialize(deserializer)?;
    read_member(json.get()).map_err(de::Error::custom)
}

/// Reads an object that is one of several types as `T`. If it cannot be read, it is kept as it came
/// where the union has a variant for that.
pub fn object_member<T, U, E>(
    object: Map<String, Value>,
    known: fn(T) -> U,
    unknown: Option<fn(Value) -> U>,
) -> Result<U, E>
where
    T: for<'de> Deserialize<'de>,
    E: de::Error,
{
    let object = Value::Object(object);
    match (T::deserialize(&object), unknown) {
        (Ok(member), _) => Ok(known(member)),
        (Err(_), Some(unknown)) => Ok(unknown(object)),
        (Err(error), None) => Err(E::custom(error)),
    }
}

fn read_member<U: Union>(json: &str) -> serde_json::Result<U> {
    if is_too_deep(json) {
        return Err(de::Error::custom("recursion limit exceeded"));
    }
    let mut text = serde_json::Deserializer::from_str(json);
    let member = text.deserialize_any(UnionVisitor(PhantomData));
    member.or_else(|error| keep_member(json, error))
}

/// Keeps a member that could not be read, unless it is an error of the server, or not JSON.
#[cold]
fn keep_member<U: Union>(json: &str, error: serde_json::Error) -> serde_json::Result<U> {
    if is_strict() {
        let cause = record(locate(json.as_bytes(), error), Some(json));
        return Err(de::Error::custom(cause));
    }
    match serde_json::from_str(json) {
        Ok(value) if !ApiError::is_error_body(json.as_bytes()) => {
            tracing::warn!(
                tag = U::TAG,
                "a member of a union is not what its tag says, and is kept as unknown"
            );
            Ok(U::unknown(value))
        }
        _ => Err(error),
    }
}

/// Whether the nesting of a JSON value exceeds [`MAX_DEPTH`].
fn is_too_deep(json: &str) -> bool {
    if json.len() <= 2 * MAX_DEPTH {
        return false; // every level has two brackets
    }
    let (mut depth, mut bytes) = (0_usize, json.as_bytes());
    while let Some((first, rest)) = bytes.split_first() {
        bytes = rest;
        match first {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => bytes = after_string(rest),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return true;
        }
    }
    false
}

/// Returns the bytes after the string that `bytes` starts within.
fn after_string(mut bytes: &[u8]) -> &[u8] {
    while let Some(at) = memchr2(b'"', b'\\', bytes) {
        let is_end = bytes.get(at) == Some(&b'"');
        let length = if is_end { 1 } else { 2 };
        bytes = bytes.get(at + length..).unwrap_or_default();
        if is_end {
            break;
        }
    }
    bytes
}

/// Decodes a document that is a member of a union. One that is not what its tag says is an error,
/// because there is nothing beside it, and so is an error of the server.
pub(crate) fn decode_member<U: Union>(json: &[u8]) -> Result<U, DecodeError> {
    let StrictUnion(member) = decode::<StrictUnion<U>>(json)?;
    let is_object = json.trim_ascii().starts_with(b"{");
    if member.is_unknown() && (!is_object || ApiError::is_error_body(json)) {
        let message = format!("expected an object with a field `{}`", U::TAG);
        return Err(locate(json, de::Error::custom(message)));
    }
    Ok(member)
}

/// A member of a union that is an error if it is not what its tag says.
pub(crate) struct StrictUnion<U>(pub(crate) U);

impl<'de, U: Union> Deserialize<'de> for StrictUnion<U> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_any(UnionVisitor(PhantomData))
            .map(Self)
    }
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
                    .map_err(|error| de::Error::custom(message(error)))
            }
            None => unknown(as_number(&read).unwrap_or(Value::Object(read))),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<U, A::Error> {
        unknown(Value::deserialize(SeqAccessDeserializer::new(seq))?)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<U, E> {
        unknown(value.into())
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<U, E> {
        unknown(value.into())
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<U, E> {
        unknown(value.into())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<U, E> {
        unknown(value.into())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<U, E> {
        unknown(value.into())
    }

    fn visit_unit<E: de::Error>(self) -> Result<U, E> {
        unknown(Value::Null)
    }
}

/// Returns the message of an error in a member that was decoded by itself.
#[cold]
fn message(error: DecodeError) -> String {
    if is_strict() {
        record(error, None)
    } else {
        error.without_position()
    }
}

/// Keeps a value for which there is no variant. Without a tag, it is none of a union, which a
/// strict read reports.
#[cold]
fn unknown<U: Union, E: de::Error>(value: Value) -> Result<U, E> {
    let has_tag = value.get(U::TAG).is_some_and(Value::is_string);
    if !has_tag && is_strict() {
        return Err(match value {
            Value::Object(_) => E::missing_field(U::TAG),
            _ => E::custom(format_args!("expected an object with a field `{}`", U::TAG)),
        });
    }
    Ok(U::unknown(value))
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
