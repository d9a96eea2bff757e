//! Failover: its timeout, its condition, and the errors of all clients.

use std::time::Duration;

use futures::FutureExt;
use http::Method;
use mistral_core::client::Failover;
use mistral_core::error::TimeoutPhase;
use mistral_core::rate_limit::RateLimiter;
use mistral_core::testing::{MockReply, MockTransport};
use mistral_core::{Client, Error, ErrorKind, RetryPolicy};
use serde_json::Value;
use tokio::time::{Instant, advance, timeout};

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

/// A failover over `mocks` that skips a client after two failures, for a minute.
fn skipping(mocks: &[&MockTransport]) -> Failover {
    let clients = mocks.iter().map(|mock| client(mock));
    Failover::new(clients).skip_after(2, SECOND * 60)
}

fn busy() -> MockReply {
    reply(503, r#"{"message":"no capacity for my question"}"#)
}

fn down() -> MockTransport {
    scripted([busy()])
}

fn requests<const N: usize>(mocks: [&MockTransport; N]) -> [usize; N] {
    mocks.map(|mock| mock.requests().len())
}

#[tokio::test(start_paused = true)]
async fn failover_skips_a_client_after_five_failures_for_half_a_minute() {
    let (one, two) = (down(), good());
    let failover = Failover::new([client(&one), client(&two)]);
    for _ in 0..20 {
        assert_eq!(complete(&failover).await.unwrap(), 1);
    }
    assert_eq!(requests([&one, &two]), [5, 20]);
    advance(SECOND * 29).await;
    complete(&failover.clone()).await.unwrap();
    assert_eq!(requests([&one, &two]), [5, 21]);
    advance(SECOND).await;
    for _ in 0..20 {
        complete(&failover).await.unwrap();
    }
    assert_eq!(requests([&one, &two]), [6, 41], "one call tries it again");
}

#[tokio::test(start_paused = true)]
async fn failover_uses_a_skipped_client_again_once_it_succeeds() {
    let recovered = reply(200, &answer("hello"));
    let (one, two) = (scripted([busy(), busy(), recovered]), good());
    let failover = skipping(&[&one, &two]);
    for _ in 0..3 {
        assert_eq!(complete(&failover).await.unwrap(), 1);
    }
    advance(SECOND * 60).await;
    for _ in 0..2 {
        assert_eq!(complete(&failover).await.unwrap(), 0);
    }
    assert_eq!(requests([&one, &two]), [4, 3]);
}

#[tokio::test(start_paused = true)]
async fn failover_counts_consecutive_failures_of_the_provider_only() {
    for (between, is_skipped) in [
        (Some(reply(200, &answer("hello"))), false),
        (Some(reply(422, "{}")), false),
        (None, true),
    ] {
        let replies = [busy()].into_iter().chain(between).chain([busy(), busy()]);
        let replies: Vec<_> = replies.collect();
        let calls = replies.len() - 1;
        let (one, two) = (scripted(replies), good());
        let failover = skipping(&[&one, &two]);
        for _ in 0..calls {
            let _ = complete(&failover).await;
        }
        let path = "/v1/not-here";
        for _ in 0..3 {
            let run = failover.run(|client| client.request::<Value>(Method::GET, path));
            assert_eq!(run.await.unwrap_err().kind(), ErrorKind::Unsupported);
        }
        complete(&failover).await.unwrap();
        let sent = one.requests().len() - calls;
        assert_eq!(sent == 0, is_skipped, "{calls}");
    }
}

#[tokio::test(start_paused = true)]
async fn failover_does_not_skip_for_the_own_limiter() {
    let limiter = RateLimiter::new().requests_per_minute(1);
    let limited = Client::builder(Open).transport(limiter.around(good()));
    let limited = limited.timeout(SECOND).retry(RetryPolicy::none());
    let failover = Failover::new([limited.build().unwrap(), client(&good())]);
    let failover = failover.skip_after(1, SECOND * 600);
    for expected in [0, 1] {
        assert_eq!(complete(&failover).await.unwrap(), expected);
    }
    advance(SECOND * 60).await;
    assert_eq!(complete(&failover).await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn failover_pause_ends_with_one_call_also_if_it_is_dropped() {
    let (one, two) = (scripted([busy(), busy(), MockReply::stall()]), good());
    let failover = skipping(&[&one, &two]);
    for _ in 0..2 {
        complete(&failover).await.unwrap();
    }
    for expected in [3, 4] {
        advance(SECOND * 60).await;
        let probe = timeout(SECOND, complete(&failover));
        let others = async {
            tokio::task::yield_now().await;
            for _ in 0..3 {
                assert_eq!(complete(&failover).await.unwrap(), 1);
            }
        };
        let (probe, ()) = tokio::join!(probe, others);
        probe.unwrap_err();
        complete(&failover).await.unwrap();
        assert_eq!(one.requests().len(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn failover_with_all_clients_skipped_sends_one_request_per_call() {
    let (one, two) = (down(), down());
    let failover = skipping(&[&one, &two]);
    for _ in 0..2 {
        let error = complete(&failover).await.unwrap_err();
        assert_eq!(error.failures().len(), 1);
    }
    assert_eq!(requests([&one, &two]), [2, 2]);
    for call in 1..=10 {
        advance(SECOND).await;
        let error = complete(&failover).await.unwrap_err();
        assert_eq!(error.status().unwrap(), 503);
        assert_eq!((error.attempts(), error.failures().len()), (1, 1));
        assert!(error.failures()[0].is_skipped);
        // They take turns, so that the first one to recover is found soon.
        let expected = [2 + usize::div_ceil(call, 2), 2 + call / 2];
        assert_eq!(requests([&one, &two]), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn failover_tries_a_skipped_client_if_no_other_one_is_left() {
    let works = || reply(200, &answer("hello"));
    let one = scripted([busy(), busy(), works()]);
    let two = scripted([works(), works(), busy()]);
    let failover = skipping(&[&one, &two]);
    for _ in 0..2 {
        assert_eq!(complete(&failover).await.unwrap(), 1);
    }
    let request = question();
    let run = failover.run(|client| client.chat().complete(&request));
    let response = run.await.unwrap();
    assert_eq!(response.position, 0);
    assert_eq!(response.failures.len(), 1);
    assert!(!response.failures[0].is_skipped);
    assert_eq!(complete(&failover).await.unwrap(), 0, "it responds again");
}

#[tokio::test(start_paused = true)]
async fn failover_skip_is_a_failure_with_reason_and_delay() {
    let (one, two) = (down(), good());
    let failover = skipping(&[&one, &two]);
    for _ in 0..2 {
        complete(&failover).await.unwrap();
    }
    advance(SECOND * 20).await;
    let request = question();
    let run = failover.run(|client| client.chat().complete(&request));
    let failures = run.await.unwrap().failures;
    assert_eq!(failures.len(), 1);
    let error = &failures[0].error;
    assert!(failures[0].is_skipped && !error.may_have_arrived());
    assert_eq!(error.kind(), ErrorKind::Overloaded);
    assert_eq!(error.retry_after(), Some(SECOND * 40));
    assert_eq!(
        error.to_string(),
        "skipped after 2 consecutive failures, the last of them: 503 Service Unavailable \
         (retry after 40s)"
    );
}

#[tokio::test(start_paused = true)]
async fn failover_skips_a_client_that_uses_up_the_timeout() {
    let (stuck, other) = (scripted([MockReply::stall()]), good());
    let failover = skipping(&[&stuck, &other]).timeout(SECOND * 10);
    for _ in 0..2 {
        let error = complete(&failover).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
    }
    assert_eq!(complete(&failover).await.unwrap(), 1);
}

#[tokio::test]
async fn failover_skip_after_no_failure_is_a_config_error() {
    let mock = good();
    let failover = Failover::new([client(&mock)]).skip_after(0, SECOND);
    let error = complete(&failover).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert_eq!(
        error.to_string(),
        "`skip_after` of `Failover`: a client cannot be skipped after 0 failures: set 1 or more, \
         or `never_skip()`"
    );
    assert_eq!(mock.requests().len(), 0);
}

/// A thousand calls in a minute, while the first provider is down.
#[tokio::test(start_paused = true)]
async fn failover_sends_few_requests_to_a_provider_that_is_down() {
    let failovers: [fn(Failover) -> Failover; 2] = [|it| it, Failover::never_skip];
    let mut sent = Vec::new();
    for configure in failovers {
        let (one, two) = (down(), good());
        let failover = configure(Failover::new([client(&one), client(&two)]));
        for _ in 0..1000 {
            assert_eq!(complete(&failover).await.unwrap(), 1);
            advance(SECOND * 60 / 1000).await;
        }
        sent.push(one.requests().len());
    }
    println!(
        "1000 calls: {} requests to the provider that is down, {} without skipping",
        sent[0], sent[1]
    );
    assert_eq!(sent, [6, 1000]);
}
