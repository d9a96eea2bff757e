//! Requests that the server refuses to authenticate.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use http::{HeaderMap, HeaderValue};
use mistral_core::chat::ChatCompletionResponse;
use mistral_core::provider::{Operation, Provider, Route, RouteRequest};
use mistral_core::{Client, Error, ErrorKind, Result};

use crate::common::{Open, answer, builder_with, question, reply, scripted};

async fn ask(client: &Client) -> Result<ChatCompletionResponse> {
    client.chat().complete(&question()).await
}

/// A provider with a new credential for every one that is rejected, up to a last one.
#[derive(Debug)]
struct RotatingCredentials {
    last: usize,
    authorized: Arc<AtomicUsize>,
    refreshed: AtomicUsize,
}

#[async_trait]
impl Provider for RotatingCredentials {
    fn name(&self) -> &'static str {
        "rotating"
    }

    fn supports(&self, _: &Operation) -> bool {
        true
    }

    fn route(&self, request: &RouteRequest<'_>) -> Result<Route> {
        Open.route(request)
    }

    async fn authorize(&self, rejected: Option<&HeaderMap>, headers: &mut HeaderMap) -> Result<()> {
        self.authorized.fetch_add(1, Ordering::SeqCst);
        if rejected.is_some() && self.refreshed.load(Ordering::SeqCst) < self.last {
            self.refreshed.fetch_add(1, Ordering::SeqCst);
        }
        let key = format!("key-{}", self.refreshed.load(Ordering::SeqCst));
        headers.insert(
            "authorization",
            HeaderValue::try_from(key).map_err(Error::credentials)?,
        );
        Ok(())
    }
}

#[tokio::test]
async fn auth_401_refreshes_credential_once() {
    for (last, requests, authorized) in [(0, 1, 2), (1, 2, 2), (9, 2, 2)] {
        let mock = scripted([reply(401, r#"{"detail":"Unauthorized"}"#)]);
        let authorizations = Arc::new(AtomicUsize::new(0));
        let provider = RotatingCredentials {
            last,
            authorized: Arc::clone(&authorizations),
            refreshed: AtomicUsize::new(0),
        };
        let client = Client::builder(provider)
            .transport(mock.clone())
            .build()
            .unwrap();
        let error = ask(&client).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Authentication);
        assert_eq!(mock.requests().len(), requests, "last: {last}");
        assert_eq!(
            authorizations.load(Ordering::SeqCst),
            authorized,
            "last: {last}"
        );
    }
    let mock = scripted([reply(401, ""), reply(200, &answer("ok"))]);
    let provider = RotatingCredentials {
        last: 1,
        authorized: Arc::default(),
        refreshed: AtomicUsize::new(0),
    };
    let client = Client::builder(provider)
        .transport(mock.clone())
        .build()
        .unwrap();
    assert_eq!(ask(&client).await.unwrap().text(), "ok");
    assert_eq!(mock.requests()[1].headers["authorization"], "key-1");
}

#[tokio::test]
async fn auth_header_of_the_call_replaces_the_providers() {
    let mock = scripted([reply(401, "")]);
    let authorized = Arc::new(AtomicUsize::new(0));
    let provider = RotatingCredentials {
        last: 9,
        authorized: Arc::clone(&authorized),
        refreshed: AtomicUsize::new(0),
    };
    let client = Client::builder(provider)
        .transport(mock.clone())
        .build()
        .unwrap();
    let call = client
        .chat()
        .complete(&question())
        .header("authorization", "Bearer mine")
        .header("x-gateway-key", "g4te")
        .header("x-team", "a");
    call.await.unwrap_err();
    assert_eq!(
        (mock.requests().len(), authorized.load(Ordering::SeqCst)),
        (1, 0)
    );
    let sent = mock.requests();
    assert_eq!(sent[0].headers["authorization"], "Bearer mine");
    for (name, is_secret) in [
        ("authorization", true),
        ("x-gateway-key", true),
        ("x-team", false),
    ] {
        assert_eq!(sent[0].headers[name].is_sensitive(), is_secret, "{name}");
    }
}

/// A server that requires a key, where none is set.
#[tokio::test]
async fn auth_401_without_credentials_names_the_variable() {
    let mock = scripted([reply(401, r#"{"error":"Unauthorized"}"#)]);
    let client = builder_with(&mock).build().unwrap();
    let hint = ask(&client).await.unwrap_err().hint();
    assert!(hint.unwrap().contains("set MISTRAL_API_KEY"), "{hint:?}");
    let stream = client.chat().stream(&question()).await;
    assert_eq!(stream.unwrap_err().hint(), hint);

    for name in ["authorization", "x-gateway-key"] {
        let call = client.chat().complete(&question()).header(name, "k");
        let other = call.await.unwrap_err().hint();
        assert!(other.unwrap().contains("belongs to this host"), "{name}");
    }
    let gateway = builder_with(&mock).header("x-gateway-key", "k");
    let other = ask(&gateway.build().unwrap()).await.unwrap_err().hint();
    assert!(other.unwrap().contains("belongs to this host"), "{other:?}");
}
