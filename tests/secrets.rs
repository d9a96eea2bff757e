//! Checks that no `Debug` output, error, span or log contains a key.

#![allow(clippy::unwrap_used)] // helpers outside of test functions may panic as tests do

use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use mistral_emulator::{Emulator, Fault};
use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::messages::{ApiKeyAuth, CustomConnector, Message, Tool};
use mistral_sdk::provider::{Token, TokenSource};
use mistral_sdk::{Client, Error, MistralApi, Result, RetryPolicy};
use tracing::field::{Field, Visit};

const KEY: &str = "marker-key-0123456789";

/// Records all span fields and events.
#[derive(Clone, Default)]
struct RecordingSubscriber(Arc<Mutex<String>>);

impl Visit for RecordingSubscriber {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0
            .lock()
            .unwrap()
            .push_str(&format!("{field}={value:?} "));
    }
}

impl tracing::Subscriber for RecordingSubscriber {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target().starts_with("mistral")
    }

    fn new_span(&self, span: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        span.record(&mut self.clone());
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, values: &tracing::span::Record<'_>) {
        values.record(&mut self.clone());
    }

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut self.clone());
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

fn debug_of(value: &impl Debug) -> String {
    format!("{value:?} {value:#?}")
}

fn texts_of(error: &Error) -> String {
    format!("{error} {error:#} {error:?} {error:#?}")
}

#[derive(Debug)]
struct StaticTokenSource;

#[async_trait]
impl TokenSource for StaticTokenSource {
    async fn token(&self) -> Result<Token> {
        Ok(Token::new(format!("{KEY}\n")))
    }
}

/// Returns a policy of two retries without delay.
fn retry_without_delay() -> RetryPolicy {
    let minute = Duration::from_secs(60);
    RetryPolicy::backoff(Duration::ZERO, Duration::ZERO, 1.0, minute).max_retries(2)
}

fn chat_request() -> ChatCompletionRequest {
    ChatCompletionRequest::new("mistral-small-latest", [Message::user("hi")])
}

#[tokio::test]
async fn secrets_api_key_appears_in_no_output() {
    let log = RecordingSubscriber::default();
    let guard = tracing::subscriber::set_default(log.clone());
    let emulator = Emulator::start().unwrap();
    let mut output = String::new();

    for key in [
        KEY.to_owned(),
        format!("{KEY}\n"),
        format!(" Bearer {KEY}\r\n"),
    ] {
        let api = MistralApi::new(key)
            .unwrap()
            .base_url(emulator.url())
            .unwrap();
        output += &debug_of(&api);
        let client = Client::builder(api)
            .retry(retry_without_delay())
            .build()
            .unwrap();
        output += &debug_of(&client);
        output += &debug_of(&client.chat());
        output += &debug_of(&client.chat().complete(&chat_request()));
        output += &debug_of(&client.chat().stream(&chat_request()));
        // Not the emulator's key.
        let error = client.chat().complete(&chat_request()).await.unwrap_err();
        assert_eq!(error.status().unwrap(), 401);
        output += &texts_of(&error);
        output += &debug_of(error.api().unwrap());
        emulator.push_fault(Fault::status(503).with_header("retry-after", "0").times(3));
        output += &texts_of(&client.models().list().await.unwrap_err());
        emulator.push_fault(Fault::close().times(3));
        output += &texts_of(&client.models().list().await.unwrap_err());
        let call = client
            .models()
            .list()
            .header("authorization", format!("Bearer {KEY}"));
        output += &debug_of(&call);
        output += &texts_of(&call.await.unwrap_err());
        let call = client.models().list().header("x-key", format!("{KEY}\n"));
        output += &texts_of(&call.await.unwrap_err());
    }
    for broken in [format!("{KEY}\nx"), format!("{KEY}\0"), format!("{KEY}é")] {
        output += &texts_of(&MistralApi::new(broken.clone()).unwrap_err());
        let api = MistralApi::builder()
            .api_key_fn(move || Ok(broken.clone()))
            .build()
            .unwrap();
        let client = Client::new(api.base_url(emulator.url()).unwrap()).unwrap();
        output += &texts_of(&client.models().list().await.unwrap_err());
    }
    output += &debug_of(
        &MistralApi::builder()
            .token_source(StaticTokenSource)
            .build()
            .unwrap(),
    );
    output += &debug_of(&Token::new(KEY.to_owned()));
    let connector = CustomConnector::new("c").authorization(ApiKeyAuth::new(KEY));
    let request = chat_request().tools([Tool::from(connector)]);
    output += &debug_of(&request);
    assert!(
        serde_json::to_string(&request).unwrap().contains(KEY),
        "the request must still contain the key"
    );

    drop(guard);
    let logged = log.0.lock().unwrap().clone();
    assert!(logged.contains("retrying"), "nothing was logged: {logged}");
    assert!(logged.contains("gen_ai.provider.name"), "no span: {logged}");
    assert!(!logged.contains(KEY), "{logged}");
    assert!(!output.contains(KEY), "a value or an error shows the key");
}

mod clouds {
    use http::{Request, Response};
    use mistral_sdk::transport::{Body, HyperTransport, Transport, TransportError};
    use mistral_sdk::{AwsCredentialSource, AwsCredentials};
    use mistral_sdk::{MistralAzure, MistralBedrock, MistralGcp};

    use super::*;

    /// Records the `Debug` output of every request and response.
    #[derive(Debug)]
    struct DebugRecordingTransport(HyperTransport, Arc<Mutex<String>>);

    #[async_trait]
    impl Transport for DebugRecordingTransport {
        async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
            let request_debug = debug_of(&request);
            self.1.lock().unwrap().push_str(&request_debug);
            let result = self.0.send(request).await;
            self.1.lock().unwrap().push_str(&format!("{result:?}"));
            result
        }
    }

    #[derive(Debug)]
    struct StaticCredentialSource;

    #[async_trait]
    impl AwsCredentialSource for StaticCredentialSource {
        async fn credentials(&self) -> Result<AwsCredentials> {
            Ok(access_key())
        }
    }

    /// The access key of the emulator.
    fn access_key() -> AwsCredentials {
        AwsCredentials::new("AKIAEMULATOR", format!("{KEY}\n"))
    }

    #[tokio::test]
    async fn secrets_of_clouds_appear_in_no_output() {
        let log = RecordingSubscriber::default();
        let guard = tracing::subscriber::set_default(log.clone());
        let emulator = Emulator::builder().api_key(KEY).start().unwrap();
        let url = emulator.url();
        let output: Arc<Mutex<String>> = Arc::default();
        let record = |text: String| output.lock().unwrap().push_str(&text);
        let line = format!("{KEY}\n");
        let azure = || MistralAzure::builder().endpoint(url);
        let gcp = || MistralGcp::builder().project("p").endpoint(url);
        let bedrock = || {
            let builder = MistralBedrock::builder().region("us-east-1");
            builder.endpoint(format!("{url}/bedrock"))
        };
        record(debug_of(&access_key().session_token(KEY)));
        record(debug_of(&bedrock().credentials(access_key())));
        record(debug_of(&bedrock().api_key(&*line)));
        record(debug_of(&azure().api_key(&*line)));
        record(debug_of(&gcp().access_token(&*line)));
        let api = MistralApi::new(&*line).unwrap().base_url(url).unwrap();
        let builders = [
            Client::builder(api),
            Client::builder(
                MistralApi::builder()
                    .token_source(StaticTokenSource)
                    .build()
                    .unwrap()
                    .base_url(url)
                    .unwrap(),
            ),
            Client::builder(azure().api_key(&*line).build().unwrap()),
            Client::builder(azure().api_key_fn(|| Ok(KEY)).build().unwrap()),
            Client::builder(gcp().access_token(&*line).build().unwrap()),
            Client::builder(gcp().token_source(StaticTokenSource).build().unwrap()),
            Client::builder(bedrock().api_key(&*line).build().unwrap()),
            Client::builder(bedrock().token_source(StaticTokenSource).build().unwrap()),
            Client::builder(bedrock().credentials(access_key()).build().unwrap()),
            Client::builder(
                bedrock()
                    .credential_source(StaticCredentialSource)
                    .build()
                    .unwrap(),
            ),
        ];
        for builder in builders {
            let transport = HyperTransport::new(Duration::from_secs(5)).unwrap();
            let events = Arc::clone(&output);
            let builder = builder
                .retry(retry_without_delay())
                .transport(DebugRecordingTransport(transport, Arc::clone(&output)))
                .capture_content(|_| ())
                .on_retry(move |event| events.lock().unwrap().push_str(&debug_of(event)));
            let client = builder.build().unwrap();
            record(debug_of(&client));
            let response = client
                .chat()
                .complete(&chat_request())
                .with_response()
                .await;
            record(debug_of(&response.unwrap()));
            let stream = client.chat().stream(&chat_request()).await.unwrap();
            record(debug_of(&stream));
            record(debug_of(&stream.collect_response().await.unwrap()));
            for fault in [
                Fault::status(401),
                Fault::status(503).times(3),
                Fault::close(),
            ] {
                emulator.push_fault(fault);
                record(texts_of(
                    &client.chat().complete(&chat_request()).await.unwrap_err(),
                ));
            }
        }
        drop(guard);
        let output = output.lock().unwrap();
        assert!(output.contains("authorization"), "no request was recorded");
        assert!(!output.contains(KEY), "a value or an error shows the key");
        let logged = log.0.lock().unwrap();
        for provider in [
            "mistral_ai",
            "azure.ai.inference",
            "gcp.vertex_ai",
            "aws.bedrock",
        ] {
            let name = format!("gen_ai.provider.name=\"{provider}\"");
            assert!(logged.contains(&name), "no span of {provider}: {logged}");
        }
        assert!(
            logged.contains("gen_ai.output.messages="),
            "no content was captured"
        );
        assert!(!logged.contains(KEY), "{logged}");
    }
}
