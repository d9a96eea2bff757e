//! Embeddings in every form.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may panic, in its helpers too"
)]

#[cfg(test)]
mod common;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use common::{Answer, call, start};

fn embed(request: &Value) -> Answer {
    call(&start(), "POST", "/v1/embeddings")
        .json(request)
        .send()
}

fn embedding(members: &Value) -> Value {
    let mut request = json!({"model": "codestral-embed", "input": "fn main() {}"});
    for (name, value) in members.as_object().unwrap() {
        request[name] = value.clone();
    }
    let answer = embed(&request);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["data"][0]["embedding"].clone()
}

fn numbers(embedding: &Value) -> Vec<f64> {
    embedding
        .as_array()
        .unwrap()
        .iter()
        .map(|number| number.as_f64().unwrap())
        .collect()
}

fn bytes(embedding: &Value) -> Vec<u8> {
    STANDARD.decode(embedding.as_str().unwrap()).unwrap()
}

#[test]
fn texts_become_unit_vectors() {
    let input = json!(["The cat sleeps", "The dog sleeps", "The cat sleeps"]);
    let answer = embed(&json!({"model": "mistral-embed", "input": input})).json();
    assert_eq!(answer["object"], "list");
    assert_eq!(answer["model"], "mistral-embed");
    let data = answer["data"].as_array().unwrap();
    assert_eq!(data.len(), 3);
    for (index, entry) in data.iter().enumerate() {
        assert_eq!(entry["object"], "embedding");
        assert_eq!(entry["index"], index);
        let vector = numbers(&entry["embedding"]);
        assert_eq!(vector.len(), 1024);
        let length: f64 = vector.iter().map(|number| number * number).sum();
        assert!((length - 1.0).abs() < 1e-5, "{length}");
    }
    assert_eq!(data[0]["embedding"], data[2]["embedding"]);
    assert_ne!(data[0]["embedding"], data[1]["embedding"]);
}

#[test]
fn one_text_needs_no_list() {
    let one = embed(&json!({"model": "mistral-embed", "input": "a"})).json();
    let list = embed(&json!({"model": "mistral-embed", "input": ["a"]})).json();
    assert_eq!(one["data"], list["data"]);
}

#[test]
fn usage_has_the_oddities_of_the_server() {
    let answer = embed(&json!({"model": "mistral-embed", "input": ["one two", "three"]})).json();
    let usage = answer["usage"].as_object().unwrap();
    assert_eq!(usage["prompt_tokens"], 5);
    assert_eq!(usage["total_tokens"], 5);
    assert_eq!(usage["completion_tokens"], 0);
    for name in [
        "prompt_token_details",
        "completion_tokens_details",
        "request_count",
        "service_tier",
    ] {
        assert_eq!(usage.get(name), Some(&Value::Null), "{name}");
    }
}

#[test]
fn dimensions_can_be_chosen_where_the_model_allows_it() {
    assert_eq!(numbers(&embedding(&json!({}))).len(), 1536);
    assert_eq!(
        numbers(&embedding(&json!({"output_dimension": 3072}))).len(),
        3072
    );
    assert_eq!(
        numbers(&embedding(&json!({"output_dimension": 12}))).len(),
        12
    );
    let too_many = json!({"model": "codestral-embed", "input": "a", "output_dimension": 3073});
    assert_eq!(embed(&too_many).status, 400);
    let fixed = json!({"model": "mistral-embed", "input": "a", "output_dimension": 512});
    assert_eq!(embed(&fixed).status, 400);
    let none = json!({"model": "codestral-embed", "input": "a", "output_dimension": 0});
    assert_eq!(embed(&none).status, 422);
}

#[test]
fn base64_holds_the_same_floats() {
    let floats = numbers(&embedding(&json!({})));
    let packed = bytes(&embedding(&json!({"encoding_format": "base64"})));
    let unpacked: Vec<f64> = packed
        .chunks_exact(4)
        .map(|bytes| f64::from(f32::from_le_bytes(bytes.try_into().unwrap())))
        .collect();
    assert_eq!(unpacked, floats);
}

#[test]
fn whole_numbers_stay_in_their_range() {
    for (dtype, count, range) in [
        ("int8", 1536, -128.0..=127.0),
        ("uint8", 1536, 0.0..=255.0),
        ("binary", 192, -128.0..=127.0),
        ("ubinary", 192, 0.0..=255.0),
    ] {
        let plain = numbers(&embedding(&json!({"output_dtype": dtype})));
        assert_eq!(plain.len(), count, "{dtype}");
        assert!(
            plain
                .iter()
                .all(|number| range.contains(number) && number.fract() == 0.0)
        );
        let members = json!({"output_dtype": dtype, "encoding_format": "base64"});
        let packed = bytes(&embedding(&members));
        let unpacked: Vec<f64> = match dtype {
            "int8" | "binary" => packed.iter().map(|byte| f64::from(*byte as i8)).collect(),
            _ => packed.iter().map(|byte| f64::from(*byte)).collect(),
        };
        assert_eq!(unpacked, plain, "{dtype}");
    }
}

#[test]
fn one_bit_says_whether_a_number_is_above_zero() {
    let floats = numbers(&embedding(&json!({})));
    let packed = numbers(&embedding(&json!({"output_dtype": "ubinary"})));
    for (byte, eight) in packed.iter().zip(floats.chunks(8)) {
        let bits: String = eight
            .iter()
            .map(|number| if *number > 0.0 { '1' } else { '0' })
            .collect();
        assert_eq!(format!("{:08b}", *byte as u8), bits);
    }
}

#[test]
fn there_are_limits_to_the_inputs() {
    let request = |count| json!({"model": "mistral-embed", "input": vec!["a"; count]});
    assert_eq!(embed(&request(256)).status, 200);
    let answer = embed(&request(257));
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.json(),
        json!({
            "object": "error", "type": "invalid_request_prompt", "code": "3210", "param": null,
            "message": "Too many inputs in request, split into more batches.",
            "raw_status_code": 400,
        })
    );
    assert_eq!(embed(&request(0)).status, 422);

    // A word and the token that every input has beside its own.
    let words =
        |count: usize| json!({"model": "mistral-embed", "input": vec!["a"; count - 1].join(" ")});
    assert_eq!(embed(&words(16_384)).status, 200);
    let answer = embed(&words(16_385));
    assert_eq!(answer.status, 400);
    let error = answer.json();
    assert_eq!(
        (&error["code"], &error["type"]),
        (&json!("3210"), &json!("invalid_request_prompt"))
    );
    let message = "Too many tokens overall, split into more batches.";
    assert_eq!(error["message"], message);
}

#[test]
fn mistakes_are_refused() {
    for (request, status) in [
        (json!({"model": "mistral-small-latest", "input": "a"}), 400),
        (json!({"model": "mistral-embed"}), 422),
        (json!({"model": "mistral-embed", "input": [1]}), 422),
        (
            json!({"model": "mistral-embed", "inputs": "a", "input": "a"}),
            422,
        ),
        (
            json!({"model": "mistral-embed", "input": "a", "output_dtype": "float64"}),
            422,
        ),
        (
            json!({"model": "mistral-embed", "input": "a", "encoding_format": "hex"}),
            422,
        ),
    ] {
        assert_eq!(embed(&request).status, status, "{request}");
    }
}
