//! Connections that the server closes while they are idle.

use std::sync::Arc;

use mistral_sdk::{ErrorKind, RetryPolicy};
use tokio::sync::Notify;

use super::operations::{OPERATIONS, OperationKind, Settings, client, retry_without_delay};
use super::responses::success;
use super::server::{Action, Server};

const ROUNDS: usize = 1_000;

/// The server closed the connection before the request was sent, so it cannot have been received.
/// It is retried for every operation, and the call succeeds.
#[tokio::test]
async fn retry_on_connection_closed_while_idle_succeeds() {
    for operation in OPERATIONS {
        let server =
            Server::start(move |_| vec![Action::Send(success(operation)), Action::Close]).await;
        let client = client(&server.url()).build().unwrap();
        for time in 0..ROUNDS {
            let result = operation.call(&client, &Settings::default()).await;
            result.unwrap_or_else(|error| panic!("{time}: {error:#}"));
            server.until(|counts| counts.open == 0).await;
            // On one thread, the runtime polls its sockets before this task continues.
            tokio::task::yield_now().await;
            tokio::task::yield_now().await;
        }
        assert_eq!(server.counts().requests, ROUNDS, "{}", operation.name());
    }
}

/// The close races the request, so the client cannot know whether the request was received. A
/// retryable operation always succeeds. Any other fails with a connection error after one attempt,
/// and only if the server has not read the request.
#[tokio::test]
async fn retry_on_close_racing_a_request_only_if_safe() {
    let unconfirmed = retry_without_delay().retry_ambiguous(true);
    for (operation, policy, may_fail) in [
        (OperationKind::List, retry_without_delay(), false),
        (OperationKind::Complete, unconfirmed.clone(), false),
        (OperationKind::Stream, unconfirmed, false),
        (OperationKind::Complete, retry_without_delay(), true),
        (OperationKind::Upload, retry_without_delay(), true),
    ] {
        let (served, failed) = race_close(operation, policy, may_fail).await;
        println!(
            "{}: {ROUNDS} calls, {served} served, {failed} failed",
            operation.name()
        );
    }
}

async fn race_close(
    operation: OperationKind,
    policy: RetryPolicy,
    may_fail: bool,
) -> (usize, usize) {
    let close = Arc::new(Notify::new());
    let closing = Arc::clone(&close);
    let server = Server::serving(move |mut socket, counter| {
        let close = Arc::clone(&closing);
        async move {
            use tokio::io::AsyncWriteExt;
            loop {
                tokio::select! {
                    biased;
                    () = close.notified() => return,
                    request = super::server::read_request(&mut socket) => {
                        if request.is_none() {
                            return;
                        }
                        counter.request();
                        let _ = socket.write_all(&success(operation)).await;
                    }
                }
            }
        }
    })
    .await;
    let client = client(&server.url()).retry(policy).build().unwrap();
    let (mut served, mut failed) = (0, 0);
    for _ in 0..ROUNDS {
        let before = server.counts().requests;
        match operation.call(&client, &Settings::default()).await {
            Ok(()) => served += 1,
            Err(error) => {
                assert!(may_fail, "{error:#}");
                assert_eq!(error.kind(), ErrorKind::Connection, "{error:#}");
                assert_eq!(error.attempts(), 1);
                assert_eq!(
                    server.counts().requests,
                    before,
                    "the server responded: {error:#}"
                );
                failed += 1;
            }
        }
        close.notify_waiters(); // the next request is sent immediately
    }
    (served, failed)
}
