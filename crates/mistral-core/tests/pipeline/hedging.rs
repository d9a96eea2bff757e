//! Hedging: a second request when the response to the first one takes long.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt;
use futures::future::join_all;
use mistral_core::audio::AudioTranscriptionRequest;
use mistral_core::batch::CreateBatchJobRequest;
use mistral_core::files::{FilePurpose, FileSource, UploadFileRequest};
use mistral_core::retry::Hedging;
use mistral_core::testing::{MockReply, MockTransport};
use mistral_core::{Client, Error, ErrorKind, RetryPolicy};
use tokio::time::{Instant, timeout};

use crate::common::{
    DONE, answer, builder_with, bytes, event, finish, question, reply, scripted, sse,
};

const SECOND: Duration = Duration::from_secs(1);

fn good(text: &str, seconds: u32) -> MockReply {
    reply(200, &answer(text)).with_delay(SECOND * seconds)
}

fn busy(seconds: u32) -> MockReply {
    reply(503, "{}").with_delay(SECOND * seconds)
}

/// A client that hedges after two seconds.
fn hedging(mock: &MockTransport) -> Client {
    let builder = builder_with(mock).hedge(Hedging::after(2 * SECOND));
    builder.retry(RetryPolicy::none()).build().unwrap()
}

/// Returns the text of the response, the number of attempts, and the time in seconds.
async fn complete(client: &Client) -> Result<(String, u32, u64), Error> {
    let start = Instant::now();
    let response = client.chat().complete(&question()).with_response().await?;
    let seconds = start.elapsed().as_secs();
    let text = response.body.text().into_owned();
    Ok((text, response.attempts, seconds))
}

#[tokio::test(start_paused = true)]
async fn hedge_first_response_wins_and_other_request_is_cancelled() {
    for (first, second, expected) in [
        (MockReply::stall(), good("second", 1), ("second", 2, 3)),
        (good("first", 20), good("second", 1), ("second", 2, 3)),
        (good("first", 4), good("second", 3), ("first", 2, 4)),
        (good("first", 4), MockReply::stall(), ("first", 2, 4)),
        (good("first", 1), good("second", 1), ("first", 1, 1)),
    ] {
        let mock = scripted([first, second]);
        let (text, attempts, seconds) = complete(&hedging(&mock)).await.unwrap();
        assert_eq!((&*text, attempts, seconds), expected);
        let numbers: Vec<_> = mock.requests().iter().map(|it| it.attempt).collect();
        assert_eq!(numbers, Vec::from_iter(1..=attempts));
        assert_eq!(mock.in_flight(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn hedge_is_off_by_default_and_set_per_call() {
    let requests = |mock: &MockTransport| mock.requests().len();
    let mock = scripted([good("slow", 20)]);
    let plain = builder_with(&mock).build().unwrap();
    complete(&plain).await.unwrap();
    assert_eq!(requests(&mock), 1);
    let hedged = plain.chat().complete(&question());
    hedged.hedge(Hedging::after(SECOND)).await.unwrap();
    assert_eq!(requests(&mock), 3);
    let not_hedged = hedging(&mock);
    not_hedged
        .chat()
        .complete(&question())
        .hedge(None)
        .await
        .unwrap();
    assert_eq!(requests(&mock), 4);
}

#[tokio::test(start_paused = true)]
async fn hedge_is_never_used_for_effects_and_uploads() {
    let mock = scripted([reply(200, r#"{"id":"1"}"#).with_delay(20 * SECOND)]);
    let client = hedging(&mock);
    let reader = || futures::io::Cursor::new(b"{}".to_vec());
    let once = || FileSource::from_reader("a.jsonl", reader(), 2);
    let job = CreateBatchJobRequest::new("/v1/embeddings");
    let _ = client.batch().jobs().create(&job).await;
    let upload = UploadFileRequest::new(FilePurpose::Batch, once());
    let _ = client.files().upload(&upload).await;
    for _ in 0..2 {
        let audio = AudioTranscriptionRequest::new("voxtral-mini-latest", once());
        let _ = client.audio().transcriptions().complete(&audio).await;
    }
    assert_eq!((mock.requests().len(), mock.max_in_flight()), (4, 1));
}

#[tokio::test(start_paused = true)]
async fn hedge_of_stream_ends_when_its_response_begins() {
    let chunks = || [bytes(event("a")), bytes(finish()), bytes(DONE)];
    let mock = scripted([MockReply::stall(), sse(chunks())]);
    let start = Instant::now();
    let stream = hedging(&mock).chat().stream(&question()).await.unwrap();
    assert_eq!(start.elapsed(), 2 * SECOND);
    assert_eq!(stream.collect_response().await.unwrap().text(), "a");
    assert_eq!(mock.in_flight(), 0);

    let mock = scripted([sse(chunks()).with_chunk_delay(20 * SECOND)]);
    let stream = hedging(&mock).chat().stream(&question()).await.unwrap();
    assert_eq!(stream.collect_response().await.unwrap().text(), "a");
    assert_eq!(mock.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn hedge_failure_waits_for_the_other_request() {
    for (first, second, expected) in [
        (good("first", 9), busy(1), ("first", 2, 9)),
        (good("first", 9), reply(429, "{}"), ("first", 2, 9)),
        (good("first", 9), reply(402, "{}"), ("first", 2, 9)), // the quota of the account
        (busy(3), good("second", 5), ("second", 2, 7)),
    ] {
        let mock = scripted([first, second]);
        let (text, attempts, seconds) = complete(&hedging(&mock)).await.unwrap();
        assert_eq!((&*text, attempts, seconds), expected);
    }
    // An error that another request would have, too, is a response.
    let mock = scripted([good("first", 9), reply(422, "{}").with_delay(SECOND)]);
    let start = Instant::now();
    let error = complete(&hedging(&mock)).await.unwrap_err();
    assert_eq!(
        (error.status().unwrap().as_u16(), error.attempts()),
        (422, 2)
    );
    assert_eq!(start.elapsed(), 3 * SECOND);
    assert!(error.may_have_arrived(), "the other request was cancelled");
    assert_eq!(mock.in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn hedge_is_not_used_after_a_failure() {
    let mock = scripted([busy(1), good("retried", 20)]);
    let builder = builder_with(&mock).hedge(Hedging::after(2 * SECOND));
    let (text, attempts, _) = complete(&builder.build().unwrap()).await.unwrap();
    assert_eq!((&*text, attempts), ("retried", 2));
    assert_eq!(mock.max_in_flight(), 1);

    // Two failures beside each other are retried once.
    let mock = scripted([busy(5), busy(1), good("retried", 20)]);
    let builder = builder_with(&mock).hedge(Hedging::after(2 * SECOND));
    let (text, attempts, _) = complete(&builder.build().unwrap()).await.unwrap();
    assert_eq!((&*text, attempts), ("retried", 3));
    let numbers: Vec<_> = mock.requests().iter().map(|it| it.attempt).collect();
    assert_eq!(numbers, [1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn hedge_is_bounded_by_the_retry_quota() {
    let mock = scripted([good("slow", 9)]);
    let builder = builder_with(&mock).hedge(Hedging::after(2 * SECOND));
    let client = builder.retry_quota(20).build().unwrap();
    let mut attempts = Vec::new();
    for _ in 0..20 {
        attempts.push(complete(&client).await.unwrap().1);
    }
    // Two are paid by the full quota, and each success returns one token.
    let hedged = attempts.iter().filter(|attempts| **attempts == 2).count();
    assert_eq!(attempts[..3], [2, 2, 1]);
    assert_eq!((hedged, mock.requests().len()), (3, 23));
}

#[tokio::test(start_paused = true)]
async fn hedge_timeout_and_drop_cancel_both_requests() {
    let mock = scripted([MockReply::stall()]);
    let client = hedging(&mock);
    let call = client.chat().complete(&question()).timeout(5 * SECOND);
    let start = Instant::now();
    let error = call.await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Timeout, 2));
    assert_eq!(start.elapsed(), 5 * SECOND);
    assert_eq!((mock.in_flight(), mock.max_in_flight()), (0, 2));

    let call = client.chat().complete(&question());
    timeout(5 * SECOND, call).await.unwrap_err();
    assert_eq!((mock.in_flight(), mock.requests().len()), (0, 4));
}

#[tokio::test(start_paused = true)]
async fn hedge_at_p95_learns_the_delay_per_model() {
    let mock = MockTransport::new().replies(vec![good("usual", 2); 50]);
    let mock = mock.replies([MockReply::stall(), good("second", 1), good("slow", 9)]);
    let builder = builder_with(&mock).hedge(Hedging::p95());
    let client = builder.build().unwrap();
    for _ in 0..50 {
        assert_eq!(complete(&client).await.unwrap().1, 1);
    }
    // 1.5 times two seconds, and one more for the second request.
    let (text, attempts, seconds) = complete(&client).await.unwrap();
    assert_eq!((&*text, attempts, seconds), ("second", 2, 4));
    let mut other = question();
    other.model = "another".to_owned();
    client.chat().complete(&other).await.unwrap();
    assert_eq!(mock.requests().len(), 53);
}

#[tokio::test]
async fn hedge_without_delay_is_a_config_error() {
    let mock = scripted([good("", 0)]);
    let zero = || Hedging::after(Duration::ZERO);
    let client = builder_with(&mock).hedge(zero()).build();
    let call = builder_with(&mock).build().unwrap();
    let call = call.chat().complete(&question()).hedge(zero()).await;
    for error in [client.err(), call.err()].map(Option::unwrap) {
        assert_eq!(error.kind(), ErrorKind::Config);
        let text = "`hedge`: `Hedging::after` with a delay of zero sends every request twice: ";
        assert!(error.message().starts_with(text), "{error}");
    }
    assert_eq!(mock.requests().len(), 0);
}

#[test]
fn hedge_outside_of_runtime_sends_one_request() {
    let mock = scripted([good("first", 0)]);
    let client = hedging(&mock);
    let (text, attempts, _) = complete(&client).now_or_never().unwrap().unwrap();
    assert_eq!((&*text, attempts), ("first", 1));
}

/// Durations of calls, and the number of requests.
struct Latencies {
    sorted: Vec<Duration>,
    requests: usize,
}

impl Latencies {
    fn percentile(&self, percent: usize) -> Duration {
        self.sorted[self.sorted.len() * percent / 100]
    }

    fn show(&self, distribution: &str, name: &str) {
        let [p50, p95, p99] = [50, 95, 99].map(|percent| self.percentile(percent));
        let more = 100.0 * (self.requests as f64 / self.sorted.len() as f64 - 1.0);
        println!(
            "{distribution}, {name}: p50 {p50:.2?}, p95 {p95:.2?}, p99 {p99:.2?}, \
             {more:.2} % more requests"
        );
    }
}

/// A hundred tasks send 50 requests each to a server of which every fiftieth response is 20 times
/// slower. The others take `usual` seconds.
async fn slow_responses(
    hedging: Option<Hedging>,
    usual: fn(&mut fastrand::Rng) -> f64,
) -> Latencies {
    let random = Mutex::new(fastrand::Rng::with_seed(3));
    let mock = MockTransport::new().reply_with(move |_| {
        let mut random = random.lock().unwrap();
        let factor = if random.f64() < 0.02 { 20.0 } else { 1.0 };
        let seconds = factor * usual(&mut random);
        reply(200, &answer("ok")).with_delay(Duration::from_secs_f64(seconds))
    });
    let client = builder_with(&mock).hedge(hedging).build().unwrap();
    let sorted: Arc<Mutex<Vec<Duration>>> = Arc::default();
    let tasks = (0..100).map(|_| async {
        for _ in 0..50 {
            let start = Instant::now();
            complete(&client).await.unwrap();
            sorted.lock().unwrap().push(start.elapsed());
        }
    });
    join_all(tasks).await;
    let mut sorted = std::mem::take(&mut *sorted.lock().unwrap());
    sorted.sort_unstable();
    let requests = mock.requests().len();
    Latencies { sorted, requests }
}

/// From 0.5 to 1.5 s.
fn uniform(random: &mut fastrand::Rng) -> f64 {
    0.5 + random.f64()
}

/// Around 1 s with a long tail, as texts of different lengths take: a log-normal distribution.
fn spread(random: &mut fastrand::Rng) -> f64 {
    let (one, two) = (1.0 - random.f64(), random.f64());
    let normal = (-2.0 * one.ln()).sqrt() * (std::f64::consts::TAU * two).cos();
    (0.5 * normal).exp()
}

#[tokio::test(start_paused = true)]
async fn hedging_halves_p99_for_at_most_three_percent_more_requests() {
    for (distribution, usual, fixed) in [
        ("uniform", uniform as fn(&mut fastrand::Rng) -> f64, 2),
        ("log-normal", spread, 4),
    ] {
        let off = slow_responses(None, usual).await;
        off.show(distribution, "off");
        assert_eq!(off.requests, off.sorted.len());
        for (name, hedging) in [
            ("after a fixed delay", Hedging::after(SECOND * fixed)),
            ("at p95", Hedging::p95()),
        ] {
            let on = slow_responses(Some(hedging), usual).await;
            on.show(distribution, name);
            let (before, after) = (off.percentile(99), on.percentile(99));
            assert!(after <= before / 2, "{name}: {after:?} {before:?}");
            let allowed = on.sorted.len() * 103 / 100;
            assert!(on.requests <= allowed, "{name}: {}", on.requests);
        }
    }
}
