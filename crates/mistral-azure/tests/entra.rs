//! Authentication with Entra ID tokens.

#![allow(clippy::unwrap_used)] // helpers outside of test functions may panic as tests do

mod common;

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::time::{Duration, OffsetDateTime};
use common::{BarrierTransport, RecordingTransport, chat_request, concurrent_calls, rejecting_t1};
use mistral_azure::{AzureAuth, DEFAULT_SCOPE, MistralAzure, MistralAzureBuilder};
use mistral_core::{Client, ErrorKind};

const CALLS: usize = 200;
const RESOURCE: &str = "https://res.services.ai.azure.com";

/// Returns numbered tokens and records the requested scopes.
#[derive(Debug)]
struct RecordingCredential {
    scopes: Mutex<Vec<String>>,
    lifetime: Duration,
}

impl RecordingCredential {
    fn new(lifetime: Duration) -> Arc<Self> {
        let scopes = Mutex::default();
        Arc::new(Self { scopes, lifetime })
    }

    fn scopes(&self) -> Vec<String> {
        self.scopes.lock().unwrap().clone()
    }
}

#[async_trait]
impl TokenCredential for RecordingCredential {
    async fn get_token(
        &self,
        scopes: &[&str],
        _: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let number = {
            let mut scopes_requested = self.scopes.lock().unwrap();
            scopes_requested.push(scopes.join(" "));
            scopes_requested.len()
        };
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        let expires_on = OffsetDateTime::now_utc() + self.lifetime;
        Ok(AccessToken::new(format!("t{number}"), expires_on))
    }
}

/// Fails every token request.
#[derive(Debug)]
struct FailingCredential;

#[async_trait]
impl TokenCredential for FailingCredential {
    async fn get_token(
        &self,
        _: &[&str],
        _: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let kind = azure_core::error::ErrorKind::Credential;
        Err(azure_core::Error::with_message(
            kind,
            "AADSTS700016: no such application",
        ))
    }
}

fn azure(endpoint: &str, credential_source: &Arc<RecordingCredential>) -> MistralAzureBuilder {
    let credential: Arc<dyn TokenCredential> = Arc::<RecordingCredential>::clone(credential_source);
    MistralAzure::builder()
        .endpoint(endpoint)
        .credential(credential)
}

#[tokio::test]
async fn entra_token_concurrent_first_calls_share_one_fetch() {
    let (credential_source, transport) = (
        RecordingCredential::new(Duration::hours(1)),
        RecordingTransport::accepting(),
    );
    let client = transport.client(azure(RESOURCE, &credential_source).build().unwrap());
    concurrent_calls(&client, CALLS).await;
    concurrent_calls(&client, CALLS).await;
    assert_eq!(credential_source.scopes(), [DEFAULT_SCOPE]);
    let sent = transport.take();
    assert_eq!(sent.len(), 2 * CALLS);
    for sent in sent {
        assert_eq!(sent.header("authorization"), Some("Bearer t1"));
        assert!(sent.headers.get("authorization").unwrap().is_sensitive());
    }
}

#[tokio::test]
async fn entra_auth_concurrent_401s_refresh_token_once() {
    let (credential_source, transport) =
        (RecordingCredential::new(Duration::hours(1)), rejecting_t1());
    let client = Client::builder(azure(RESOURCE, &credential_source).build().unwrap())
        .transport(BarrierTransport::new(&transport, CALLS))
        .build()
        .unwrap();
    concurrent_calls(&client, CALLS).await;
    assert_eq!(credential_source.scopes().len(), 2);
    assert_eq!(transport.take().len(), 2 * CALLS);
}

#[tokio::test]
async fn entra_expired_token_is_not_cached() {
    let (credential_source, transport) = (
        RecordingCredential::new(Duration::hours(-1)),
        RecordingTransport::accepting(),
    );
    let client = transport.client(azure(RESOURCE, &credential_source).build().unwrap());
    for number in 1..=3 {
        client.chat().complete(&chat_request("m")).await.unwrap();
        let token = format!("Bearer t{number}");
        assert_eq!(transport.last().header("authorization"), Some(&*token));
    }
}

#[tokio::test]
async fn entra_token_scope_matches_host_and_is_sent_as_bearer() {
    let custom_scope = "https://ai.azure.com/.default";
    for (endpoint, scope, expected) in [
        ("https://res.openai.azure.com", None, DEFAULT_SCOPE),
        (
            "https://res.cognitiveservices.azure.com",
            None,
            DEFAULT_SCOPE,
        ),
        ("https://x.eastus.models.ai.azure.com", None, DEFAULT_SCOPE),
        ("https://gate.example", None, DEFAULT_SCOPE),
        (RESOURCE, Some(custom_scope), custom_scope),
        (
            "https://res.openai.azure.us",
            None,
            "https://cognitiveservices.azure.us/.default",
        ),
        (
            "https://res.openai.azure.cn",
            None,
            "https://cognitiveservices.azure.cn/.default",
        ),
    ] {
        let (credential_source, transport) = (
            RecordingCredential::new(Duration::hours(1)),
            RecordingTransport::accepting(),
        );
        let builder = azure(endpoint, &credential_source);
        let builder = match scope {
            Some(scope) => builder.scope(scope),
            None => builder,
        };
        let client = transport.client(builder.build().unwrap());
        client.chat().complete(&chat_request("m")).await.unwrap();
        assert_eq!(credential_source.scopes(), [expected], "{endpoint}");
        let sent = transport.last();
        assert_eq!(sent.header("authorization"), Some("Bearer t1"));
        assert_eq!(sent.header("api-key"), None);
    }
}

#[tokio::test]
async fn entra_credential_error_is_reported_with_scope() {
    let transport = RecordingTransport::accepting();
    let builder = MistralAzure::builder().endpoint(RESOURCE);
    let azure = builder
        .credential(Arc::new(FailingCredential))
        .build()
        .unwrap();
    let client = transport.client(azure);
    let error = client
        .chat()
        .complete(&chat_request("m"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    let text = format!("{error:#}");
    assert!(
        text.contains(DEFAULT_SCOPE) && text.contains("AADSTS700016"),
        "{text}"
    );
    assert!(transport.take().is_empty());
}

#[test]
fn azure_entra_conflicting_settings_fail_to_build() {
    let credential_source = RecordingCredential::new(Duration::hours(1));
    for (builder, expected) in [
        (
            azure(RESOURCE, &credential_source).auth(AzureAuth::ApiKey),
            "`auth`",
        ),
        (
            azure(RESOURCE, &credential_source).scope(" "),
            "`scope` is empty",
        ),
    ] {
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(expected), "{error}");
    }
}
