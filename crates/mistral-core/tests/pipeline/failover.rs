//! Failover: its timeout, its condition, and the errors of all clients.

use std::time::Duration;

use futures::FutureExt;
use mistral_core::client::Failover;
use mistral_core::error::TimeoutPhase;
use mistral_core::rate_limit::RateLimiter;
use mistral_core::testing::{MockReply, MockTransport};
use mistral_core::{Client, Error, ErrorKind, RetryPolicy};
use tokio::time::Instant;

use crate::common::{DONE, Open, answer, bytes, event, finish, question, reply, scripted, sse};

const SECOND: Duration = Duration::from_secs(1);

fn client(mock: &MockTransport) -> Client {
    let builder = Client::builder(Open).transport(mock.clone());
    builder.retry(RetryPolicy::none()).build().unwrap()
}

fn good() -> MockTransport {
    scripted([reply(200, &answer("hello"))])
}

/// A server that answers with 503 after a second.
fn slow_failure() -> MockTransport {
    let body = r#"{"message":"no capacity for my question"}"#;
    scripted([reply(503, body).with_delay(SECOND)])
}

async fn complete(failover: &Failover) -> Result<usize, Error> {
    let request = question();
    let run = failover.run(|client| client.chat().complete(&request));
    Ok(run.await?.position)
}

fn kinds(error: &Error) -> Vec<ErrorKind> {
    let failures = error.failures().iter();
    failures.map(|failure| failure.error.kind()).collect()
}

#[tokio::test(start_paused = true)]
async fn failover_timeout_ends_the_third_client_and_keeps_all_failures() {
    let mocks = [slow_failure(), slow_failure(), slow_failure()];
    let failover = Failover::new(mocks.iter().map(client)).timeout(SECOND * 5 / 2);
    let start = Instant::now();
    let error = complete(&failover).await.unwrap_err();
    assert_eq!(start.elapsed(), SECOND * 5 / 2);
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.timeout_phase(), Some(TimeoutPhase::Total));
    assert_eq!(error.provider(), Some("open"));
    assert_eq!(kinds(&error), [ErrorKind::Overloaded; 2]);
    assert_eq!(
        error.to_string(),
        "chat.complete: not finished within 2.5s (total timeout) (provider open)"
    );
    assert_eq!(mocks.map(|mock| mock.in_flight()), [0; 3]);
}

#[tokio::test(start_paused = true)]
async fn failover_timeout_that_has_passed_sends_nothing_more() {
    let (slow, other) = (slow_failure(), good());
    let failover = Failover::new([client(&slow), client(&other)]).timeout(SECOND);
    let error = complete(&failover).await.unwrap_err();
    assert!(error.failures().is_empty(), "{error:#}");
    assert_eq!(other.requests().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn failover_timeout_ends_with_the_opening_of_a_stream() {
    let chunks = [
        bytes(event("a")),
        bytes(event("b")),
        bytes(finish()),
        bytes(DONE),
    ];
    let stream = scripted([sse(chunks).with_chunk_delay(SECOND * 2)]);
    let failover = Failover::new([client(&slow_failure()), client(&stream)]).timeout(SECOND * 4);
    let request = question();
    let start = Instant::now();
    let opened = failover.run(|client| client.chat().stream(&request)).await;
    let text = opened.unwrap().body.collect_response().await.unwrap();
    assert_eq!(text.text(), "ab");
    assert!(start.elapsed() > SECOND * 4);

    let failover = Failover::new([client(&scripted([MockReply::stall()]))]).timeout(SECOND);
    let error = failover.run(|client| client.chat().stream(&request)).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Timeout);
}

#[test]
fn failover_with_timeout_outside_of_runtime_is_a_config_error() {
    let failover = Failover::new([client(&good())]).timeout(SECOND);
    let pending = failover.run(|_| std::future::pending::<Result<(), Error>>());
    let error = pending.now_or_never().unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
}

#[tokio::test(start_paused = true)]
async fn failover_on_error_tells_the_own_limiter_from_a_429() {
    let limiter = RateLimiter::new().requests_per_minute(1);
    let limited = Client::builder(Open)
        .transport(limiter.around(good()))
        .timeout(SECOND)
        .retry(RetryPolicy::none());
    let (limited, other) = (limited.build().unwrap(), good());
    let failover = Failover::new([limited, client(&other)])
        .on_error(|error| Failover::KINDS.contains(&error.kind()) && !error.is_local_rate_limit());
    assert_eq!(complete(&failover).await.unwrap(), 0);
    let error = complete(&failover).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert!(error.is_local_rate_limit());
    assert_eq!(error.retry_after(), Some(SECOND * 60));
    assert_eq!(other.requests().len(), 0);

    let busy = scripted([reply(429, "{}")]);
    let failover = Failover::new([client(&busy), client(&other)])
        .on_error(|error| !error.is_local_rate_limit());
    assert_eq!(complete(&failover).await.unwrap(), 1);
    let error = client(&busy)
        .chat()
        .complete(&question())
        .await
        .unwrap_err();
    assert!(!error.is_local_rate_limit(), "{error}");

    // The last of the two conditions applies.
    let failover = failover.on([ErrorKind::Server]);
    assert_eq!(
        complete(&failover).await.unwrap_err().status().unwrap(),
        429
    );
}

#[tokio::test(start_paused = true)]
async fn failover_message_is_of_the_last_error_alone() {
    let last = scripted([reply(500, r#"{"message":"oh no"}"#)]);
    let failover = Failover::new([client(&slow_failure()), client(&last)]);
    let error = complete(&failover).await.unwrap_err();
    assert_eq!(error.message(), "500 Internal Server Error: oh no");
    assert_eq!(
        error.to_string(),
        "chat.complete: 500 Internal Server Error: oh no (provider open)"
    );
    let first = "; before it open: 503 Service Unavailable: no capacity for my question";
    let all = format!("{error:#}");
    assert!(all.contains(first), "{all}");
}
