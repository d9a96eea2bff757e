//! The pace and the order of requests.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::FutureExt;
use futures::future::join_all;
use mistral_core::ErrorKind;
use mistral_core::chat::ChatCompletionRequest;
use mistral_core::messages::{ContentChunk, Message};
use mistral_core::rate_limit::RateLimiter;
use tokio::time::{Instant, advance, timeout};

use super::{SECOND, Server, ask, ask_times, good};
use crate::common::{question, reply};

#[tokio::test(start_paused = true)]
async fn requests_are_spread_evenly() {
    let server = Server::good();
    let client = server.client(&RateLimiter::new().requests_per_minute(60));
    ask_times(&client, 60).await;
    assert_eq!(server.seconds(), (0..60).collect::<Vec<_>>());
    advance(SECOND * 100).await; // unused time is not saved up
    ask_times(&client, 3).await;
    assert_eq!(server.seconds()[60..], [159, 160, 161]);
}

#[tokio::test(start_paused = true)]
async fn queue_of_1_000_tasks_is_fair_without_spurious_polls() {
    let server = Server::good();
    let client = server.client(&RateLimiter::new().requests_per_minute(600));
    let polls = Arc::new(AtomicUsize::new(0));
    let tasks = (0..1_000).map(|number| {
        let (client, polls) = (client.clone(), Arc::clone(&polls));
        tokio::spawn(async move {
            let request = ask(number.to_string());
            let mut call = pin!(client.chat().complete(&request).into_future());
            poll_fn(|cx| {
                polls.fetch_add(1, Ordering::Relaxed);
                call.as_mut().poll(cx)
            })
            .await
        })
    });
    for answer in join_all(tasks).await {
        answer.unwrap().unwrap();
    }
    let numbers = (0..1_000).map(|number| number.to_string());
    assert_eq!(server.texts(), numbers.collect::<Vec<_>>());
    assert_eq!(server.tenths(), (0..1_000).collect::<Vec<_>>());
    // Each is polled when it is queued, when it is the first, and when its time has come.
    let polls = polls.load(Ordering::Relaxed);
    assert!(polls <= 3 * 1_000, "{polls}");
}

#[tokio::test(start_paused = true)]
async fn queue_place_of_dropped_call_is_freed() {
    let server = Server::good();
    let client = server.client(&RateLimiter::new().requests_per_minute(60));
    let requests: Vec<_> = ["a", "b", "c", "d", "e"].map(ask).into();
    let mut calls: Vec<_> = requests
        .iter()
        .map(|it| client.chat().complete(it).into_future())
        .collect();
    for call in &mut calls {
        assert!(call.now_or_never().is_none() || server.count() == 1);
    }
    drop(calls.remove(3)); // in the queue
    drop(calls.remove(1)); // first in the queue
    for call in calls.drain(1..) {
        call.await.unwrap();
    }
    assert_eq!(server.texts(), ["a", "c", "e"]);
    assert_eq!(server.seconds(), [0, 1, 2]);
}

#[tokio::test(start_paused = true)]
async fn queue_is_empty_after_many_dropped_calls() {
    let server = Server::good();
    let client = server.client(&RateLimiter::new().requests_per_minute(600));
    let calls = (0..500_u64).map(|number| {
        let client = client.clone();
        let patience = Duration::from_millis(number * 7_919 % 20_011);
        tokio::spawn(async move {
            let request = ask(number.to_string());
            let call = client.chat().complete(&request).into_future();
            timeout(patience, call).await.is_ok()
        })
    });
    let answered = join_all(calls).await.into_iter().map(Result::unwrap);
    let answered: Vec<_> = (0..500).zip(answered).filter(|(_, it)| *it).collect();
    assert!((100..400).contains(&answered.len()), "{}", answered.len());
    // In order, one each tenth of a second: dropped calls cost no time.
    let numbers = answered.iter().map(|(number, _)| number.to_string());
    assert_eq!(server.texts(), numbers.collect::<Vec<_>>());
    assert_eq!(
        server.tenths(),
        (0..answered.len() as u128).collect::<Vec<_>>()
    );
    let start = Instant::now();
    let call = client.chat().complete(&question());
    call.timeout(Duration::from_millis(200)).await.unwrap(); // the queue is empty
    assert!(start.elapsed() <= Duration::from_millis(100));
}

#[tokio::test(start_paused = true)]
async fn queue_is_not_blocked_by_a_call_not_polled() {
    let server = Server::good();
    let client = server.client(&RateLimiter::new().requests_per_minute(60));
    let requests = ["a", "b", "c"].map(ask);
    client.chat().complete(&requests[0]).await.unwrap();
    let mut not_polled = client.chat().complete(&requests[1]).into_future();
    assert!((&mut not_polled).now_or_never().is_none()); // it waits, and is not polled again
    for _ in 0..3 {
        client.chat().complete(&requests[2]).await.unwrap();
    }
    not_polled.await.unwrap(); // its turn has passed, but the pace is kept
    assert_eq!(server.texts(), ["a", "c", "c", "c", "b"]);
    assert_eq!(server.seconds(), [0, 2, 3, 4, 5]);
}

#[tokio::test(start_paused = true)]
async fn tokens_of_a_call_not_polled_are_charged_once() {
    let server = Server::good();
    let client = server.client(&RateLimiter::new().tokens_per_minute(6_000));
    ask_times(&client, 1).await;
    let ten_seconds = ask("x".repeat(4_000));
    let mut not_polled = client.chat().complete(&ten_seconds).into_future();
    assert!((&mut not_polled).now_or_never().is_none());
    let small = question();
    let calls = [&small; 3].map(|it| client.chat().complete(it).into_future());
    join_all(calls).await;
    assert_eq!(server.seconds(), [0, 10, 10, 10]);
}

#[tokio::test(start_paused = true)]
async fn limiter_is_shared_by_clones_and_clients() {
    let server = Server::good();
    let limiter = RateLimiter::new();
    let one = server.client(&limiter);
    let other = server.client(&limiter.clone().requests_per_minute(60));
    for _ in 0..2 {
        ask_times(&one, 1).await;
        ask_times(&other.clone(), 1).await;
    }
    assert_eq!(server.seconds(), [0, 1, 2, 3]);
    assert!(format!("{limiter:?}").contains("Some(60)"), "{limiter:?}");
}

#[tokio::test(start_paused = true)]
async fn burst_is_sent_immediately() {
    let server = Server::good();
    let limiter = RateLimiter::new().requests_per_minute(60).burst(SECOND * 3);
    ask_times(&server.client(&limiter), 7).await;
    assert_eq!(server.seconds(), [0, 0, 0, 0, 1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn tokens_are_paid_before_the_next_request() {
    let server = Server::good();
    let client = server.client(&RateLimiter::new().tokens_per_minute(6_000)); // 100 a second
    let four_thousand_bytes = ask("x".repeat(4_000 - 55));
    assert_eq!(
        serde_json::to_vec(&four_thousand_bytes).unwrap().len(),
        4_000
    );
    for _ in 0..3 {
        client.chat().complete(&four_thousand_bytes).await.unwrap();
    }
    assert_eq!(server.seconds(), [0, 10, 20]);
    client.models().list().await.unwrap(); // takes no tokens, but waits until they are paid
    client.chat().complete(&four_thousand_bytes).await.unwrap();
    assert_eq!(server.seconds()[3..], [30, 30]);
}

#[tokio::test(start_paused = true)]
async fn tokens_of_batch_requests_are_not_charged() {
    let server = Server::new([reply(200, r#"{"id": "job-1", "status": "QUEUED"}"#), good()]);
    let client = server.client(&RateLimiter::new().tokens_per_minute(6_000));
    let requests = [("a", ask("x".repeat(4_000)))];
    client.batch().run(requests).await.unwrap();
    ask_times(&client, 1).await;
    assert_eq!(server.seconds(), [0, 0]);
}

#[tokio::test(start_paused = true)]
async fn tokens_of_data_urls_are_not_estimated_as_text() {
    let server = Server::good();
    let client = server.client(&RateLimiter::new().tokens_per_minute(6_000));
    let url = format!("data:image/png;base64,{}", "A".repeat(40_000)); // 100 s if it counted as text
    let image = ChatCompletionRequest::new("m", [Message::user([ContentChunk::image_url(url)])]);
    client.chat().complete(&image).await.unwrap();
    ask_times(&client, 1).await;
    assert_eq!(server.seconds(), [0, 0]);
}

#[tokio::test(start_paused = true)]
async fn request_beyond_the_whole_limit_is_sent_alone() {
    let server = Server::good();
    let client = server.client(&RateLimiter::new().tokens_per_minute(600));
    let huge = ask("x".repeat(8_000 - 55)); // 2,000 tokens: 200 s
    let small = question();
    let calls = [&small, &huge, &small].map(|it| client.chat().complete(it).into_future());
    for answer in join_all(calls).await {
        answer.unwrap();
    }
    assert_eq!(server.seconds(), [0, 1, 201]);
}

#[tokio::test(start_paused = true)]
async fn limit_of_zero_is_refused() {
    let server = Server::good();
    let client = server.client(&RateLimiter::new().tokens_per_minute(0));
    let error = client.chat().complete(&question()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(
        error.to_string().contains("at least one request"),
        "{error}"
    );
    assert_eq!(server.count(), 0);
}
