//! Keys and tokens: caching, refresh after a 401, and redaction on redirects.

#![allow(clippy::unwrap_used)] // helpers outside of test functions may panic as tests do

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use common::{
    BarrierTransport, COMPLETION, RecordingTransport, chat_request, concurrent_calls, rejecting_t1,
};
use mistral_azure::{AzureAuth, EndpointKind, MistralAzure, MistralAzureBuilder};
use mistral_core::provider::{Token, TokenSource};
use mistral_core::{Client, Error, ErrorKind, Result, RetryPolicy};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const CALLS: usize = 200;
const RESOURCE: &str = "https://res.services.ai.azure.com";

/// Returns numbered tokens, each after yielding so that concurrent callers join the fetch.
#[derive(Debug, Clone, Default)]
struct CountingTokenSource(Arc<AtomicUsize>);

impl CountingTokenSource {
    fn fetches(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl TokenSource for CountingTokenSource {
    async fn token(&self) -> Result<Token> {
        let number = self.0.fetch_add(1, Ordering::SeqCst) + 1;
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        Ok(Token::new(format!("t{number}")))
    }
}

fn azure() -> MistralAzureBuilder {
    MistralAzure::builder().endpoint(RESOURCE)
}

#[tokio::test]
async fn token_concurrent_first_calls_share_one_fetch() {
    let (tokens, transport) = (
        CountingTokenSource::default(),
        RecordingTransport::accepting(),
    );
    let azure = azure().token_source(tokens.clone()).build().unwrap();
    concurrent_calls(&transport.client(azure), CALLS).await;
    assert_eq!(tokens.fetches(), 1);
    let sent = transport.take();
    assert_eq!(sent.len(), CALLS);
    assert!(
        sent.iter()
            .all(|sent| sent.header("authorization") == Some("Bearer t1"))
    );
}

#[tokio::test]
async fn auth_concurrent_401s_refresh_token_once() {
    for (auth, name, [first, second]) in [
        (
            AzureAuth::Bearer,
            "authorization",
            ["Bearer t1", "Bearer t2"],
        ),
        (AzureAuth::ApiKey, "api-key", ["t1", "t2"]),
    ] {
        let (tokens, transport) = (CountingTokenSource::default(), rejecting_t1());
        let builder = azure().token_source(tokens.clone()).auth(auth);
        let client = Client::builder(builder.build().unwrap())
            .transport(BarrierTransport::new(&transport, CALLS))
            .build()
            .unwrap();
        concurrent_calls(&client, CALLS).await;
        assert_eq!(tokens.fetches(), 2);
        let sent = transport.take();
        assert_eq!(sent.len(), 2 * CALLS);
        let with = |value| {
            sent.iter()
                .filter(|sent| sent.header(name) == Some(value))
                .count()
        };
        assert_eq!((with(first), with(second)), (CALLS, CALLS));
    }
}

#[tokio::test]
async fn auth_key_fn_is_called_for_every_attempt_and_retry() {
    let (count, transport) = (AtomicUsize::new(0), rejecting_t1());
    let builder =
        azure().api_key_fn(move || Ok(format!("t{}\n", count.fetch_add(1, Ordering::SeqCst))));
    let client = transport.client(builder.build().unwrap());
    for _ in 0..2 {
        client.chat().complete(&chat_request("m")).await.unwrap();
    }
    let sent = transport.take();
    let keys: Vec<_> = sent
        .iter()
        .filter_map(|sent| sent.header("authorization"))
        .collect();
    assert_eq!(keys, ["Bearer t0", "Bearer t1", "Bearer t2"]);
}

#[tokio::test]
async fn auth_key_fn_error_or_invalid_key_fails_the_call() {
    for (builder, expected) in [
        (
            azure().api_key_fn(|| Err::<String, _>(Error::credentials("the vault is shut"))),
            "the vault is shut",
        ),
        (
            azure().api_key_fn(|| Ok("s3cret\nx")),
            "the key has a control character",
        ),
        (azure().api_key_fn(|| Ok("")), "the key is empty"),
    ] {
        let transport = RecordingTransport::accepting();
        let client = transport.client(builder.build().unwrap());
        let error = client
            .chat()
            .complete(&chat_request("m"))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credentials);
        let text = format!("{error:#} {error:?}");
        assert!(
            text.contains(expected) && !text.contains("s3cret"),
            "{text}"
        );
        assert!(transport.take().is_empty());
    }
}

#[tokio::test]
async fn auth_401_with_static_key_is_not_retried() {
    for auth in [AzureAuth::Bearer, AzureAuth::ApiKey] {
        let transport = rejecting_t1();
        let azure = azure().api_key("t1").auth(auth).build().unwrap();
        let client = transport.client(azure);
        let error = client
            .chat()
            .complete(&chat_request("m"))
            .await
            .unwrap_err();
        assert_eq!(
            (error.kind(), error.attempts()),
            (ErrorKind::Authentication, 1)
        );
        assert_eq!(transport.take().len(), 1);
    }
}

/// Uses the built-in transport over real sockets.
#[tokio::test]
async fn redirect_to_other_host_sends_no_credential() {
    for (auth, name) in [
        (AzureAuth::Bearer, "authorization"),
        (AzureAuth::ApiKey, "api-key"),
    ] {
        let (server, other) = (MockServer::start().await, MockServer::start().await);
        Mock::given(method("POST"))
            .respond_with(ResponseTemplate::new(200).set_body_string(COMPLETION))
            .mount(&other)
            .await;
        let location = format!("{}/elsewhere", other.uri());
        let redirect = ResponseTemplate::new(307).insert_header("location", location.as_str());
        Mock::given(path("/openai/v1/chat/completions"))
            .respond_with(redirect)
            .mount(&server)
            .await;
        let azure = MistralAzure::builder()
            .endpoint(server.uri())
            .api_key("s3cret")
            .auth(auth)
            .build()
            .unwrap();
        let client = Client::builder(azure)
            .retry(RetryPolicy::none())
            .build()
            .unwrap();
        let error = client
            .chat()
            .complete(&chat_request("m"))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        let text = format!("{error:#} {error:?}");
        assert!(
            text.contains("/elsewhere") && !text.contains("s3cret"),
            "{text}"
        );
        assert!(other.received_requests().await.unwrap().is_empty());
        let received = server.received_requests().await.unwrap();
        assert!(
            received
                .iter()
                .all(|request| request.headers.contains_key(name))
        );
        assert_eq!(received.len(), 1);
    }
}

/// Uses the built-in transport over real sockets.
#[tokio::test]
async fn azure_api_version_is_sent_in_query() {
    let server = MockServer::start().await;
    Mock::given(path("/models/chat/completions"))
        .and(wiremock::matchers::query_param(
            "api-version",
            "2024-05-01-preview",
        ))
        .respond_with(ResponseTemplate::new(200).set_body_string(COMPLETION))
        .expect(1)
        .mount(&server)
        .await;
    let builder = MistralAzure::builder()
        .endpoint(server.uri())
        .endpoint_kind(EndpointKind::Models)
        .api_key("k3y");
    let client = Client::new(builder.build().unwrap()).unwrap();
    client.chat().complete(&chat_request("m")).await.unwrap();
}
