//! The path in a decode error, compared with that of serde_path_to_error.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use mistral_core::chat::{ChatCompletionRequest, ChatCompletionResponse};
use mistral_core::messages::Message;

use crate::common::{client_with, reply, scripted};

fn answer() -> Value {
    json!({
        "id": "1", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{
            "index": 0,
            "finish_reason": "stop",
            "message": {
                "role": "assistant",
                "content": "a \"quoted\" \\ text, with {braces} and [brackets]",
                "tool_calls": [{
                    "id": "a", "type": "function", "index": 0,
                    "function": { "name": "f", "arguments": "{\"a\": [1, 2]}" },
                }],
            },
        }, {
            "index": 1,
            "message": { "role": "assistant", "content": "" },
            "logprobs": { "content": [{ "token": "a", "logprob": -0.5, "bytes": [97], "top_logprobs": [] }] },
        }],
        "usage": { "prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3 },
    })
}

/// The JSON pointers of all values in a document.
fn places(value: &Value, at: String, places: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                self::places(value, format!("{at}/{key}"), places);
            }
        }
        Value::Array(elements) => {
            for (index, value) in elements.iter().enumerate() {
                self::places(value, format!("{at}/{index}"), places);
            }
        }
        _ => {}
    }
    places.push(at);
}

/// The path by serde_path_to_error, or `None` if `json` can be decoded.
fn expected<T: DeserializeOwned>(json: &str) -> Option<String> {
    let mut reader = serde_json::Deserializer::from_str(json);
    let error = serde_path_to_error::deserialize::<_, T>(&mut reader).err()?;
    Some(error.path().to_string())
}

/// The path in the error of a call, or `None` if the response can be decoded.
async fn named(json: &str) -> Option<String> {
    let mock = scripted([reply(200, json)]);
    let request = ChatCompletionRequest::new("m", [Message::user("a")]);
    let error = client_with(&mock).chat().complete(&request).await.err()?;
    let words = error.to_string();
    let path = words
        .split_once("at `")
        .and_then(|(_, rest)| rest.split_once("`: "));
    Some(path.map_or(".", |(path, _)| path).to_owned())
}

#[tokio::test]
async fn decode_error_path_matches_serde_path_to_error() {
    let wrong = [
        json!(null),
        json!(true),
        json!(7),
        json!(1.5),
        json!("seven"),
        json!([]),
        json!({}),
        json!([{ "a": "b" }]),
        json!({ "a": [1] }),
    ];
    let mut all = Vec::new();
    places(&answer(), String::new(), &mut all);
    let mut found = 0;
    for (place, wrong) in all
        .iter()
        .flat_map(|place| wrong.iter().map(move |wrong| (place, wrong)))
    {
        let mut document = answer();
        *document.pointer_mut(place).unwrap() = wrong.clone();
        let pretty = serde_json::to_string_pretty(&document).unwrap();
        for json in [document.to_string(), pretty] {
            let expected = expected::<ChatCompletionResponse>(&json);
            found += usize::from(expected.is_some());
            assert_eq!(named(&json).await, expected, "{place} is {wrong}: {json}");
        }
    }
    assert!(found > 120, "{found}"); // the other places are auxiliary
}
