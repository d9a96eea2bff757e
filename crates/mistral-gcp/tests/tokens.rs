//! Caching of access tokens, and refresh after a 401.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // helpers outside of test functions may panic as tests do

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures::future::join_all;
use mistral_gcp::MistralGcp;
use mistral_sdk::provider::{Token, TokenSource};
use mistral_sdk::{Client, Error, ErrorKind, Result};

use self::common::{VertexTransport, chat_request};

const CALLS: usize = 200;

/// Returns `token-1`, `token-2` and so on, after yielding so that concurrent callers join the
/// fetch. Fails after token `last`.
#[derive(Debug, Clone, Default)]
struct CountingTokenSource {
    fetches: Arc<AtomicUsize>,
    last: Option<usize>,
}

#[async_trait]
impl TokenSource for CountingTokenSource {
    async fn token(&self) -> Result<Token> {
        let number = self.fetches.fetch_add(1, Ordering::SeqCst) + 1;
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        match self.last {
            Some(last) if number > last => Err(Error::credentials("the vault is shut")),
            _ => Ok(Token::new(format!("token-{number}")).expires_in(Duration::from_secs(3600))),
        }
    }
}

fn gcp(source: &CountingTokenSource) -> MistralGcp {
    let builder = MistralGcp::builder().project("p").model("m");
    builder.token_source(source.clone()).build().unwrap()
}

async fn concurrent_calls(client: &Client) -> Vec<Result<(), Error>> {
    let calls = (0..CALLS).map(|_| {
        let client = client.clone();
        tokio::spawn(async move { client.chat().complete(&chat_request("m")).await.map(drop) })
    });
    let outcomes = join_all(calls).await;
    outcomes
        .into_iter()
        .map(|outcome| outcome.unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn token_concurrent_first_calls_share_one_fetch() {
    let (source, transport) = (CountingTokenSource::default(), VertexTransport::default());
    let client = transport.client(gcp(&source));
    assert_eq!(source.fetches.load(Ordering::SeqCst), 0);
    assert!(concurrent_calls(&client).await.iter().all(Result::is_ok));
    assert_eq!(source.fetches.load(Ordering::SeqCst), 1);
    assert_eq!(transport.tokens(), vec!["Bearer token-1"; CALLS]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn auth_concurrent_401s_refresh_token_once() {
    let transport = VertexTransport::rejecting("Bearer token-1", CALLS);
    let source = CountingTokenSource::default();
    let client = transport.client(gcp(&source));
    assert!(concurrent_calls(&client).await.iter().all(Result::is_ok));
    assert_eq!(source.fetches.load(Ordering::SeqCst), 2);
    let mut tokens = transport.tokens();
    tokens.sort_unstable();
    assert_eq!(tokens[..CALLS], vec!["Bearer token-1"; CALLS]);
    assert_eq!(tokens[CALLS..], vec!["Bearer token-2"; CALLS]);
}

#[tokio::test]
async fn auth_401_with_failing_token_source_is_a_credentials_error() {
    let transport = VertexTransport::rejecting("Bearer token-1", 1);
    let source = CountingTokenSource {
        last: Some(1),
        ..CountingTokenSource::default()
    };
    let client = transport.client(gcp(&source));
    let error = client
        .chat()
        .complete(&chat_request("m"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    assert!(
        format!("{error:#}").contains("the vault is shut"),
        "{error:#}"
    );
}

#[tokio::test]
async fn auth_401_with_static_token_is_not_retried() {
    let transport = VertexTransport::rejecting("Bearer fixed", 1);
    let builder = MistralGcp::builder().project("p").access_token(" fixed\n");
    let client = transport.client(builder.build().unwrap());
    let error = client
        .chat()
        .complete(&chat_request("m"))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::Authentication, 1)
    );
    assert_eq!(transport.tokens(), ["Bearer fixed"]);
}
