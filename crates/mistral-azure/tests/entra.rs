//! Authentication with Entra ID tokens.

#![allow(clippy::unwrap_used)] // helpers outside of test functions may panic as tests do

mod common;

use std::sync::Arc;

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::time::Duration;
use common::{
    BarrierTransport, RecordingCredential, RecordingTransport, chat_request, concurrent_calls,
    rejecting_t1,
};
use mistral_azure::{AI_SCOPE, AzureAuth, MistralAzure, MistralAzureBuilder};
use mistral_core::provider::{Token, TokenSource};
use mistral_core::{Client, ErrorKind, Result};

const CALLS: usize = 200;
const RESOURCE: &str = "https://res.services.ai.azure.com";
const MODELS: &str = "https://res.services.ai.azure.com/models";

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

/// A token of the application, whose scope the SDK does not know.
#[derive(Debug)]
struct OwnToken;

#[async_trait]
impl TokenSource for OwnToken {
    async fn token(&self) -> Result<Token> {
        Ok(Token::new("t0"))
    }
}

/// Returns the hint of the error for a response with this status and message.
async fn hint_of(
    builder: MistralAzureBuilder,
    status: u16,
    message: &'static str,
) -> Option<String> {
    let transport = RecordingTransport::new(move |_| {
        let body = format!(r#"{{"error":{{"code":"{status}","message":"{message}"}}}}"#);
        (status, vec![], body)
    });
    let client = transport.client(builder.build().unwrap());
    let call = client.chat().complete(&chat_request("m")).await;
    call.unwrap_err().hint().map(str::to_owned)
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
    assert_eq!(credential_source.scopes(), [AI_SCOPE]);
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
async fn entra_scope_of_builder_overrides_that_of_endpoint() {
    let scope = "https://example.com/.default";
    let (credential_source, transport) = (
        RecordingCredential::new(Duration::hours(1)),
        RecordingTransport::accepting(),
    );
    let builder = azure(RESOURCE, &credential_source).scope(scope);
    let client = transport.client(builder.build().unwrap());
    client.chat().complete(&chat_request("m")).await.unwrap();
    assert_eq!(credential_source.scopes(), [scope]);
}

#[tokio::test]
async fn entra_401_about_audience_hints_at_other_scope() {
    let generic =
        "Unauthorized. Access token is missing, invalid, audience is incorrect, or have expired.";
    let both = "Unauthorized. The audience is incorrect (https://cognitiveservices.azure.com, https://ai.azure.com)";
    let only_ai = "audience is incorrect (https://ai.azure.com).";
    let only_cognitive = "Audience is incorrect (https://cognitiveservices.azure.com).";
    let custom = Some("https://example.com/.default");
    for (endpoint, scope, message, expected) in [
        (RESOURCE, None, generic, Some("cognitiveservices.azure.com")),
        (RESOURCE, None, both, Some("cognitiveservices.azure.com")),
        (MODELS, None, generic, Some("ai.azure.com")),
        (MODELS, None, both, Some("ai.azure.com")),
        (MODELS, None, only_ai, Some("ai.azure.com")),
        (MODELS, None, only_cognitive, None),
        (MODELS, custom, only_ai, Some("ai.azure.com")),
        (MODELS, custom, generic, Some("cognitiveservices.azure.com")),
        (
            "https://res.services.ai.azure.us",
            None,
            generic,
            Some("cognitiveservices.azure.us"),
        ),
        (
            "https://res.services.ai.azure.us/models",
            None,
            generic,
            Some("ai.azure.us"),
        ),
        ("https://res.openai.azure.cn", None, generic, None),
        (
            "https://e.eastus.inference.ml.azure.com",
            None,
            generic,
            Some("cognitiveservices.azure.com"),
        ),
    ] {
        let credential_source = RecordingCredential::new(Duration::hours(1));
        let builder = azure(endpoint, &credential_source);
        let builder = match scope {
            Some(scope) => builder.scope(scope),
            None => builder,
        };
        let hint = hint_of(builder, 401, message).await;
        let expected = expected.map(|host| format!("`https://{host}/.default`"));
        match (&hint, &expected) {
            (Some(hint), Some(scope)) => {
                assert!(hint.contains(scope), "{endpoint} {message}: {hint}");
                assert!(hint.contains("`MistralAzureBuilder::scope`"), "{hint}");
            }
            _ => assert_eq!(hint, expected, "{endpoint} {message}"),
        }
    }
}

#[tokio::test]
async fn entra_401_about_audience_hints_by_kind_of_credential() {
    let message = "Unauthorized. The audience is incorrect";
    let builder = || MistralAzure::builder().endpoint(RESOURCE);
    let hint = hint_of(builder().token_source(OwnToken), 401, message).await;
    assert!(hint.is_some_and(|hint| hint.contains(AI_SCOPE)));
    let hint = hint_of(builder().api_key("k3y"), 401, message).await;
    assert!(hint.is_some_and(|hint| hint.contains("`api-key`")));
    let as_api_key = builder().api_key("k3y").auth(AzureAuth::ApiKey);
    assert_eq!(hint_of(as_api_key, 401, message).await, None);
    // No other response is about the audience.
    let credential_source = RecordingCredential::new(Duration::hours(1));
    let tokens = || azure(RESOURCE, &credential_source);
    assert_eq!(hint_of(tokens(), 403, message).await, None);
    assert_eq!(hint_of(tokens(), 401, "Access denied").await, None);
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
        text.contains(AI_SCOPE) && text.contains("AADSTS700016"),
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
