//! The retry quota of a client, and an outage that it keeps from growing.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::join_all;
use mistral_core::batch::CreateBatchJobRequest;
use mistral_core::testing::{MockReply, MockTransport};
use mistral_core::transport::TransportErrorKind;
use mistral_core::{Client, ClientBuilder, Error, ErrorKind, RetryPolicy};
use tokio::time::{Instant, sleep, sleep_until};

use crate::common::{answer, builder_with, question, reply, scripted};

const SECOND: Duration = Duration::from_secs(1);

fn busy() -> MockReply {
    reply(503, r#"{"message":"busy"}"#)
}

fn good() -> MockReply {
    reply(200, &answer("ok"))
}

async fn complete(client: &Client) -> Result<u32, Error> {
    let response = client.chat().complete(&question()).with_response().await;
    response.map(|response| response.attempts)
}

/// Calls until the quota is exhausted, and returns the number of attempts.
async fn attempts_until_exhausted(builder: ClientBuilder, mock: &MockTransport) -> usize {
    let client = builder.retry(RetryPolicy::default().max_retries(u32::MAX));
    let client = client.build().unwrap();
    loop {
        let error = complete(&client).await.unwrap_err();
        if error.is_retry_quota_exhausted() {
            return mock.requests().len();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn retry_quota_exhausted_fails_with_last_error_at_once() {
    let mock = scripted([busy()]);
    let client = builder_with(&mock).retry_quota(10).build().unwrap();
    let error = complete(&client).await.unwrap_err();
    assert_eq!(error.attempts(), 3); // both retries are paid
    assert!(!error.is_retry_quota_exhausted(), "{error}");

    let start = Instant::now();
    let error = complete(&client).await.unwrap_err();
    assert_eq!((error.attempts(), start.elapsed()), (1, Duration::ZERO));
    assert!(error.is_retry_quota_exhausted());
    assert_eq!(error.kind(), ErrorKind::Overloaded);
    assert!(error.is_retryable() && error.may_have_arrived());
    let text = "chat.complete: 503 Service Unavailable: busy (retry quota exhausted)";
    assert_eq!(error.to_string(), text);
}

#[tokio::test(start_paused = true)]
async fn retry_quota_is_shared_by_clones_and_calls_with_own_policy() {
    let mock = scripted([busy()]);
    let client = builder_with(&mock).retry_quota(10).build().unwrap();
    complete(&client.clone()).await.unwrap_err();
    let own = RetryPolicy::default().max_retries(9);
    let chat = client.chat();
    let completion = chat.complete(&question()).retry(own.clone()).await;
    let stream = chat.stream(&question()).retry(own.clone()).await;
    let list = client.models().list().retry(own).await;
    let errors = [completion.err(), stream.err(), list.err()];
    for error in errors.map(Option::unwrap) {
        assert!(error.is_retry_quota_exhausted(), "{error}");
        assert_eq!(error.attempts(), 1);
    }
    let other = builder_with(&mock).retry_quota(10).build().unwrap();
    assert_eq!(complete(&other).await.unwrap_err().attempts(), 3);
}

#[tokio::test(start_paused = true)]
async fn retry_quota_limits_calls_with_effects_that_were_not_sent() {
    let mock = scripted([MockReply::error(TransportErrorKind::NotSent)]);
    let client = builder_with(&mock).retry_quota(10).build().unwrap();
    let request = CreateBatchJobRequest::new("/v1/embeddings");
    for attempts in [3, 1] {
        let error = client.batch().jobs().create(&request).await.unwrap_err();
        assert_eq!(error.attempts(), attempts);
    }
}

#[tokio::test(start_paused = true)]
async fn retry_quota_pays_a_hundred_retries_or_fifty_after_timeouts_by_default() {
    let mock = scripted([busy()]);
    let attempts = attempts_until_exhausted(builder_with(&mock), &mock).await;
    let calls = mock.requests().iter().filter(|it| it.attempt == 1).count();
    assert_eq!(attempts - calls, 100);

    let mock = scripted([MockReply::error(TransportErrorKind::ConnectTimeout)]);
    let attempts = attempts_until_exhausted(builder_with(&mock), &mock).await;
    let calls = mock.requests().iter().filter(|it| it.attempt == 1).count();
    assert_eq!(attempts - calls, 50);
}

#[tokio::test(start_paused = true)]
async fn retry_quota_is_refilled_by_successes() {
    let left: Arc<Mutex<Vec<Option<u32>>>> = Arc::default();
    let recorded = Arc::clone(&left);
    let late = MockReply::error(TransportErrorKind::ConnectTimeout);
    let mock = scripted([
        late,
        good(), // returns 10
        busy(),
        busy(),
        good(), // returns 5 of 10
        good(),
        good(), // return 1 each
        busy(),
        good(), // returns 5
        busy(),
        reply(400, ""), // returns nothing
        busy(),
        good(),
    ]);
    let client = builder_with(&mock)
        .retry_quota(20)
        .on_retry(move |retry| recorded.lock().unwrap().push(retry.quota_left));
    let client = client.build().unwrap();
    for _ in 0..7 {
        let _ = complete(&client).await;
    }
    assert_eq!(mock.remaining(), 0);
    let expected = [10, 15, 10, 12, 12, 7].map(Some);
    assert_eq!(*left.lock().unwrap(), expected);
}

#[tokio::test(start_paused = true)]
async fn retry_quota_none_does_not_limit_retries() {
    let mock = scripted([busy()]);
    let client = builder_with(&mock)
        .retry_quota(None)
        .on_retry(|retry| assert_eq!(retry.quota_left, None));
    let client = client.build().unwrap();
    let calls = join_all((0..200).map(|_| complete(&client))).await;
    for error in calls.into_iter().map(Result::unwrap_err) {
        assert_eq!(error.attempts(), 3);
    }
}

#[test]
fn retry_quota_that_is_too_small_is_a_config_error() {
    let error = builder_with(&scripted([good()]))
        .retry_quota(9)
        .build()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert_eq!(
        error.to_string(),
        "`retry_quota`: 9 tokens are too few, since a retry costs 5, and 10 after a timeout: \
         set 10 or more, `None` for no limit, or `RetryPolicy::none()` for no retries"
    );
}

/// The calls and requests during a simulated outage.
struct Outage {
    calls: usize,
    requests: usize,
    /// The successful calls per second before the outage, and in the second second after it.
    speed: [usize; 2],
}

/// A thousand tasks send a call every three seconds to a server that fails for a while, after ten
/// seconds.
async fn outage(duration: Duration, builder: fn(&MockTransport) -> ClientBuilder) -> Outage {
    const BEGIN: Duration = Duration::from_secs(10);
    let end = BEGIN + duration;
    fastrand::seed(1); // of the jitter
    let random = Mutex::new(fastrand::Rng::with_seed(2));
    let mock = MockTransport::new().reply_with(move |request| {
        let is_down = (BEGIN..end).contains(&request.elapsed);
        let seconds = 0.5 + 0.5 * random.lock().unwrap().f64();
        let reply = if is_down { busy() } else { good() };
        reply.with_delay(Duration::from_secs_f64(seconds))
    });
    let client = builder(&mock).build().unwrap();
    let start = Instant::now();
    let tasks = (0..1000).map(|task| {
        let client = client.clone();
        tokio::spawn(async move {
            let mut calls = Vec::new();
            let mut begin = Duration::from_millis(3 * task);
            while begin < end + 3 * SECOND {
                sleep_until(start + begin).await;
                let begun = start.elapsed();
                let is_success = complete(&client).await.is_ok();
                calls.push((begun, start.elapsed(), is_success));
                begin += 3 * SECOND;
            }
            calls
        })
    });
    let calls = join_all(tasks).await.into_iter().flat_map(Result::unwrap);
    let calls: Vec<_> = calls.collect();
    let is_during = |time: Duration| (BEGIN..end).contains(&time);
    let successes = |from: Duration| {
        let second = from..from + SECOND;
        let ends = calls.iter().filter(|call| call.2).map(|call| call.1);
        ends.filter(|ended| second.contains(ended)).count()
    };
    let requests = mock.requests();
    Outage {
        calls: calls.iter().filter(|call| is_during(call.0)).count(),
        requests: requests.iter().filter(|it| is_during(it.elapsed)).count(),
        speed: [successes(BEGIN - SECOND), successes(end + SECOND)],
    }
}

/// Prints the figures, and returns the number of requests per call.
fn show(name: &str, outage: &Outage) -> f64 {
    let (calls, requests) = (outage.calls, outage.requests);
    let [before, after] = outage.speed;
    let ratio = requests as f64 / calls as f64;
    println!(
        "{name}: {calls} calls, {requests} requests, {ratio:.3} per call; \
         {before} calls/s before, {after} calls/s one second after"
    );
    ratio
}

#[tokio::test(start_paused = true)]
async fn outage_is_met_with_one_request_per_call_and_full_speed_after_a_second() {
    let with_quota = outage(60 * SECOND, builder_with).await;
    let ratio = show("with the default quota", &with_quota);
    assert!(ratio <= 1.1, "{ratio}");
    let [before, after] = with_quota.speed;
    assert!(after * 100 >= before * 95, "{before} {after}");

    let unlimited = |mock: &MockTransport| builder_with(mock).retry_quota(None);
    let without = outage(15 * SECOND, unlimited).await;
    let ratio = show("without a quota", &without);
    assert!(ratio > 2.5, "{ratio}");
}

/// The worst case: every task makes only one call, and then gives up.
#[tokio::test(start_paused = true)]
async fn outage_of_single_calls_is_met_with_a_tenth_more_requests() {
    let mock = scripted([busy().with_delay(SECOND)]);
    let client = builder_with(&mock).build().unwrap();
    let calls = (0..1000).map(|call| {
        let client = &client;
        async move {
            sleep(Duration::from_millis(60 * call)).await;
            complete(client).await.unwrap_err()
        }
    });
    join_all(calls).await;
    let requests = mock.requests().len();
    println!("1000 single calls: {requests} requests");
    assert_eq!(requests, 1100);
}
