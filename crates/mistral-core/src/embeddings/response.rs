use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::error::{Error, ErrorKind, Result};
use crate::types::UsageInfo;

object! {
    /// The vectors of texts. Mirrors the API's `EmbeddingResponse`.
    EmbeddingResponse {
        required: {
            /// The vectors.
            data: Vec<EmbeddingResponseData>,
        }
        defaulted: {
            /// The response's id. Empty if the server gave none.
            id: String,
            /// The kind of object: `list`.
            object: String,
            /// The model that made the vectors.
            model: String,
        }
        optional: {
            /// What the call consumed.
            usage: UsageInfo,
        }
    }
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

object! {
    /// The vector of one text. Mirrors the API's `EmbeddingResponseData`.
    EmbeddingResponseData {
        optional: {
            /// The kind of object: `embedding`.
            object: String,
            /// The vector.
            embedding: Embedding,
            /// Which of the texts it belongs to.
            index: i64,
        }
    }
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
            Self::Base64(text) => {
                let bytes = decode(text)?;
                let (floats, rest) = bytes.as_chunks::<4>();
                if !rest.is_empty() {
                    return Err(undecodable("its length is not that of a list of floats"));
                }
                Ok(floats
                    .iter()
                    .map(|bytes| f32::from_le_bytes(*bytes))
                    .collect())
            }
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
    STANDARD
        .decode(text)
        .map_err(|error| undecodable("it is not base64").with_source(error))
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
