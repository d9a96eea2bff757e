//! Responses of a server that adds, omits or reorders fields: they are decoded, and nothing in
//! them is lost.

use std::fmt::Debug;

use mistral_core::chat::{ChatCompletionResponse, CompletionChunk};
use mistral_core::embeddings::{Embedding, EmbeddingRequest, EmbeddingResponse};
use mistral_core::messages::{
    Arguments, AssistantMessage, Content, ContentChunk, Message, ReferenceChunk, ReferenceId,
    ResponseFormat, ResponseFormatType, Tool, ToolChoice, ToolChoiceEnum, UsageInfo,
};
use mistral_core::models::{ModelCard, ModelList};
use mistral_core::{Error, ErrorKind};
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::mutate::{Document, steps, survives, writing};
use crate::common::wire::{UniqueKeys, golden};
use crate::common::{bytes, client_with, question, reply, scripted, sse};

/// The fields without which the parts of a response are meaningless.
const REQUIRED: &str = "choices function token logprob text image_url image_url.url document_url \
    reference_ids file_id thinking input_audio uri content.*.content tool title";

fn document(json: Value, required: &[&'static str]) -> Document {
    Document {
        json,
        required: REQUIRED
            .split(' ')
            .chain(required.iter().copied())
            .collect(),
        enums: &[
            "finish_reason",
            "tool_calls.*.type",
            "image_url.detail",
            "delta.role",
            "messages.*.role",
        ],
        members: &[
            "message.content.*",
            "messages.*.content.*",
            "delta.content.*",
            "thinking.*",
            "content.*.content",
        ],
        unions: &[
            "message.content",
            "messages.*.content",
            "delta.content",
            "thinking",
        ],
    }
}

/// A document with model cards, at the top or in a list.
fn cards(json: Value, required: &[&'static str]) -> Document {
    Document {
        members: &["", "data.*"],
        unions: &["data"],
        enums: &[],
        ..document(json, required)
    }
}

/// Checks that a `T` round-trips through `document`, however it is changed.
fn tolerates<T>(document: &Document)
where
    T: DeserializeOwned + Serialize + PartialEq + Debug,
{
    let known = serde_json::from_value::<T>(document.json.clone()).unwrap();
    let known = format!("{known:?}");
    assert!(
        !known.contains("Unknown(") && !known.contains("extra: {\""),
        "{known}"
    );
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(128)
    };
    let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, random);
    let result = runner.run(&(steps(), writing()), |(steps, writing)| {
        let input = document.changed(&steps);
        let text = writing.text(&input);
        let failed = |error| TestCaseError::fail(format!("{error}: {text}"));
        let read: T = serde_json::from_str(&text).map_err(failed)?;
        let output = serde_json::to_string(&read).map_err(failed)?;
        let mut needed: Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&needed, &input, "the check itself");
        if let Some(object) = needed.as_object_mut() {
            object.remove("p"); // the server's padding
        }
        serde_json::from_str::<UniqueKeys>(&output).map_err(failed)?;
        let written: Value = serde_json::from_str(&output).unwrap();
        if let Err(lost) = survives(&needed, &written) {
            prop_assert!(false, "{}: {} became {}", lost, text, output);
        }
        prop_assert_eq!(serde_json::from_str::<T>(&output).map_err(failed)?, read);
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn chat_response_tolerates_changes() {
    let json = golden("chat.complete.response");
    tolerates::<ChatCompletionResponse>(&document(json, &[]));
}

#[test]
fn stream_chunk_tolerates_changes() {
    let json = golden("chat.stream.chunk");
    tolerates::<CompletionChunk>(&document(json, &[]));
}

#[test]
fn embedding_response_tolerates_changes() {
    let json = golden("embeddings.create.response");
    tolerates::<EmbeddingResponse>(&document(json, &["data"]));
}

#[test]
fn usage_tolerates_changes() {
    for name in ["chat.complete.response", "embeddings.create.response"] {
        tolerates::<UsageInfo>(&document(golden(name)["usage"].take(), &[]));
    }
}

#[test]
fn model_list_tolerates_changes() {
    let json = golden("models.list.response");
    tolerates::<ModelList>(&cards(json, &["data.*.id"]));
}

#[test]
fn model_card_tolerates_changes() {
    for card in golden("models.list.response")["data"].as_array().unwrap() {
        tolerates::<ModelCard>(&cards(card.clone(), &["id"]));
    }
}

/// Deserializes `json`, and checks that it serializes to the same value.
fn kept<T: DeserializeOwned + Serialize>(json: &Value) -> T {
    let read: T = serde_json::from_str(&json.to_string()).unwrap();
    let written: Value = serde_json::from_str(&serde_json::to_string(&read).unwrap()).unwrap();
    assert_eq!(written, *json);
    read
}

/// The error of the call when `body` is the response.
async fn error_of(operation: &str, body: &str) -> Error {
    let mock = scripted([match operation {
        "chat.stream" => sse([bytes(format!("data: {body}\n\n"))]),
        _ => reply(200, body),
    }]);
    let client = client_with(&mock);
    let error = match operation {
        "chat.complete" => client.chat().complete(&question()).await.map(drop),
        "chat.stream" => {
            let mut stream = client.chat().stream(&question()).await.unwrap();
            stream.next().await.unwrap().map(drop)
        }
        "embeddings.create" => {
            let request = EmbeddingRequest::new("m", "a");
            client.embeddings().create(&request).await.map(drop)
        }
        "models.list" => client.models().list().await.map(drop),
        "models.retrieve" => client.models().retrieve("m").await.map(drop),
        _ => panic!("{operation}"),
    };
    error.expect_err(operation)
}

#[tokio::test]
async fn auxiliary_fields_of_any_shape_never_lose_the_response() {
    for (field, name) in [
        (
            r#""usage":{"total_tokens":"many","prompt_tokens":"7"}"#,
            "usage",
        ),
        (r#""usage":"much""#, "usage"),
        (r#""usage":[{}]"#, "usage"),
        (r#""created":{"at":1}"#, "created"),
        (r#""created":"yesterday""#, "created"),
        (r#""id":12"#, "id"),
        (r#""model":{}"#, "model"),
        (r#""object":[]"#, "object"),
    ] {
        let body = format!(
            r#"{{"choices":[{{"message":{{"content":"hi"}},"index":"1","finish_reason":7,"logprobs":"no"}}],{field}}}"#
        );
        let client = client_with(&scripted([reply(200, &body)]));
        let response = client.chat().complete(&question()).await.unwrap();
        assert_eq!(response.text(), "hi", "{field}");
        let choice = &response.choices[0];
        assert_eq!(choice.index, 1);
        assert_eq!(choice.finish_reason, Some("7".into()));
        assert_eq!(choice.extra["logprobs"], "no");
        let sent: Value = serde_json::from_str(&body).unwrap();
        let kept = serde_json::to_value(&response).unwrap();
        let is_read = field.contains("prompt_tokens");
        if is_read {
            let usage = response.usage.unwrap();
            assert_eq!((usage.prompt_tokens, usage.total_tokens), (7, 0));
            assert_eq!(usage.extra["total_tokens"], "many");
        } else {
            assert_eq!(response.extra[name], sent[name], "{field}");
            assert_eq!(kept[name], sent[name], "{field}");
        }

        let chunk = body.replace("message", "delta");
        let reply = sse([bytes(format!("data: {chunk}\n\ndata: [DONE]\n\n"))]);
        let client = client_with(&scripted([reply]));
        let mut stream = client.chat().stream(&question()).await.unwrap();
        let chunk = stream.next().await.unwrap().unwrap();
        assert_eq!(chunk.text(), "hi", "{field}");
        if !is_read {
            assert_eq!(chunk.extra[name], sent[name], "{field}");
            let written = serde_json::to_string(&chunk).unwrap();
            serde_json::from_str::<UniqueKeys>(&written).unwrap();
            let written: Value = serde_json::from_str(&written).unwrap();
            assert_eq!(written[name], sent[name], "{field}");
        }
    }
}

#[tokio::test]
async fn decode_error_of_known_field_names_its_path() {
    let message = |message: &str| format!(r#"{{"choices":[{{"message":{{{message}}}}}]}}"#);
    let delta = |delta: &str| format!(r#"{{"choices":[{{"delta":{{{delta}}}}}]}}"#);
    let call = r#""tool_calls":[{"id":"a"}]"#;
    let chat = [
        (message(r#""content":5"#), "choices[0].message.content"),
        (message(call), "choices[0].message.tool_calls[0]"),
        (
            r#"{"choices":[{"message":[]}]}"#.to_owned(),
            "choices[0].message",
        ),
        (r#"{"id":"1"}"#.to_owned(), "`choices`"),
        (r#"{"choices":null}"#.to_owned(), "choices"),
    ];
    let stream = [
        (delta(r#""content":5"#), "choices[0].delta.content"),
        (delta(call), "choices[0].delta.tool_calls[0]"),
        (
            r#"{"choices":[{"delta":{}},{"index":"one","delta":{}}]}"#.to_owned(),
            "choices[1].index",
        ),
        (
            r#"{"choices":[{"index":{"at":[1]}}]}"#.to_owned(),
            "choices[0].index",
        ),
        (r#"{"id":"1"}"#.to_owned(), "`choices`"),
        (r#"{"id":"1","usage":null}"#.to_owned(), "`choices`"),
    ];
    let embeddings = [
        (
            r#"{"data":[{"embedding":[1,"x"]}]}"#.to_owned(),
            "data[0].embedding[1]",
        ),
        (
            r#"{"data":[{"index":0},{"index":"b","embedding":[1]}]}"#.to_owned(),
            "data[1].index",
        ),
        (r#"{"id":"1"}"#.to_owned(), "`data`"),
    ];
    let models = [(r#"{"data":"x"}"#.to_owned(), "data")];
    let model = [(r#"{"created":1}"#.to_owned(), "`id`")];
    for (operation, cases) in [
        ("chat.complete", chat.as_slice()),
        ("chat.stream", &stream),
        ("embeddings.create", &embeddings),
        ("models.list", &models),
        ("models.retrieve", &model),
    ] {
        for (body, path) in cases {
            let error = error_of(operation, body).await;
            assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
            assert!(error.to_string().starts_with(operation), "{error}");
            assert!(error.to_string().contains(path), "{path}: {error}");
            assert_eq!(error.api().unwrap().body, *body, "{error}");
        }
    }
}

#[test]
fn index_of_a_choice_or_vector_is_a_number_in_any_form() {
    for (index, expected) in [("2", 2), ("2.0", 2), (r#""2""#, 2), ("null", 0)] {
        let json = format!(r#"{{"choices":[{{"index":{index},"delta":{{}}}}]}}"#);
        let chunk: CompletionChunk = serde_json::from_str(&json).unwrap();
        assert_eq!(chunk.choices[0].index, expected, "{json}");
        let json = format!(r#"{{"data":[{{"index":{index}}}]}}"#);
        let response: EmbeddingResponse = serde_json::from_str(&json).unwrap();
        assert_eq!(response.data[0].index.unwrap_or_default(), expected);
    }
    let chunk: CompletionChunk = serde_json::from_str(r#"{"choices":[{}]}"#).unwrap();
    assert_eq!(chunk.choices[0].index, 0);
}

#[test]
fn duplicate_field_that_is_read_at_last_wins() {
    for first in [r#""x""#, "[1]", "null"] {
        let usage = r#"{"total_tokens":3}"#;
        let json = format!(
            r#"{{"created":{first},"id":{first},"usage":{first},"choices":[],"created":5,"id":"b","usage":{usage}}}"#
        );
        let response: ChatCompletionResponse = serde_json::from_str(&json).unwrap();
        assert_eq!(response.extra, serde_json::Map::new());
        let chunk: CompletionChunk = serde_json::from_str(&json).unwrap();
        assert_eq!(chunk.extra, serde_json::Map::new());
        for written in [
            serde_json::to_value(&response).unwrap(),
            serde_json::to_value(&chunk).unwrap(),
        ] {
            assert_eq!(
                (&written["created"], &written["id"]),
                (&json!(5), &json!("b"))
            );
            assert_eq!(written["usage"]["total_tokens"], 3);
        }
    }
}

#[test]
fn content_is_text_list_or_null() {
    let message = |content: Value| kept::<AssistantMessage>(&json!({ "content": content }));
    assert_eq!(message(json!("a")).content, Some("a".into()));
    assert_eq!(message(Value::Null).content, Some(Content::Null));
    assert_eq!(kept::<AssistantMessage>(&json!({})).content, None);
    let chunks = json!([
        { "type": "thinking", "thinking": [{ "type": "text", "text": "hm" }] },
        { "type": "text", "text": "a" },
        { "type": "hologram", "text": "x", "size": 1e300 },
        { "text": "untyped" },
        "bare",
        null,
        { "type": "text", "text": "b" },
    ]);
    let read = message(chunks);
    assert_eq!((read.text(), read.thinking()), ("ab".into(), "hm".into()));
    let content = read.content.unwrap();
    let unknown = |chunk: &&ContentChunk| matches!(chunk, ContentChunk::Unknown(_));
    assert_eq!(content.chunks().iter().filter(unknown).count(), 4);
}

#[test]
fn tool_call_arguments_are_kept_verbatim_and_parsed_lazily() {
    let valid = json!({ "city": "Paris" });
    for (arguments, parsed) in [
        (valid.clone(), Some(valid.clone())),
        (json!(valid.to_string()), Some(valid)),
        (json!({}), Some(json!({}))),
        (json!(""), Some(json!({}))),
        (json!(" \n"), Some(json!({}))),
        (json!("{\"city\": \"Par"), None),
        (json!("Paris"), None),
    ] {
        let read: Arguments = kept(&arguments);
        assert_eq!(read.parse::<Value>().ok(), parsed, "{arguments}");
    }
}

#[test]
fn reference_ids_are_numbers_or_strings() {
    let read: ReferenceChunk = kept(&json!({ "reference_ids": [1, "b", -3] }));
    let expected = [ReferenceId::from(1), "b".into(), (-3).into()];
    assert_eq!(read.reference_ids, expected);
    let json = r#"{"reference_ids":[3.0,"3"]}"#;
    let read: ReferenceChunk = serde_json::from_str(json).unwrap();
    assert_eq!(read.reference_ids, [ReferenceId::from(3), "3".into()]);
    let error = serde_json::from_str::<ReferenceChunk>(r#"{"reference_ids":[3.5]}"#).unwrap_err();
    assert!(error.to_string().contains("3.5"), "{error}");
}

#[test]
fn metadata_of_a_resource_link_of_another_kind_is_kept() {
    let json = json!({ "type": "resource_link", "uri": "u", "metadata": ["a"] });
    let read: ContentChunk = kept(&json);
    assert!(matches!(read, ContentChunk::ResourceLink(link) if link.metadata.is_none()));
}

#[test]
fn messages_that_cannot_be_read_do_not_lose_the_message() {
    for (messages, count) in [
        (json!("none"), None),
        (json!([{ "content": 5 }]), None),
        (json!([{ "content": "a" }, { "content": 5 }]), Some(1)),
    ] {
        let json = json!({ "choices": [{ "index": 0, "message": { "role": "assistant", "content": "hi" }, "messages": messages }], "id": "", "object": "", "model": "" });
        let read: ChatCompletionResponse = kept(&json);
        assert_eq!(read.text(), "hi");
        let messages = read.choices[0].messages.as_ref();
        assert_eq!(messages.map(Vec::len), count);
    }
}

#[test]
fn bytes_of_logprobs_are_numbers_in_any_form() {
    let json = r#"{"choices":[{"message":{},"logprobs":{"content":[{"token":"a","logprob":"-0.5","bytes":[97.0,"98"]}]}}]}"#;
    let read: ChatCompletionResponse = serde_json::from_str(json).unwrap();
    let logprobs = read.choices[0].logprobs.as_ref().unwrap();
    assert_eq!(
        logprobs.content[0].bytes.as_deref(),
        Some([97, 98].as_slice())
    );
}

#[test]
fn embedding_formats_are_decoded_or_refused() {
    let floats = |json: &Value| kept::<Embedding>(json).to_f32().map(|it| it.to_vec());
    assert_eq!(floats(&json!([0.5, -1.25])).unwrap(), [0.5, -1.25]);
    assert_eq!(floats(&json!("AACAPwAAIMA=")).unwrap(), [1.0, -2.5]);
    let bytes: Embedding = kept(&json!("Af5/gA=="));
    assert_eq!(bytes.to_i8().unwrap(), [1, -2, 127, -128]);
    assert_eq!(bytes.to_u8().unwrap(), [1, 254, 127, 128]);
    let read = |json: Value| serde_json::from_value::<Embedding>(json).unwrap();
    let integers = read(json!([1, -2, 127, -128]));
    assert_eq!(integers.to_i8().unwrap(), [1, -2, 127, -128]);
    assert_eq!(*integers.to_f32().unwrap(), [1.0, -2.0, 127.0, -128.0]);
    assert_eq!(read(json!([0, 255])).to_u8().unwrap(), [0, 255]);
    for (name, result) in [
        ("a length of 5", read(json!("AACAPwA=")).to_f32().map(drop)),
        ("not base64", read(json!("***")).to_f32().map(drop)),
        ("not base64", read(json!("***")).to_i8().map(drop)),
        ("beyond floats", read(json!([1e300])).to_f32().map(drop)),
        ("beyond bytes", read(json!([200])).to_i8().map(drop)),
        ("beyond bytes", read(json!([-1])).to_u8().map(drop)),
        ("a fraction", read(json!([0.5])).to_i8().map(drop)),
    ] {
        assert_eq!(result.expect_err(name).kind(), ErrorKind::Decode, "{name}");
    }
}

#[test]
fn embedding_vectors_follow_the_index() {
    let response = |data: Value| {
        kept::<EmbeddingResponse>(&json!({
            "id": "", "object": "", "model": "", "data": data,
        }))
    };
    let swapped = response(json!([
        { "index": 1, "embedding": [0.5] },
        { "index": 0, "embedding": "AACAPw==" },
    ]));
    let vectors = swapped.to_f32().unwrap();
    assert_eq!(vectors.concat(), [1.0, 0.5]);
    let missing = response(json!([{ "index": 0 }, { "index": 1, "embedding": [0.5] }]));
    assert_eq!(missing.to_f32().unwrap_err().kind(), ErrorKind::Decode);
}

/// Runs also with serde_json's feature `arbitrary_precision`.
#[test]
fn numbers_where_something_else_is_due_are_kept() {
    let json = json!({ "choices": [], "id": 1, "object": 2.5, "model": -3, "usage": 7 });
    let read: ChatCompletionResponse = kept(&json);
    assert_eq!((read.usage, &read.extra["usage"]), (None, &json!(7)));
    let read: Content = kept(&json!([5, -1, 0.5, { "type": "new" }]));
    let unknown = [json!(5), json!(-1), json!(0.5), json!({ "type": "new" })];
    assert_eq!(read.chunks(), unknown.map(ContentChunk::Unknown));
    let read: Embedding = kept(&json!([0.5, -2.5, 3.0]));
    assert_eq!(*read.to_f32().unwrap(), [0.5, -2.5, 3.0]);
    let json = r#"{"choices":[{"index":2,"delta":{"content":"a"}}],"created":3.0}"#;
    let read: CompletionChunk = serde_json::from_str(json).unwrap();
    assert_eq!((read.choices[0].index, read.created), (2, Some(3)));
}

#[test]
fn embedding_with_number_beyond_f32_round_trips() {
    kept::<Embedding>(&json!([0.5, 1e300, -0.25]));
    kept::<Embedding>(&json!([0.1, 1e300, 0.2]));
}

#[test]
fn usage_cached_tokens_are_read_under_every_name() {
    for (usage, expected) in [
        (
            json!({ "prompt_tokens_details": { "cached_tokens": 64 } }),
            64,
        ),
        (
            json!({ "prompt_token_details": { "cached_tokens": 65 } }),
            65,
        ),
        (json!({ "num_cached_tokens": 66 }), 66),
        (
            json!({ "prompt_tokens_details": null, "num_cached_tokens": 67 }),
            67,
        ),
        (
            json!({ "prompt_tokens_details": {}, "num_cached_tokens": 68 }),
            68,
        ),
        (json!({ "num_cached_tokens": null }), 0),
        (json!({}), 0),
    ] {
        let read: UsageInfo = serde_json::from_value(usage.clone()).unwrap();
        assert_eq!(read.cached_tokens(), expected, "{usage}");
    }
}

#[test]
fn unknown_values_in_requests_round_trip() {
    let tool = json!({ "type": "quantum", "qubits": [1, null] });
    assert_eq!(kept::<Tool>(&tool), Tool::Unknown(tool));
    let role = json!({ "role": "oracle", "content": [7] });
    assert_eq!(kept::<Message>(&role), Message::Unknown(role));
    let choice: ToolChoice = kept(&json!("sometimes"));
    let rule = ToolChoiceEnum::Unknown("sometimes".to_owned());
    assert_eq!(choice, ToolChoice::Rule(rule));
    kept::<ToolChoice>(&json!({ "type": "server", "function": { "name": "f", "x": 1 } }));
    let format: ResponseFormat = kept(&json!({ "type": "grammar", "grammar": "S -> a" }));
    let kind = ResponseFormatType::Unknown("grammar".to_owned());
    assert_eq!(format.kind, Some(kind));
    assert_eq!(format.extra["grammar"], "S -> a");
}

#[test]
fn stream_chunk_with_usage_may_lack_choices() {
    let usage = json!({ "prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3 });
    for json in [
        json!({ "usage": usage }),
        json!({ "usage": usage, "choices": [] }),
        json!({ "usage": usage, "choices": null }),
    ] {
        let chunk: CompletionChunk = serde_json::from_value(json).unwrap();
        assert!(chunk.choices.is_empty());
        assert_eq!(chunk.usage.unwrap().total_tokens, 3);
    }
    let chunk: CompletionChunk = serde_json::from_str(r#"{"usage":"much"}"#).unwrap();
    assert!(chunk.choices.is_empty());
    assert_eq!(chunk.extra["usage"], "much");
}

#[test]
fn usage_counts_below_zero_are_read() {
    let usage = r#"{"prompt_tokens":-1,"completion_tokens":2,"total_tokens":-5}"#;
    let usage: mistral_core::messages::UsageInfo = serde_json::from_str(usage).unwrap();
    assert_eq!((usage.prompt_tokens, usage.total_tokens), (-1, -5));
}
