//! Keys and tokens: asked for as seldom as can be, and shown to nobody else.

#![allow(clippy::unwrap_used)] // helpers outside of test functions may panic as tests do

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use common::{ANSWER, Recorder, Together, question, refusing_the_first, storm};
use mistral_azure::{AzureAuth, MistralAzure, MistralAzureBuilder};
use mistral_core::provider::{Token, TokenSource};
use mistral_core::{Client, Error, ErrorKind, Result, RetryPolicy};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const CALLS: usize = 200;
const RESOURCE: &str = "https://res.services.ai.azure.com";

/// Gives numbered tokens, each after all that wait for it have come.
#[derive(Debug, Clone, Default)]
struct Counter(Arc<AtomicUsize>);

impl Counter {
    fn asked(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl TokenSource for Counter {
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
async fn any_number_of_first_calls_ask_for_one_token() {
    let (tokens, recorder) = (Counter::default(), Recorder::willing());
    let azure = azure().token_source(tokens.clone()).build().unwrap();
    storm(&recorder.client(azure), CALLS).await;
    assert_eq!(tokens.asked(), 1);
    let sent = recorder.take();
    assert_eq!(sent.len(), CALLS);
    assert!(
        sent.iter()
            .all(|sent| sent.header("authorization") == Some("Bearer t1"))
    );
}

#[tokio::test]
async fn any_number_of_refusals_at_once_make_one_renewal() {
    for (auth, name, [first, second]) in [
        (
            AzureAuth::Bearer,
            "authorization",
            ["Bearer t1", "Bearer t2"],
        ),
        (AzureAuth::ApiKey, "api-key", ["t1", "t2"]),
    ] {
        let (tokens, recorder) = (Counter::default(), refusing_the_first());
        let builder = azure().token_source(tokens.clone()).auth(auth);
        let client = Client::builder(builder.build().unwrap())
            .transport(Together::new(&recorder, CALLS))
            .build()
            .unwrap();
        storm(&client, CALLS).await;
        assert_eq!(tokens.asked(), 2);
        let sent = recorder.take();
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
async fn a_function_is_asked_for_the_key_of_every_attempt() {
    let (count, recorder) = (AtomicUsize::new(0), refusing_the_first());
    let builder =
        azure().api_key_fn(move || Ok(format!("t{}\n", count.fetch_add(1, Ordering::SeqCst))));
    let client = recorder.client(builder.build().unwrap());
    for _ in 0..2 {
        client.chat().complete(&question("m")).await.unwrap();
    }
    let sent = recorder.take();
    let keys: Vec<_> = sent
        .iter()
        .filter_map(|sent| sent.header("authorization"))
        .collect();
    assert_eq!(keys, ["Bearer t0", "Bearer t1", "Bearer t2"]);
}

#[tokio::test]
async fn a_key_that_cannot_be_obtained_or_sent_is_the_calls_error() {
    for (builder, words) in [
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
        let recorder = Recorder::willing();
        let client = recorder.client(builder.build().unwrap());
        let error = client.chat().complete(&question("m")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credentials);
        let text = format!("{error:#} {error:?}");
        assert!(text.contains(words) && !text.contains("s3cret"), "{text}");
        assert!(recorder.take().is_empty());
    }
}

#[tokio::test]
async fn a_fixed_key_is_not_tried_twice() {
    for auth in [AzureAuth::Bearer, AzureAuth::ApiKey] {
        let recorder = refusing_the_first();
        let azure = azure().api_key("t1").auth(auth).build().unwrap();
        let client = recorder.client(azure);
        let error = client.chat().complete(&question("m")).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.attempts()),
            (ErrorKind::Authentication, 1)
        );
        assert_eq!(recorder.take().len(), 1);
    }
}

/// Over real sockets, with the built-in transport.
#[tokio::test]
async fn a_redirect_to_another_host_carries_no_credential() {
    for (auth, name) in [
        (AzureAuth::Bearer, "authorization"),
        (AzureAuth::ApiKey, "api-key"),
    ] {
        let (server, other) = (MockServer::start().await, MockServer::start().await);
        Mock::given(method("POST"))
            .respond_with(ResponseTemplate::new(200).set_body_string(ANSWER))
            .mount(&other)
            .await;
        let location = format!("{}/elsewhere", other.uri());
        let redirect = ResponseTemplate::new(307).insert_header("location", location.as_str());
        Mock::given(path("/models/chat/completions"))
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
        let error = client.chat().complete(&question("m")).await.unwrap_err();
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

/// Over real sockets, with the built-in transport.
#[tokio::test]
async fn the_api_version_is_in_the_url_that_is_sent() {
    let server = MockServer::start().await;
    Mock::given(path("/models/chat/completions"))
        .and(wiremock::matchers::query_param(
            "api-version",
            "2024-05-01-preview",
        ))
        .respond_with(ResponseTemplate::new(200).set_body_string(ANSWER))
        .expect(1)
        .mount(&server)
        .await;
    let builder = MistralAzure::builder()
        .endpoint(server.uri())
        .api_key("k3y");
    let client = Client::new(builder.build().unwrap()).unwrap();
    client.chat().complete(&question("m")).await.unwrap();
}
