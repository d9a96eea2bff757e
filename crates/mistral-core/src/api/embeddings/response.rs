use std::borrow::Cow;
use std::fmt;

use base64_simd::{Out, STANDARD};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Number, Value};

use crate::error::{Error, ErrorKind, Result};
use crate::json::ApiObject;
use crate::json::optional::optional_number;
use crate::messages::UsageInfo;

/// The response of an embedding request. Mirrors the API's `EmbeddingResponse`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct EmbeddingResponse {
    /// The response's id. Empty if the server sent none.
    #[api(default)]
    pub id: String,
    /// The kind of object: `list`.
    #[api(default)]
    pub object: String,
    /// The model that created the vectors.
    #[api(default)]
    pub model: String,
    /// The token usage of the call.
    #[api(lenient)]
    pub usage: Option<UsageInfo>,
    /// The vectors, one per text.
    #[api(required)]
    pub data: Vec<EmbeddingResponseData>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl EmbeddingResponse {
    /// Returns all vectors as floats, in the order of the texts, for both encoding formats.
    ///
    /// Applies to the default `output_dtype`; for others, see [`Embedding::to_i8`] and
    /// [`Embedding::to_u8`].
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Decode`] if a vector is missing or does not consist of floats.
    #[inline]
    pub fn to_f32(&self) -> Result<Vec<Cow<'_, [f32]>>> {
        let mut sorted: Vec<_> = self.data.iter().collect();
        sorted.sort_by_key(|data| data.index);
        sorted
            .into_iter()
            .map(|data| match &data.embedding {
                Some(embedding) => embedding.to_f32(),
                None => Err(decode_error("a vector is missing")),
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
    /// The index of the text in the request's `input`, starting at 0.
    #[api(read_with = optional_number)]
    pub index: Option<i64>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A vector, in the encoding in which it was transferred.
///
/// The response does not name the data type of its elements: it is the `output_dtype` of the
/// request.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Embedding {
    /// A list of numbers.
    Numbers(Vec<f32>),
    /// The bytes of the numbers, as base64.
    Base64(String),
    /// Any other JSON value. This includes a list with an element that is not an `f32`; the
    /// floats before that element are rounded.
    Unknown(Value),
}

impl Embedding {
    /// Returns the vector as floats, for the default `output_dtype`. Borrows from
    /// [`Numbers`](Self::Numbers), decodes [`Base64`](Self::Base64).
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Decode`] if the vector does not consist of floats.
    pub fn to_f32(&self) -> Result<Cow<'_, [f32]>> {
        match self {
            Self::Numbers(numbers) => Ok(Cow::Borrowed(numbers)),
            Self::Base64(text) => decode_floats(text).map(Cow::Owned),
            Self::Unknown(_) => Err(decode_error("it is neither numbers nor base64")),
        }
    }

    /// Returns the vector as signed bytes, for the `output_dtype` `int8` and `binary`.
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Decode`] if the vector does not consist of signed bytes.
    pub fn to_i8(&self) -> Result<Vec<i8>> {
        match self {
            Self::Base64(text) => Ok(decode_base64(text)?
                .into_iter()
                .map(u8::cast_signed)
                .collect()),
            _ => self.to_integers("a signed byte"),
        }
    }

    /// Returns the vector as unsigned bytes, for the `output_dtype` `uint8` and `ubinary`.
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Decode`] if the vector does not consist of unsigned bytes.
    pub fn to_u8(&self) -> Result<Vec<u8>> {
        match self {
            Self::Base64(text) => decode_base64(text),
            _ => self.to_integers("an unsigned byte"),
        }
    }

    fn to_integers<T: TryFrom<i16>>(&self, what: &str) -> Result<Vec<T>> {
        let Self::Numbers(numbers) = self else {
            return Err(decode_error("it is neither numbers nor base64"));
        };
        let exact = |number: f32| {
            let is_byte = number.fract() == 0.0 && (-128.0..=255.0).contains(&number);
            #[allow(clippy::cast_possible_truncation)] // checked in the line above
            is_byte.then(|| T::try_from(number as i16).ok()).flatten()
        };
        numbers
            .iter()
            .map(|number| {
                exact(*number).ok_or_else(|| decode_error(format!("{number} is not {what}")))
            })
            .collect()
    }
}

fn decode_base64(text: &str) -> Result<Vec<u8>> {
    STANDARD.decode_to_vec(text).map_err(not_base64)
}

/// Decodes in chunks, which saves a buffer for the bytes of the whole vector.
fn decode_floats(text: &str) -> Result<Vec<f32>> {
    const CHUNK_LENGTH: usize = 1024; // characters, which decode to a whole number of floats
    let mut floats = Vec::with_capacity(text.len() / 16 * 3 + 1);
    let mut buffer = [0; CHUNK_LENGTH / 4 * 3];
    let mut chunks = text.as_bytes().chunks(CHUNK_LENGTH).peekable();
    while let Some(chunk) = chunks.next() {
        let decoded = STANDARD.decode(chunk, Out::from_slice(&mut buffer));
        let bytes = decoded.map_err(not_base64)?;
        if chunks.peek().is_some() && bytes.len() < CHUNK_LENGTH / 4 * 3 {
            return Err(decode_error("it is not base64: padding before the end"));
        }
        let (numbers, rest) = bytes.as_chunks::<4>();
        if !rest.is_empty() {
            return Err(decode_error("its length in bytes is not a multiple of 4"));
        }
        floats.extend(numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)));
    }
    Ok(floats)
}

#[cold]
fn not_base64(error: base64_simd::Error) -> Error {
    decode_error("it is not base64").with_source(error)
}

fn decode_error(why: impl fmt::Display) -> Error {
    Error::new(
        ErrorKind::Decode,
        format!("the embedding cannot be decoded: {why}"),
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
                        Element::Other(value) => return unknown_vector(&numbers, value, seq),
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

/// An element of a vector: a float, or any value that is not a finite `f32`.
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

            #[allow(clippy::cast_possible_truncation)] // rounding to `f32` is intended
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Element, E> {
                let float = number as f32;
                Ok(if float.is_finite() {
                    Element::Float(float)
                } else {
                    Element::Other(number.into())
                })
            }

            #[allow(clippy::cast_precision_loss)] // rounding to `f32` is intended
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Element, E> {
                Ok(Element::Float(number as f32))
            }

            #[allow(clippy::cast_precision_loss)] // rounding to `f32` is intended
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Element, E> {
                Ok(Element::Float(number as f32))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Element, A::Error> {
                Value::deserialize(SeqAccessDeserializer::new(seq)).map(Element::Other)
            }

            /// Reads a number in the form it has with serde_json's feature
            /// `arbitrary_precision`.
            #[cold]
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Element, A::Error> {
                let number = Number::deserialize(MapAccessDeserializer::new(map))?;
                match number.as_f64() {
                    Some(float) => self.visit_f64(float),
                    None => Ok(Element::Other(Value::Number(number))),
                }
            }
        }

        deserializer.deserialize_any(ElementVisitor)
    }
}

/// Collects a vector with an element that is not a float as a JSON value.
#[cold]
fn unknown_vector<'de, A: SeqAccess<'de>>(
    numbers: &[f32],
    element: Value,
    mut seq: A,
) -> Result<Embedding, A::Error> {
    // Formatted and parsed again, so that 0.1 stays 0.1 instead of 0.10000000149011612.
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
        fn decode_floats_in_chunks_equals_whole_decode(
            bytes in proptest::collection::vec(any::<u8>(), 0..4000),
            changed in proptest::option::of((any::<prop::sample::Index>(), "[=A+ é]")),
        ) {
            let mut text = STANDARD.encode_to_string(&bytes);
            if let Some((at, new)) = changed.filter(|_| !text.is_empty()) {
                let at = at.index(text.len());
                text.replace_range(at..=at, &new);
            }
            let whole = decode_base64(&text).ok().filter(|bytes| bytes.len() % 4 == 0);
            let floats = whole.map(|bytes| {
                let floats = bytes.chunks(4).map(|four| f32::from_le_bytes(four.try_into().unwrap()));
                floats.map(f32::to_bits).collect::<Vec<_>>()
            });
            let chunks = decode_floats(&text).ok();
            let chunks = chunks.map(|floats| floats.into_iter().map(f32::to_bits).collect());
            prop_assert_eq!(chunks, floats);
        }
    }
}
