//! Retries: which failures are retried, how often, and after which delay.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use futures::future::join_all;
use mistral_core::batch::CreateBatchJobRequest;
use mistral_core::files::{FilePurpose, FileSource, UploadFileRequest};
use mistral_core::testing::MockReply;
use mistral_core::transport::TransportErrorKind;
use mistral_core::{Client, ErrorKind, Result, RetryPolicy};
use tokio::time::Instant;

use crate::common::{answer, builder_with, client_with, question, reply, scripted};

const SECOND: Duration = Duration::from_secs(1);

/// An operation, by the harm that a second request does.
#[derive(Debug, Clone, Copy)]
enum TestedCall {
    /// Reads.
    List,
    /// Infers: a second request costs as much again.
    Complete,
    /// Infers, and streams the response.
    Stream,
    /// Changes state on the server.
    CreateJob,
    /// Changes state on the server, with a body that can be read only once.
    UploadOnce,
}
use TestedCall::{Complete, CreateJob, List, Stream, UploadOnce};

const CALLS: [TestedCall; 5] = [List, Complete, Stream, CreateJob, UploadOnce];

impl TestedCall {
    async fn perform(self, client: &Client) -> Result<()> {
        match self {
            List => client.models().list().await.map(drop),
            Complete => client.chat().complete(&question()).await.map(drop),
            Stream => client.chat().stream(&question()).await.map(drop),
            CreateJob => {
                let request = CreateBatchJobRequest::new("/v1/embeddings");
                client.batch().jobs().create(&request).await.map(drop)
            }
            UploadOnce => {
                let reader = futures::io::Cursor::new(b"{}".to_vec());
                let file = FileSource::from_reader("a.jsonl", reader, 2);
                let request = UploadFileRequest::new(FilePurpose::Batch, file);
                client.files().upload(&request).await.map(drop)
            }
        }
    }
}

/// The number of attempts for each of [`CALLS`] when three are allowed.
type Attempts = [usize; 5];

const NEVER: Attempts = [1, 1, 1, 1, 1];
/// The server has rejected the request without processing it.
const REJECTED: Attempts = [3, 3, 3, 1, 1];
/// The request surely never arrived.
const NOT_SENT: Attempts = [3, 3, 3, 3, 1];
/// The request may have arrived.
const AMBIGUOUS: Attempts = [3, 1, 1, 1, 1];
const AMBIGUOUS_BUT_ALLOWED: Attempts = [3, 3, 3, 1, 1];

/// Up to two retries without a delay.
fn immediate() -> RetryPolicy {
    RetryPolicy::backoff(Duration::ZERO, Duration::ZERO, 1.0, 1000 * SECOND).max_retries(2)
}

async fn check(case: &str, reply: &MockReply, policy: &RetryPolicy, expected: Attempts) {
    for (call, expected) in CALLS.into_iter().zip(expected) {
        let mock = scripted([reply.clone()]);
        let client = builder_with(&mock).retry(policy.clone());
        let client = client.first_byte_timeout(SECOND).build().unwrap();
        let error = call.perform(&client).await.unwrap_err();
        assert_eq!(
            mock.requests().len(),
            expected,
            "{case} {call:?}: {error:#}"
        );
        assert_eq!(error.attempts() as usize, expected, "{case} {call:?}");
        let numbers = mock.requests();
        let numbers: Vec<_> = numbers.iter().map(|it| it.attempt).collect();
        assert!(numbers.iter().zip(1..).all(|(number, n)| *number == n));
    }
}

#[tokio::test(start_paused = true)]
async fn retry_decision_by_status_code_and_body() {
    let error = |code: &str, kind: &str| {
        format!(r#"{{"object":"error","message":"m","type":"{kind}","code":"{code}"}}"#)
    };
    let plain = || (String::new(), None);
    let of = |code, kind| (error(code, kind), None);
    let too_large = r#"{"error":{"message":"input (600 tokens) is too large to process."}}"#;
    let too_large = too_large.to_owned();
    let mut cases = vec![
        (429, of("1300", "rate_limited"), REJECTED),
        (429, (String::new(), Some("1")), REJECTED),
        (429, (String::new(), Some("60")), REJECTED),
        (429, (String::new(), Some("61")), NEVER),
        (503, (String::new(), Some("86400")), NEVER),
        (429, of("insufficient_quota", ""), NEVER),
        (429, of("", "quota_exceeded"), NEVER),
        (500, of("3000", "invalid_request_error"), REJECTED),
        (503, of("", "invalid_request_error"), REJECTED),
        (400, of("1300", "rate_limited"), NEVER), // the status comes first
        (400, (String::new(), Some("1")), NEVER),
        (422, of("1000", "internal_error_proxy"), NEVER),
        (500, (too_large, None), NEVER), // llama.cpp
    ];
    let rejected = [408, 429, 500, 502, 503].into_iter();
    let rejected = rejected.chain((520..=529).filter(|status| *status != 524));
    cases.extend(rejected.map(|status| (status, plain(), REJECTED)));
    // A gateway gave up waiting.
    cases.extend([504, 524].map(|status| (status, plain(), AMBIGUOUS)));
    cases.push((504, (String::new(), Some("1")), AMBIGUOUS));
    for status in [
        400, 401, 402, 403, 404, 405, 409, 410, 413, 415, 418, 422, 451, 501, 505, 530,
    ] {
        cases.push((status, plain(), NEVER));
    }
    for (status, (body, retry_after), expected) in cases {
        let mut rejection = reply(status, &body);
        if let Some(wait) = retry_after {
            rejection = rejection.with_header("retry-after", wait);
        }
        let case = format!("{status} {body} {retry_after:?}");
        check(&case, &rejection, &immediate(), expected).await;
        let when_allowed = immediate().retry_ambiguous(true);
        let is_ambiguous = expected == AMBIGUOUS;
        let expected = if is_ambiguous { REJECTED } else { expected };
        check(&case, &rejection, &when_allowed, expected).await;
        check(&case, &rejection, &RetryPolicy::none(), NEVER).await;
    }
}

#[tokio::test(start_paused = true)]
async fn retry_decision_by_transport_error() {
    use TransportErrorKind::{Connect, ConnectTimeout, Interrupted, NotSent, Other, RateLimited};
    let failed = |kind: TransportErrorKind| (format!("{kind:?}"), MockReply::error(kind));
    // The stall ends in the first-byte timeout.
    let stall = || ("stall".to_owned(), MockReply::stall());
    let no_json = || ("no JSON".to_owned(), reply(200, "<html>"));
    for ((case, reply), by_default, when_allowed) in [
        (failed(Connect), NOT_SENT, NOT_SENT),
        (failed(ConnectTimeout), NOT_SENT, NOT_SENT),
        (failed(NotSent), NOT_SENT, NOT_SENT),
        (failed(Interrupted), AMBIGUOUS, AMBIGUOUS_BUT_ALLOWED),
        (failed(Other), AMBIGUOUS, AMBIGUOUS_BUT_ALLOWED),
        (stall(), AMBIGUOUS, AMBIGUOUS_BUT_ALLOWED),
        (failed(RateLimited), NEVER, NEVER), // it has waited already
        (no_json(), NEVER, NEVER),
    ] {
        check(&case, &reply, &immediate(), by_default).await;
        let allowing = immediate().retry_ambiguous(true);
        check(&case, &reply, &allowing, when_allowed).await;
    }
}

#[tokio::test(start_paused = true)]
async fn retry_until_success_succeeds() {
    let busy = || reply(503, "");
    let mock = scripted([busy(), busy(), reply(200, &answer("ok"))]);
    let answer = client_with(&mock)
        .chat()
        .complete(&question())
        .await
        .unwrap();
    assert_eq!((answer.text(), mock.requests().len()), ("ok".into(), 3));
}

/// The delay before the second attempt, in seconds.
async fn waited(name: &'static str, value: &str) -> f64 {
    let busy = reply(429, "").with_header(name, value);
    let mock = scripted([busy, reply(200, &answer("ok"))]);
    let started = Instant::now();
    client_with(&mock)
        .chat()
        .complete(&question())
        .await
        .unwrap();
    assert_eq!(mock.requests().len(), 2);
    started.elapsed().as_secs_f64()
}

#[tokio::test(start_paused = true)]
async fn retry_after_in_every_form_is_honored() {
    let date = |in_seconds: u64| {
        let then = SystemTime::now() + Duration::from_secs(in_seconds);
        httpdate::fmt_http_date(then)
    };
    // Half a second is the bound of the first delay, which comes on top.
    for (name, value, at_least) in [
        ("retry-after", "7".to_owned(), 7.0),
        ("retry-after", "1.5".to_owned(), 1.5),
        ("retry-after-ms", "250".to_owned(), 0.25),
        ("retry-after", date(0), 0.0),
        ("retry-after", "soon".to_owned(), 0.0),
        ("retry-after", "-3".to_owned(), 0.0),
    ] {
        let seconds = waited(name, &value).await;
        let most = at_least + 0.51;
        assert!(
            (at_least..most).contains(&seconds),
            "{name}: {value}: {seconds}"
        );
    }
    let seconds = waited("retry-after", &date(30)).await; // dates have whole seconds
    assert!((28.0..30.6).contains(&seconds), "{seconds}");
}

#[tokio::test(start_paused = true)]
async fn retry_info_in_the_body_is_honored_unless_a_header_says_otherwise() {
    let busy = |delay: &str| {
        let info = r#""@type":"type.googleapis.com/google.rpc.RetryInfo""#;
        let details = format!(r#"[{{{info},"retryDelay":{delay}}}]"#);
        let error = format!(r#"{{"error":{{"code":429,"message":"m","details":{details}}}}}"#);
        reply(429, &error)
    };
    for (busy, at_least) in [
        (busy("\"34s\""), 34.0),
        (busy("\"1.5s\""), 1.5),
        (busy(r#"{"seconds":"2","nanos":500000000}"#), 2.5),
        (busy("\"soon\""), 0.0),
        (busy("\"-3s\""), 0.0),
        (busy("\"34s\"").with_header("retry-after", "2"), 2.0),
    ] {
        let mock = scripted([busy, reply(200, &answer("ok"))]);
        let started = Instant::now();
        let client = client_with(&mock);
        client.chat().complete(&question()).await.unwrap();
        let seconds = started.elapsed().as_secs_f64();
        assert!((at_least..at_least + 0.51).contains(&seconds), "{seconds}");
    }
    let mock = scripted([busy("\"9e30s\"")]);
    let failed = client_with(&mock).chat().complete(&question()).await;
    assert_eq!(failed.unwrap_err().retry_after(), Some(Duration::MAX));
    assert_eq!(mock.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn retry_after_beyond_cap_fails_immediately() {
    let mock = scripted([reply(429, "").with_header("retry-after", "86400")]);
    let started = Instant::now();
    let failed = client_with(&mock).chat().complete(&question()).await;
    let error = failed.unwrap_err();
    assert_eq!(started.elapsed(), Duration::ZERO);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(86_400)));
    assert!(error.to_string().contains("retry after"), "{error}");

    let patient = RetryPolicy::default().max_retry_after(Duration::from_secs(90_000));
    let patient = patient.max_elapsed(Duration::from_secs(100_000));
    let mock = scripted([
        reply(429, "").with_header("retry-after", "86400"),
        reply(200, &answer("ok")),
    ]);
    let call = client_with(&mock)
        .chat()
        .complete(&question())
        .retry(patient);
    call.timeout(Duration::from_secs(100_000)).await.unwrap();
    assert!(started.elapsed() >= Duration::from_secs(86_400));
}

#[tokio::test(start_paused = true)]
async fn retry_backoff_grows_within_max_elapsed() {
    let delays: Arc<Mutex<Vec<Duration>>> = Arc::default();
    let recorded = Arc::clone(&delays);
    let mock = scripted([reply(503, "")]);
    let policy = RetryPolicy::default().max_retries(u32::MAX);
    let client = builder_with(&mock)
        .retry(policy)
        .on_retry(move |event| recorded.lock().unwrap().push(event.delay));
    let started = Instant::now();
    let error = List.perform(&client.build().unwrap()).await.unwrap_err();
    let delays = delays.lock().unwrap();
    assert!(started.elapsed() <= 120 * SECOND, "{:?}", started.elapsed());
    assert_eq!(error.attempts() as usize, delays.len() + 1);
    assert_eq!(mock.requests().len(), delays.len() + 1);
    // Bounds of 0.5, 1, 2, 4 and then 8 s: at least 17 delays fit into 120 s.
    assert!(delays.len() >= 17, "{}", delays.len());
    for (delay, bound) in delays
        .iter()
        .zip([0.5, 1.0, 2.0, 4.0].into_iter().chain([8.0; 1000]))
    {
        assert!(delay.as_secs_f64() <= bound, "{delay:?} {bound}");
    }
}

#[tokio::test(start_paused = true)]
async fn timeout_total_covers_retries() {
    let mock = scripted([reply(503, "").with_delay(2 * SECOND)]);
    let started = Instant::now();
    let policy = RetryPolicy::backoff(SECOND, SECOND, 1.0, 1000 * SECOND);
    let client = builder_with(&mock).retry(policy).timeout(10 * SECOND);
    let failed = Complete.perform(&client.build().unwrap()).await;
    failed.unwrap_err();
    assert!(started.elapsed() <= 10 * SECOND, "{:?}", started.elapsed());
    assert!(mock.requests().len() >= 4, "{}", mock.requests().len());
}

#[tokio::test(start_paused = true)]
async fn retry_jitter_spreads_simultaneous_calls() {
    for (retry_after, earliest) in [(None, 0.0), (Some("7"), 7.0)] {
        let mut busy = reply(429, "");
        if let Some(wait) = retry_after {
            busy = busy.with_header("retry-after", wait);
        }
        let mut replies = vec![busy; 100];
        replies.push(reply(200, r#"{"data":[]}"#));
        let mock = scripted(replies);
        let client = client_with(&mock);
        let started = Instant::now();
        let calls = (0..100).map(|_| async {
            client.models().list().await.unwrap();
            started.elapsed().as_secs_f64() - earliest
        });
        let mut times = join_all(calls).await;
        assert_eq!(mock.requests().len(), 200);
        times.sort_by(f64::total_cmp);
        assert!(times[0] >= 0.0 && times[99] <= 0.51, "{times:?}");
        // Evenly spread, each twentieth of a second would see ten of them.
        let most = (0..50).map(|slot| {
            let from = f64::from(slot) / 100.0;
            let near = |time: &&f64| (from..from + 0.05).contains(*time);
            times.iter().filter(near).count()
        });
        assert!(most.max().unwrap() <= 30, "{times:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn on_retry_is_called_for_every_retry_only() {
    let events: Arc<Mutex<Vec<String>>> = Arc::default();
    let listener = Arc::clone(&events);
    let mock = scripted([
        reply(503, r#"{"message":"busy"}"#),
        MockReply::error(TransportErrorKind::NotSent),
        reply(200, &answer("ok")),
        reply(400, ""),
        reply(503, ""),
    ]);
    let client = builder_with(&mock).on_retry(move |event| {
        assert!(event.delay <= SECOND, "{event:?}");
        assert_eq!(event.reason.attempts(), event.attempt);
        let kind = event.reason.kind();
        let line = format!("{} {} {kind:?}", event.operation, event.attempt);
        listener.lock().unwrap().push(line);
    });
    let client = client.build().unwrap();
    assert!(format!("{client:?}").contains("Client"));
    Complete.perform(&client).await.unwrap();
    Complete.perform(&client).await.unwrap_err(); // never repeated
    let error = Complete.perform(&client).await.unwrap_err(); // the last failure is no retry
    assert_eq!(error.kind(), ErrorKind::Overloaded);
    assert_eq!(
        *events.lock().unwrap(),
        [
            "chat.complete 1 Overloaded",
            "chat.complete 2 Connection",
            "chat.complete 1 Overloaded",
            "chat.complete 2 Overloaded",
        ]
    );
}
