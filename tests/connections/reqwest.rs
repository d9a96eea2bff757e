//! Redirects with the transport on reqwest: no credential and no prompt leaves the origin.

use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::messages::Message;
use mistral_sdk::transport::ReqwestTransport;
use mistral_sdk::{Client, ErrorKind, MistralApi, RetryPolicy};

use crate::servers::{empty_list, recording};

async fn redirect_to(url: &str, status: u16) -> String {
    let head = format!("HTTP/1.1 {status} x\r\nlocation: {url}/v1/models\r\n");
    recording(format!(
        "{head}connection: close\r\ncontent-length: 0\r\n\r\n"
    ))
    .await
    .0
}

fn client(url: &str, transport: ReqwestTransport) -> Client {
    let api = MistralApi::new("key").unwrap().base_url(url).unwrap();
    let builder = Client::builder(api).transport(transport);
    builder.retry(RetryPolicy::none()).build().unwrap()
}

#[tokio::test]
async fn reqwest_redirect_to_another_origin_is_not_followed() {
    let ok = "HTTP/1.1 200 x\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}".to_owned();
    let (elsewhere, heads) = recording(ok).await;
    for status in [301, 302, 303, 307, 308] {
        let url = redirect_to(&elsewhere, status).await;
        // The builder's own policies are those that the SDK must not have.
        let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::limited(10));
        let client = client(&url, ReqwestTransport::new(builder).unwrap());
        let list = client.models().list().header("api-key", "key");
        let error = list.await.unwrap_err();
        assert!(format!("{error:#}").contains(&elsewhere), "{error:#}");
        let request = ChatCompletionRequest::new("m", [Message::user("secret")]);
        let chat = client.chat().complete(&request).header("x-api-key", "key");
        assert!(chat.await.is_err(), "{status}");
    }
    assert!(heads.lock().unwrap().is_empty(), "{heads:?}");
}

#[tokio::test]
async fn reqwest_client_that_follows_redirects_is_an_error() {
    let ok = "HTTP/1.1 200 x\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}".to_owned();
    let (elsewhere, _) = recording(ok).await;
    let url = redirect_to(&elsewhere, 302).await;
    let client = client(&url, ReqwestTransport::from(reqwest::Client::new()));
    let error = client.models().list().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    let message = format!("{error:#}");
    assert!(message.contains("ReqwestTransport::new"), "{message}");
}

/// Returns the `user-agent` of a call, or an empty text.
async fn user_agent(builder: reqwest::ClientBuilder, application: Option<&str>) -> String {
    let (url, heads) = recording(empty_list()).await;
    let api = MistralApi::new("key").unwrap().base_url(&url).unwrap();
    let transport = ReqwestTransport::new(builder.no_proxy()).unwrap();
    let mut client = Client::builder(api).transport(transport);
    if let Some(application) = application {
        client = client.user_agent(application);
    }
    client.build().unwrap().models().list().await.unwrap();
    let head = heads.lock().unwrap().concat();
    let line = head
        .lines()
        .find_map(|line| line.strip_prefix("user-agent: "));
    line.unwrap_or_default().to_owned()
}

#[tokio::test]
async fn reqwest_user_agent_of_the_client_is_kept() {
    let named = || reqwest::Client::builder().user_agent("crawler/2.0");
    assert_eq!(user_agent(named(), None).await, "crawler/2.0");
    // reqwest sends none by default.
    assert_eq!(user_agent(reqwest::Client::builder(), None).await, "");
    let both = format!("app/1 mistral-sdk-rust/{}", env!("CARGO_PKG_VERSION"));
    assert_eq!(user_agent(named(), Some("app/1")).await, both);
}
