//! Limits and charges that change while requests are queued.

use std::time::Duration;

use futures::future::join_all;
use mistral_core::ErrorKind;
use mistral_core::rate_limit::RateLimiter;
use mistral_core::transport::TransportErrorKind;
use serde_json::json;
use tokio::time::sleep;

use mistral_core::testing::{MockChunk, MockReply};

use super::{SECOND, Server, ask, ask_times, good, patient};
use crate::common::{DONE, answer, bytes, chunk, event, question, reply, sse};

/// A request of so many tokens, by its length.
fn of_tokens(tokens: usize) -> mistral_core::chat::ChatCompletionRequest {
    ask("x".repeat(tokens * 4 - 55))
}

#[tokio::test(start_paused = true)]
async fn limit_raised_wakes_waiter_and_keeps_paid_tokens() {
    let server = Server::good();
    let limiter = RateLimiter::new().tokens_per_minute(6_000); // 100 a second
    let client = server.client(&limiter);
    let (large, small) = (of_tokens(1_000), question());
    client.chat().complete(&large).await.unwrap();
    let call = client.chat().complete(&small).into_future();
    let change = async {
        sleep(SECOND * 5).await; // half of it is paid off
        let _ = limiter.clone().tokens_per_minute(12_000);
    };
    tokio::join!(call, change).0.unwrap();
    assert_eq!(server.tenths(), [0, 75]);
}

#[tokio::test(start_paused = true)]
async fn limit_of_requests_or_burst_raised_wakes_waiter() {
    let per_minute = |limiter: RateLimiter| limiter.requests_per_minute(6_000);
    let burst = |limiter: RateLimiter| limiter.burst(SECOND * 60);
    let changes: [fn(RateLimiter) -> RateLimiter; 2] = [per_minute, burst];
    for change in changes {
        let server = Server::good();
        let limiter = RateLimiter::new().requests_per_minute(2);
        let client = server.client(&limiter);
        ask_times(&client, 1).await;
        let later = async {
            sleep(SECOND).await;
            let _ = change(limiter.clone());
        };
        tokio::join!(ask_times(&client, 1), later);
        assert_eq!(server.seconds(), [0, 1]);
    }
}

#[tokio::test(start_paused = true)]
async fn limit_raised_wakes_all_waiters_in_order() {
    let server = Server::new([good().with_delay(SECOND * 1_000)]); // no response wakes them
    let limiter = RateLimiter::new().requests_per_minute(1);
    let client = server.client(&limiter);
    let request = question();
    let calls = [&request; 5].map(|it| client.chat().complete(it).into_future());
    let change = async {
        sleep(SECOND * 30).await;
        let _ = limiter.clone().requests_per_minute(600);
    };
    tokio::join!(join_all(calls), change);
    assert_eq!(server.tenths(), [0, 300, 301, 302, 303]);
}

#[tokio::test(start_paused = true)]
async fn retry_after_pause_keeps_the_pace_of_waiters() {
    let busy = reply(429, "{}").with_header("retry-after", "20");
    let server = Server::new([busy, good()]);
    let client = server.client(&RateLimiter::new().requests_per_minute(60));
    let request = question();
    let calls = [&request; 5].map(|it| client.chat().complete(it).into_future());
    join_all(calls).await;
    assert_eq!(server.seconds(), [0, 20, 21, 22, 23]);
}

#[tokio::test(start_paused = true)]
async fn limit_header_wakes_waiter() {
    let allows = |reply: MockReply, tokens: &str| {
        reply.with_header("x-ratelimit-limit-tokens-minute", tokens)
    };
    let server = Server::new([
        allows(good(), "6000"),
        allows(good().with_delay(SECOND * 5), "12000"),
        good(),
    ]);
    let client = server.client(&RateLimiter::new());
    ask_times(&client, 1).await;
    let calls = [of_tokens(1_000), question()];
    join_all(
        calls
            .iter()
            .map(|it| client.chat().complete(it).into_future()),
    )
    .await;
    // Half of it is paid off when the limit is doubled. The first one goes before that.
    assert_eq!(server.tenths(), [0, 0, 75]);
}

#[tokio::test(start_paused = true)]
async fn refund_of_failed_request_wakes_waiter() {
    let refused = |status: u16| reply(status, "{}").with_delay(SECOND);
    let taken_back = good()
        .with_header("x-ratelimit-tokens-query-cost", "0")
        .with_delay(SECOND);
    for first in [refused(400), refused(500), taken_back] {
        let server = Server::new([first, good()]);
        let client = server.client(&RateLimiter::new().tokens_per_minute(6_000));
        let ten_seconds = of_tokens(1_000);
        let calls = [&ten_seconds; 3].map(|it| client.chat().complete(it).into_future());
        join_all(calls).await;
        assert_eq!(server.seconds(), [0, 1, 11]); // the early request delays no other
    }
}

#[tokio::test(start_paused = true)]
async fn stream_usage_wakes_waiter_at_its_end() {
    let usage =
        r#""model":"m","usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":300}"#;
    let last = chunk(json!({ "content": "" }), Some("stop")).replace("\"model\":\"m\"", usage);
    let pause = MockChunk::Delay(SECOND * 5);
    let pieces = [bytes(event("hi")), pause, bytes(last), bytes(DONE)];
    let server = Server::new([sse(pieces), good()]);
    let client = server.client(&RateLimiter::new().tokens_per_minute(6_000));
    let large = of_tokens(1_000);
    let stream = client.chat().stream(&large).await.unwrap();
    let (whole, ()) = tokio::join!(stream.collect_response(), ask_times(&client, 1));
    assert_eq!(whole.unwrap().text(), "hi");
    assert_eq!(server.seconds(), [0, 5]); // three seconds' worth of it has been paid for
}

#[tokio::test(start_paused = true)]
async fn tokens_of_ambiguous_request_stay_charged() {
    for (kind, seconds) in [
        (TransportErrorKind::Connect, 0),
        (TransportErrorKind::Interrupted, 10),
    ] {
        let server = Server::new([MockReply::error(kind), good()]);
        let client = server.client(&RateLimiter::new().tokens_per_minute(6_000));
        client.chat().complete(&of_tokens(1_000)).await.unwrap_err();
        ask_times(&client, 1).await;
        assert_eq!(server.seconds(), [0, seconds], "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_of_request_held_back_by_inner_limiter_are_refunded() {
    let server = Server::good();
    let for_key = RateLimiter::new().tokens_per_minute(6_000);
    let for_model = RateLimiter::new().requests_per_minute(1);
    let both = patient(for_key.around(for_model.around(server.mock.clone())));
    let both = both.build().unwrap();
    ask_times(&both, 1).await;
    let large = of_tokens(1_000);
    let call = both.chat().complete(&large).first_byte_timeout(SECOND * 5);
    assert_eq!(call.await.unwrap_err().kind(), ErrorKind::RateLimited);
    ask_times(&server.client(&for_key), 1).await; // as if the other had not been queued
    assert_eq!(server.seconds(), [0, 0]);
}

#[tokio::test(start_paused = true)]
async fn refund_is_not_saved_up() {
    let free = good().with_header("x-ratelimit-tokens-query-cost", "0");
    let server = Server::new([free.with_delay(SECOND * 10), good()]);
    let client = server.client(&RateLimiter::new().tokens_per_minute(6_000));
    for _ in 0..3 {
        client.chat().complete(&of_tokens(1_000)).await.unwrap();
    }
    assert_eq!(server.seconds(), [0, 10, 20]);
}

#[tokio::test(start_paused = true)]
async fn tokens_sent_no_longer_count_as_queued() {
    let server = Server::good();
    let client = server.client(&RateLimiter::new().tokens_per_minute(6_000));
    let ten_seconds = of_tokens(1_000);
    let calls = [&ten_seconds; 4].map(|it| client.chat().complete(it).into_future());
    join_all(calls).await;
    let call = client.chat().complete(&ten_seconds);
    call.timeout(SECOND * 15).await.unwrap(); // its turn comes in ten
    assert_eq!(server.seconds(), [0, 10, 20, 30, 40]);
}

#[tokio::test(start_paused = true)]
async fn timer_delays_do_not_add_up() {
    let server = Server::good();
    let client = server.client(&RateLimiter::new().requests_per_minute(7_000)); // each 8.6 ms
    ask_times(&client, 701).await;
    assert_eq!(server.tenths()[700], 60);
}

#[tokio::test(start_paused = true)]
async fn retry_after_pause_is_not_shortened_by_shorter_pause_or_burst() {
    let busy = |seconds: &str| reply(429, "{}").with_header("retry-after", seconds);
    let server = Server::new([
        busy("20").with_delay(SECOND),
        busy("2").with_delay(SECOND * 2),
        good(),
    ]);
    let client = server.client(&RateLimiter::new().burst(SECOND * 60));
    let request = question();
    let both = [&request; 2].map(|it| client.chat().complete(it).into_future());
    for result in join_all(both).await {
        assert_eq!(result.unwrap_err().kind(), ErrorKind::RateLimited);
    }
    ask_times(&client, 1).await;
    assert_eq!(server.seconds(), [0, 0, 21]);
}

#[tokio::test(start_paused = true)]
async fn remaining_header_counts_own_requests_once() {
    let left =
        |count: u32| good().with_header("x-ratelimit-remaining-req-minute", &count.to_string());
    let server = Server::new((0..40).map(|number| left(59 - number)));
    let client = server.client(&RateLimiter::new().requests_per_minute(60));
    ask_times(&client, 40).await;
    assert_eq!(server.seconds(), (0..40).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn remaining_tokens_header_counts_other_clients() {
    let left = good()
        .with_header("x-ratelimit-tokens-query-cost", "100")
        .with_header("x-ratelimit-remaining-tokens-minute", "5400"); // and others took 500
    let server = Server::new([left, good()]);
    let client = server.client(&RateLimiter::new().tokens_per_minute(6_000));
    client.chat().complete(&of_tokens(1_000)).await.unwrap(); // the estimate was too high
    ask_times(&client, 1).await;
    assert_eq!(server.tenths(), [0, 60]);
}

#[tokio::test(start_paused = true)]
async fn remaining_header_of_slow_response_counts_time_once() {
    // What remains is what remained when the request arrived: all of it is this client's.
    let left = |count: u32| {
        let reply = good().with_header("x-ratelimit-remaining-req-minute", &count.to_string());
        reply.with_delay(Duration::from_secs(100))
    };
    let server = Server::new((0..60).map(|number| left(59 - number)).chain([good()]));
    let limiter = RateLimiter::new()
        .requests_per_minute(60)
        .burst(SECOND * 60);
    let client = server.client(&limiter);
    let request = question();
    for _ in 0..2 {
        let calls = [&request; 60].map(|it| client.chat().complete(it).into_future());
        join_all(calls).await;
    }
    assert_eq!(server.seconds()[60..], [100; 60]);
}

/// Sends a request whose response is `first`, and another one. Returns the seconds between.
async fn seconds_after(limiter: RateLimiter, first: MockReply) -> u64 {
    let server = Server::new([first, good()]);
    let client = server.client(&limiter);
    _ = client.chat().complete(&question()).await;
    ask_times(&client, 1).await;
    server.seconds()[1]
}

#[tokio::test(start_paused = true)]
async fn odd_numbers_of_the_server_delay_requests_by_two_minutes_at_most() {
    let usage = format!(r#""usage":{{"total_tokens":{}}},"id""#, i64::MAX);
    let huge_usage = reply(200, &answer("hello").replace("\"id\"", &usage));
    let limits = |requests: &str, remaining: &str| {
        good()
            .with_header("x-ratelimit-limit-req-minute", requests)
            .with_header("x-ratelimit-remaining-req-minute", remaining)
            .with_header("x-ratelimit-limit-tokens-minute", requests)
            .with_header("x-ratelimit-remaining-tokens-minute", remaining)
    };
    let (most, least) = (i64::MAX.to_string(), i64::MIN.to_string());
    for first in [
        huge_usage,
        good().with_header("x-ratelimit-tokens-query-cost", &most),
        good().with_header("x-ratelimit-tokens-query-cost", "9007199254740992"),
        good().with_header("x-ratelimit-remaining-req-minute", &least),
        good().with_header("x-ratelimit-remaining-tokens-minute", &least),
        limits(&most, &least),
        limits(&most, "0"),
        limits("60", &least),
    ] {
        let limiter = RateLimiter::new()
            .requests_per_minute(60)
            .tokens_per_minute(6_000);
        let seconds = seconds_after(limiter, first.clone()).await;
        assert!(seconds <= 121, "{seconds} {first:?}");
        let seconds = seconds_after(RateLimiter::new(), first.clone()).await;
        assert!(seconds <= 121, "{seconds} {first:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn odd_limit_before_a_small_one_does_not_stop_all_requests() {
    let limit = |limit: &str| {
        good()
            .with_header("x-ratelimit-limit-tokens-minute", limit)
            .with_header("x-ratelimit-remaining-tokens-minute", "0")
    };
    let server = Server::new([limit("9000000000000000000"), limit("60"), good()]);
    ask_times(&server.client(&RateLimiter::new()), 3).await;
    assert!(server.seconds()[2] <= 240, "{:?}", server.seconds());
}

#[tokio::test(start_paused = true)]
async fn corrections_of_many_responses_do_not_add_up_beyond_two_minutes() {
    let cost = good().with_header("x-ratelimit-tokens-query-cost", "900000000000");
    let server = Server::new(
        vec![cost.with_delay(SECOND); 20]
            .into_iter()
            .chain([good()]),
    );
    let limiter = RateLimiter::new().tokens_per_minute(6_000_000);
    let client = server.client(&limiter.burst(SECOND));
    let request = question();
    join_all([&request; 20].map(|it| client.chat().complete(it).into_future())).await;
    ask_times(&client, 1).await;
    assert!(server.seconds()[20] <= 121, "{:?}", server.seconds());
}

#[tokio::test(start_paused = true)]
async fn retry_after_of_a_day_pauses_five_minutes_and_one_request_ends_it() {
    let busy = |delay: &str| reply(429, "{}").with_header("retry-after", delay);
    for delay in ["86400", "1e18", "1e300", "Fri, 01 Jan 2100 00:00:00 GMT"] {
        let server = Server::new([busy(delay), good().with_delay(SECOND * 2), good()]);
        let client = server.client(&RateLimiter::new());
        let request = question();
        _ = client.chat().complete(&request).await;
        let calls = [&request; 5].map(|it| client.chat().complete(it).into_future());
        for result in join_all(calls).await {
            result.unwrap();
        }
        // One request tries, and the others follow its response.
        assert_eq!(server.seconds(), [0, 300, 302, 302, 302, 302], "{delay}");
    }
}

#[tokio::test(start_paused = true)]
async fn retry_after_of_an_hour_is_kept_while_the_limit_applies() {
    let busy = || reply(429, "{}").with_header("retry-after", "3600");
    let failing = reply(503, "{}");
    let server = Server::new([busy(), busy(), failing, good()]);
    let client = server.client(&RateLimiter::new());
    for _ in 0..4 {
        _ = client.chat().complete(&question()).await;
    }
    assert_eq!(server.seconds(), [0, 300, 600, 900]);
}

#[tokio::test(start_paused = true)]
async fn retry_after_of_the_request_that_tries_replaces_the_pause() {
    let busy = |delay: &str| reply(429, "{}").with_header("retry-after", delay);
    let server = Server::new([busy("86400"), busy("20"), good()]);
    let client = server.client(&RateLimiter::new());
    for _ in 0..4 {
        _ = client.chat().complete(&question()).await;
    }
    assert_eq!(server.seconds(), [0, 300, 320, 320]);
}

#[tokio::test(start_paused = true)]
async fn response_to_a_request_before_the_429_does_not_end_the_pause() {
    let busy = reply(429, "{}").with_header("retry-after", "3600");
    let server = Server::new([good().with_delay(SECOND * 9), busy, good()]);
    let client = server.client(&RateLimiter::new());
    let request = question();
    join_all([&request; 3].map(|it| client.chat().complete(it).into_future())).await;
    ask_times(&client, 1).await;
    assert_eq!(server.seconds()[3], 300);
}

#[tokio::test(start_paused = true)]
async fn odd_limit_of_one_token_does_not_stop_all_requests() {
    let odd = good().with_header("x-ratelimit-limit-tokens-minute", "1");
    for limiter in [
        RateLimiter::new(),
        RateLimiter::new().tokens_per_minute(1_000_000),
    ] {
        let server = Server::new([odd.clone(), good()]);
        let client = server.client(&limiter);
        for _ in 0..4 {
            client.chat().complete(&of_tokens(250)).await.unwrap();
        }
        let seconds = server.seconds();
        let gaps = seconds.windows(2).map(|pair| pair[1] - pair[0]);
        assert!(gaps.into_iter().all(|gap| gap <= 121), "{seconds:?}");
    }
}
