//! Redirects with the transport on reqwest: no credential and no prompt leaves the origin.

use std::sync::{Arc, Mutex};

use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::messages::Message;
use mistral_sdk::transport::ReqwestTransport;
use mistral_sdk::{Client, ErrorKind, MistralApi, RetryPolicy};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use crate::servers::read_head;

/// Starts a server that sends `response` to every request, and records the heads of the requests.
async fn server(response: String) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let heads: Arc<Mutex<Vec<_>>> = Arc::default();
    let recorded = Arc::clone(&heads);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let head = read_head(&mut socket).await?;
            recorded.lock().unwrap().push(head);
            socket.write_all(response.as_bytes()).await?;
        }
        std::io::Result::Ok(())
    });
    (url, heads)
}

async fn redirect_to(url: &str, status: u16) -> String {
    let head = format!("HTTP/1.1 {status} x\r\nlocation: {url}/v1/models\r\n");
    server(format!(
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
    let (elsewhere, heads) = server(ok).await;
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
    let (elsewhere, _) = server(ok).await;
    let url = redirect_to(&elsewhere, 302).await;
    let client = client(&url, ReqwestTransport::from(reqwest::Client::new()));
    let error = client.models().list().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    let message = format!("{error:#}");
    assert!(message.contains("ReqwestTransport::new"), "{message}");
}
