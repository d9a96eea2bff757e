//! The life of connections: closed when a call is dropped, pooled when they are reusable.

use std::time::Duration;

use futures::future::join_all;
use futures::{FutureExt, StreamExt};
use mistral_sdk::{ErrorKind, RetryPolicy};
use tokio::time::timeout;

use super::http2;
use super::operations::{EVENTS, OPERATIONS, OperationKind, Settings, chat_request, client};
use super::responses::{chunk, chunked_head, success, success_parts, with_length};
use super::server::{Action, Server};

/// The time within which the server must see the close.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(100);
const REJECTED_STREAMS: usize = 200;

/// Returns the bytes that a server sends before it stalls: none, a part of the head, the head, or a
/// part of the body.
fn stalls(operation: OperationKind) -> [Vec<u8>; 4] {
    let (head, body) = success_parts(operation);
    let part = [head.as_slice(), &body[..body.len() / 3]].concat();
    [Vec::new(), head[..10].to_vec(), head, part]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropped_call_closes_connection_at_any_point() {
    for operation in OPERATIONS {
        for start in stalls(operation) {
            let length = start.len();
            let server =
                Server::start(move |_| vec![Action::Send(start.clone()), Action::Stall]).await;
            let client = client(&server.url()).build().unwrap();
            let call =
                tokio::spawn(async move { operation.call(&client, &Settings::default()).await });
            server.until(|counts| counts.requests == 1).await;
            call.abort();
            let closed = timeout(CLOSE_TIMEOUT, server.until(|counts| counts.open == 0)).await;
            assert!(closed.is_ok(), "{} after {length} bytes", operation.name());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropped_stream_closes_connection_at_any_point() {
    let event = EVENTS[0];
    for part in ["", &event[..20], event, &[event, "data: {\"ch"].concat()] {
        let start = [chunked_head(OperationKind::Stream), chunk(part)].concat();
        let start = if part.is_empty() {
            chunked_head(OperationKind::Stream)
        } else {
            start
        };
        let server = Server::start(move |_| vec![Action::Send(start.clone()), Action::Stall]).await;
        let client = client(&server.url()).build().unwrap();
        let mut stream = client.chat().stream(&chat_request()).await.unwrap();
        if part.starts_with(event) {
            assert_eq!(stream.next().await.unwrap().unwrap().text(), "Hé");
        }
        assert!(stream.next().now_or_never().is_none());
        drop(stream);
        let closed = timeout(CLOSE_TIMEOUT, server.until(|counts| counts.open == 0)).await;
        assert!(closed.is_ok(), "after {part:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http2_dropped_call_resets_stream_and_keeps_connection() {
    let stalls_once = |number| match number {
        0 => http2::Action::Stall,
        _ => http2::Action::Respond,
    };
    for operation in OPERATIONS {
        let server = http2::start(operation, stalls_once).await;
        let client = client(&server.url())
            .transport(http2::transport())
            .build()
            .unwrap();
        let dropped = client.clone();
        let call =
            tokio::spawn(async move { operation.call(&dropped, &Settings::default()).await });
        server.until(|counts| counts.requests == 1).await;
        call.abort();
        let reset = timeout(CLOSE_TIMEOUT, server.until(|counts| counts.resets == 1)).await;
        assert!(reset.is_ok(), "{}", operation.name());
        operation.call(&client, &Settings::default()).await.unwrap();
        assert_eq!(server.counts().connections, 1, "{}", operation.name());
    }
}

#[tokio::test] // one thread, so that a connection is back in the pool before the next request
async fn pool_fully_read_response_returns_connection() {
    for operation in OPERATIONS {
        let server = Server::start(move |_| vec![Action::Send(success(operation))]).await;
        let client = client(&server.url()).build().unwrap();
        for _ in 0..20 {
            operation.call(&client, &Settings::default()).await.unwrap();
            tokio::task::yield_now().await;
        }
        let counts = server.counts();
        assert_eq!(
            (counts.requests, counts.connections),
            (20, 1),
            "{}",
            operation.name()
        );
    }
}

#[tokio::test] // one thread, so that a connection is back in the pool before the next request
async fn pool_rejected_streams_leak_no_connection() {
    for (status, kind) in [
        ("400 x", ErrorKind::InvalidRequest),
        ("429 x", ErrorKind::RateLimited),
        ("503 x", ErrorKind::Overloaded),
    ] {
        let error_response = with_length(status, "application/json", "", br#"{"message":"no"}"#);
        let server = Server::start(move |_| vec![Action::Send(error_response.clone())]).await;
        let client = client(&server.url())
            .retry(RetryPolicy::none())
            .build()
            .unwrap();
        for _ in 0..REJECTED_STREAMS {
            let error = client.chat().stream(&chat_request()).await.unwrap_err();
            assert_eq!(error.kind(), kind);
        }
        assert_eq!(
            server.counts().connections,
            1,
            "one after another: {status}"
        );
        let calls =
            (0..REJECTED_STREAMS).map(|_| client.chat().stream(&chat_request()).into_future());
        for result in join_all(calls).await {
            assert_eq!(result.unwrap_err().kind(), kind);
        }
        let counts = server.counts();
        assert_eq!(counts.requests, 2 * REJECTED_STREAMS);
        assert!(counts.open <= REJECTED_STREAMS, "{counts:?}");
        // All connections are idle: as many calls again open no new one.
        let calls =
            (0..REJECTED_STREAMS).map(|_| client.chat().stream(&chat_request()).into_future());
        futures::stream::iter(calls)
            .buffer_unordered(8)
            .count()
            .await;
        assert_eq!(server.counts().connections, counts.connections, "{status}");
        drop(client);
        server.until(|counts| counts.open == 0).await;
    }
}
