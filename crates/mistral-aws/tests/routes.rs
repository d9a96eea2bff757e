//! URLs, models and operations.

#![allow(clippy::unwrap_used)] // helpers outside of test functions may panic as tests do

mod common;

use common::{BedrockTransport, MODEL, chat_request};
use futures::FutureExt;
use mistral_aws::{BedrockService, MistralBedrock, MistralBedrockBuilder};
use mistral_sdk::ErrorKind;
use mistral_sdk::embeddings::EmbeddingRequest;
use mistral_sdk::fim::FimCompletionRequest;

fn builder() -> MistralBedrockBuilder {
    MistralBedrock::builder().api_key("bedrock-key")
}

/// Sends one request, and returns its URL.
async fn sent_url(builder: MistralBedrockBuilder) -> String {
    let transport = BedrockTransport::default();
    let client = transport.client(builder.build().unwrap());
    client.chat().complete(&chat_request(MODEL)).await.unwrap();
    transport.take_one().url.into()
}

#[tokio::test]
async fn bedrock_url_follows_from_region_service_and_path_prefix() {
    let virginia = || builder().region("us-east-1");
    for (builder, expected) in [
        (
            virginia(),
            "https://bedrock-mantle.us-east-1.api.aws/v1/chat/completions",
        ),
        (
            builder().region(" eu-central-1\n"),
            "https://bedrock-mantle.eu-central-1.api.aws/v1/chat/completions",
        ),
        (
            builder().region("us-gov-west-1"),
            "https://bedrock-mantle.us-gov-west-1.api.aws/v1/chat/completions",
        ),
        (
            virginia().path_prefix("/openai/v1/"),
            "https://bedrock-mantle.us-east-1.api.aws/openai/v1/chat/completions",
        ),
        (
            virginia().service(BedrockService::Runtime),
            "https://bedrock-runtime.us-east-1.amazonaws.com/openai/v1/chat/completions",
        ),
        (
            virginia()
                .service(BedrockService::Runtime)
                .path_prefix("/v2"),
            "https://bedrock-runtime.us-east-1.amazonaws.com/v2/chat/completions",
        ),
        (
            virginia().path_prefix(""),
            "https://bedrock-mantle.us-east-1.api.aws/chat/completions",
        ),
    ] {
        assert_eq!(sent_url(builder).await, expected);
    }
}

#[tokio::test]
async fn bedrock_endpoint_is_completed_from_any_pasted_form() {
    let mantle = "https://bedrock-mantle.us-east-1.api.aws";
    let runtime = "https://bedrock-runtime.us-east-1.amazonaws.com";
    let vpce = "https://vpce-0a1.bedrock-runtime.us-east-1.vpce.amazonaws.com";
    let gateway = "http://gateway.test:8080";
    for (pasted, expected) in [
        (mantle.to_owned(), format!("{mantle}/v1")),
        (format!("{mantle}/"), format!("{mantle}/v1")),
        (format!("{mantle}/v1/"), format!("{mantle}/v1")),
        (
            format!(" {mantle}/openai/v1\n"),
            format!("{mantle}/openai/v1"),
        ),
        (
            format!("{mantle}/v1/chat/completions"),
            format!("{mantle}/v1"),
        ),
        (
            format!("{mantle}/openai/v1/chat/completions/"),
            format!("{mantle}/openai/v1"),
        ),
        (runtime.to_owned(), format!("{runtime}/openai/v1")),
        (
            format!("{runtime}/openai/v1"),
            format!("{runtime}/openai/v1"),
        ),
        (vpce.to_owned(), format!("{vpce}/openai/v1")),
        (gateway.to_owned(), format!("{gateway}/v1")),
        (format!("{gateway}/team"), format!("{gateway}/team/v1")),
        (format!("{gateway}/team/v1"), format!("{gateway}/team/v1")),
        (
            format!("{gateway}/team/chat/completions"),
            format!("{gateway}/team"),
        ),
    ] {
        let url = sent_url(builder().endpoint(&pasted)).await;
        assert_eq!(url, format!("{expected}/chat/completions"), "{pasted}");
    }
    let prefixed = builder()
        .endpoint(format!("{mantle}/v1"))
        .path_prefix("/openai/v1");
    let expected = format!("{mantle}/openai/v1/chat/completions");
    assert_eq!(sent_url(prefixed).await, expected);
}

#[tokio::test]
async fn bedrock_base_url_of_a_call_is_completed() {
    let transport = BedrockTransport::default();
    let client = transport.client(builder().region("us-east-1").build().unwrap());
    let call = client.chat().complete(&chat_request(MODEL));
    call.base_url("http://gateway.test/team").await.unwrap();
    let url = transport.take_one().url;
    assert_eq!(url.as_str(), "http://gateway.test/team/v1/chat/completions");
    let call = client.chat().complete(&chat_request(MODEL));
    let error = call
        .base_url("http://gateway.test/model/m/invoke")
        .await
        .unwrap_err();
    assert!(error.to_string().contains("InvokeModel"), "{error}");
    assert!(transport.take().is_empty());
}

#[tokio::test]
async fn bedrock_request_has_bearer_token_and_model() {
    let transport = BedrockTransport::default();
    let client = transport.client(builder().region("us-east-1").model("m").build().unwrap());
    for (requested, expected) in [(MODEL, MODEL), ("", "m"), ("us.custom:0", "us.custom:0")] {
        client
            .chat()
            .complete(&chat_request(requested))
            .await
            .unwrap();
        let request = transport.take_one();
        assert_eq!(request.json()["model"], expected);
        assert_eq!(request.header("authorization"), "Bearer bedrock-key");
        assert!(request.headers["authorization"].is_sensitive());
        assert_eq!(request.header("x-amz-date"), "");
    }
    let stream = client.chat().stream(&chat_request(MODEL)).await.unwrap();
    assert_eq!(stream.collect_response().await.unwrap().text(), "Manet");
    assert_eq!(client.provider_name(), "aws");
}

#[tokio::test]
async fn bedrock_missing_model_fails_without_a_request() {
    let transport = BedrockTransport::default();
    let client = transport.client(builder().region("us-east-1").model(" ").build().unwrap());
    let error = client
        .chat()
        .complete(&chat_request(" "))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    let text = error.to_string();
    for fix in [
        "mistral.mistral-large-3",
        "MistralBedrockBuilder::model",
        "AWS_BEDROCK_MODEL",
    ] {
        assert!(text.contains(fix), "{text}");
    }
    assert!(transport.take().is_empty());
}

#[tokio::test]
async fn bedrock_unsupported_operation_fails_without_a_request() {
    let transport = BedrockTransport::default();
    let client = transport.client(builder().region("us-east-1").build().unwrap());
    assert!(client.supports("chat.complete") && client.supports("chat.stream"));
    let fim = FimCompletionRequest::new("codestral-latest", "fn main() {");
    let fim = client
        .fim()
        .complete(&fim)
        .into_future()
        .now_or_never()
        .unwrap();
    let embeddings = EmbeddingRequest::new("mistral-embed", "a");
    let embeddings = client.embeddings().create(&embeddings).into_future();
    let embeddings = embeddings.now_or_never().unwrap();
    for error in [fim.unwrap_err(), embeddings.unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains("`aws`"), "{error}");
    }
    assert!(transport.take().is_empty());
}
