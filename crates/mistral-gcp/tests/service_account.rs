//! Authentication with a service account's key.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // helpers outside of test functions may panic as tests do

mod common;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use futures::future::join_all;
use mistral_gcp::MistralGcp;
use mistral_sdk::ErrorKind;
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use self::common::{VertexTransport, chat_request};

const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// Returns a key that is generated for this run.
fn key() -> &'static KeyPair {
    static KEY: OnceLock<KeyPair> = OnceLock::new();
    KEY.get_or_init(|| KeyPair::generate(KeySize::Rsa2048).unwrap())
}

fn pem() -> String {
    let base64 = STANDARD.encode(key().as_der().unwrap().as_ref());
    format!("-----BEGIN PRIVATE KEY-----\n{base64}\n-----END PRIVATE KEY-----\n")
}

/// A key file for an account, removed on drop.
struct KeyFile(PathBuf);

impl KeyFile {
    fn new(server: &MockServer, account: &str) -> Self {
        let name = format!("mistral-gcp-key-{}.json", server.address().port());
        let file = Self(std::env::temp_dir().join(name));
        file.write(server, account);
        file
    }

    fn write(&self, server: &MockServer, account: &str) {
        let key = json!({
            "type": "service_account",
            "project_id": "from-the-file",
            "quota_project_id": "payer",
            "client_email": account,
            "private_key": pem(),
            "token_uri": format!("{}/token", server.uri()),
        });
        std::fs::write(&self.0, key.to_string()).unwrap();
    }

    fn gcp(&self) -> MistralGcp {
        let builder = MistralGcp::builder().credentials_file(&self.0);
        builder.build().unwrap()
    }
}

impl Drop for KeyFile {
    fn drop(&mut self) {
        let _gone = std::fs::remove_file(&self.0);
    }
}

/// Starts a token server that returns `token-1`, `token-2` and so on.
async fn token_server() -> MockServer {
    let server = MockServer::start().await;
    let count = AtomicUsize::new(0);
    let respond = move |_: &Request| {
        let number = count.fetch_add(1, Ordering::SeqCst) + 1;
        ResponseTemplate::new(200).set_body_json(json!({
            "access_token": format!("token-{number}"),
            "expires_in": 3599,
            "token_type": "Bearer",
        }))
    };
    let request = Mock::given(method("POST")).and(path("/token"));
    request.respond_with(respond).mount(&server).await;
    server
}

/// Verifies the signatures of the received assertions and returns their claims.
async fn claims(server: &MockServer) -> Vec<Value> {
    let requests = server.received_requests().await.unwrap();
    requests.iter().map(verified_claims).collect()
}

fn verified_claims(request: &Request) -> Value {
    let fields: HashMap<_, _> = url::form_urlencoded::parse(&request.body).collect();
    assert_eq!(
        fields["grant_type"],
        "urn:ietf:params:oauth:grant-type:jwt-bearer"
    );
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let base64 = GeneralPurpose::new(&URL_SAFE, config);
    let (signed, signature) = fields["assertion"].rsplit_once('.').unwrap();
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key().public_key());
    let signature = base64.decode(signature).unwrap();
    public.verify(signed.as_bytes(), &signature).unwrap();
    assert!(public.verify(b"something else", &signature).is_err());
    let (header, claims) = signed.split_once('.').unwrap();
    let json = |part: &str| serde_json::from_slice::<Value>(&base64.decode(part).unwrap()).unwrap();
    assert_eq!(json(header)["alg"], "RS256");
    json(claims)
}

#[tokio::test]
async fn vertex_service_account_assertion_is_signed_and_token_is_sent() {
    let server = token_server().await;
    let file = KeyFile::new(&server, "robot@p.example");
    let transport = VertexTransport::default();
    let client = transport.client(file.gcp());
    assert!(server.received_requests().await.unwrap().is_empty());
    for _ in 0..2 {
        client.chat().complete(&chat_request("m")).await.unwrap();
    }

    let claims = claims(&server).await;
    assert_eq!(claims.len(), 1);
    assert_eq!(claims[0]["iss"], "robot@p.example");
    assert_eq!(claims[0]["aud"], format!("{}/token", server.uri()));
    assert_eq!(claims[0]["scope"], SCOPE);
    let time = |name: &str| claims[0][name].as_i64().unwrap();
    assert!((1..=3600).contains(&(time("exp") - time("iat"))));
    let token_request = &server.received_requests().await.unwrap()[0];
    assert!(!token_request.headers.contains_key("x-goog-user-project"));

    assert_eq!(transport.tokens(), ["Bearer token-1"; 2]);
    let sent = transport.take().remove(0);
    assert!(
        sent.url.contains("/projects/from-the-file/"),
        "{}",
        sent.url
    );
    assert_eq!(sent.headers["x-goog-user-project"], "payer");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn vertex_service_account_concurrent_401s_refresh_token_once() {
    const CALLS: usize = 200;
    let server = token_server().await;
    let file = KeyFile::new(&server, "robot@p.example");
    let transport = VertexTransport::rejecting("Bearer token-1", CALLS);
    let client = transport.client(file.gcp());
    let calls = join_all((0..CALLS).map(|_| {
        let client = client.clone();
        tokio::spawn(async move { client.chat().complete(&chat_request("m")).await.map(drop) })
    }));
    let outcomes = calls.await;
    assert!(outcomes.into_iter().all(|outcome| outcome.unwrap().is_ok()));
    assert_eq!(claims(&server).await.len(), 2);
}

#[tokio::test]
async fn vertex_service_account_rotated_key_is_used_for_next_token() {
    let server = token_server().await;
    let file = KeyFile::new(&server, "old@p.example");
    let transport = VertexTransport::rejecting("Bearer token-1", 1);
    let client = transport.client(file.gcp());
    file.write(&server, "new@p.example");
    client.chat().complete(&chat_request("m")).await.unwrap();
    let claims = claims(&server).await;
    let accounts: Vec<_> = claims.iter().map(|claims| &claims["iss"]).collect();
    assert_eq!(accounts, ["new@p.example"; 2]);
}

#[tokio::test]
async fn vertex_service_account_builder_settings_override_file() {
    let server = token_server().await;
    let file = KeyFile::new(&server, "robot@p.example");
    let builder = MistralGcp::builder().credentials_file(&file.0);
    let builder = builder.project("mine").quota_project("me");
    let transport = VertexTransport::default();
    let client = transport.client(builder.build().unwrap());
    client.chat().complete(&chat_request("m")).await.unwrap();
    let sent = transport.take().remove(0);
    assert!(sent.url.contains("/projects/mine/"), "{}", sent.url);
    assert_eq!(sent.headers["x-goog-user-project"], "me");
}

#[tokio::test]
async fn vertex_service_account_token_error_names_the_file() {
    let server = MockServer::start().await;
    let error_body = json!({ "error": "invalid_grant" });
    let request = Mock::given(method("POST")).and(path("/token"));
    request
        .respond_with(ResponseTemplate::new(400).set_body_json(error_body))
        .mount(&server)
        .await;
    let file = KeyFile::new(&server, "robot@p.example");
    let transport = VertexTransport::default();
    let client = transport.client(file.gcp());
    let error = client
        .chat()
        .complete(&chat_request("m"))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::Credentials, 0)
    );
    let expected = format!("{error:#} {error:?} {client:?}");
    assert!(expected.contains(file.0.to_str().unwrap()), "{expected}");
    assert!(expected.contains("token request failed"), "{expected}");
    assert!(!expected.contains(&pem()[30..70]), "{expected}");
    assert!(transport.take().is_empty());
}
