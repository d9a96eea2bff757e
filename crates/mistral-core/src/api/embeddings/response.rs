use std::borrow::Cow;
use std::fmt;

use base64_simd::{Out, STANDARD};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::error::{Error, ErrorKind, Result};
use crate::json::ApiObject;
use crate::messages::UsageInfo;

/// The vectors of texts. Mirrors the API's `EmbeddingResponse`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct EmbeddingResponse {
    /// The vectors.
    #[api(required)]
    pub data: Vec<EmbeddingResponseData>,
    /// The response's id. Empty if the server gave none.
    #[api(default)]
    pub id: String,
    /// The kind of object: `list`.
    #[api(default)]
    pub object: String,
    /// The model that made the vectors.
    #[api(default)]
    pub model: String,
    /// What the call consumed.
    #[api(lenient_object)]
    pub usage: Option<UsageInfo>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl EmbeddingResponse {
    /// All vectors as floats, in the order of the texts, however they travelled.
    ///
    /// For a request with the default `output_dtype`; for others see
    /// [`Embedding::to_i8`] and [`Embedding::to_u8`].
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Decode`] when a vector is missing or is not made of floats.
    pub fn to_f32(&self) -> Result<Vec<Cow<'_, [f32]>>> {
        let mut sorted: Vec<_> = self.data.iter().collect();
        sorted.sort_by_key(|data| data.index);
        sorted
            .into_iter()
            .map(|data| match &data.embedding {
                Some(embedding) => embedding.to_f32(),
                None => Err(undecodable("a vector is missing")),
            })
            .collect()
    }
}

/// The vector of one text. Mirrors the API's `EmbeddingResponseData`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct EmbeddingResponseData {
    /// The kind of object: `embedding`.
    pub object: Option<String>,
    /// The vector.
    pub embedding: Option<Embedding>,
    /// Which of the texts it belongs to.
    pub index: Option<i64>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A vector, as it travelled.
///
/// What its numbers are was settled by the request (`output_dtype`): the response does
/// not say.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Embedding {
    /// Numbers.
    Numbers(Vec<f32>),
    /// Base64 of the numbers' bytes.
    Base64(String),
    /// Something else, as it came: also a list with an element that no float can hold,
    /// where the floats before it are rounded.
    Unknown(Value),
}

impl Embedding {
    /// The vector as floats, for the default `output_dtype`. Copies nothing if they
    /// travelled as numbers.
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Decode`] when it is not made of floats.
    pub fn to_f32(&self) -> Result<Cow<'_, [f32]>> {
        match self {
            Self::Numbers(numbers) => Ok(Cow::Borrowed(numbers)),
            Self::Base64(text) => decode_floats(text).map(Cow::Owned),
            Self::Unknown(_) => Err(undecodable("it is neither numbers nor base64")),
        }
    }

    /// The vector as signed bytes, for the `output_dtype` `int8` and `binary`.
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Decode`] when it is not made of signed bytes.
    pub fn to_i8(&self) -> Result<Vec<i8>> {
        match self {
            Self::Base64(text) => Ok(decode(text)?.into_iter().map(u8::cast_signed).collect()),
            _ => self.integers("a signed byte"),
        }
    }

    /// The vector as unsigned bytes, for the `output_dtype` `uint8` and `ubinary`.
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Decode`] when it is not made of unsigned bytes.
    pub fn to_u8(&self) -> Result<Vec<u8>> {
        match self {
            Self::Base64(text) => decode(text),
            _ => self.integers("an unsigned byte"),
        }
    }

    fn integers<T: TryFrom<i16>>(&self, what: &str) -> Result<Vec<T>> {
        let Self::Numbers(numbers) = self else {
            return Err(undecodable("it is neither numbers nor base64"));
        };
        let exact = |number: f32| {
            let is_byte = number.fract() == 0.0 && (-128.0..=255.0).contains(&number);
            #[allow(clippy::cast_possible_truncation)] // checked in the line above
            is_byte.then(|| T::try_from(number as i16).ok()).flatten()
        };
        numbers
            .iter()
            .map(|number| {
                exact(*number).ok_or_else(|| undecodable(format!("{number} is not {what}")))
            })
            .collect()
    }
}

fn decode(text: &str) -> Result<Vec<u8>> {
    STANDARD.decode_to_vec(text).map_err(not_base64)
}

/// Decodes piece by piece, so that the bytes need no room of their own.
fn decode_floats(text: &str) -> Result<Vec<f32>> {
    const PIECE: usize = 1024; // characters, which make a whole number of floats
    let mut floats = Vec::with_capacity(text.len() / 16 * 3 + 1);
    let mut room = [0; PIECE / 4 * 3];
    let mut pieces = text.as_bytes().chunks(PIECE).peekable();
    while let Some(piece) = pieces.next() {
        let decoded = STANDARD.decode(piece, Out::from_slice(&mut room));
        let bytes = decoded.map_err(not_base64)?;
        if pieces.peek().is_some() && bytes.len() < PIECE / 4 * 3 {
            return Err(undecodable("it is not base64: it ends before its end"));
        }
        let (numbers, rest) = bytes.as_chunks::<4>();
        if !rest.is_empty() {
            return Err(undecodable("its length is not that of a list of floats"));
        }
        floats.extend(numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)));
    }
    Ok(floats)
}

#[cold]
fn not_base64(error: base64_simd::Error) -> Error {
    undecodable("it is not base64").with_source(error)
}

fn undecodable(why: impl fmt::Display) -> Error {
    Error::new(
        ErrorKind::Decode,
        format!("the embedding cannot be read: {why}"),
    )
}

impl Serialize for Embedding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Numbers(numbers) => numbers.serialize(serializer),
            Self::Base64(text) => serializer.serialize_str(text),
            Self::Unknown(value) => value.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Embedding {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EmbeddingVisitor;

        impl<'de> Visitor<'de> for EmbeddingVisitor {
            type Value = Embedding;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of numbers or a base64 string")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Embedding, E> {
                Ok(Embedding::Base64(text.to_owned()))
            }

            fn visit_string<E: de::Error>(self, text: String) -> Result<Embedding, E> {
                Ok(Embedding::Base64(text))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Embedding, A::Error> {
                let mut numbers = Vec::with_capacity(seq.size_hint().unwrap_or(1024));
                while let Some(element) = seq.next_element()? {
                    match element {
                        Element::Float(number) => numbers.push(number),
                        Element::Other(value) => return beyond_floats(&numbers, value, seq),
                    }
                }
                numbers.shrink_to_fit();
                Ok(Embedding::Numbers(numbers))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Embedding, A::Error> {
                Value::deserialize(MapAccessDeserializer::new(map)).map(Embedding::Unknown)
            }
        }

        deserializer.deserialize_any(EmbeddingVisitor)
    }
}

/// An element of a vector: a float, or what no float can hold.
enum Element {
    Float(f32),
    Other(Value),
}

impl<'de> Deserialize<'de> for Element {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ElementVisitor;

        impl<'de> Visitor<'de> for ElementVisitor {
            type Value = Element;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }

            #[allow(clippy::cast_possible_truncation)] // rounding to a float is meant
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Element, E> {
                let float = number as f32;
                Ok(if float.is_finite() {
                    Element::Float(float)
                } else {
                    Element::Other(number.into())
                })
            }

            #[allow(clippy::cast_precision_loss)] // rounding to a float is meant
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Element, E> {
                Ok(Element::Float(number as f32))
            }

            #[allow(clippy::cast_precision_loss)] // rounding to a float is meant
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Element, E> {
                Ok(Element::Float(number as f32))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Element, A::Error> {
                Value::deserialize(SeqAccessDeserializer::new(seq)).map(Element::Other)
            }
        }

        deserializer.deserialize_any(ElementVisitor)
    }
}

/// Keeps a vector with an element that is no float.
#[cold]
fn beyond_floats<'de, A: SeqAccess<'de>>(
    numbers: &[f32],
    element: Value,
    mut seq: A,
) -> Result<Embedding, A::Error> {
    // Written and read again, so that 0.1 comes back as 0.1 and not as its binary digits.
    let floats = numbers
        .iter()
        .map(|number| Value::from(number.to_string().parse().unwrap_or(f64::from(*number))));
    let mut values: Vec<Value> = floats.collect();
    values.push(element);
    while let Some(value) = seq.next_element()? {
        values.push(value);
    }
    Ok(Embedding::Unknown(Value::Array(values)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pieces_come_to_what_the_whole_does(
            bytes in proptest::collection::vec(any::<u8>(), 0..4000),
            changed in proptest::option::of((any::<prop::sample::Index>(), "[=A+ é]")),
        ) {
            let mut text = STANDARD.encode_to_string(&bytes);
            if let Some((at, new)) = changed.filter(|_| !text.is_empty()) {
                let at = at.index(text.len());
                text.replace_range(at..=at, &new);
            }
            let whole = decode(&text).ok().filter(|bytes| bytes.len() % 4 == 0);
            let floats = whole.map(|bytes| {
                let floats = bytes.chunks(4).map(|four| f32::from_le_bytes(four.try_into().unwrap()));
                floats.map(f32::to_bits).collect::<Vec<_>>()
            });
            let pieces = decode_floats(&text).ok();
            let pieces = pieces.map(|floats| floats.into_iter().map(f32::to_bits).collect());
            prop_assert_eq!(pieces, floats);
        }
    }
}
