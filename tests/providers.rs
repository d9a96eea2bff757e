//! One test suite that runs against every provider.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // helpers outside of test functions may panic as tests do

use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt;
use futures::future::join_all;
use http::Method;
use mistral_emulator::{Emulator, Fault};
use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::embeddings::EmbeddingRequest;
use mistral_sdk::fim::FimCompletionRequest;
use mistral_sdk::messages::{Function, Message, ToolChoice};
use mistral_sdk::ocr::{Document, OcrRequest};
use mistral_sdk::provider::{Token, TokenSource};
use mistral_sdk::tools::ToolSet;
use mistral_sdk::{
    Client, ClientBuilder, Error, ErrorKind, MistralApi, MistralAzure, MistralGcp, RetryPolicy,
};
use serde_json::{Value, json};

const MODEL: &str = "mistral-small-latest";
const FOUNDRY_OCR: &str = "/providers/mistral/azure/ocr";

fn clouds(emulator: &Emulator) -> [Client; 3] {
    let (url, key) = (emulator.url(), emulator.api_key());
    let api = MistralApi::new(key).unwrap().base_url(url).unwrap();
    let azure = MistralAzure::builder().endpoint(url).api_key(key).build();
    let gcp = MistralGcp::builder()
        .project("p")
        .endpoint(url)
        .access_token(key)
        .build();
    let minute = Duration::from_secs(60);
    let retry = RetryPolicy::backoff(Duration::ZERO, Duration::ZERO, 1.0, minute).max_retries(2);
    let finish = |builder: ClientBuilder| builder.retry(retry.clone()).build().unwrap();
    [
        finish(Client::builder(api)),
        finish(Client::builder(azure.unwrap())),
        finish(Client::builder(gcp.unwrap())),
    ]
}

fn chat_request() -> ChatCompletionRequest {
    ChatCompletionRequest::new(MODEL, [Message::user("Who painted Olympia?")])
}

#[tokio::test]
async fn providers_chat_complete_and_stream() {
    let emulator = Emulator::start().unwrap();
    for client in clouds(&emulator) {
        let name = client.provider_name();
        let response = client.chat().complete(&chat_request()).await.unwrap();
        assert!(response.text().contains("Manet"), "{name}");
        let mut stream = client.chat().stream(&chat_request()).await.unwrap();
        let mut chunk_count = 0;
        while let Some(chunk) = stream.next().await {
            chunk.unwrap();
            chunk_count += 1;
        }
        assert!(chunk_count > 2, "{name}");
        let merged = stream.collect_response().await.unwrap();
        assert_eq!(merged.text(), response.text(), "{name}");
        assert_eq!(merged.usage, response.usage, "{name}");
    }
}

#[tokio::test]
async fn providers_raw_complete_and_stream_are_routed_by_model_and_retried() {
    let emulator = Emulator::start().unwrap();
    let typed = serde_json::to_value(chat_request()).unwrap();
    for client in clouds(&emulator) {
        let name = client.provider_name();
        emulator.push_fault(Fault::status(503));
        let response = client
            .chat()
            .complete_raw(&typed)
            .with_response()
            .await
            .unwrap();
        assert_eq!(response.attempts, 2, "{name}");
        let text = response.body["choices"][0]["message"]["content"]
            .as_str()
            .unwrap();
        assert!(text.contains("Manet"), "{name}");

        let mut stream = client.chat().stream_raw(typed.to_string()).await.unwrap();
        let mut nulls = 0;
        while let Some(chunk) = stream.next().await {
            nulls += usize::from(chunk.unwrap().as_str().contains("\"finish_reason\":null"));
        }
        assert!(nulls > 1, "{name}");
        assert!(
            stream
                .collect_response()
                .await
                .unwrap()
                .text()
                .contains("Manet")
        );

        // The typed call of the same request has the same route.
        client.chat().complete(&chat_request()).await.unwrap();
        client.chat().stream(&chat_request()).await.unwrap();
        let mut paths: Vec<_> = emulator
            .requests()
            .iter()
            .map(|it| it.path.clone())
            .collect();
        let [.., failed, complete, stream, typed_complete, typed_stream] = &mut paths[..] else {
            panic!("{paths:?}");
        };
        assert_eq!(failed, complete, "{name}");
        assert_eq!((complete, stream), (typed_complete, typed_stream), "{name}");
    }
    let failover = mistral_sdk::client::Failover::new(clouds(&emulator));
    emulator.push_fault(Fault::status(503).times(3));
    let response = failover
        .run(|client| client.chat().complete_raw(&typed))
        .await
        .unwrap();
    assert_eq!(response.provider, "azure");
    assert!(response.body["choices"].is_array());
}

#[tokio::test]
async fn providers_tool_run() {
    let emulator = Emulator::start().unwrap();
    let city = json!({ "type": "object", "properties": { "city": { "type": "string" } } });
    let weather = Function::new("get_weather", city);
    let tools = ToolSet::new().function(weather, async |_: Value| Ok::<_, Error>("sunny"));
    let messages = [Message::user("Call get_weather: what is it like in Paris?")];
    let request = ChatCompletionRequest::new(MODEL, messages);
    for client in clouds(&emulator) {
        let name = client.provider_name();
        let response = client.chat().run(&request, &tools).await.unwrap();
        let streamed = client.chat().run(&request, &tools).stream();
        for run in [response, streamed.collect_run().await.unwrap()] {
            assert_eq!((run.responses.len(), run.messages.len()), (2, 4), "{name}");
            let tool_message = serde_json::to_value(&run.messages[2]).unwrap();
            assert_eq!(tool_message["content"], "sunny", "{name}");
        }
    }
}

#[tokio::test]
async fn providers_structured_output() {
    #[derive(Debug, PartialEq, serde::Deserialize, schemars::JsonSchema)]
    struct Painting {
        title: String,
        year: i32,
    }

    let emulator = Emulator::start().unwrap();
    for client in clouds(&emulator) {
        let response = client
            .chat()
            .parse::<Painting>(&chat_request())
            .await
            .unwrap();
        let stream = client.chat().parse_stream::<Painting>(&chat_request());
        let streamed = stream.await.unwrap().collect_parsed().await.unwrap();
        assert_eq!(response.value, streamed.value, "{}", client.provider_name());
    }
}

#[tokio::test]
async fn providers_tool_calls() {
    let emulator = Emulator::start().unwrap();
    let parameters = json!({
        "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"],
    });
    let request = chat_request()
        .tools([Function::new("get_weather", parameters)])
        .tool_choice(ToolChoice::function("get_weather"));
    for client in clouds(&emulator) {
        let response = client.chat().complete(&request).await.unwrap();
        let calls = response.tool_calls();
        assert_eq!(calls.len(), 1, "{}", client.provider_name());
        let arguments: Value = calls.first().unwrap().function.arguments.parse().unwrap();
        assert!(arguments["city"].is_string());
    }
}

#[tokio::test]
async fn providers_errors_have_same_kinds() {
    let emulator = Emulator::start().unwrap();
    for client in clouds(&emulator) {
        let name = client.provider_name();
        let wrong = chat_request().temperature(99.0);
        let error = client.chat().complete(&wrong).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{name}: {error}");
        assert!(error.to_string().contains("temperature"), "{name}: {error}");
        let stranger = client.chat().complete(&chat_request());
        let stranger = stranger.header("authorization", "Bearer wrong");
        let stranger = stranger.header("api-key", "wrong");
        let error = stranger.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Authentication, "{name}: {error}");
        assert!(!format!("{error:#}").contains("Decode"), "{name}: {error}");
    }
}

#[tokio::test]
async fn providers_503_and_429_are_retried() {
    let emulator = Emulator::start().unwrap();
    for client in clouds(&emulator) {
        emulator.push_fault(Fault::status(503));
        emulator.push_fault(Fault::status(429).with_header("retry-after", "0"));
        let response = client
            .chat()
            .complete(&chat_request())
            .with_response()
            .await
            .unwrap();
        assert_eq!(response.attempts, 3, "{}", client.provider_name());
        assert!(response.request_id().is_some());
    }
}

#[tokio::test]
async fn providers_timeout_leaves_client_usable() {
    let emulator = Emulator::start().unwrap();
    for client in clouds(&emulator) {
        emulator.push_fault(Fault::delay(Duration::from_secs(3600)));
        let call = client
            .chat()
            .complete(&chat_request())
            .timeout(Duration::from_millis(50));
        let error = call.await.unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::Timeout,
            "{}",
            client.provider_name()
        );
        assert!(client.chat().complete(&chat_request()).await.is_ok());
    }
}

#[tokio::test]
async fn azure_and_vertex_unsupported_operation_fails_without_a_request() {
    let emulator = Emulator::start().unwrap();
    let fim = FimCompletionRequest::new("codestral-latest", "fn main() {");
    let document = Document::url("https://example.com/a.pdf");
    let ocr = OcrRequest::new("mistral-ocr-latest", document);
    let embeddings = EmbeddingRequest::new("mistral-embed", "a");
    for client in clouds(&emulator) {
        let name = client.provider_name();
        let (ocr, fim) = (
            client.ocr().process(&ocr).await,
            client.fim().complete(&fim).await,
        );
        assert!(ocr.is_ok(), "{name}: {ocr:?}");
        assert_eq!(
            fim.is_ok(),
            client.supports("fim.complete"),
            "{name}: {fim:?}"
        );
        assert_eq!(client.supports("fim.complete"), name != "azure");
        let before = emulator.requests().len();
        let result = client
            .embeddings()
            .create(&embeddings)
            .error_on_first_poll();
        if let Some(error) = result {
            assert_eq!(error.kind(), ErrorKind::Unsupported);
            let text = error.to_string();
            assert!(
                text.contains(name) && text.contains("embeddings.create"),
                "{text}"
            );
            assert_eq!(emulator.requests().len(), before);
        }
        assert_eq!(client.supports("embeddings.create"), name == "api");
        let other: Result<Value, _> = client.request(Method::GET, "/v1/models").await;
        assert_eq!(other.is_ok(), name == "api", "{name}");
    }
}

/// Returns the error of a call that fails on its first poll.
trait ErrorOnFirstPoll {
    fn error_on_first_poll(self) -> Option<mistral_sdk::Error>;
}

impl<T, F> ErrorOnFirstPoll for F
where
    F: IntoFuture<Output = mistral_sdk::Result<T>>,
{
    fn error_on_first_poll(self) -> Option<mistral_sdk::Error> {
        Box::pin(self.into_future()).now_or_never()?.err()
    }
}

#[tokio::test]
async fn azure_and_vertex_model_map_renames_models() {
    let emulator = Emulator::start().unwrap();
    let (url, key) = (emulator.url(), emulator.api_key());
    let gcp = MistralGcp::builder()
        .project("p")
        .endpoint(url)
        .access_token(key);
    let client = Client::builder(gcp.build().unwrap())
        .model_map([(MODEL, "mistral-small@2503")])
        .build()
        .unwrap();
    client.chat().complete(&chat_request()).await.unwrap();
    let azure = MistralAzure::builder()
        .endpoint(url)
        .api_key(key)
        .build()
        .unwrap();
    let client = Client::builder(azure).model_map([(MODEL, "my-deployment")]);
    client
        .build()
        .unwrap()
        .chat()
        .complete(&chat_request())
        .await
        .unwrap();
    let models: Vec<_> = emulator
        .requests()
        .into_iter()
        .map(|request| {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            (request.path, body["model"].clone())
        })
        .collect();
    let vertex = "/v1/projects/p/locations/europe-west4/publishers/mistralai/models";
    assert_eq!(
        models,
        [
            (
                format!("{vertex}/mistral-small@2503:rawPredict"),
                json!("mistral-small")
            ),
            (
                "/openai/v1/chat/completions".to_owned(),
                json!("my-deployment")
            ),
        ]
    );
}

/// The emulator serves every route that an endpoint may have.
#[tokio::test]
async fn azure_every_route_reaches_emulator() {
    let emulator = Emulator::start().unwrap();
    let (chat, document) = (
        ChatCompletionRequest::new("mine", [Message::user("Who painted Olympia?")]),
        Document::url("https://example.com/a.pdf"),
    );
    let ocr = OcrRequest::new("mine", document);
    for (path, chat_path, ocr_path) in [
        ("", "/openai/v1/chat/completions", FOUNDRY_OCR),
        (
            "/api/projects/p",
            "/api/projects/p/openai/v1/chat/completions",
            FOUNDRY_OCR,
        ),
        ("/models", "/models/chat/completions", FOUNDRY_OCR),
        (
            "/openai/deployments/d",
            "/openai/deployments/mine/chat/completions",
            FOUNDRY_OCR,
        ),
        (
            "/azure/v1/chat/completions",
            "/azure/v1/chat/completions",
            "/azure/v1/ocr",
        ),
    ] {
        let endpoint = format!("{}{path}", emulator.url());
        let azure = MistralAzure::builder().endpoint(endpoint);
        let azure = azure.api_key(emulator.api_key()).build().unwrap();
        let client = Client::new(azure).unwrap();
        let before = emulator.requests().len();
        let response = client.chat().complete(&chat).await.unwrap();
        assert!(response.text().contains("Manet"), "{path}");
        let stream = client.chat().stream(&chat).await.unwrap();
        let response = stream.collect_response().await.unwrap();
        assert!(response.text().contains("Manet"), "{path}");
        client.ocr().process(&ocr).await.unwrap();
        let requests = emulator.requests().split_off(before);
        let paths: Vec<_> = requests.iter().map(|it| it.path.as_str()).collect();
        assert_eq!(paths, [chat_path, chat_path, ocr_path]);
    }
}

/// Fetches tokens from the emulator's token endpoint with a refresh token.
#[derive(Debug)]
struct RefreshTokenSource(String);

#[async_trait]
impl TokenSource for RefreshTokenSource {
    async fn token(&self) -> mistral_sdk::Result<Token> {
        let response = reqwest::Client::new()
            .post(format!("{}/token", self.0))
            .header("content-type", "application/x-www-form-urlencoded")
            .body("grant_type=refresh_token&refresh_token=r")
            .send();
        let response = response.await.map_err(Error::credentials)?;
        let body = response.bytes().await.map_err(Error::credentials)?;
        let body: Value = serde_json::from_slice(&body).map_err(Error::credentials)?;
        let token = body["access_token"].as_str().unwrap_or_default().to_owned();
        let lifetime = Duration::from_secs(body["expires_in"].as_u64().unwrap_or_default());
        Ok(Token::new(token).expires_in(lifetime))
    }
}

#[tokio::test]
async fn auth_concurrent_401s_refresh_token_once() {
    let emulator = Emulator::start().unwrap();
    let url = emulator.url();
    let gcp = MistralGcp::builder().project("p").endpoint(url);
    let gcp = gcp
        .token_source(RefreshTokenSource(url.to_owned()))
        .build()
        .unwrap();
    let azure = MistralAzure::builder().endpoint(url);
    let azure = azure
        .token_source(RefreshTokenSource(url.to_owned()))
        .build()
        .unwrap();
    let token_requests = || {
        let requests = emulator.requests();
        requests
            .iter()
            .filter(|request| request.path == "/token")
            .count()
    };
    for client in [Client::new(gcp).unwrap(), Client::new(azure).unwrap()] {
        let before = token_requests();
        let concurrent_calls = async || {
            let calls = (0..200).map(|_| client.chat().complete(&chat_request()).into_future());
            join_all(calls).await
        };
        assert!(concurrent_calls().await.iter().all(Result::is_ok));
        assert_eq!(token_requests() - before, 1, "{}", client.provider_name());
        emulator.revoke_tokens();
        assert!(concurrent_calls().await.iter().all(Result::is_ok));
        assert_eq!(token_requests() - before, 2, "{}", client.provider_name());
    }
}
