//! Embeddings, which depend on the words of a text.

use std::collections::BTreeSet;

use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::{Value, json};

use crate::generate::random::{Rng, hash, hex_id};
use crate::generate::tokenizer;
use crate::json::unsigned;
use crate::requests::JsonBody;
use crate::requests::fields::{self, Field, Type, optional, required};
use crate::responses::TokenCost;
use crate::responses::{ApiError, json_response};
use crate::state::models::{self, CODESTRAL_EMBED, Model};

const MAX_INPUTS: usize = 256;
/// The limit for all inputs together.
const MAX_TOTAL_TOKENS: usize = 16_384;
const MAX_DIMENSIONS: usize = 3072;
/// The number of dimensions that a word affects.
const DIMENSIONS_PER_WORD: usize = 64;

static FIELDS: &[Field] = &[
    required("model", Type::String),
    required(
        "input",
        Type::AnyOf(&[Type::String, Type::Array(1, &Type::String)]),
    ),
    optional("metadata", Type::AnyObject),
    optional("output_dimension", Type::Integer(1, i64::MAX)),
    optional(
        "output_dtype",
        Type::Enum(&["float", "int8", "uint8", "binary", "ubinary"]),
    ),
    optional("encoding_format", Type::Enum(&["float", "base64"])),
];

/// `POST /v1/embeddings`
pub(crate) async fn create(JsonBody(request): JsonBody) -> Result<Response, ApiError> {
    fields::validate(FIELDS, &request)?;
    let model = models::resolve(&request, Model::is_embedding_model)?;
    let dimensions = dimensions(&request, model)?;
    let inputs: Vec<&str> = match request.get("input") {
        Some(Value::Array(texts)) => texts.iter().filter_map(Value::as_str).collect(),
        other => other.and_then(Value::as_str).into_iter().collect(),
    };
    if inputs.len() > MAX_INPUTS {
        return Err(prompt_too_large(
            "Too many inputs in request, split into more batches.",
        ));
    }
    let tokens: usize = inputs
        .iter()
        .map(|text| tokenizer::count_tokens(text) + 1)
        .sum();
    if tokens > MAX_TOTAL_TOKENS {
        return Err(prompt_too_large(
            "Too many tokens overall, split into more batches.",
        ));
    }
    let dtype = request
        .get("output_dtype")
        .and_then(Value::as_str)
        .unwrap_or("float");
    let as_base64 = request
        .get("encoding_format")
        .is_some_and(|format| format == "base64");
    let data: Vec<Value> = inputs
        .iter()
        .enumerate()
        .map(|(index, text)| {
            let embedding = encode(&vector(text, dimensions), dtype, as_base64);
            json!({ "object": "embedding", "index": index, "embedding": embedding })
        })
        .collect();
    let body = json!({
        "id": hex_id(hash(request.to_string().as_bytes())),
        "object": "list",
        "model": request.get("model"),
        "data": data,
        "usage": usage(tokens),
    });
    let mut response = json_response(StatusCode::OK, &body);
    response.extensions_mut().insert(TokenCost(tokens as u64));
    Ok(response)
}

fn prompt_too_large(message: &str) -> ApiError {
    ApiError::bad_request("invalid_request_prompt", Some("3210"), message)
}

/// Creates the usage, including the misspelled and null members of the real server.
fn usage(tokens: usize) -> Value {
    json!({
        "prompt_tokens": tokens,
        "completion_tokens": 0,
        "total_tokens": tokens,
        "prompt_audio_seconds": null,
        "prompt_tokens_details": null,
        "prompt_token_details": null,
        "completion_tokens_details": null,
        "request_count": null,
        "service_tier": null,
    })
}

fn dimensions(request: &Value, model: &Model) -> Result<usize, ApiError> {
    let wanted = unsigned(request, "output_dimension");
    let is_configurable = model.id == CODESTRAL_EMBED;
    match wanted {
        None if is_configurable => Ok(1536),
        None | Some(1024) if !is_configurable => Ok(1024),
        Some(number) if is_configurable && number <= MAX_DIMENSIONS => Ok(number),
        _ => Err(ApiError::bad_request(
            "invalid_request_invalid_args",
            Some("3051"),
            if is_configurable {
                "output_dimension must be at most 3072 for this model"
            } else {
                "output_dimension is not supported for this model"
            },
        )),
    }
}

/// Creates a unit vector, to which every distinct word adds a pseudorandom pattern.
fn vector(text: &str, dimensions: usize) -> Vec<f32> {
    let lower = text.to_lowercase();
    let words = lower.split(|letter: char| !letter.is_alphanumeric());
    let mut words: BTreeSet<&str> = words.filter(|word| !word.is_empty()).collect();
    if words.is_empty() {
        words.insert(&lower);
    }
    let mut sums = vec![0_i16; dimensions];
    for word in words {
        let mut rng = Rng::new(hash(word.as_bytes()));
        for _ in 0..DIMENSIONS_PER_WORD {
            let step = if rng.next_u64() & 1 == 0 { 1 } else { -1 };
            if let Some(sum) = sums.get_mut(rng.below(dimensions)) {
                *sum = sum.saturating_add(step);
            }
        }
    }
    if let (Some(first), true) = (sums.first().copied(), sums.iter().all(|sum| *sum == 0)) {
        // Patterns can cancel out in few dimensions, but a zero vector cannot be normalized.
        sums.iter_mut().take(1).for_each(|sum| *sum = first + 1);
    }
    let length = sums
        .iter()
        .map(|sum| f32::from(*sum).powi(2))
        .sum::<f32>()
        .sqrt();
    sums.into_iter()
        .map(|sum| f32::from(sum) / length)
        .collect()
}

fn encode(vector: &[f32], dtype: &str, as_base64: bool) -> Value {
    if dtype == "float" {
        if as_base64 {
            let bytes: Vec<u8> = vector
                .iter()
                .flat_map(|number| number.to_le_bytes())
                .collect();
            return STANDARD.encode(bytes).into();
        }
        return vector.iter().map(|number| json!(number)).collect();
    }
    let numbers: Vec<i16> = match dtype {
        "int8" => quantize(vector),
        "uint8" => quantize(vector)
            .into_iter()
            .map(|number| number + 128)
            .collect(),
        "binary" => pack_signs(vector)
            .into_iter()
            .map(|byte| i16::from(byte) - 128)
            .collect(),
        _ => pack_signs(vector).into_iter().map(i16::from).collect(),
    };
    if as_base64 {
        // The low byte is the two's complement, both for signed and unsigned types.
        let bytes: Vec<u8> = numbers
            .iter()
            .map(|number| number.to_le_bytes()[0])
            .collect();
        return STANDARD.encode(bytes).into();
    }
    numbers.into_iter().map(Value::from).collect()
}

/// Scales a vector to integers, so that the largest absolute value becomes 127.
fn quantize(vector: &[f32]) -> Vec<i16> {
    let largest = vector
        .iter()
        .fold(0.0_f32, |largest, number| largest.max(number.abs()));
    vector
        .iter()
        .map(|number| (number / largest * 127.0).round() as i16)
        .collect()
}

/// Packs a vector into one bit per dimension, which is set if the value is positive. The first
/// dimension is the most significant bit.
fn pack_signs(vector: &[f32]) -> Vec<u8> {
    let bytes = vector.chunks(8);
    bytes
        .map(|numbers| {
            let bits = numbers.iter().enumerate();
            bits.fold(0, |byte, (location, number)| {
                byte | (u8::from(*number > 0.0) << (7 - location))
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cosine_similarity(first: &str, second: &str) -> f32 {
        let (first, second) = (vector(first, 1024), vector(second, 1024));
        first.iter().zip(&second).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn embeddings_of_similar_texts_are_closer() {
        let near = cosine_similarity("The cat sleeps on the mat", "A cat sleeps on a mat!");
        let far = cosine_similarity(
            "The cat sleeps on the mat",
            "Stock prices fell sharply today",
        );
        assert!(near > 0.5, "{near}");
        assert!(far < 0.3, "{far}");
    }

    #[test]
    fn embeddings_have_unit_length_in_any_dimension() {
        for text in ["", "   ", "a", "日本語", "one two three four five"] {
            for dimensions in [1, 2, 7, 64, 3072] {
                let vector = vector(text, dimensions);
                let length: f32 = vector.iter().map(|number| number * number).sum();
                assert!(
                    (length - 1.0).abs() < 1e-5,
                    "{text:?} in {dimensions}: {length}"
                );
            }
        }
    }

    #[test]
    fn embeddings_binary_packs_eight_dimensions_per_byte() {
        let vector = [0.5, -0.5, 0.5, 0.0, 0.0, 0.0, 0.0, 0.1, 0.1];
        assert_eq!(pack_signs(&vector), [0b1010_0001, 0b1000_0000]);
        assert_eq!(encode(&vector, "ubinary", false), json!([161, 128]));
        assert_eq!(encode(&vector, "binary", false), json!([33, 0]));
        assert_eq!(encode(&vector, "ubinary", true), json!("oYA="));
    }

    #[test]
    fn embeddings_int8_uses_full_range() {
        assert_eq!(
            encode(&[0.5, -0.5, 0.25], "int8", false),
            json!([127, -127, 64])
        );
        assert_eq!(
            encode(&[0.5, -0.5, 0.25], "uint8", false),
            json!([255, 1, 192])
        );
        assert_eq!(encode(&[0.5, -0.5], "int8", true), json!("f4E="));
    }
}
