//! Rate limit headers, usage and 429s in responses, and their effect on the limiter.

use futures::future::join_all;
use mistral_core::ErrorKind;
use mistral_core::rate_limit::RateLimiter;
use mistral_core::transport::TransportErrorKind;

use mistral_core::testing::MockReply;

use super::{Server, ask, ask_times, good};
use crate::common::{self, answer, bytes, chunk, event, question, reply, sse};

/// The time between a request and the next one, in tenths of a second, at 100 tokens a second.
async fn pause_after(first: MockReply) -> u128 {
    let server = Server::new([first, good()]);
    let client = server.client(&RateLimiter::new().tokens_per_minute(6_000));
    _ = client.chat().complete(&ask("x".repeat(4_000))).await;
    client.chat().complete(&question()).await.unwrap();
    server.tenths()[1]
}

#[tokio::test(start_paused = true)]
async fn estimate_is_corrected_by_usage_and_cost() {
    let used = |tokens: u64| {
        let usage = serde_json::json!({
            "prompt_tokens": 1, "completion_tokens": 1, "total_tokens": tokens,
        });
        let mut body: serde_json::Value = serde_json::from_str(&answer("hello")).unwrap();
        body["usage"] = usage;
        reply(200, &body.to_string())
    };
    let cost =
        |first: MockReply, tokens: &str| first.with_header("x-ratelimit-tokens-query-cost", tokens);
    let not_sent = MockReply::error(TransportErrorKind::Connect);
    for (case, first, tenths) in [
        ("nothing", good(), 101),
        ("usage below", used(300), 30),
        ("usage above", used(2_000), 200),
        ("cost", cost(good(), "250"), 25),
        ("cost before usage", cost(used(2_000), "250"), 25),
        ("an error takes none", reply(400, "{}"), 0),
        ("not sent", not_sent, 0),
        ("nonsense", cost(good(), "-5"), 101),
    ] {
        assert_eq!(pause_after(first).await, tenths, "{case}");
    }
}

#[tokio::test(start_paused = true)]
async fn estimate_of_stream_is_corrected_by_usage() {
    let usage = serde_json::json!({ "content": "" });
    let last = chunk(usage, Some("stop")).replace(
        "\"model\":\"m\"",
        r#""model":"m","usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":700}"#,
    );
    let (one, two) = last.split_at(last.len() / 2);
    let pieces = [
        bytes(event("hi")),
        bytes(one),
        bytes(two),
        bytes(common::DONE),
    ];
    let first = sse(pieces).with_header("x-ratelimit-tokens-query-cost", "100");
    let server = Server::new([first, good()]);
    let client = server.client(&RateLimiter::new().tokens_per_minute(6_000));
    let mut stream = client.chat().stream(&question()).await.unwrap();
    while let Some(chunk) = stream.next().await {
        chunk.unwrap();
    }
    drop(stream);
    ask_times(&client, 1).await;
    assert_eq!(server.seconds(), [0, 7]);
}

#[tokio::test(start_paused = true)]
async fn limit_headers_are_applied() {
    let named = good()
        .with_header("x-ratelimit-limit-req-minute", "30")
        .with_header("x-ratelimit-limit-tokens-minute", "0");
    for (limiter, seconds) in [
        (RateLimiter::new(), [0, 2, 4]), // the first is sent before the limit is known
        (RateLimiter::new().requests_per_minute(60), [0, 2, 4]),
        (RateLimiter::new().requests_per_minute(15), [0, 4, 8]),
    ] {
        let server = Server::new([named.clone()]);
        ask_times(&server.client(&limiter), 3).await;
        let gaps: Vec<_> = server.seconds();
        assert_eq!(
            gaps[2] - gaps[1],
            seconds[2] - seconds[1],
            "{limiter:?}: {gaps:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn remaining_header_counts_other_clients() {
    let left = |count: &str| good().with_header("x-ratelimit-remaining-req-minute", count);
    // Two of ours; the server has seen five, then six, then a new minute.
    let server = Server::new([left("59"), left("55"), left("54"), left("59"), left("58")]);
    let client = server.client(&RateLimiter::new().requests_per_minute(60));
    ask_times(&client, 5).await;
    assert_eq!(server.seconds(), [0, 1, 5, 6, 7]);
    let server = Server::new([left("-3"), left("59")]);
    ask_times(
        &server.client(&RateLimiter::new().requests_per_minute(60)),
        2,
    )
    .await;
    assert_eq!(server.seconds(), [0, 60]); // less than nothing counts as nothing
}

#[tokio::test(start_paused = true)]
async fn retry_after_of_429_pauses_all_requests() {
    let busy = reply(429, "{}");
    for (first, seconds) in [
        (busy.clone().with_header("retry-after", "20"), 20),
        (busy.clone().with_header("retry-after-ms", "3000"), 3),
        (busy, 1),
    ] {
        let server = Server::new([first, good()]);
        let client = server.client(&RateLimiter::new());
        let error = client.chat().complete(&question()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::RateLimited);
        let request = question();
        let calls = (0..100).map(|_| client.chat().complete(&request).into_future());
        join_all(calls).await;
        assert_eq!(server.seconds()[1..], [seconds; 100]);
    }
}
