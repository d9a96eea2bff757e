//! The scenarios and their responses, which are the same bytes in every run.

use serde_json::{Value, json};

/// The number of distinct chunks that a stream repeats.
const BLOCK: usize = 100;
const VECTORS: usize = 256;
const DIMENSION: usize = 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scenario {
    /// Sequential chat completions.
    Chat,
    /// One stream, each chunk of which is an operation.
    Stream,
    /// Embeddings encoded as JSON numbers.
    Floats,
    /// Embeddings encoded as base64.
    Base64,
}

impl Scenario {
    pub(crate) const ALL: [(&str, Self); 4] = [
        ("chat", Self::Chat),
        ("stream", Self::Stream),
        ("floats", Self::Floats),
        ("base64", Self::Base64),
    ];

    pub(crate) fn named(name: &str) -> Self {
        let mut all = Self::ALL.into_iter();
        let found = all.find(|(known, _)| *known == name);
        found
            .unwrap_or_else(|| panic!("no scenario is named {name}"))
            .1
    }

    /// Returns the number of calls for `n` operations.
    pub(crate) fn calls(self, n: usize) -> usize {
        if self == Self::Stream { 1 } else { n }
    }

    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Stream => "text/event-stream",
            _ => "application/json",
        }
    }

    /// Returns the response to a call. A stream has `chunks` chunks.
    pub(crate) fn response(self, chunks: usize) -> Vec<u8> {
        match self {
            Self::Chat => chat().to_string().into_bytes(),
            Self::Stream => stream(chunks),
            Self::Floats => embeddings(|vector| json!(vector)),
            Self::Base64 => embeddings(|vector| {
                let bytes: Vec<u8> = vector
                    .iter()
                    .flat_map(|number| number.to_le_bytes())
                    .collect();
                base64_simd::STANDARD.encode_to_string(bytes).into()
            }),
        }
    }
}

fn chat() -> Value {
    json!({
        "id": "0d5b9c4f7a9e4b52a4f5a0f4a7b1c2d3",
        "object": "chat.completion",
        "created": 1_760_000_000,
        "model": "mistral-small-latest",
        "choices": [{
            "index": 0,
            "finish_reason": "stop",
            "message": {
                "role": "assistant",
                "content": "Édouard Manet painted Olympia in 1863. ".repeat(6),
                "tool_calls": null,
            },
        }],
        "usage": { "prompt_tokens": 14, "completion_tokens": 84, "total_tokens": 98 },
    })
}

fn stream(chunks: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(1);
    let chunk = |text: &str, end: Value, random: &mut fastrand::Rng| {
        let padding: String = (0..random.usize(1..12))
            .map(|_| random.lowercase())
            .collect();
        let chunk = json!({
            "id": "0d5b9c4f7a9e4b52a4f5a0f4a7b1c2d3",
            "object": "chat.completion.chunk",
            "created": 1_760_000_000,
            "model": "mistral-small-latest",
            "choices": [{ "index": 0, "delta": { "content": text }, "finish_reason": end }],
            "p": padding,
        });
        format!("data: {chunk}\n\n")
    };
    let mut wire = String::new();
    for _ in 0..BLOCK {
        let text: String = (0..random.usize(1..8))
            .map(|_| random.lowercase())
            .collect();
        wire += &chunk(&text, Value::Null, &mut random);
    }
    wire = wire.repeat(chunks / BLOCK); // cheap, so that it hardly adds to the count
    wire += &chunk("", json!("stop"), &mut random);
    wire += "data: [DONE]\n\n";
    wire.into_bytes()
}

fn embeddings(encode: impl Fn(&[f32]) -> Value) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(2);
    let mut vector = || -> Vec<f32> { (0..DIMENSION).map(|_| random.f32() - 0.5).collect() };
    let data: Vec<Value> = (0..VECTORS)
        .map(|index| json!({ "object": "embedding", "embedding": encode(&vector()), "index": index }))
        .collect();
    let usage = json!({ "prompt_tokens": 2560, "total_tokens": 2560 });
    json!({ "id": "1", "object": "list", "model": "mistral-embed", "data": data, "usage": usage })
        .to_string()
        .into_bytes()
}
