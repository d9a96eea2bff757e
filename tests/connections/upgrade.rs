//! HTTP upgrades of the built-in transport: plain, over TLS, and through a proxy.

use std::time::Duration;

use futures::{AsyncReadExt as _, AsyncWriteExt as _};
use http::header::{CONNECTION, UPGRADE};
use http::{Request, StatusCode};
use mistral_sdk::testing::MockTransport;
use mistral_sdk::transport::{HyperTransport, Transport, TransportErrorKind, UpgradeResponse};
use tokio::io::{AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};

use crate::servers::{Proxy, TlsServer, far, read_head};
use crate::{CHILD, outcome_of};

/// Starts a server that switches to the protocol `echo` on `/echo`, and refuses elsewhere.
async fn echo_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(serve(socket));
        }
    });
    url
}

async fn serve(mut socket: TcpStream) -> std::io::Result<()> {
    let head = read_head(&mut socket).await?.to_ascii_lowercase();
    if !head.starts_with("get /echo http/1.1") || !head.contains("upgrade: echo\r\n") {
        let refusal = "HTTP/1.1 401 x\r\ncontent-length: 2\r\n\r\nno";
        return socket.write_all(refusal.as_bytes()).await;
    }
    let switch = "HTTP/1.1 101 x\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\nhello ";
    socket.write_all(switch.as_bytes()).await?;
    let (mut reader, mut writer) = socket.split();
    copy(&mut reader, &mut writer).await?;
    writer.shutdown().await
}

fn request(url: &str) -> Request<()> {
    Request::get(url)
        .header(CONNECTION, "upgrade")
        .header(UPGRADE, "echo")
        .body(())
        .unwrap()
}

/// Upgrades a connection to `url`, and describes what comes of it.
async fn upgrade(url: &str) -> String {
    let transport = HyperTransport::new(Duration::from_secs(10)).unwrap();
    match transport.upgrade(request(url)).await {
        Ok(UpgradeResponse::Upgraded(mut connection)) => {
            let status = connection.response().status();
            assert_eq!(status, StatusCode::SWITCHING_PROTOCOLS);
            assert_eq!(connection.response().headers()[UPGRADE], "echo");
            let sent = "echo ".repeat(20_000);
            connection.write_all(b"and ").await.unwrap();
            connection.flush().await.unwrap();
            let (mut reader, mut writer) = connection.split();
            let (mut received, all) = (String::new(), sent.as_bytes());
            let (written, read) = futures::join!(
                async {
                    writer.write_all(all).await?;
                    writer.close().await
                },
                reader.read_to_string(&mut received),
            );
            written.and(read).unwrap();
            assert_eq!(received, format!("hello and {sent}"));
            "echoed".to_owned()
        }
        Ok(UpgradeResponse::Refused(response)) => {
            let status = response.status();
            let body = response.into_body().collect().await.unwrap();
            format!("{status}: {}", String::from_utf8_lossy(&body))
        }
        Ok(other) => format!("{other:?}"),
        Err(error) => format!("{error}"),
    }
}

#[tokio::test]
async fn upgrade_child_process() {
    if let Some(url) = std::env::var_os(CHILD) {
        println!("outcome: {}", upgrade(url.to_str().unwrap()).await);
    }
}

async fn outcome(url: &str, variables: &[(&str, &str)]) -> String {
    outcome_of("upgrade::upgrade_child_process", url, variables).await
}

#[tokio::test]
async fn upgrade_over_a_plain_connection_echoes() {
    let url = format!("{}/echo", echo_server().await);
    assert_eq!(outcome(&url, &[]).await, "echoed");
}

#[tokio::test]
async fn upgrade_over_tls_speaks_http1_although_http2_is_offered() {
    let server = TlsServer::start(&echo_server().await, &["h2", "http/1.1"]).await;
    let url = format!("{}/echo", server.url);
    let outcome = outcome(&url, &[("SSL_CERT_FILE", &server.certificate)]).await;
    assert_eq!(outcome, "echoed");
}

#[tokio::test]
async fn upgrade_through_a_proxy_uses_a_tunnel_with_and_without_tls() {
    let proxy = Proxy::http().await;
    let proxy_url = proxy.url("http", "user:pass@");
    let plain = echo_server().await;
    let secure = TlsServer::start(&plain, &["http/1.1"]).await;
    for server in [far(&plain), far(&secure.url)] {
        let variables = [
            ("ALL_PROXY", proxy_url.as_str()),
            ("SSL_CERT_FILE", &secure.certificate),
        ];
        let outcome = outcome(&format!("{server}/echo"), &variables).await;
        assert_eq!(outcome, "echoed", "{server}");
        let head = proxy.take_request();
        let (_, host) = server.split_once("://").unwrap();
        assert!(head.starts_with(&format!("CONNECT {host} ")), "{head}");
    }
}

#[tokio::test]
async fn upgrade_through_a_proxy_names_the_default_port() {
    let proxy = Proxy::http().await;
    let proxy_url = proxy.url("http", "");
    let variables = [("ALL_PROXY", proxy_url.as_str())];
    outcome("http://host.test/echo", &variables).await;
    let head = proxy.take_request();
    assert!(head.starts_with("CONNECT host.test:80 "), "{head}");
}

#[tokio::test]
async fn upgrade_that_the_server_refuses_keeps_status_and_body() {
    let url = format!("{}/elsewhere", echo_server().await);
    assert_eq!(outcome(&url, &[]).await, "401 Unauthorized: no");
}

#[tokio::test]
async fn upgrade_without_support_of_the_transport_fails_with_what_to_do() {
    let transport = MockTransport::new();
    let error = transport.upgrade(request("http://host.test/echo")).await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Config);
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("does not support HTTP upgrades"), "{cause}");
}
