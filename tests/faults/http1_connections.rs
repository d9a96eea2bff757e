//! Connections of HTTP/1.1: when they are closed, and what may come before a response.

use std::time::{Duration, Instant};

use futures::StreamExt;
use mistral_sdk::ErrorKind;
use mistral_sdk::transport::{Body, Transport};
use tokio::io::AsyncWriteExt;
use tokio::time::{interval, timeout};

use super::operations::{OperationKind, Settings, client, transport};
use super::responses::{success_parts, with_length};
use super::server::{Action, Server, read_request};

const LIST: OperationKind = OperationKind::List;

fn response(more: &str) -> Vec<u8> {
    with_length("200 OK", "application/json", more, LIST.body().as_bytes())
}

#[tokio::test]
async fn idle_connection_is_closed_after_the_timeout_of_the_pool() {
    let server = Server::start(|_| vec![Action::Send(response(""))]).await;
    let pool = transport().pool_idle_timeout(Duration::from_millis(50));
    let client = client(&server.url()).transport(pool).build().unwrap();
    for round in 1..=3 {
        LIST.call(&client, &Settings::default()).await.unwrap();
        LIST.call(&client, &Settings::default()).await.unwrap();
        let counts = server.until(|counts| counts.open == 0).await;
        assert_eq!((counts.connections, counts.requests), (round, 2 * round));
    }
}

/// The server closes the connection a second after it was used last, and says so.
#[tokio::test]
async fn idle_connection_is_closed_before_the_announced_time() {
    let server = Server::start(|_| vec![Action::Send(response("keep-alive: timeout=1\r\n"))]).await;
    let client = client(&server.url()).build().unwrap();
    LIST.call(&client, &Settings::default()).await.unwrap();
    let used = Instant::now();
    server.until(|counts| counts.open == 0).await;
    assert!(
        used.elapsed() < Duration::from_millis(950),
        "{:?}",
        used.elapsed()
    );
}

/// A connection with an exchange is not idle, however long the server takes.
#[tokio::test]
async fn idle_timeout_of_the_pool_ends_no_exchange() {
    const IDLE: Duration = Duration::from_millis(20);
    let server = Server::serving(|mut socket, counter| async move {
        let (head, body) = success_parts(LIST);
        while read_request(&mut socket).await.is_some() {
            counter.request();
            for part in [&head, &body] {
                tokio::time::sleep(5 * IDLE).await;
                socket.write_all(part).await.unwrap();
            }
        }
    })
    .await;
    let pool = transport().pool_idle_timeout(IDLE);
    let client = client(&server.url()).transport(pool).build().unwrap();
    LIST.call(&client, &Settings::default()).await.unwrap();
    LIST.call(&client, &Settings::default()).await.unwrap();
    assert_eq!(server.counts().requests, 2);
}

/// The connection is free once the last byte of a response was read from it. It may carry the next
/// exchange by the time that the body of the response is dropped.
#[tokio::test]
async fn idle_timeout_of_the_pool_ends_no_exchange_after_a_late_drop() {
    const IDLE: Duration = Duration::from_millis(20);
    let server = Server::serving(|mut socket, counter| async move {
        while read_request(&mut socket).await.is_some() {
            if counter.request() > 0 {
                tokio::time::sleep(10 * IDLE).await;
            }
            socket.write_all(&response("")).await.unwrap();
        }
    })
    .await;
    let transport = transport().pool_idle_timeout(IDLE);
    let request = || {
        http::Request::get(server.url())
            .body(Body::empty())
            .unwrap()
    };
    let mut first = transport.send(request()).await.unwrap().into_body();
    first.next().await.unwrap().unwrap();
    tokio::task::yield_now().await; // the connection is back in the pool
    let dropping = async {
        server.until(|counts| counts.requests == 2).await;
        drop(first);
    };
    let (second, ()) = tokio::join!(transport.send(request()), dropping);
    assert_eq!(second.unwrap().status(), 200);
    assert_eq!(server.counts().connections, 1);
}

#[tokio::test]
async fn idle_connections_are_kept_up_to_the_maximum_of_the_pool() {
    let server = Server::start(|_| vec![Action::Send(response(""))]).await;
    let pool = transport().pool_max_idle_per_host(3);
    let client = client(&server.url()).transport(pool).build().unwrap();
    let settings = Settings::default();
    let calls = (0..20).map(|_| LIST.call(&client, &settings));
    for result in futures::future::join_all(calls).await {
        result.unwrap();
    }
    let counts = server.until(|counts| counts.open <= 3).await;
    assert!(counts.connections > 3, "{counts:?}");
}

/// Informational responses without end neither block the runtime's only thread nor the call.
#[tokio::test]
async fn informational_responses_without_end_are_an_error() {
    let (started, wait) = std::sync::mpsc::channel();
    let (_stop, stopped) = tokio::sync::oneshot::channel::<()>();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(async move {
            let server = Server::serving(|mut socket, counter| async move {
                let flood = "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(10_000);
                while read_request(&mut socket).await.is_some() {
                    counter.request();
                    while socket.write_all(flood.as_bytes()).await.is_ok() {}
                }
            })
            .await;
            started.send(server.url()).unwrap();
            let _ = stopped.await;
        });
    });
    let client = client(&wait.recv().unwrap()).build().unwrap();
    let ticking = tokio::spawn(async {
        let (mut ticks, mut last, mut longest) = (
            interval(Duration::from_millis(5)),
            Instant::now(),
            Duration::ZERO,
        );
        loop {
            ticks.tick().await;
            longest = longest.max(last.elapsed());
            last = Instant::now();
            if longest > Duration::from_secs(1) {
                return longest;
            }
        }
    });
    let settings = Settings::default();
    let call = timeout(Duration::from_secs(20), LIST.call(&client, &settings));
    let error = call.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{error:#}");
    assert!(!ticking.is_finished(), "the runtime was blocked");
    ticking.abort();
}
