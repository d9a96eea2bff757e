//! What a limiter lets go, when, and in which order.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // helpers outside of test functions may panic as tests do

mod common;

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use common::{Open, Script, Step, answer, bytes, chunk, event, question};
use futures::FutureExt;
use futures::future::join_all;
use http::{Request, Response};
use mistral_core::chat::ChatCompletionRequest;
use mistral_core::types::Message;
use mistral_core::{
    Body, Client, ClientBuilder, ErrorKind, RateLimiter, RetryPolicy, Timeouts, Transport,
    TransportError, TransportErrorKind,
};
use tokio::time::{Instant, advance};

const SECOND: Duration = Duration::from_secs(1);

/// Notes when a request goes out, and passes it on.
#[derive(Debug, Clone)]
struct Noted {
    script: Script,
    start: Instant,
    times: Arc<Mutex<Vec<Duration>>>,
}

impl Noted {
    fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self {
            script: Script::new(steps),
            start: Instant::now(),
            times: Arc::default(),
        }
    }

    fn good() -> Self {
        Self::new([good()])
    }

    /// When requests went out, in tenths of a second.
    fn tenths(&self) -> Vec<u128> {
        let times = self.times.lock().unwrap();
        times.iter().map(|time| time.as_millis() / 100).collect()
    }

    fn seconds(&self) -> Vec<u64> {
        self.times
            .lock()
            .unwrap()
            .iter()
            .map(Duration::as_secs)
            .collect()
    }

    /// What was asked, in the order in which it went out.
    fn asked(&self) -> Vec<String> {
        let sent = self.script.sent.lock().unwrap();
        let text =
            |json: serde_json::Value| json["messages"][0]["content"].as_str().map(Into::into);
        sent.iter().map(|sent| text(sent.json()).unwrap()).collect()
    }

    fn count(&self) -> usize {
        self.script.count()
    }

    fn client(&self, limiter: &RateLimiter) -> Client {
        patient(limiter.around(self.clone())).build().unwrap()
    }
}

#[async_trait]
impl Transport for Noted {
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        self.times.lock().unwrap().push(self.start.elapsed());
        self.script.send(request).await
    }
}

/// A client that waits for hours, and does not repeat.
fn patient(transport: impl Transport) -> ClientBuilder {
    let hours = Duration::from_secs(36_000);
    Client::builder(Open)
        .transport(transport)
        .retry(RetryPolicy::none())
        .timeouts(Timeouts::default().first_byte(hours).total(hours))
}

fn good() -> Step {
    Step::status(200, &answer("hello"))
}

fn ask(text: impl Into<String>) -> ChatCompletionRequest {
    ChatCompletionRequest::new("m", [Message::user(text.into())])
}

async fn ask_times(client: &Client, times: usize) {
    for _ in 0..times {
        client.chat().complete(&question()).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn requests_are_spread_evenly() {
    let server = Noted::good();
    let client = server.client(&RateLimiter::new().requests_per_minute(60));
    ask_times(&client, 60).await;
    assert_eq!(server.seconds(), (0..60).collect::<Vec<_>>());
    advance(SECOND * 100).await; // what was not used is not saved up
    ask_times(&client, 3).await;
    assert_eq!(server.seconds()[60..], [159, 160, 161]);
}

#[tokio::test(start_paused = true)]
async fn a_thousand_tasks_go_in_order_and_wake_nobody_in_vain() {
    let server = Noted::good();
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
    assert_eq!(server.asked(), numbers.collect::<Vec<_>>());
    assert_eq!(server.tenths(), (0..1_000).collect::<Vec<_>>());
    // Each is polled when it comes, when it is the first, and when its time comes.
    let polls = polls.load(Ordering::Relaxed);
    assert!(polls <= 3 * 1_000, "{polls}");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_frees_its_place() {
    let server = Noted::good();
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
    drop(calls.remove(1)); // its first
    for call in calls.drain(1..) {
        call.await.unwrap();
    }
    assert_eq!(server.asked(), ["a", "c", "e"]);
    assert_eq!(server.seconds(), [0, 1, 2]);
}

#[tokio::test(start_paused = true)]
async fn clones_and_clients_share_a_limit() {
    let server = Noted::good();
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
async fn a_burst_goes_ahead_of_its_time() {
    let server = Noted::good();
    let limiter = RateLimiter::new().requests_per_minute(60).burst(SECOND * 3);
    ask_times(&server.client(&limiter), 7).await;
    assert_eq!(server.seconds(), [0, 0, 0, 0, 1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn tokens_are_paid_off_before_the_next_request() {
    let server = Noted::good();
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
async fn a_request_beyond_the_whole_limit_goes_alone() {
    let server = Noted::good();
    let client = server.client(&RateLimiter::new().tokens_per_minute(600));
    let huge = ask("x".repeat(8_000 - 55)); // 2,000 tokens: 200 s
    let small = question();
    let calls = [&small, &huge, &small].map(|it| client.chat().complete(it).into_future());
    for answer in join_all(calls).await {
        answer.unwrap();
    }
    assert_eq!(server.seconds(), [0, 1, 201]);
}

/// How many tenths of a second after a request the next one goes, at 100 tokens a second.
async fn pause_after(step: Step) -> u128 {
    let server = Noted::new([step, good()]);
    let client = server.client(&RateLimiter::new().tokens_per_minute(6_000));
    _ = client.chat().complete(&ask("x".repeat(4_000))).await;
    client.chat().complete(&question()).await.unwrap();
    server.tenths()[1]
}

#[tokio::test(start_paused = true)]
async fn a_guess_is_corrected_by_what_the_server_says() {
    let used = |tokens: u64| {
        let usage = serde_json::json!({
            "prompt_tokens": 1, "completion_tokens": 1, "total_tokens": tokens,
        });
        let mut body: serde_json::Value = serde_json::from_str(&answer("hello")).unwrap();
        body["usage"] = usage;
        Step::status(200, &body.to_string())
    };
    let cost = |step: Step, tokens: &str| step.header("x-ratelimit-tokens-query-cost", tokens);
    let not_sent = Step::Fail(TransportErrorKind::Connect);
    for (case, step, tenths) in [
        ("nothing", good(), 101),
        ("usage below", used(300), 30),
        ("usage above", used(2_000), 200),
        ("cost", cost(good(), "250"), 25),
        ("cost before usage", cost(used(2_000), "250"), 25),
        ("an error takes none", Step::status(400, "{}"), 0),
        ("not sent", not_sent, 0),
        ("nonsense", cost(good(), "-5"), 101),
    ] {
        assert_eq!(pause_after(step).await, tenths, "{case}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_corrected_by_its_usage() {
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
    let step = Step::events(pieces).header("x-ratelimit-tokens-query-cost", "100");
    let server = Noted::new([step, good()]);
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
async fn limits_that_the_server_names_are_kept() {
    let named = good()
        .header("x-ratelimit-limit-req-minute", "30")
        .header("x-ratelimit-limit-tokens-minute", "0");
    for (limiter, seconds) in [
        (RateLimiter::new(), [0, 2, 4]), // the first cannot know
        (RateLimiter::new().requests_per_minute(60), [0, 2, 4]),
        (RateLimiter::new().requests_per_minute(15), [0, 4, 8]),
    ] {
        let server = Noted::new([named.clone()]);
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
async fn what_others_take_counts_too() {
    let left = |count: &str| good().header("x-ratelimit-remaining-req-minute", count);
    // Two of ours; the server has seen five, then six, then a new minute.
    let server = Noted::new([left("59"), left("55"), left("54"), left("59"), left("58")]);
    let client = server.client(&RateLimiter::new().requests_per_minute(60));
    ask_times(&client, 5).await;
    assert_eq!(server.seconds(), [0, 1, 5, 6, 7]);
    let server = Noted::new([left("-3"), left("59")]);
    ask_times(
        &server.client(&RateLimiter::new().requests_per_minute(60)),
        2,
    )
    .await;
    assert_eq!(server.seconds(), [0, 63]);
}

#[tokio::test(start_paused = true)]
async fn after_a_429_nothing_goes_out_for_as_long_as_the_server_says() {
    let busy = Step::status(429, "{}");
    for (step, seconds) in [
        (busy.clone().header("retry-after", "20"), 20),
        (busy.clone().header("retry-after-ms", "3000"), 3),
        (busy, 1),
    ] {
        let server = Noted::new([step, good()]);
        let client = server.client(&RateLimiter::new());
        let error = client.chat().complete(&question()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::RateLimited);
        let request = question();
        let calls = (0..100).map(|_| client.chat().complete(&request).into_future());
        join_all(calls).await;
        assert_eq!(server.seconds()[1..], [seconds; 100]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_comes_too_late_fails_at_once_and_says_so() {
    let server = Noted::good();
    let limiter = RateLimiter::new().requests_per_minute(60);
    let client = Client::builder(Open)
        .transport(limiter.around(server.clone()))
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
    }
    assert_eq!(
        results[310].1.as_ref().unwrap_err().to_string(),
        "chat.complete: the rate limiter did not send this request: its turn comes in 300.0s, \
         and the call's time ends in 300.0s. Raise `timeout` and `first_byte_timeout`, or ask \
         for less at once"
    );
    assert_eq!(server.count(), 300);
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_is_put_off_ends_with_the_calls_time() {
    let slow = Step::status(429, "{}")
        .header("retry-after", "1000")
        .after(SECOND);
    let server = Noted::new([slow]);
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
        assert_eq!(seconds, 1, "{error}"); // when it can be told
        assert!(error.contains("its turn comes in 1000.0s"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_nothing_is_refused() {
    let server = Noted::good();
    let client = server.client(&RateLimiter::new().tokens_per_minute(0));
    let error = client.chat().complete(&question()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(
        error.to_string().contains("at least one request"),
        "{error}"
    );
    assert_eq!(server.count(), 0);
}
