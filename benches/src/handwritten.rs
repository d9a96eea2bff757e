//! The same calls with a handwritten client.

use std::hint::black_box;

use eventsource_stream::Eventsource as _;
use futures::StreamExt as _;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::scenarios::Scenario;

#[derive(Deserialize)]
struct Reply {
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(alias = "delta")]
    message: Text,
}

#[derive(Deserialize)]
struct Text {
    content: String,
}

#[derive(Deserialize)]
struct Embeddings<T> {
    data: Vec<Vector<T>>,
}

#[derive(Deserialize)]
struct Vector<T> {
    embedding: T,
}

pub(crate) async fn call(client: &reqwest::Client, url: &str, scenario: Scenario) {
    let post = |path: &str, body: &Value| {
        let request = client
            .post(format!("{url}/v1/{path}"))
            .bearer_auth("key")
            .json(body);
        async { request.send().await.unwrap().error_for_status().unwrap() }
    };
    let question = json!([{ "role": "user", "content": "Who painted Olympia, and when?" }]);
    match scenario {
        Scenario::Chat => {
            let body = json!({ "model": "mistral-small-latest", "messages": question });
            let reply: Reply = post("chat/completions", &body).await.json().await.unwrap();
            assert!(!black_box(reply).choices.is_empty());
        }
        Scenario::Stream => {
            let body =
                json!({ "model": "mistral-small-latest", "messages": question, "stream": true });
            let response = post("chat/completions", &body).await;
            let mut events = response.bytes_stream().eventsource();
            while let Some(event) = events.next().await {
                let data = event.unwrap().data;
                if data == "[DONE]" {
                    break;
                }
                let chunk: Reply = serde_json::from_str(&data).unwrap();
                black_box(
                    chunk
                        .choices
                        .first()
                        .map(|choice| choice.message.content.len()),
                );
            }
        }
        Scenario::Floats => {
            let body = json!({ "model": "mistral-embed", "input": vec!["text"; 256] });
            let response = post("embeddings", &body).await;
            let response: Embeddings<Vec<f32>> = response.json().await.unwrap();
            let vectors: Vec<_> = response
                .data
                .into_iter()
                .map(|data| data.embedding)
                .collect();
            assert_eq!(black_box(vectors).len(), 256);
        }
        Scenario::Base64 => {
            let body = json!({
                "model": "mistral-embed", "input": vec!["text"; 256], "encoding_format": "base64",
            });
            let response = post("embeddings", &body).await;
            let response: Embeddings<String> = response.json().await.unwrap();
            let decode = |data: &Vector<String>| -> Vec<f32> {
                let bytes = base64_simd::STANDARD
                    .decode_to_vec(&data.embedding)
                    .unwrap();
                let (numbers, _) = bytes.as_chunks::<4>();
                numbers
                    .iter()
                    .map(|bytes| f32::from_le_bytes(*bytes))
                    .collect()
            };
            let vectors: Vec<_> = response.data.iter().map(decode).collect();
            assert_eq!(black_box(vectors).len(), 256);
        }
    }
}
