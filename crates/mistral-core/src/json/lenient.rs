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

    /// Converts an integer, if it fits.
    fn from_i64(_: i64) -> Option<Self> {
        None
    }

    /// Converts an integer, if it fits.
    fn from_u64(_: u64) -> Option<Self> {
        None
    }

    /// Converts a number, if it fits.
    fn from_f64(_: f64) -> Option<Self> {
        None
    }

    /// Converts a string, if it fits.
    fn from_text(_: &str) -> Option<Self> {
        None
    }

    /// Converts an owned string, and returns it if it does not fit.
    fn from_string(text: String) -> Result<Self, String> {
        Self::from_text(&text).ok_or(text)
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
    fn from_text(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }

    fn from_string(text: String) -> Result<Self, String> {
        Ok(text)
    }
}

/// The largest integer up to which every integer is an `f64`.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// Converts a number without a fraction. Beyond 2⁵³ digits may already be lost.
fn integer(value: f64) -> Option<i64> {
    (value.fract() == 0.0 && value.abs() <= MAX_EXACT).then_some(value as i64)
}

macro_rules! integers {
    ($($ty:ident)+) => {
        $(impl Scalar for $ty {
            const NAME: &'static str = stringify!($ty);

            fn from_i64(value: i64) -> Option<Self> {
                value.try_into().ok()
            }

            fn from_u64(value: u64) -> Option<Self> {
                value.try_into().ok()
            }

            fn from_f64(value: f64) -> Option<Self> {
                integer(value).and_then(Self::from_i64)
            }

            fn from_text(text: &str) -> Option<Self> {
                text.parse().ok().or_else(|| Self::from_f64(text.parse().ok()?))
            }
        })+
    };
}

integers! { i8 i16 i32 i64 u8 u16 u32 u64 usize }

macro_rules! floats {
    ($($ty:ident)+) => {
        $(impl Scalar for $ty {
            const NAME: &'static str = stringify!($ty);

            fn from_i64(value: i64) -> Option<Self> {
                Some(value as Self)
            }

            fn from_u64(value: u64) -> Option<Self> {
                Some(value as Self)
            }

            fn from_f64(value: f64) -> Option<Self> {
                Some(value as Self).filter(|value| value.is_finite())
            }

            fn from_text(text: &str) -> Option<Self> {
                // JSON has neither `inf` nor `nan`, which parse as well.
                text.parse().ok().filter(|value: &Self| value.is_finite())
            }
        })+
    };
}

floats! { f32 f64 }

fn from_number<T: Scalar>(number: &Number) -> Option<T> {
    if let Some(value) = number.as_i64() {
        T::from_i64(value)
    } else if let Some(value) = number.as_u64() {
        T::from_u64(value)
    } else {
        number.as_f64().and_then(T::from_f64)
    }
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
        Lenient::Fits(value) => return Ok(Some(value)),
        Lenient::Null if keep_nulls => keep_null(extra, name),
        Lenient::Null => {}
        Lenient::Other(value) => keep(extra, name, value),
    }
    Ok(None)
}

/// A number, written as one or as a string.
struct Exact<T>(T);

impl<'de, T: Scalar> Deserialize<'de> for Exact<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ExactVisitor(PhantomData))
    }
}

struct ExactVisitor<T>(PhantomData<T>);

impl<T: Scalar> ExactVisitor<T> {
    fn check<E: de::Error>(
        &self,
        value: Option<T>,
        unexpected: Unexpected<'_>,
    ) -> Result<Exact<T>, E> {
        value
            .map(Exact)
            .ok_or_else(|| E::invalid_value(unexpected, self))
    }
}

impl<'de, T: Scalar> Visitor<'de> for ExactVisitor<T> {
    type Value = Exact<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::NAME)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Exact<T>, E> {
        self.check(T::from_i64(value), Unexpected::Signed(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Exact<T>, E> {
        self.check(T::from_u64(value), Unexpected::Unsigned(value))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Exact<T>, E> {
        match T::from_f64(value) {
            Some(value) => Ok(Exact(value)),
            None => Err(E::invalid_type(Unexpected::Float(value), &self)),
        }
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Exact<T>, E> {
        match T::from_text(text) {
            Some(value) => Ok(Exact(value)),
            None => Err(E::invalid_type(Unexpected::Str(text), &self)),
        }
    }

    /// Reads a number in the form it has with serde_json's feature `arbitrary_precision`.
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Exact<T>, A::Error> {
        let number = Number::deserialize(MapAccessDeserializer::new(map))?;
        self.check(from_number(&number), Unexpected::Other("number"))
    }
}

/// A value of a field that may be left out.
enum Lenient<T> {
    Fits(T),
    Null,
    Other(Value),
}

impl<'de, T: Scalar> Deserialize<'de> for Lenient<T> {
    #[inline]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LenientVisitor(PhantomData))
    }
}

impl<T> Lenient<T> {
    #[inline]
    fn new(fitting: Option<T>, value: impl Into<Value>) -> Self {
        match fitting {
            Some(fitting) => Self::Fits(fitting),
            None => Self::Other(value.into()),
        }
    }
}

struct LenientVisitor<T>(PhantomData<T>);

impl<'de, T: Scalar> Visitor<'de> for LenientVisitor<T> {
    type Value = Lenient<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::NAME)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Lenient<T>, E> {
        Ok(Lenient::new(T::from_bool(value), value))
    }

    #[inline]
    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Lenient<T>, E> {
        Ok(Lenient::new(T::from_i64(value), value))
    }

    #[inline]
    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Lenient<T>, E> {
        Ok(Lenient::new(T::from_u64(value), value))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Lenient<T>, E> {
        Ok(Lenient::new(T::from_f64(value), value))
    }

    #[inline]
    fn visit_str<E: de::Error>(self, text: &str) -> Result<Lenient<T>, E> {
        Ok(Lenient::new(T::from_text(text), text))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Lenient<T>, E> {
        Ok(match T::from_string(text) {
            Ok(value) => Lenient::Fits(value),
            Err(text) => Lenient::Other(Value::String(text)),
        })
    }

    #[inline]
    fn visit_unit<E: de::Error>(self) -> Result<Lenient<T>, E> {
        Ok(Lenient::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Lenient<T>, E> {
        Ok(Lenient::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Lenient<T>, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Lenient<T>, A::Error> {
        Value::deserialize(SeqAccessDeserializer::new(seq)).map(Lenient::Other)
    }

    /// Reads an object, or a number in the form it has with serde_json's feature
    /// `arbitrary_precision`.
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Lenient<T>, A::Error> {
        let value = Value::deserialize(MapAccessDeserializer::new(map))?;
        let fitting = match &value {
            Value::Number(number) => from_number(number),
            _ => None,
        };
        Ok(Lenient::new(fitting, value))
    }
}
