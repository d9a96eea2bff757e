//! Readers of numbers, strings and booleans, which servers write in more than one way.
//!
//! A response is not lost over one of its counters: a value that does not fit goes to `extra`
//! as it came, and the field is unset.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Unexpected, Visitor};
use serde_json::{Map, Number, Value};

/// A number, a string or a boolean, and the JSON values that it is read from.
pub trait Scalar: Sized {
    /// The name that an error calls the type by.
    const NAME: &'static str;

    /// Converts a boolean, if it fits.
    fn from_bool(_: bool) -> Option<Self> {
        None
    }

    /// Converts a number, if it fits.
    fn from_number(_: &Number) -> Option<Self> {
        None
    }

    /// Converts a string, and returns it if it does not fit.
    fn from_string(text: String) -> Result<Self, String> {
        Err(text)
    }
}

impl Scalar for bool {
    const NAME: &'static str = "a boolean";

    fn from_bool(value: bool) -> Option<Self> {
        Some(value)
    }
}

impl Scalar for String {
    const NAME: &'static str = "a string";

    #[inline]
    fn from_string(text: String) -> Result<Self, String> {
        Ok(text)
    }
}

macro_rules! integers {
    ($($ty:ident)+) => {
        $(impl Scalar for $ty {
            const NAME: &'static str = stringify!($ty);

            #[inline]
            fn from_number(number: &Number) -> Option<Self> {
                integer(number)?.try_into().ok()
            }

            #[inline]
            fn from_string(text: String) -> Result<Self, String> {
                let number = parse_number(&text).as_ref().and_then(Self::from_number);
                number.ok_or(text)
            }
        })+
    };
}

integers! { i8 i16 i32 i64 u8 u16 u32 u64 usize }

macro_rules! floats {
    ($($ty:ident)+) => {
        $(impl Scalar for $ty {
            const NAME: &'static str = stringify!($ty);

            #[inline]
            fn from_number(number: &Number) -> Option<Self> {
                let value = number.as_f64()? as Self;
                value.is_finite().then_some(value)
            }

            #[inline]
            fn from_string(text: String) -> Result<Self, String> {
                let number = parse_number(&text).as_ref().and_then(Self::from_number);
                number.ok_or(text)
            }
        })+
    };
}

floats! { f32 f64 }

/// Converts a number without a fraction.
#[inline]
fn integer(number: &Number) -> Option<i128> {
    if let Some(value) = number.as_i64() {
        Some(value.into())
    } else if let Some(value) = number.as_u64() {
        Some(value.into())
    } else {
        number.as_f64().and_then(whole)
    }
}

/// Converts a number without a fraction. From 2⁵³ on, digits may already be lost.
fn whole(value: f64) -> Option<i128> {
    const END_OF_EXACT: f64 = 9_007_199_254_740_992.0;
    (value.fract() == 0.0 && value.abs() < END_OF_EXACT).then_some(value as i128)
}

/// Reads a number that is written as a string.
fn parse_number(text: &str) -> Option<Number> {
    let text = text.trim();
    let signed = text.parse::<i64>().ok().map(Number::from);
    signed
        .or_else(|| text.parse::<u64>().ok().map(Number::from))
        // JSON has neither `inf` nor `nan`, which parse as well.
        .or_else(|| Number::from_f64(text.parse().ok()?))
}

/// Keeps the `null` of an optional field.
#[cold]
pub fn keep_null(extra: &mut Map<String, Value>, name: &'static str) {
    extra.insert(name.to_owned(), Value::Null);
}

/// Keeps a value that the field `name` cannot hold.
#[cold]
pub(super) fn keep(extra: &mut Map<String, Value>, name: &'static str, value: Value) {
    extra.insert(name.to_owned(), value);
}

/// Returns the number that a map stands for with serde_json's feature `arbitrary_precision`.
#[inline]
pub(super) fn as_number(map: &Map<String, Value>) -> Option<Value> {
    if map.len() == 1 { reparse(map) } else { None }
}

/// The map's only key is not part of the API of serde_json, which recognizes it as it parses.
#[cold]
fn reparse(map: &Map<String, Value>) -> Option<Value> {
    let json = serde_json::to_string(map).ok()?;
    let value: Value = serde_json::from_str(&json).ok()?;
    if value.is_number() { Some(value) } else { None }
}

/// Removes the value of an earlier entry of the same name, which the field could not hold.
#[inline]
pub fn forget(extra: &mut Map<String, Value>, name: &'static str) {
    if !extra.is_empty() {
        remove(extra, name);
    }
}

#[cold]
fn remove(extra: &mut Map<String, Value>, name: &'static str) {
    extra.remove(name);
}

/// Reads a number that must be there.
#[inline(never)]
pub fn number<'de, A, T>(map: &mut A) -> Result<T, A::Error>
where
    A: MapAccess<'de>,
    T: Scalar,
{
    map.next_value().map(|Exact(value)| value)
}

/// Reads a scalar. A value that is not a `T` goes to `extra`, and so does `null` if `keep_nulls`.
#[inline(never)]
pub fn scalar<'de, A, T>(
    map: &mut A,
    extra: &mut Map<String, Value>,
    name: &'static str,
    keep_nulls: bool,
) -> Result<Option<T>, A::Error>
where
    A: MapAccess<'de>,
    T: Scalar,
{
    match map.next_value()? {
        Lenient(Ok(value)) => {
            forget(extra, name);
            return Ok(Some(value));
        }
        Lenient(Err(Value::Null)) if !keep_nulls => forget(extra, name),
        Lenient(Err(value)) => keep(extra, name, value),
    }
    Ok(None)
}

/// A number, written as one or as a string.
#[derive(Debug)]
pub struct Exact<T>(pub(super) T);

impl<'de, T: Scalar> Deserialize<'de> for Exact<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ExactVisitor(PhantomData))
    }
}

pub(super) struct ExactVisitor<T>(pub(super) PhantomData<T>);

impl<T: Scalar> ExactVisitor<T> {
    fn convert<E: de::Error>(&self, number: &Number, kind: Unexpected<'_>) -> Result<Exact<T>, E> {
        let value = T::from_number(number);
        value.map(Exact).ok_or_else(|| E::invalid_value(kind, self))
    }
}

impl<'de, T: Scalar> Visitor<'de> for ExactVisitor<T> {
    type Value = Exact<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::NAME)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Exact<T>, E> {
        self.convert(&value.into(), Unexpected::Signed(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Exact<T>, E> {
        self.convert(&value.into(), Unexpected::Unsigned(value))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Exact<T>, E> {
        let number = Number::from_f64(value);
        let exact = number.as_ref().and_then(T::from_number).map(Exact);
        exact.ok_or_else(|| E::invalid_type(Unexpected::Float(value), &self))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Exact<T>, E> {
        let number = parse_number(text);
        let exact = number.as_ref().and_then(T::from_number).map(Exact);
        exact.ok_or_else(|| E::invalid_type(Unexpected::Str(text), &self))
    }

    /// Reads a number in the form it has with serde_json's feature `arbitrary_precision`.
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Exact<T>, A::Error> {
        let number = Number::deserialize(MapAccessDeserializer::new(map))?;
        self.convert(&number, Unexpected::Other("number"))
    }
}

/// A scalar, or the value that is none.
struct Lenient<T>(Result<T, Value>);

impl<T: Scalar> Lenient<T> {
    #[inline]
    fn number(number: Number) -> Self {
        Self(T::from_number(&number).ok_or(Value::Number(number)))
    }
}

impl<'de, T: Scalar> Deserialize<'de> for Lenient<T> {
    #[inline]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LenientVisitor(PhantomData))
    }
}

struct LenientVisitor<T>(PhantomData<T>);

impl<'de, T: Scalar> Visitor<'de> for LenientVisitor<T> {
    type Value = Lenient<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::NAME)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Lenient<T>, E> {
        Ok(Lenient(T::from_bool(value).ok_or(Value::Bool(value))))
    }

    #[inline]
    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Lenient<T>, E> {
        Ok(Lenient::number(value.into()))
    }

    #[inline]
    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Lenient<T>, E> {
        Ok(Lenient::number(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Lenient<T>, E> {
        Ok(Number::from_f64(value).map_or(Lenient(Err(Value::Null)), Lenient::number))
    }

    #[inline]
    fn visit_str<E: de::Error>(self, text: &str) -> Result<Lenient<T>, E> {
        self.visit_string(text.to_owned())
    }

    #[inline]
    fn visit_string<E: de::Error>(self, text: String) -> Result<Lenient<T>, E> {
        Ok(Lenient(T::from_string(text).map_err(Value::String)))
    }

    #[inline]
    fn visit_unit<E: de::Error>(self) -> Result<Lenient<T>, E> {
        Ok(Lenient(Err(Value::Null)))
    }

    fn visit_none<E: de::Error>(self) -> Result<Lenient<T>, E> {
        Ok(Lenient(Err(Value::Null)))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Lenient<T>, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Lenient<T>, A::Error> {
        Value::deserialize(SeqAccessDeserializer::new(seq)).map(|value| Lenient(Err(value)))
    }

    /// Reads an object, or a number in the form it has with serde_json's feature
    /// `arbitrary_precision`.
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Lenient<T>, A::Error> {
        Ok(match Value::deserialize(MapAccessDeserializer::new(map))? {
            Value::Number(number) => Lenient::number(number),
            value => Lenient(Err(value)),
        })
    }
}
