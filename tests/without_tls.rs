//! The SDK built without a TLS feature: with `--no-default-features` and the features in
//! `Cargo.toml`. Empty otherwise.

#![cfg(not(feature = "full"))]

use mistral_sdk::{Client, ErrorKind, MistralApi};
use tokio::net::TcpListener;

#[tokio::test]
async fn tls_disabled_https_url_fails_before_connecting() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let api = MistralApi::new("key").unwrap().base_url(&url).unwrap();
    let client = Client::new(api).unwrap();

    let error = client.models().list().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(format!("{error:#}").contains("`rustls`"), "{error:#}");
    assert_eq!(error.attempts(), 1);
    let connected = std::pin::pin!(listener.accept());
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(connected.poll(&mut context).is_pending());
}
