//! Connections that the server closes while they are idle.

use std::sync::Arc;

use mistral_sdk::{ErrorKind, RetryPolicy};
use tokio::sync::Notify;

use super::answers::good;
use super::operation::{OPERATIONS, Operation, Settings, client, without_delay};
use super::server::{Act, Server};

const TIMES: usize = 1_000;

/// The request cannot have been received: the server had closed before it was made. So it
/// is repeated, whatever it does, and nobody notices.
#[tokio::test]
async fn retry_on_connection_closed_while_idle_succeeds() {
    for operation in OPERATIONS {
        let server = Server::start(move |_| vec![Act::Send(good(operation)), Act::Close]).await;
        let client = client(&server.url()).build().unwrap();
        for time in 0..TIMES {
            let performed = operation.perform(&client, &Settings::default()).await;
            performed.unwrap_or_else(|error| panic!("{time}: {error:#}"));
            server.until(|counts| counts.open == 0).await;
            // On one thread, the runtime looks at its sockets before this goes on.
            tokio::task::yield_now().await;
            tokio::task::yield_now().await;
        }
        assert_eq!(server.counts().requests, TIMES, "{}", operation.name());
    }
}

/// Here the close and the request cross: the client cannot know whether the request was
/// received. What may be repeated never fails; the rest fails as a broken connection, once,
/// and only where the server has read no request.
#[tokio::test]
async fn retry_on_close_racing_a_request_only_if_safe() {
    let unconfirmed = without_delay().repeat_unconfirmed(true);
    for (operation, policy, may_fail) in [
        (Operation::List, without_delay(), false),
        (Operation::Complete, unconfirmed.clone(), false),
        (Operation::Stream, unconfirmed, false),
        (Operation::Complete, without_delay(), true),
        (Operation::Upload, without_delay(), true),
    ] {
        let (served, failed) = cross(operation, policy, may_fail).await;
        println!(
            "{}: {TIMES} calls, {served} served, {failed} failed",
            operation.name()
        );
    }
}

async fn cross(operation: Operation, policy: RetryPolicy, may_fail: bool) -> (usize, usize) {
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
                        let _ = socket.write_all(&good(operation)).await;
                    }
                }
            }
        }
    })
    .await;
    let client = client(&server.url()).retry(policy).build().unwrap();
    let (mut served, mut failed) = (0, 0);
    for _ in 0..TIMES {
        let before = server.counts().requests;
        match operation.perform(&client, &Settings::default()).await {
            Ok(()) => served += 1,
            Err(error) => {
                assert!(may_fail, "{error:#}");
                assert_eq!(error.kind(), ErrorKind::Connection, "{error:#}");
                assert_eq!(error.attempts(), 1);
                assert_eq!(
                    server.counts().requests,
                    before,
                    "it was answered: {error:#}"
                );
                failed += 1;
            }
        }
        close.notify_waiters(); // the next request is on its way at once
    }
    (served, failed)
}
