//! Calls whose deadline comes before their turn.

use std::time::Duration;

use futures::future::join_all;
use mistral_core::rate_limit::RateLimiter;
use mistral_core::{Client, ErrorKind};
use tokio::time::Instant;

use super::{SECOND, Server};
use crate::common::{Open, question, reply};

#[tokio::test(start_paused = true)]
async fn deadline_before_turn_fails_immediately() {
    let server = Server::good();
    let limiter = RateLimiter::new().requests_per_minute(60);
    let client = Client::builder(Open)
        .transport(limiter.around(server.mock.clone()))
        .build()
        .unwrap();
    let request = question();
    let start = Instant::now();
    let calls = (0..400).map(|_| async {
        let result = client.chat().complete(&request).await;
        (start.elapsed(), result)
    });
    let results = join_all(calls).await;
    assert!(results[..300].iter().all(|(_, result)| result.is_ok()));
    for (time, result) in &results[300..] {
        let error = result.as_ref().unwrap_err();
        assert_eq!(
            (*time, error.kind()),
            (Duration::ZERO, ErrorKind::RateLimited),
            "{error}"
        );
        assert_eq!(error.attempts(), 1);
        assert!(error.is_local_rate_limit());
    }
    assert_eq!(
        results[310].1.as_ref().unwrap_err().to_string(),
        "chat.complete: the rate limiter did not send this request: its turn comes in 300.0s, \
         and the deadline of the call is in 300.0s. Raise `timeout` and `first_byte_timeout`, or \
         send fewer requests at once"
    );
    let waits = results[300..]
        .iter()
        .map(|(_, result)| result.as_ref().unwrap_err().retry_after());
    assert!(
        waits.eq([Some(SECOND * 300); 100]),
        "each would have been the next"
    );
    assert_eq!(server.count(), 300);
}

#[tokio::test(start_paused = true)]
async fn deadline_passed_by_a_pause_fails_the_waiters() {
    let slow = reply(429, "{}")
        .with_header("retry-after", "1000")
        .with_delay(SECOND);
    let server = Server::new([slow]);
    let client = server.client(&RateLimiter::new().requests_per_minute(20));
    let request = question();
    let impatient = || {
        client
            .chat()
            .complete(&request)
            .first_byte_timeout(SECOND * 30)
    };
    let start = Instant::now();
    let others = (0..3).map(|_| async {
        let error = impatient().await.unwrap_err();
        (start.elapsed().as_secs(), error.to_string())
    });
    let (first, others) = tokio::join!(impatient().into_future(), join_all(others));
    assert_eq!(first.unwrap_err().status().unwrap(), 429);
    for (seconds, error) in others {
        assert_eq!(seconds, 1, "{error}"); // as soon as it is known
        assert!(error.contains("its turn comes in 300.0s"), "{error}"); // the longest pause
    }
}
