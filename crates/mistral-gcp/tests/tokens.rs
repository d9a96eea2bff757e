//! Vertex AI: tokens are asked for once, and renewed once.

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

use self::common::{Vertex, question};

const CALLS: usize = 200;

/// Gives `token-1`, `token-2` and so on, after some time.
#[derive(Debug, Clone, Default)]
struct Counted {
    asked: Arc<AtomicUsize>,
    last: Option<usize>,
}

#[async_trait]
impl TokenSource for Counted {
    async fn token(&self) -> Result<Token> {
        let number = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        match self.last {
            Some(last) if number > last => Err(Error::credentials("the vault is shut")),
            _ => Ok(Token::new(format!("token-{number}")).expires_in(Duration::from_secs(3600))),
        }
    }
}

fn gcp(source: &Counted) -> MistralGcp {
    let builder = MistralGcp::builder().project("p").model("m");
    builder.token_source(source.clone()).build().unwrap()
}

async fn storm(client: &Client) -> Vec<Result<(), Error>> {
    let calls = (0..CALLS).map(|_| {
        let client = client.clone();
        tokio::spawn(async move { client.chat().complete(&question("m")).await.map(drop) })
    });
    let outcomes = join_all(calls).await;
    outcomes
        .into_iter()
        .map(|outcome| outcome.unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_first_calls_ask_for_one_token() {
    let (source, vertex) = (Counted::default(), Vertex::default());
    let client = vertex.client(gcp(&source));
    assert_eq!(source.asked.load(Ordering::SeqCst), 0);
    assert!(storm(&client).await.iter().all(Result::is_ok));
    assert_eq!(source.asked.load(Ordering::SeqCst), 1);
    assert_eq!(vertex.tokens(), vec!["Bearer token-1"; CALLS]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_refusals_ask_for_one_more_token() {
    let vertex = Vertex::refusing("Bearer token-1", CALLS);
    let source = Counted::default();
    let client = vertex.client(gcp(&source));
    assert!(storm(&client).await.iter().all(Result::is_ok));
    assert_eq!(source.asked.load(Ordering::SeqCst), 2);
    let mut tokens = vertex.tokens();
    tokens.sort_unstable();
    assert_eq!(tokens[..CALLS], vec!["Bearer token-1"; CALLS]);
    assert_eq!(tokens[CALLS..], vec!["Bearer token-2"; CALLS]);
}

#[tokio::test]
async fn a_source_that_has_no_other_token_is_the_error() {
    let vertex = Vertex::refusing("Bearer token-1", 1);
    let source = Counted {
        last: Some(1),
        ..Counted::default()
    };
    let client = vertex.client(gcp(&source));
    let error = client.chat().complete(&question("m")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    assert!(
        format!("{error:#}").contains("the vault is shut"),
        "{error:#}"
    );
}

#[tokio::test]
async fn a_fixed_token_is_not_tried_twice() {
    let vertex = Vertex::refusing("Bearer fixed", 1);
    let builder = MistralGcp::builder().project("p").access_token(" fixed\n");
    let client = vertex.client(builder.build().unwrap());
    let error = client.chat().complete(&question("m")).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::Authentication, 1)
    );
    assert_eq!(vertex.tokens(), ["Bearer fixed"]);
}
