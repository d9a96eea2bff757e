//! A user's first calls, against the emulator.

#![allow(clippy::unwrap_used, clippy::panic)] // helpers outside of test functions may panic as tests do

use std::time::Duration;

use mistral_emulator::{Emulator, FAULT_HEADER, Fault};
use mistral_sdk::chat::{ChatCompletionRequest, ChatCompletionResponse, FinishReason};
use mistral_sdk::embeddings::{EmbeddingDtype, EmbeddingRequest, EncodingFormat};
use mistral_sdk::error::TimeoutPhase;
use mistral_sdk::messages::{Content, Function, ResponseFormat, ToolChoice, ToolChoiceEnum};
use mistral_sdk::{Client, ErrorKind, MistralApi, RetryPolicy};
use serde_json::{Value, json};

const MODEL: &str = "mistral-small-latest";

fn start() -> (Emulator, Client) {
    let emulator = Emulator::start().unwrap();
    let api = MistralApi::new(emulator.api_key()).unwrap();
    let client = Client::new(api.base_url(emulator.url()).unwrap()).unwrap();
    (emulator, client)
}

fn chat_request(question: &str) -> ChatCompletionRequest {
    ChatCompletionRequest::new(MODEL, question)
}

#[tokio::test]
async fn chat_complete_and_stream_return_the_same_text() {
    let (_emulator, client) = start();
    let request = chat_request("Who painted Olympia?");
    let response = client.chat().complete(&request).await.unwrap();
    assert!(response.text().contains("Manet"), "{}", response.text());
    assert_eq!(response.finish_reason(), Some(&FinishReason::Stop));
    assert!(response.usage.as_ref().unwrap().total_tokens > 0);

    let mut stream = client.chat().stream(&request).await.unwrap();
    let mut text = String::new();
    while let Some(chunk) = stream.next().await {
        text.push_str(&chunk.unwrap().text());
    }
    let merged = stream.collect_response().await.unwrap();
    assert_eq!(text, response.text());
    assert_eq!(merged.text(), response.text());
    assert_eq!(merged.usage, response.usage);
    assert_eq!(merged.finish_reason(), response.finish_reason());
}

#[tokio::test]
async fn chat_multiple_choices_are_separate() {
    let (_emulator, client) = start();
    let request = chat_request("Tell me something.").n(3);
    let response = client.chat().complete(&request).await.unwrap();
    let stream = client.chat().stream(&request).await.unwrap();
    let merged = stream.collect_response().await.unwrap();
    assert_eq!(merged.choices.len(), 3);
    for (merged, response) in merged.choices.iter().zip(&response.choices) {
        assert_eq!(
            (merged.index, merged.message.text()),
            (response.index, response.message.text())
        );
    }
}

#[tokio::test]
async fn chat_tool_calls_and_results_round_trip() {
    let (_emulator, client) = start();
    let parameters = json!({
        "type": "object",
        "properties": { "city": { "type": "string" } },
        "required": ["city"],
    });
    let mut request = chat_request("What is the weather like in Paris?")
        .tools([Function::new("get_weather", parameters)])
        .tool_choice(ToolChoiceEnum::Any);
    let response = client.chat().complete(&request).await.unwrap();
    let merged = client
        .chat()
        .stream(&request)
        .await
        .unwrap()
        .collect_response()
        .await
        .unwrap();
    for response in [&response, &merged] {
        let [call] = response.tool_calls() else {
            panic!("{response:?}")
        };
        assert_eq!(call.function.name, "get_weather");
        let arguments: Value = call.function.arguments.parse().unwrap();
        assert!(arguments["city"].is_string());
        assert_eq!(response.finish_reason(), Some(&FinishReason::ToolCalls));
    }
    let result = response.tool_calls()[0].answer("21 degrees and sunny");
    request.messages.extend(response.into_message());
    request.messages.push(result);
    request.tool_choice = Some(Box::new(ToolChoice::from("auto")));
    let final_response = client.chat().complete(&request).await.unwrap();
    assert!(
        final_response.text().contains("21 degrees"),
        "{}",
        final_response.text()
    );
}

#[tokio::test]
async fn chat_response_follows_json_schema() {
    let (_emulator, client) = start();
    let schema = json!({
        "type": "object",
        "properties": {
            "title": { "type": "string" },
            "year": { "type": "integer", "minimum": 1800 },
            "medium": { "enum": ["oil", "pastel"] },
        },
        "required": ["title", "year", "medium"],
        "additionalProperties": false,
    });
    let request = chat_request("Describe a painting.")
        .response_format(ResponseFormat::json_schema("painting", schema));
    let response = client.chat().complete(&request).await.unwrap();
    let painting: Value = serde_json::from_str(&response.text()).unwrap();
    assert!(painting["title"].is_string());
    assert!(painting["year"].as_i64().unwrap() >= 1800);
    assert!(["oil", "pastel"].contains(&painting["medium"].as_str().unwrap()));
}

#[tokio::test]
async fn chat_reasoning_is_separate_from_text() {
    let (_emulator, client) = start();
    let request = ChatCompletionRequest::new("magistral-medium-latest", "Why?");
    let response = client.chat().complete(&request).await.unwrap();
    let merged = client
        .chat()
        .stream(&request)
        .await
        .unwrap()
        .collect_response()
        .await
        .unwrap();
    for response in [&response, &merged] {
        let message = response.message().unwrap();
        assert!(matches!(message.content, Some(Content::Chunks(_))));
        assert!(!message.thinking().is_empty());
        assert!(!message.text().contains(&*message.thinking()));
    }
    let messages = (response.message().unwrap(), merged.message().unwrap());
    assert_eq!(messages.0.thinking(), messages.1.thinking());
    assert_eq!(messages.0.text(), messages.1.text());
}

#[tokio::test]
async fn embeddings_encodings_decode_to_same_vectors() {
    let (_emulator, client) = start();
    let request = EmbeddingRequest::new("mistral-embed", ["a cat", "a dog"]);
    let numbers = client.embeddings().create(&request).await.unwrap();
    let request = request.encoding_format(EncodingFormat::Base64);
    let base64 = client.embeddings().create(&request).await.unwrap();
    assert_eq!(numbers.to_f32().unwrap(), base64.to_f32().unwrap());
    assert_eq!(numbers.to_f32().unwrap()[0].len(), 1024);

    for dtype in [
        EmbeddingDtype::Int8,
        EmbeddingDtype::Binary,
        EmbeddingDtype::Uint8,
        EmbeddingDtype::Ubinary,
    ] {
        let signed = matches!(dtype, EmbeddingDtype::Int8 | EmbeddingDtype::Binary);
        let request = EmbeddingRequest::new("codestral-embed", "fn main() {}").output_dtype(dtype);
        let numbers = client.embeddings().create(&request).await.unwrap();
        let request = request.encoding_format(EncodingFormat::Base64);
        let base64 = client.embeddings().create(&request).await.unwrap();
        let (a, b) = (
            numbers.data[0].embedding.as_ref().unwrap(),
            base64.data[0].embedding.as_ref().unwrap(),
        );
        if signed {
            assert_eq!(a.to_i8().unwrap(), b.to_i8().unwrap());
        } else {
            assert_eq!(a.to_u8().unwrap(), b.to_u8().unwrap());
        }
    }
}

#[tokio::test]
async fn models_list_and_retrieve() {
    let (_emulator, client) = start();
    let models = client.models().list().await.unwrap();
    assert!(models.data.iter().any(|model| model.id() == MODEL));
    for model in &models.data {
        assert_eq!(
            client.models().retrieve(model.id()).await.unwrap().id(),
            model.id()
        );
    }
    let error = client.models().retrieve("a/../b").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn error_message_quotes_the_server() {
    let (emulator, client) = start();
    let error = client
        .chat()
        .complete(&chat_request("hi").extra("storee", 1))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.status().unwrap().as_u16()),
        (ErrorKind::InvalidRequest, 422)
    );
    assert!(error.to_string().contains("storee"), "{error}");
    assert_eq!(
        error.api().unwrap().details[0].error_type,
        "extra_forbidden"
    );

    let request = ChatCompletionRequest::new("no-such-model", "hi");
    let error = client.chat().stream(&request).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::InvalidRequest, Some("1500"))
    );
    assert!(error.request_id().is_some());

    let stranger = MistralApi::new("wrong")
        .unwrap()
        .base_url(emulator.url())
        .unwrap();
    let error = Client::new(stranger)
        .unwrap()
        .models()
        .list()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert_eq!(error.attempts(), 1);
}

#[tokio::test]
async fn response_has_rate_limit_and_request_id() {
    let (_emulator, client) = start();
    let response = client
        .chat()
        .complete(&chat_request("hi"))
        .with_response()
        .await
        .unwrap();
    assert!(response.request_id().is_some());
    assert!(response.rate_limit().limit_requests.is_some());
    assert!(response.rate_limit().remaining_tokens.is_some());
    let raw: ChatCompletionResponse = serde_json::from_slice(&response.raw_body).unwrap();
    assert_eq!(raw, response.body);
}

#[tokio::test]
async fn emulator_faults_map_to_distinct_error_kinds() {
    let (emulator, client) = start();
    let stream = || client.chat().stream(&chat_request("Who painted Olympia?"));

    let fault = Fault::cut_after_bytes(700).to_header();
    let stream_cut = stream().header(FAULT_HEADER, fault).await.unwrap();
    let error = stream_cut.collect_response().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated);
    assert!(error.partial::<ChatCompletionResponse>().is_some());

    let fault = Fault::stall_after_events(3).to_header();
    let stalled = stream()
        .header(FAULT_HEADER, fault)
        .idle_timeout(Duration::from_millis(50));
    let error = stalled.await.unwrap().collect_response().await.unwrap_err();
    assert_eq!(error.timeout_phase(), Some(TimeoutPhase::Idle));

    let fault = Fault::delay(Duration::from_secs(60)).to_header();
    let stalled = stream()
        .header(FAULT_HEADER, fault)
        .first_byte_timeout(Duration::from_millis(50));
    let error = stalled.await.unwrap_err();
    assert_eq!(error.timeout_phase(), Some(TimeoutPhase::FirstByte));

    let fault = Fault::close().to_header();
    let error = stream().header(FAULT_HEADER, fault).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);

    emulator.push_fault(Fault::status(503).with_header("retry-after", "0"));
    let immediate =
        RetryPolicy::backoff(Duration::ZERO, Duration::ZERO, 1.0, Duration::from_secs(60));
    let call = client.models().list().retry(immediate);
    assert_eq!(call.with_response().await.unwrap().attempts, 2);
}
