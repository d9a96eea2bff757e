//! Tokens of Entra ID.

#![allow(clippy::unwrap_used)] // helpers outside of test functions may panic as tests do

mod common;

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::time::{Duration, OffsetDateTime};
use common::{Recorder, Together, question, refusing_the_first, storm};
use mistral_azure::{AzureAuth, DEFAULT_SCOPE, MistralAzure, MistralAzureBuilder};
use mistral_core::{Client, ErrorKind};

const CALLS: usize = 200;
const RESOURCE: &str = "https://res.services.ai.azure.com";

/// Gives numbered tokens and notes the scopes that it was asked for.
#[derive(Debug)]
struct Tenant {
    scopes: Mutex<Vec<String>>,
    life: Duration,
}

impl Tenant {
    fn new(life: Duration) -> Arc<Self> {
        let scopes = Mutex::default();
        Arc::new(Self { scopes, life })
    }

    fn scopes(&self) -> Vec<String> {
        self.scopes.lock().unwrap().clone()
    }
}

#[async_trait]
impl TokenCredential for Tenant {
    async fn get_token(
        &self,
        scopes: &[&str],
        _: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let number = {
            let mut asked = self.scopes.lock().unwrap();
            asked.push(scopes.join(" "));
            asked.len()
        };
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        let end = OffsetDateTime::now_utc() + self.life;
        Ok(AccessToken::new(format!("t{number}"), end))
    }
}

/// Gives no tokens.
#[derive(Debug)]
struct Stranger;

#[async_trait]
impl TokenCredential for Stranger {
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

fn azure(endpoint: &str, tenant: &Arc<Tenant>) -> MistralAzureBuilder {
    let credential: Arc<dyn TokenCredential> = Arc::<Tenant>::clone(tenant);
    MistralAzure::builder()
        .endpoint(endpoint)
        .credential(credential)
}

#[tokio::test]
async fn any_number_of_first_calls_ask_for_one_token() {
    let (tenant, recorder) = (Tenant::new(Duration::hours(1)), Recorder::willing());
    let client = recorder.client(azure(RESOURCE, &tenant).build().unwrap());
    storm(&client, CALLS).await;
    storm(&client, CALLS).await;
    assert_eq!(tenant.scopes(), [DEFAULT_SCOPE]);
    let sent = recorder.take();
    assert_eq!(sent.len(), 2 * CALLS);
    for sent in sent {
        assert_eq!(sent.header("authorization"), Some("Bearer t1"));
        assert!(sent.headers.get("authorization").unwrap().is_sensitive());
    }
}

#[tokio::test]
async fn any_number_of_refusals_at_once_make_one_renewal() {
    let (tenant, recorder) = (Tenant::new(Duration::hours(1)), refusing_the_first());
    let client = Client::builder(azure(RESOURCE, &tenant).build().unwrap())
        .transport(Together::new(&recorder, CALLS))
        .build()
        .unwrap();
    storm(&client, CALLS).await;
    assert_eq!(tenant.scopes().len(), 2);
    assert_eq!(recorder.take().len(), 2 * CALLS);
}

#[tokio::test]
async fn a_token_that_has_ended_is_not_kept() {
    let (tenant, recorder) = (Tenant::new(Duration::hours(-1)), Recorder::willing());
    let client = recorder.client(azure(RESOURCE, &tenant).build().unwrap());
    for number in 1..=3 {
        client.chat().complete(&question("m")).await.unwrap();
        let token = format!("Bearer t{number}");
        assert_eq!(recorder.last().header("authorization"), Some(&*token));
    }
}

#[tokio::test]
async fn tokens_go_out_as_bearer_for_the_scope_of_the_host() {
    let own = "https://ai.azure.com/.default";
    for (endpoint, scope, expected) in [
        ("https://res.openai.azure.com", None, DEFAULT_SCOPE),
        (
            "https://res.cognitiveservices.azure.com",
            None,
            DEFAULT_SCOPE,
        ),
        ("https://x.eastus.models.ai.azure.com", None, DEFAULT_SCOPE),
        ("https://gate.example", None, DEFAULT_SCOPE),
        (RESOURCE, Some(own), own),
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
        let (tenant, recorder) = (Tenant::new(Duration::hours(1)), Recorder::willing());
        let builder = azure(endpoint, &tenant);
        let builder = match scope {
            Some(scope) => builder.scope(scope),
            None => builder,
        };
        let client = recorder.client(builder.build().unwrap());
        client.chat().complete(&question("m")).await.unwrap();
        assert_eq!(tenant.scopes(), [expected], "{endpoint}");
        let sent = recorder.last();
        assert_eq!(sent.header("authorization"), Some("Bearer t1"));
        assert_eq!(sent.header("api-key"), None);
    }
}

#[tokio::test]
async fn a_credential_that_fails_says_why() {
    let recorder = Recorder::willing();
    let builder = MistralAzure::builder().endpoint(RESOURCE);
    let azure = builder.credential(Arc::new(Stranger)).build().unwrap();
    let client = recorder.client(azure);
    let error = client.chat().complete(&question("m")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    let text = format!("{error:#}");
    assert!(
        text.contains(DEFAULT_SCOPE) && text.contains("AADSTS700016"),
        "{text}"
    );
    assert!(recorder.take().is_empty());
}

#[test]
fn settings_that_do_not_go_together_are_refused() {
    let tenant = Tenant::new(Duration::hours(1));
    for (builder, words) in [
        (azure(RESOURCE, &tenant).auth(AzureAuth::ApiKey), "`auth`"),
        (azure(RESOURCE, &tenant).scope(" "), "`scope` is empty"),
    ] {
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(words), "{error}");
    }
}
