//! No type, error or log ever shows a key.

#![allow(clippy::unwrap_used)] // helpers outside of test functions may panic as tests do

use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use mistral_emulator::{Emulator, Fault};
use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::types::{ApiKeyAuth, CustomConnector, Message, Tool};
use mistral_sdk::{Client, Error, MistralApi, Result, RetryPolicy, Token, TokenSource};
use tracing::field::{Field, Visit};

const KEY: &str = "marker-key-0123456789";

/// Collects everything that is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Visit for Log {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0
            .lock()
            .unwrap()
            .push_str(&format!("{field}={value:?} "));
    }
}

impl tracing::Subscriber for Log {
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

fn shown(value: &impl Debug) -> String {
    format!("{value:?} {value:#?}")
}

fn shown_error(error: &Error) -> String {
    format!("{error} {error:#} {error:?} {error:#?}")
}

#[derive(Debug)]
struct Vault;

#[async_trait]
impl TokenSource for Vault {
    async fn token(&self) -> Result<Token> {
        Ok(Token::new(format!("{KEY}\n")))
    }
}

/// Two repetitions, without delay.
fn at_once() -> RetryPolicy {
    let minute = Duration::from_secs(60);
    RetryPolicy::backoff(Duration::ZERO, Duration::ZERO, 1.0, minute).max_retries(2)
}

fn ask() -> ChatCompletionRequest {
    ChatCompletionRequest::new("mistral-small-latest", [Message::user("hi")])
}

#[tokio::test]
async fn secrets_api_key_appears_in_no_output() {
    let log = Log::default();
    let guard = tracing::subscriber::set_default(log.clone());
    let emulator = Emulator::start().unwrap();
    let mut seen = String::new();

    for key in [
        KEY.to_owned(),
        format!("{KEY}\n"),
        format!(" Bearer {KEY}\r\n"),
    ] {
        let api = MistralApi::new(key)
            .unwrap()
            .base_url(emulator.url())
            .unwrap();
        seen += &shown(&api);
        let client = Client::builder(api).retry(at_once()).build().unwrap();
        seen += &shown(&client);
        seen += &shown(&client.chat());
        seen += &shown(&client.chat().complete(&ask()));
        seen += &shown(&client.chat().stream(&ask()));
        let error = client.chat().complete(&ask()).await.unwrap_err(); // not the emulator's key
        assert_eq!(error.status().unwrap(), 401);
        seen += &shown_error(&error);
        seen += &shown(error.api().unwrap());
        emulator.push_fault(Fault::status(503).with_header("retry-after", "0").times(3));
        seen += &shown_error(&client.models().list().await.unwrap_err());
        emulator.push_fault(Fault::close().times(3));
        seen += &shown_error(&client.models().list().await.unwrap_err());
        let call = client
            .models()
            .list()
            .header("authorization", format!("Bearer {KEY}"));
        seen += &shown(&call);
        seen += &shown_error(&call.await.unwrap_err());
        let call = client.models().list().header("x-key", format!("{KEY}\n"));
        seen += &shown_error(&call.await.unwrap_err());
    }
    for broken in [format!("{KEY}\nx"), format!("{KEY}\0"), format!("{KEY}é")] {
        seen += &shown_error(&MistralApi::new(broken.clone()).unwrap_err());
        let api = MistralApi::from_key_fn(move || Ok(broken.clone()));
        let client = Client::new(api.base_url(emulator.url()).unwrap()).unwrap();
        seen += &shown_error(&client.models().list().await.unwrap_err());
    }
    seen += &shown(&MistralApi::from_token_source(Vault));
    seen += &shown(&Token::new(KEY.to_owned()));
    let connector = CustomConnector::new("c").authorization(ApiKeyAuth::new(KEY));
    let request = ask().tools([Tool::from(connector)]);
    seen += &shown(&request);
    assert!(
        serde_json::to_string(&request).unwrap().contains(KEY),
        "it must be sent, though"
    );

    drop(guard);
    let logged = log.0.lock().unwrap().clone();
    assert!(logged.contains("repeating"), "nothing was logged: {logged}");
    assert!(logged.contains("gen_ai.provider.name"), "no span: {logged}");
    assert!(!logged.contains(KEY), "{logged}");
    assert!(!seen.contains(KEY), "a value or an error shows the key");
}

#[cfg(all(feature = "azure", feature = "gcp"))]
mod clouds {
    use http::{Request, Response};
    use mistral_sdk::{Body, HyperTransport, MistralAzure, MistralGcp, Transport, TransportError};

    use super::*;

    /// Shows every request and every answer that goes through it.
    #[derive(Debug)]
    struct Showing(HyperTransport, Arc<Mutex<String>>);

    #[async_trait]
    impl Transport for Showing {
        async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
            let shown = shown(&request);
            self.1.lock().unwrap().push_str(&shown);
            let sent = self.0.send(request).await;
            self.1.lock().unwrap().push_str(&format!("{sent:?}"));
            sent
        }
    }

    #[tokio::test]
    async fn secrets_azure_and_vertex_keys_appear_in_no_output() {
        let log = Log::default();
        let guard = tracing::subscriber::set_default(log.clone());
        let emulator = Emulator::builder().api_key(KEY).start().unwrap();
        let url = emulator.url();
        let seen: Arc<Mutex<String>> = Arc::default();
        let see = |text: String| seen.lock().unwrap().push_str(&text);
        let line = format!("{KEY}\n");
        let azure = || MistralAzure::builder().endpoint(url);
        let gcp = || MistralGcp::builder().project("p").endpoint(url);
        see(shown(&azure().api_key(&*line)));
        see(shown(&gcp().access_token(&*line)));
        let api = MistralApi::new(&*line).unwrap().base_url(url).unwrap();
        let builders = [
            Client::builder(api),
            Client::builder(MistralApi::from_token_source(Vault).base_url(url).unwrap()),
            Client::builder(azure().api_key(&*line).build().unwrap()),
            Client::builder(azure().api_key_fn(|| Ok(KEY)).build().unwrap()),
            Client::builder(gcp().access_token(&*line).build().unwrap()),
            Client::builder(gcp().token_source(Vault).build().unwrap()),
        ];
        for builder in builders {
            let transport = HyperTransport::new(Duration::from_secs(5)).unwrap();
            let told = Arc::clone(&seen);
            let builder = builder
                .retry(at_once())
                .transport(Showing(transport, Arc::clone(&seen)))
                .capture_content(|_| ())
                .on_retry(move |event| told.lock().unwrap().push_str(&shown(event)));
            let client = builder.build().unwrap();
            see(shown(&client));
            let answer = client.chat().complete(&ask()).with_response().await;
            see(shown(&answer.unwrap()));
            let stream = client.chat().stream(&ask()).await.unwrap();
            see(shown(&stream));
            see(shown(&stream.collect_response().await.unwrap()));
            for fault in [
                Fault::status(401),
                Fault::status(503).times(3),
                Fault::close(),
            ] {
                emulator.push_fault(fault);
                see(shown_error(
                    &client.chat().complete(&ask()).await.unwrap_err(),
                ));
            }
        }
        drop(guard);
        let seen = seen.lock().unwrap();
        assert!(seen.contains("authorization"), "no request was shown");
        assert!(!seen.contains(KEY), "a value or an error shows the key");
        let logged = log.0.lock().unwrap();
        for provider in ["mistral_ai", "azure.ai.inference", "gcp.vertex_ai"] {
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
