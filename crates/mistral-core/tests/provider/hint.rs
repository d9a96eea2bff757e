//! The advice of a provider about error responses.

use async_trait::async_trait;
use http::{HeaderMap, StatusCode};
use mistral_core::error::ApiError;
use mistral_core::provider::{Operation, Provider, Route, RouteRequest};
use mistral_core::{Client, Result, RetryPolicy};

use crate::common::{Open, question, reply, scripted};

const ADVICE: &str = "request the token for another scope";

/// Advises on every 401.
#[derive(Debug)]
struct Advising;

#[async_trait]
impl Provider for Advising {
    fn name(&self) -> &'static str {
        "advising"
    }

    fn supports(&self, _: &Operation) -> bool {
        true
    }

    fn route(&self, request: &RouteRequest<'_>) -> Result<Route> {
        Open.route(request)
    }

    async fn authorize(&self, _: Option<&HeaderMap>, _: &mut HeaderMap) -> Result<()> {
        Ok(())
    }

    fn hint(&self, error: &ApiError) -> Option<&'static str> {
        (error.status == StatusCode::UNAUTHORIZED).then_some(ADVICE)
    }
}

#[tokio::test]
async fn hint_of_provider_takes_precedence() {
    let invalid_key = r#"{"message":"Invalid API key"}"#;
    for (status, body, is_advised) in [
        (401, invalid_key, true),
        (401, r#"{"message":"The audience is incorrect"}"#, true),
        (403, "{}", false),
    ] {
        let mock = scripted([reply(status, body)]);
        let client = Client::builder(Advising)
            .transport(mock)
            .retry(RetryPolicy::none())
            .build()
            .unwrap();
        let error = client.chat().complete(&question()).await.unwrap_err();
        assert_eq!(error.hint() == Some(ADVICE), is_advised, "{error:#}");
        assert_eq!(format!("{error:#}").ends_with(ADVICE), is_advised);
    }
    let mock = scripted([reply(401, invalid_key)]);
    let client = Client::builder(Open).transport(mock).build().unwrap();
    let call = client.chat().complete(&question());
    let error = call.header("x-api-key", "some-key").await.unwrap_err();
    assert!(error.hint().is_some_and(|hint| hint.contains("this host")));
}
