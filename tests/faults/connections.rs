//! What becomes of connections: closed when given up, kept when they are still good.

use std::time::Duration;

use futures::future::join_all;
use futures::{FutureExt, StreamExt};
use mistral_sdk::{ErrorKind, RetryPolicy};
use tokio::time::timeout;

use super::answers::{chunk, chunked_head, good, good_parts, sized};
use super::http2;
use super::operation::{EVENTS, OPERATIONS, Operation, Settings, client, question};
use super::server::{Act, Server};

/// How soon the server must see that the client has left.
const SOON: Duration = Duration::from_millis(100);
const REFUSALS: usize = 200;

/// The answers of a server that then stalls: nothing, a part of the head, the head, a part
/// of the body.
fn stalls(operation: Operation) -> [Vec<u8>; 4] {
    let (head, body) = good_parts(operation);
    let part = [head.as_slice(), &body[..body.len() / 3]].concat();
    [Vec::new(), head[..10].to_vec(), head, part]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropped_call_closes_connection_at_any_point() {
    for operation in OPERATIONS {
        for start in stalls(operation) {
            let length = start.len();
            let server = Server::start(move |_| vec![Act::Send(start.clone()), Act::Stall]).await;
            let client = client(&server.url()).build().unwrap();
            let call =
                tokio::spawn(async move { operation.perform(&client, &Settings::default()).await });
            server.until(|counts| counts.requests == 1).await;
            call.abort();
            let closed = timeout(SOON, server.until(|counts| counts.open == 0)).await;
            assert!(closed.is_ok(), "{} after {length} bytes", operation.name());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropped_stream_closes_connection_at_any_point() {
    let event = EVENTS[0];
    for part in ["", &event[..20], event, &[event, "data: {\"ch"].concat()] {
        let start = [chunked_head(Operation::Stream), chunk(part)].concat();
        let start = if part.is_empty() {
            chunked_head(Operation::Stream)
        } else {
            start
        };
        let server = Server::start(move |_| vec![Act::Send(start.clone()), Act::Stall]).await;
        let client = client(&server.url()).build().unwrap();
        let mut stream = client.chat().stream(&question()).await.unwrap();
        if part.starts_with(event) {
            assert_eq!(stream.next().await.unwrap().unwrap().text(), "Hé");
        }
        assert!(stream.next().now_or_never().is_none());
        drop(stream);
        let closed = timeout(SOON, server.until(|counts| counts.open == 0)).await;
        assert!(closed.is_ok(), "after {part:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http2_dropped_call_resets_stream_and_keeps_connection() {
    let stalls_once = |number| match number {
        0 => http2::Act::Stall,
        _ => http2::Act::Answer,
    };
    for operation in OPERATIONS {
        let server = http2::start(operation, stalls_once).await;
        let client = client(&server.url())
            .transport(http2::transport())
            .build()
            .unwrap();
        let dropped = client.clone();
        let call =
            tokio::spawn(async move { operation.perform(&dropped, &Settings::default()).await });
        server.until(|counts| counts.requests == 1).await;
        call.abort();
        let reset = timeout(SOON, server.until(|counts| counts.resets == 1)).await;
        assert!(reset.is_ok(), "{}", operation.name());
        operation
            .perform(&client, &Settings::default())
            .await
            .unwrap();
        assert_eq!(server.counts().connections, 1, "{}", operation.name());
    }
}

#[tokio::test] // on one thread, where a connection is back before the next request
async fn pool_fully_read_response_returns_connection() {
    for operation in OPERATIONS {
        let server = Server::start(move |_| vec![Act::Send(good(operation))]).await;
        let client = client(&server.url()).build().unwrap();
        for _ in 0..20 {
            operation
                .perform(&client, &Settings::default())
                .await
                .unwrap();
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

#[tokio::test] // on one thread, where a connection is back before the next request
async fn pool_rejected_streams_leak_no_connection() {
    for (status, kind) in [
        ("400 x", ErrorKind::InvalidRequest),
        ("429 x", ErrorKind::RateLimited),
        ("503 x", ErrorKind::Overloaded),
    ] {
        let refusal = sized(status, "application/json", "", br#"{"message":"no"}"#);
        let server = Server::start(move |_| vec![Act::Send(refusal.clone())]).await;
        let client = client(&server.url())
            .retry(RetryPolicy::none())
            .build()
            .unwrap();
        for _ in 0..REFUSALS {
            let error = client.chat().stream(&question()).await.unwrap_err();
            assert_eq!(error.kind(), kind);
        }
        assert_eq!(
            server.counts().connections,
            1,
            "one after another: {status}"
        );
        let calls = (0..REFUSALS).map(|_| client.chat().stream(&question()).into_future());
        for refused in join_all(calls).await {
            assert_eq!(refused.unwrap_err().kind(), kind);
        }
        let counts = server.counts();
        assert_eq!(counts.requests, 2 * REFUSALS);
        assert!(counts.open <= REFUSALS, "{counts:?}");
        // All of them are idle now: as many calls again need no new connection.
        let calls = (0..REFUSALS).map(|_| client.chat().stream(&question()).into_future());
        futures::stream::iter(calls)
            .buffer_unordered(8)
            .count()
            .await;
        assert_eq!(server.counts().connections, counts.connections, "{status}");
        drop(client);
        server.until(|counts| counts.open == 0).await;
    }
}
