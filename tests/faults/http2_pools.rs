//! Connections of HTTP/2: the server's limit of streams, dead connections, unread responses.

use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use futures::future::join_all;
use futures::stream::FuturesUnordered;
use h2::RecvStream;
use h2::server::{Builder, SendResponse};
use http::{Request, Response};
use mistral_sdk::transport::HyperTransport;
use mistral_sdk::{Client, ErrorKind};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;

use super::http2;
use super::operations::{OperationKind, Settings, client};
use super::server::{Counter, Server, TEST_TIMEOUT};

fn client_of(server: &Server, transport: HyperTransport) -> Client {
    client(&server.url()).transport(transport).build().unwrap()
}

/// Serves a connection that allows `max_streams` streams at once.
async fn serve<F>(
    socket: TcpStream,
    counter: Counter,
    max_streams: u32,
    respond: impl Fn(Request<RecvStream>, SendResponse<Bytes>) -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let mut server = Builder::new();
    server.max_concurrent_streams(max_streams);
    let mut connection = server.handshake::<_, Bytes>(socket).await.unwrap();
    while let Some(Ok((request, send))) = connection.accept().await {
        counter.request();
        tokio::spawn(respond(request, send));
    }
}

async fn respond(request: Request<RecvStream>, mut send: SendResponse<Bytes>) {
    let mut body = request.into_body();
    while let Some(Ok(_)) = body.data().await {}
    let head = Response::builder().header("content-type", "application/json");
    if let Ok(mut stream) = send.send_response(head.body(()).unwrap(), false) {
        let _ = stream.send_data(OperationKind::List.body().into(), true);
    }
}

/// The server responds to none of the requests before all have arrived.
#[tokio::test]
async fn http2_calls_beyond_the_stream_limit_use_further_connections() {
    for (max_streams, calls, connections) in [(100, 1_000, 12), (10, 100, 11), (1, 12, 14)] {
        let (all_here, wait_for_all) = watch::channel(false);
        let server = Server::serving(move |socket, counter| {
            let all_here = wait_for_all.clone();
            serve(socket, counter, max_streams, move |request, send| {
                let mut all_here = all_here.clone();
                async move {
                    let _ = all_here.wait_for(|all_here| *all_here).await;
                    respond(request, send).await;
                }
            })
        })
        .await;
        let client = client_of(&server, http2::transport());
        for round in 1..=2 {
            all_here.send_replace(false);
            let settings = Settings::default();
            let all = (0..calls).map(|_| OperationKind::List.call(&client, &settings));
            let all = timeout(TEST_TIMEOUT, join_all(all));
            let arrived = async {
                server
                    .until(|counts| counts.requests == round * calls)
                    .await;
                all_here.send_replace(true);
            };
            let (results, ()) = tokio::join!(all, arrived);
            for result in results.unwrap() {
                result.unwrap();
            }
            let counts = server.counts();
            assert_eq!(counts.requests, round * calls, "{max_streams}");
            assert!(
                counts.connections <= connections,
                "{max_streams}: {counts:?}"
            );
        }
    }
}

#[tokio::test]
async fn http2_stream_limit_holds_for_calls_one_after_another() {
    let server = Server::serving(|socket, counter| serve(socket, counter, 1, respond)).await;
    let client = client_of(&server, http2::transport());
    for _ in 0..50 {
        let settings = Settings::default();
        OperationKind::List.call(&client, &settings).await.unwrap();
    }
    assert_eq!(server.counts().connections, 1);
}

/// Starts a server whose first connection freezes after one response: it stays open, and nothing
/// is read or written any more.
async fn start_freezing() -> Server {
    Server::serving(move |socket, counter| async move {
        let is_first = counter.connections() == 1;
        let mut connection = h2::server::handshake(socket).await.unwrap();
        while let Some(Ok((request, send))) = connection.accept().await {
            if counter.request() == 1 && is_first {
                return std::future::pending().await;
            }
            tokio::spawn(respond(request, send));
        }
    })
    .await
}

#[tokio::test]
async fn http2_frozen_connection_is_found_by_pings() {
    let server = start_freezing().await;
    let transport = http2::transport()
        .http2_keep_alive_interval(Duration::from_millis(100))
        .http2_keep_alive_timeout(Duration::from_millis(100));
    let client = client_of(&server, transport);
    let call = || async {
        let request = super::operations::chat_request();
        client.chat().complete(&request).await
    };
    let settings = Settings::default();
    OperationKind::List.call(&client, &settings).await.unwrap();
    let error = timeout(TEST_TIMEOUT, call()).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection, "{error:#}");
    OperationKind::List.call(&client, &settings).await.unwrap();
    assert_eq!(server.counts().connections, 2);
}

#[tokio::test]
async fn http2_frozen_connection_is_not_used_after_a_first_byte_timeout() {
    let server = start_freezing().await;
    let transport = http2::transport().http2_keep_alive_interval(None);
    let client = client_of(&server, transport);
    let mut settings = Settings::default();
    OperationKind::List.call(&client, &settings).await.unwrap();
    settings.first_byte = Some(Duration::from_millis(100));
    // The second attempt is sent on another connection.
    OperationKind::List.call(&client, &settings).await.unwrap();
    let counts = server.counts();
    assert_eq!((counts.connections, counts.requests), (2, 3));
}

/// A server that is slow, but alive, keeps its connection.
#[tokio::test]
async fn http2_first_byte_timeout_keeps_a_connection_that_is_alive() {
    let server = http2::start(OperationKind::List, |number| match number {
        1 => http2::Action::Stall,
        _ => http2::Action::Respond,
    })
    .await;
    let transport = http2::transport().http2_keep_alive_interval(Duration::from_millis(20));
    let client = client_of(&server, transport);
    let settings = Settings {
        first_byte: Some(Duration::from_millis(200)),
        ..Settings::default()
    };
    for _ in 0..3 {
        OperationKind::List.call(&client, &settings).await.unwrap();
    }
    let counts = server.counts();
    assert_eq!((counts.connections, counts.requests), (1, 4));
}

#[tokio::test]
async fn http2_unread_downloads_block_no_other_call() {
    const SIZE: usize = 8 * 1024 * 1024;
    let server = Server::serving(|socket, counter| {
        serve(socket, counter, 100, |request, mut send| async move {
            if !request.uri().path().ends_with("/content") {
                return respond(request, send).await;
            }
            let head = Response::builder().header("content-type", "application/octet-stream");
            let mut stream = send.send_response(head.body(()).unwrap(), false).unwrap();
            let _ = stream.send_data(vec![b'x'; SIZE].into(), true);
        })
    })
    .await;
    let client = client_of(&server, http2::transport());
    let downloads: FuturesUnordered<_> = (0..6)
        .map(|_| client.files().download("f1").into_future())
        .collect();
    let downloads: Vec<_> = downloads.map(Result::unwrap).collect().await;
    let settings = Settings {
        total: Some(TEST_TIMEOUT),
        ..Settings::default()
    };
    OperationKind::List.call(&client, &settings).await.unwrap();
    for download in downloads {
        let bytes = timeout(TEST_TIMEOUT, download.bytes()).await.unwrap();
        assert_eq!(bytes.unwrap().len(), SIZE);
    }
    assert_eq!(server.counts().connections, 1);
}

#[tokio::test]
async fn http2_large_response_head_is_accepted() {
    let server = Server::serving(|socket, counter| {
        serve(socket, counter, 100, |_, mut send| async move {
            let mut head = Response::builder().header("content-type", "application/json");
            for number in 0..10 {
                head = head.header(format!("x-{number}"), "v".repeat(15_000));
            }
            let mut stream = send.send_response(head.body(()).unwrap(), false).unwrap();
            let _ = stream.send_data(OperationKind::List.body().into(), true);
        })
    })
    .await;
    let client = client_of(&server, http2::transport());
    let settings = Settings::default();
    OperationKind::List.call(&client, &settings).await.unwrap();
}
