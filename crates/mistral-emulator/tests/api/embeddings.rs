//! Embeddings in every encoding.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::client::{RawResponse, api_request, start};

fn post_embeddings(request: &Value) -> RawResponse {
    api_request(&start(), "POST", "/v1/embeddings")
        .json(request)
        .send()
}

fn embedding(members: &Value) -> Value {
    let mut request = json!({"model": "codestral-embed", "input": "fn main() {}"});
    for (name, value) in members.as_object().unwrap() {
        request[name] = value.clone();
    }
    let response = post_embeddings(&request);
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()["data"][0]["embedding"].clone()
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
fn embeddings_are_unit_vectors() {
    let input = json!(["The cat sleeps", "The dog sleeps", "The cat sleeps"]);
    let response = post_embeddings(&json!({"model": "mistral-embed", "input": input})).json();
    assert_eq!(response["object"], "list");
    assert_eq!(response["model"], "mistral-embed");
    let data = response["data"].as_array().unwrap();
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
fn embeddings_accept_single_text() {
    let one = post_embeddings(&json!({"model": "mistral-embed", "input": "a"})).json();
    let list = post_embeddings(&json!({"model": "mistral-embed", "input": ["a"]})).json();
    assert_eq!(one["data"], list["data"]);
}

#[test]
fn embeddings_usage_has_null_details_like_real_server() {
    let response =
        post_embeddings(&json!({"model": "mistral-embed", "input": ["one two", "three"]})).json();
    let usage = response["usage"].as_object().unwrap();
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
fn embeddings_output_dimension_depends_on_model() {
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
    assert_eq!(post_embeddings(&too_many).status, 400);
    let fixed = json!({"model": "mistral-embed", "input": "a", "output_dimension": 512});
    assert_eq!(post_embeddings(&fixed).status, 400);
    let none = json!({"model": "codestral-embed", "input": "a", "output_dimension": 0});
    assert_eq!(post_embeddings(&none).status, 422);
}

#[test]
fn embeddings_base64_decodes_to_same_floats() {
    let floats = numbers(&embedding(&json!({})));
    let packed = bytes(&embedding(&json!({"encoding_format": "base64"})));
    let unpacked: Vec<f64> = packed
        .chunks_exact(4)
        .map(|bytes| f64::from(f32::from_le_bytes(bytes.try_into().unwrap())))
        .collect();
    assert_eq!(unpacked, floats);
}

#[test]
fn embeddings_integer_dtypes_stay_in_range() {
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
fn embeddings_binary_packs_signs_into_bits() {
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
fn embeddings_too_many_inputs_or_tokens_are_rejected() {
    let request = |count| json!({"model": "mistral-embed", "input": vec!["a"; count]});
    assert_eq!(post_embeddings(&request(256)).status, 200);
    let response = post_embeddings(&request(257));
    assert_eq!(response.status, 400);
    assert_eq!(
        response.json(),
        json!({
            "object": "error", "type": "invalid_request_prompt", "code": "3210", "param": null,
            "message": "Too many inputs in request, split into more batches.",
            "raw_status_code": 400,
        })
    );
    assert_eq!(post_embeddings(&request(0)).status, 422);

    // Each input counts one token more than its words.
    let words =
        |count: usize| json!({"model": "mistral-embed", "input": vec!["a"; count - 1].join(" ")});
    assert_eq!(post_embeddings(&words(16_384)).status, 200);
    let response = post_embeddings(&words(16_385));
    assert_eq!(response.status, 400);
    let error = response.json();
    assert_eq!(
        (&error["code"], &error["type"]),
        (&json!("3210"), &json!("invalid_request_prompt"))
    );
    let message = "Too many tokens overall, split into more batches.";
    assert_eq!(error["message"], message);
}

#[test]
fn embeddings_invalid_request_is_rejected() {
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
        assert_eq!(post_embeddings(&request).status, status, "{request}");
    }
}
