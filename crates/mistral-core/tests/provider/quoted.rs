//! Servers that quote the credentials of a request in their response.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use base64_simd::STANDARD;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};
use mistral_core::provider::{
    Operation, Provider, Route, RouteRequest, SignedBody, parse_base_url,
};
use mistral_core::testing::{MockReply, MockTransport};
use mistral_core::{Client, Error, ErrorKind, Result};
use serde_json::json;

use crate::common::{bytes, question, reply, scripted, sse};

const KEY: &str = "sk/0123+45\"6789=";
const OTHER: &str = "other-0123456789";
const SIGNED: &str = "session/0123456789";
const IN_URL: &str = "url+0123456789";

/// Sends one header as the credential, another one with the signature, and a parameter.
#[derive(Debug)]
struct Quoted {
    name: &'static str,
    value: String,
}

#[async_trait]
impl Provider for Quoted {
    fn name(&self) -> &'static str {
        "quoted"
    }

    fn supports(&self, _: &Operation) -> bool {
        true
    }

    fn route(&self, request: &RouteRequest<'_>) -> Result<Route> {
        let path = format!("{}?key={}", request.path, IN_URL.replace('+', "%2B"));
        Route::join(&parse_base_url("base", "http://server.test")?, &path)
    }

    async fn authorize(&self, _: Option<&HeaderMap>, headers: &mut HeaderMap) -> Result<()> {
        let mut value = HeaderValue::try_from(&self.value).map_err(Error::credentials)?;
        value.set_sensitive(true);
        headers.insert(HeaderName::from_static(self.name), value);
        Ok(())
    }

    async fn sign(&self, parts: &mut Parts, _: SignedBody<'_>) -> Result<()> {
        let mut value = HeaderValue::from_static(SIGNED);
        value.set_sensitive(true);
        parts.headers.insert("x-session", value);
        std::future::ready(()).await; // a future with a state
        Ok(())
    }
}

fn providers() -> [Quoted; 4] {
    let pair = STANDARD.encode_to_string(format!("user:{KEY}"));
    [
        ("authorization", format!("Bearer {KEY}")),
        ("authorization", format!("Basic {pair}")),
        ("api-key", KEY.to_owned()),
        ("cookie", format!("theme=dark; session={KEY}")),
    ]
    .map(|(name, value)| Quoted { name, value })
}

/// Everything that an error can be printed as.
fn printed(error: &Error) -> String {
    let api = error.api();
    let body = api.map(|api| (&api.body, &api.message, &api.code, &api.param));
    format!("{error} {error:#} {error:?} {error:#?} {api:?} {api:#?} {body:?}")
}

/// The credentials in all forms that a server may send back.
fn forms(provider: &Quoted) -> Vec<String> {
    let percent =
        |text: &str| -> String { url::form_urlencoded::byte_serialize(text.as_bytes()).collect() };
    let mut forms = vec![provider.value.clone()];
    for secret in [KEY, OTHER, SIGNED, IN_URL] {
        let json = serde_json::to_string(secret).unwrap();
        let json = json.trim_matches('"').to_owned();
        forms.extend([
            secret.to_owned(),
            percent(secret),
            percent(secret).to_lowercase(),
            json.replace('/', "\\/"),
            json,
            STANDARD.encode_to_string(secret),
        ]);
    }
    forms
}

fn client(provider: Quoted, mock: &MockTransport, log: &Arc<Mutex<String>>) -> Client {
    let log = Arc::clone(log);
    let retried = move |event: &mistral_core::retry::RetryEvent<'_>| {
        log.lock().unwrap().push_str(&printed(event.reason));
    };
    let builder = Client::builder(provider).transport(mock.clone());
    builder.on_retry(retried).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn credentials_that_the_server_quotes_are_masked_in_errors() {
    for index in 0..providers().len() {
        let provider = || providers().into_iter().nth(index).unwrap();
        for form in forms(&provider()) {
            let body = json!({
                "message": format!("bad: {form}"), "code": form, "param": form,
                "detail": [{ "loc": [form], "msg": format!("{form}!") }], "request_id": form,
            });
            let header = HeaderValue::try_from(&*form).unwrap();
            let header = header.to_str().unwrap();
            let replies = [401, 503].map(|status| reply(status, &body.to_string()));
            let quoting = |reply: MockReply| {
                let reply = reply.with_header("x-request-id", header);
                reply.with_header("x-echo", header)
            };
            let cut = reply(200, &format!("you sent {form}"));
            let data = format!("data: {}\n\n", json!({ "error": { "message": form } }));
            for reply in replies.into_iter().chain([cut, sse([bytes(data)])]) {
                let log = Arc::default();
                let mock = scripted([quoting(reply)]);
                let client = client(provider(), &mock, &log);
                let call = client.chat().stream(&question()).header("x-api-key", OTHER);
                let error = match call.await {
                    Ok(mut stream) => stream.next().await.unwrap().unwrap_err(),
                    Err(error) => error,
                };
                let call = client.chat().complete(&question());
                let other = call.header("x-api-key", OTHER).await.unwrap_err();
                let output = printed(&error) + &printed(&other) + &log.lock().unwrap();
                for secret in [KEY, OTHER, SIGNED, IN_URL, &form] {
                    let shown = format!("{secret:?}");
                    let shown = shown.trim_matches('"');
                    assert!(!output.contains(secret), "{secret} {output}");
                    assert!(!output.contains(shown), "{secret} {output}");
                }
                assert!(output.contains("***"), "{output}");
            }
        }
    }
}

#[tokio::test]
async fn cookies_of_an_error_response_are_not_printed() {
    let busy = reply(400, "{}").with_header("set-cookie", "session=0123456789");
    let log = Arc::default();
    let [provider, ..] = providers();
    let client = client(provider, &scripted([busy]), &log);
    let error = client.models().list().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(!printed(&error).contains("0123456789"));
    let kept = &error.api().unwrap().headers["set-cookie"];
    assert_eq!(kept, "session=0123456789");
}

#[tokio::test]
async fn text_without_credentials_is_not_masked() {
    let mut provider = providers().into_iter().next().unwrap();
    provider.value = "Bearer short".to_owned();
    let body = r#"{"message":"a short word is no key","code":"Bearer"}"#;
    let client = client(provider, &scripted([reply(400, body)]), &Arc::default());
    let error = client.models().list().await.unwrap_err();
    assert_eq!(error.api().unwrap().body, body);
    assert_eq!(error.code(), Some("Bearer"));
}
