//! Permits: requests that are charged outside of a transport.

use std::time::Duration;

use futures::FutureExt;
use futures::future::join_all;
use mistral_core::ErrorKind;
use mistral_core::rate_limit::RateLimiter;
use tokio::time::Instant;

use super::{SECOND, Server, ask_times};

#[tokio::test(start_paused = true)]
async fn permit_acquire_waits_for_its_turn() {
    let limiter = RateLimiter::new().requests_per_minute(60);
    let start = Instant::now();
    let permits = (0..4).map(|_| async {
        let permit = limiter.acquire(0).await.unwrap();
        (permit.tokens(), start.elapsed().as_millis() / 100)
    });
    let times = join_all(permits).await;
    assert_eq!(times, [(0, 0), (0, 10), (0, 20), (0, 30)]);
}

#[tokio::test(start_paused = true)]
async fn permit_beyond_its_timeout_fails_immediately_with_retry_after() {
    let limiter = RateLimiter::new().requests_per_minute(6);
    let start = Instant::now();
    limiter.acquire_timeout(0, SECOND).await.map(drop).unwrap();
    let error = limiter.acquire_timeout(0, SECOND * 9).await.unwrap_err();
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert!(error.is_local_rate_limit());
    assert_eq!(error.retry_after(), Some(SECOND * 10));
    assert_eq!(
        error.to_string(),
        "the rate limiter did not send this request: its turn comes in 10.0s, and the timeout of \
         the permit is in 9.0s"
    );
    // The one that failed is not charged.
    let permit = limiter.acquire_timeout(0, SECOND * 10).await.unwrap();
    assert_eq!(start.elapsed(), SECOND * 10);
    drop(permit);
}

#[tokio::test(start_paused = true)]
async fn permit_try_acquire_does_not_overtake_waiters() {
    let limiter = RateLimiter::new().requests_per_minute(60);
    limiter.try_acquire(0).map(drop).unwrap();
    let mut waiter = Box::pin(limiter.acquire(0));
    assert!(waiter.as_mut().now_or_never().is_none());
    let error = limiter.try_acquire(0).unwrap_err();
    assert_eq!(error.retry_after(), Some(SECOND * 2), "{error}");
    drop(waiter);
    let error = limiter.try_acquire(0).unwrap_err();
    assert_eq!(error.retry_after(), Some(SECOND), "{error}");
    tokio::time::advance(SECOND).await;
    limiter.try_acquire(0).map(drop).unwrap();
}

#[tokio::test(start_paused = true)]
async fn permit_future_dropped_leaves_the_queue() {
    let limiter = RateLimiter::new().requests_per_minute(60);
    let start = Instant::now();
    limiter.acquire(0).await.map(drop).unwrap();
    let mut first = Box::pin(limiter.acquire(0));
    let mut second = Box::pin(limiter.acquire(0));
    assert!(first.as_mut().now_or_never().is_none() && second.as_mut().now_or_never().is_none());
    drop(first);
    second.await.map(drop).unwrap();
    assert_eq!(start.elapsed(), SECOND);
}

#[tokio::test(start_paused = true)]
async fn permit_released_is_not_charged() {
    let limiter = RateLimiter::new()
        .requests_per_minute(60)
        .tokens_per_minute(60);
    let start = Instant::now();
    limiter.try_acquire(30).unwrap().release();
    limiter.acquire(1).await.map(drop).unwrap();
    assert_eq!(start.elapsed(), Duration::ZERO);
    // Dropped, not released: it was sent.
    limiter.acquire(0).await.map(drop).unwrap();
    assert_eq!(start.elapsed(), SECOND);
}

#[tokio::test(start_paused = true)]
async fn permit_set_tokens_replaces_the_estimate() {
    let limiter = RateLimiter::new().tokens_per_minute(60);
    let start = Instant::now();
    let mut first = limiter.acquire(30).await.unwrap();
    first.set_tokens(5);
    assert_eq!(first.tokens(), 5);
    let mut second = limiter.acquire(1).await.unwrap();
    assert_eq!(start.elapsed(), SECOND * 5);
    second.set_tokens(20);
    limiter.acquire(1).await.map(drop).unwrap();
    assert_eq!(start.elapsed(), SECOND * 25);
}

#[tokio::test(start_paused = true)]
async fn permits_and_calls_share_one_queue_in_order() {
    let server = Server::good();
    let limiter = RateLimiter::new().requests_per_minute(60);
    let client = server.client(&limiter);
    let start = Instant::now();
    ask_times(&client, 1).await;
    let permit = limiter.acquire(0).map(|permit| {
        permit.map(drop).unwrap();
        start.elapsed()
    });
    let (at, ()) = tokio::join!(permit, ask_times(&client, 1));
    assert_eq!((at, server.seconds()), (SECOND, vec![0, 2]));
}

#[tokio::test]
async fn permit_of_a_limit_of_zero_is_a_config_error() {
    let limiter = RateLimiter::new().requests_per_minute(0);
    let errors = [
        limiter.acquire(0).await.unwrap_err(),
        limiter.try_acquire(0).unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    }
}

#[test]
fn permit_that_must_wait_outside_of_runtime_is_a_config_error() {
    let limiter = RateLimiter::new().requests_per_minute(60);
    limiter.try_acquire(0).map(drop).unwrap();
    let error = limiter.acquire(0).now_or_never().unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
}
