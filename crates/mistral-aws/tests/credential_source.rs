//! Sources of credentials that an application implements, and the cache of what they return.

#![allow(clippy::unwrap_used)] // helpers outside of test functions may panic as tests do

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use common::{BedrockTransport, MODEL, chat_request};
use futures::future::join_all;
use mistral_aws::{AwsCredentialSource, AwsCredentials, MistralBedrock};
use mistral_sdk::{Error, ErrorKind, Result};

/// Counts its calls, and fails all but the first while `fails` is set.
#[derive(Debug, Clone)]
struct CountingSource {
    calls: Arc<AtomicUsize>,
    fails: bool,
}

#[async_trait]
impl AwsCredentialSource for CountingSource {
    async fn credentials(&self) -> Result<AwsCredentials> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        if self.fails && call > 0 {
            return Err(Error::credentials("the vault is closed"));
        }
        let credentials = AwsCredentials::new(format!("ID{call}"), "s3cret");
        Ok(credentials
            .session_token("TOKEN")
            .expires_in(Duration::from_secs(3600)))
    }
}

#[tokio::test(start_paused = true)]
async fn credentials_are_fetched_once_by_concurrent_calls_and_again_before_they_expire() {
    let calls = Arc::new(AtomicUsize::new(0));
    let source = CountingSource {
        calls: Arc::clone(&calls),
        fails: false,
    };
    let builder = MistralBedrock::builder()
        .region("us-east-1")
        .credential_source(source);
    let transport = BedrockTransport::default();
    let client = transport.client(builder.build().unwrap());
    let request = chat_request(MODEL);
    let concurrent = (0..100).map(|_| client.chat().complete(&request).into_future());
    assert!(join_all(concurrent).await.iter().all(Result::is_ok));
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    transport.take();
    for (after, id) in [(54, "ID0/"), (2, "ID1/")] {
        tokio::time::advance(Duration::from_secs(after * 60)).await;
        client.chat().complete(&request).await.unwrap();
        let sent = transport.take_one();
        assert!(
            sent.header("authorization").contains(id),
            "{after}: {sent:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn credentials_refresh_that_fails_keeps_the_current_ones_until_they_expire() {
    let source = CountingSource {
        calls: Arc::default(),
        fails: true,
    };
    let builder = MistralBedrock::builder()
        .region("us-east-1")
        .credential_source(source);
    let transport = BedrockTransport::default();
    let client = transport.client(builder.build().unwrap());
    let request = chat_request(MODEL);
    for minutes in [0, 57] {
        tokio::time::advance(Duration::from_secs(minutes * 60)).await;
        client.chat().complete(&request).await.unwrap();
        assert!(
            transport
                .take_one()
                .header("authorization")
                .contains("ID0/")
        );
    }
    tokio::time::advance(Duration::from_secs(240)).await;
    let error = client.chat().complete(&request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    assert!(
        format!("{error:#}").contains("the vault is closed"),
        "{error:#}"
    );
    assert!(transport.take().is_empty());
}

#[tokio::test]
async fn credentials_of_a_source_that_cannot_be_sent_are_refused_and_not_shown() {
    #[derive(Debug)]
    struct Broken;

    #[async_trait]
    impl AwsCredentialSource for Broken {
        async fn credentials(&self) -> Result<AwsCredentials> {
            Ok(AwsCredentials::new("s3cret id", "s3cret"))
        }
    }

    let builder = MistralBedrock::builder()
        .region("us-east-1")
        .credential_source(Broken);
    let transport = BedrockTransport::default();
    let client = transport.client(builder.build().unwrap());
    let error = client
        .chat()
        .complete(&chat_request(MODEL))
        .await
        .unwrap_err();
    let text = format!("{error:#} {error:?}");
    assert!(text.contains("access key id has white space"), "{text}");
    assert!(!text.contains("s3cret"), "{text}");
}
