//! Routing and authentication of `MistralApi`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // helpers outside of test functions may panic as tests do

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use http::HeaderMap;
use mistral_api::{MistralApi, Server};
use mistral_sdk::provider::{Operation, Provider, RouteRequest, Token, TokenSource};
use mistral_sdk::{Client, Error, ErrorKind, Result, RetryPolicy};
use serde_json::json;
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

fn model_list() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({ "object": "list", "data": [] }))
}

fn client(api: MistralApi, server: &MockServer) -> Client {
    let policy = RetryPolicy::backoff(Duration::ZERO, Duration::ZERO, 1.0, Duration::from_secs(60));
    let api = api.base_url(&server.uri()).unwrap();
    Client::builder(api)
        .retry(policy.max_retries(2))
        .build()
        .unwrap()
}

/// Returns the `authorization` headers that the server received, in order.
async fn authorization_headers(server: &MockServer) -> Vec<String> {
    let header = |request: &Request| {
        request.headers["authorization"]
            .to_str()
            .unwrap()
            .to_owned()
    };
    server
        .received_requests()
        .await
        .unwrap()
        .iter()
        .map(header)
        .collect()
}

#[test]
fn base_url_with_path_of_any_operation_is_that_of_the_api() {
    let api = || MistralApi::new("key").unwrap();
    let all = Operation::all().filter(|operation| !operation.path.contains('{'));
    for operation in all {
        let url = format!("https://gate.test{}", operation.path);
        let api = api().base_url(&url).unwrap();
        let route = api.route(&RouteRequest::new(operation)).unwrap();
        assert_eq!(route.url.as_str(), url, "{}", operation.name);
    }
    let error = api().base_url("https://gate.test/mistral/chat/completions");
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("`/chat/completions`"), "{error}");
}

#[tokio::test]
async fn base_url_with_or_without_version_reaches_the_same_path() {
    for (prefix, expected) in [
        ("", "/v1/models"),
        ("/", "/v1/models"),
        ("/v1", "/v1/models"),
        ("/v1/", "/v1/models"),
        ("/gate/mistral", "/gate/mistral/v1/models"),
        ("/gate/v1/", "/gate/v1/models"),
        ("/v1/chat/completions", "/v1/models"),
        ("/gate/v1/fim/completions/", "/gate/v1/models"),
    ] {
        let server = MockServer::start().await;
        let expected = Mock::given(method("GET"))
            .and(path(expected))
            .and(header("authorization", "Bearer key"));
        expected
            .respond_with(model_list())
            .expect(1)
            .mount(&server)
            .await;
        let url = format!("{}{prefix}", server.uri());
        let api = MistralApi::new(" key\n").unwrap().base_url(&url).unwrap();
        Client::new(api).unwrap().models().list().await.unwrap();
    }
}

#[test]
fn server_variants_map_to_base_urls() {
    let debug_of = |server| format!("{:?}", MistralApi::new("k").unwrap().server(server));
    for (server, host) in [
        (Server::Global, "https://api.mistral.ai"),
        (Server::Eu, "https://api.eu.mistral.ai"),
        (Server::Us, "https://api.us.mistral.ai"),
    ] {
        assert!(
            debug_of(server).contains(&format!("{host:?}")),
            "{}",
            debug_of(server)
        );
    }
    assert_eq!(
        debug_of(Server::default()),
        format!("{:?}", MistralApi::new("k").unwrap())
    );
}

#[test]
fn config_invalid_key_or_base_url_fails_at_construction() {
    for key in ["", " \n", "a\nb"] {
        let error = MistralApi::new(key).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains("API key"), "{error}");
    }
    for url in ["", "api.mistral.ai", "https://h?x=1"] {
        let error = MistralApi::new("k").unwrap().base_url(url).unwrap_err();
        assert!(error.to_string().contains("base URL"), "{error}");
    }
}

#[tokio::test]
async fn auth_key_fn_is_called_for_every_attempt_and_retry() {
    let server = MockServer::start().await;
    let unavailable = Mock::given(method("GET")).respond_with(ResponseTemplate::new(503));
    unavailable.up_to_n_times(1).mount(&server).await;
    Mock::given(method("GET"))
        .respond_with(model_list())
        .mount(&server)
        .await;
    let count = Arc::new(AtomicUsize::new(0));
    let builder = MistralApi::builder()
        .api_key_fn(move || Ok(format!("key-{}\n", count.fetch_add(1, Ordering::SeqCst))));
    let client = client(builder.build().unwrap(), &server);
    client.models().list().await.unwrap();
    client.models().list().await.unwrap();
    assert_eq!(
        authorization_headers(&server).await,
        ["Bearer key-0", "Bearer key-1", "Bearer key-2"]
    );
}

#[tokio::test]
async fn auth_token_file_is_reread_for_every_request() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(model_list())
        .mount(&server)
        .await;
    let file = std::env::temp_dir().join(format!("mistral-api-token-{}", server.address().port()));
    let builder = MistralApi::builder().token_file(&file);
    let client = client(builder.build().unwrap(), &server);
    for token in ["first\n", "second"] {
        std::fs::write(&file, token).unwrap();
        client.models().list().await.unwrap();
    }
    std::fs::remove_file(&file).unwrap();
    let error = client.models().list().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    assert!(
        format!("{error:#}").contains(file.to_str().unwrap()),
        "{error:#}"
    );
    assert_eq!(
        authorization_headers(&server).await,
        ["Bearer first", "Bearer second"]
    );
}

/// Returns a stale token first, then a fresh one, then fails.
#[derive(Debug, Default)]
struct RotatingSource(AtomicUsize);

#[async_trait]
impl TokenSource for RotatingSource {
    async fn token(&self) -> Result<Token> {
        match self.0.fetch_add(1, Ordering::SeqCst) {
            0 => Ok(Token::new("stale")),
            1 => Ok(Token::new("fresh").expires_in(Duration::from_secs(60))),
            _ => Err(Error::credentials("the vault is shut")),
        }
    }
}

#[tokio::test]
async fn auth_401_requests_a_new_token_once() {
    let server = MockServer::start().await;
    Mock::given(header("authorization", "Bearer fresh"))
        .respond_with(model_list())
        .mount(&server)
        .await;
    let unauthorized =
        ResponseTemplate::new(401).set_body_json(json!({ "detail": "Unauthorized" }));
    Mock::given(method("GET"))
        .respond_with(unauthorized)
        .mount(&server)
        .await;
    let builder = MistralApi::builder().token_source(RotatingSource::default());
    let client = client(builder.build().unwrap(), &server);
    client.models().list().await.unwrap();
    assert_eq!(
        authorization_headers(&server).await,
        ["Bearer stale", "Bearer fresh"]
    );

    let error = client.models().list().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    assert!(
        format!("{error:#}").contains("the vault is shut"),
        "{error:#}"
    );
    assert_eq!(authorization_headers(&server).await.len(), 2);
}

#[tokio::test]
async fn auth_401_with_static_key_is_not_retried() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(401))
        .expect(1)
        .mount(&server)
        .await;
    let client = client(MistralApi::new("key").unwrap(), &server);
    let error = client.models().list().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::Authentication, 1)
    );
}

#[tokio::test]
async fn auth_header_is_marked_sensitive() {
    let mut headers = HeaderMap::new();
    MistralApi::new("key")
        .unwrap()
        .authorize(None, &mut headers)
        .await
        .unwrap();
    assert!(headers["authorization"].is_sensitive());
}
