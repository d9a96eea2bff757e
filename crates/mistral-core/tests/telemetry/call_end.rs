//! The report of a call that has ended.

use std::future::IntoFuture;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use futures::FutureExt;
use mistral_core::chat::ChatCompletionRequest;
use mistral_core::messages::Message;
use mistral_core::telemetry::{CallEnd, CallOutcome};
use mistral_core::testing::{MockReply, MockTransport};
use mistral_core::{Client, ClientBuilder, ErrorKind, RetryPolicy};
use serde_json::json;

use super::recorder::Recorder;
use super::{answer, ask, builder, events};

const SECOND: Duration = Duration::from_secs(1);

/// The part of a report that the listeners of these tests keep.
#[derive(Debug, Clone, PartialEq)]
struct Ended {
    operation: String,
    /// `completed`, `cancelled`, or the message of the error.
    outcome: String,
    error_type: Option<&'static str>,
    models: (Option<String>, Option<String>),
    status: Option<u16>,
    attempts: u32,
    tokens: Option<(i64, i64)>,
    first: Option<Duration>,
    duration: Duration,
}

#[derive(Debug, Clone, Default)]
struct Reports(Arc<Mutex<Vec<Ended>>>);

impl Reports {
    fn listen(&self, builder: ClientBuilder) -> Client {
        let this = self.clone();
        let listener = move |call: &CallEnd<'_>| this.0.lock().unwrap().push(ended(call));
        builder.on_call_end(listener).build().unwrap()
    }

    fn all(&self) -> Vec<Ended> {
        self.0.lock().unwrap().clone()
    }

    /// The only report.
    fn only(&self) -> Ended {
        let mut all = self.all();
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    }
}

fn ended(call: &CallEnd<'_>) -> Ended {
    assert_eq!((call.provider, call.gen_ai_provider), ("api", "mistral_ai"));
    assert_eq!(call.server_address, Some("gateway.example"));
    assert_eq!(call.server_port, Some(8443));
    assert!(call.started <= SystemTime::now());
    Ended {
        operation: call.operation.to_owned(),
        outcome: match call.outcome {
            CallOutcome::Completed => "completed".to_owned(),
            CallOutcome::Cancelled => "cancelled".to_owned(),
            CallOutcome::Failed(error) => {
                assert_eq!(error.operation(), call.operation);
                error.message().to_owned()
            }
            _ => panic!("{call:?}"),
        },
        error_type: call.error_type(),
        models: (
            call.request_model.map(str::to_owned),
            call.response_model.map(str::to_owned),
        ),
        status: call.status.map(|status| status.as_u16()),
        attempts: call.attempts,
        tokens: call
            .usage
            .map(|usage| (usage.prompt_tokens, usage.completion_tokens)),
        first: call.time_to_first_chunk,
        duration: call.duration,
    }
}

fn models(response: Option<&str>) -> (Option<String>, Option<String>) {
    let request = Some("mistral-small-latest".to_owned());
    (request, response.map(str::to_owned))
}

#[tokio::test(start_paused = true)]
async fn call_end_of_completed_call_has_usage_models_and_duration() {
    let mock = MockTransport::new().reply(MockReply::json(answer()).with_delay(SECOND * 2));
    let reports = Reports::default();
    let client = reports.listen(builder(&mock));
    client.chat().complete(&ask()).await.unwrap();
    let expected = Ended {
        operation: "chat.complete".to_owned(),
        outcome: "completed".to_owned(),
        error_type: None,
        models: models(Some("mistral-small-2506")),
        status: Some(200),
        attempts: 1,
        tokens: Some((10, 3)),
        first: None,
        duration: SECOND * 2,
    };
    assert_eq!(reports.only(), expected);
}

#[tokio::test(start_paused = true)]
async fn call_end_after_retries_is_reported_once() {
    let mock = MockTransport::new()
        .reply(MockReply::status(503))
        .json(answer())
        .reply(MockReply::status(400));
    let reports = Reports::default();
    let client = reports.listen(builder(&mock).retry(RetryPolicy::default()));
    client.chat().complete(&ask()).await.unwrap();
    client.chat().complete(&ask()).await.unwrap_err();
    let all = reports.all();
    assert_eq!(all.len(), 2, "{all:?}");
    assert_eq!((all[0].attempts, all[0].error_type), (2, None));
    let failed = &all[1];
    assert_eq!((failed.attempts, failed.status), (1, Some(400)));
    assert_eq!(failed.error_type, Some("invalid_request"));
    assert_eq!(failed.models, models(None));
    assert!(failed.outcome.starts_with("400 Bad Request"), "{failed:?}");
}

#[tokio::test]
async fn call_end_of_response_that_cannot_be_decoded_is_a_failure() {
    let mock = MockTransport::new().json(json!({ "data": 7 }));
    let reports = Reports::default();
    let client = reports.listen(builder(&mock));
    client.models().list().await.unwrap_err();
    let report = reports.only();
    assert_eq!(report.error_type, Some("decode"));
    assert_eq!((report.status, report.attempts), (Some(200), 1));
    assert_eq!(report.models, (None, None));
}

#[tokio::test(start_paused = true)]
async fn call_end_of_stream_comes_with_its_last_event() {
    let reply = MockReply::sse(events()).with_delay(SECOND * 3);
    let mock = MockTransport::new().reply(reply.with_chunk_delay(SECOND * 2));
    let reports = Reports::default();
    let client = reports.listen(builder(&mock));
    let start = tokio::time::Instant::now();
    let mut stream = client.chat().stream(&ask()).await.unwrap();
    stream.next().await.unwrap().unwrap();
    let first = start.elapsed();
    while let Some(chunk) = stream.next().await {
        assert!(reports.all().is_empty());
        chunk.unwrap();
    }
    let report = reports.only();
    assert_eq!(report.operation, "chat.stream");
    assert_eq!(report.outcome, "completed");
    assert_eq!(report.tokens, Some((5, 2)));
    assert_eq!(report.models, models(Some("mistral-small-2506")));
    assert_eq!(report.first, Some(first));
    assert_eq!(report.duration, start.elapsed());
    drop(stream);
    assert_eq!(reports.all().len(), 1);
}

#[tokio::test]
async fn call_end_of_stream_dropped_early_is_cancelled() {
    let mock = MockTransport::new()
        .sse(events())
        .sse(events())
        .sse(events());
    let reports = Reports::default();
    let client = reports.listen(builder(&mock));
    let mut stream = client.chat().stream(&ask()).await.unwrap();
    stream.next().await.unwrap().unwrap();
    drop(stream);
    drop(client.chat().stream(&ask()).await.unwrap());
    // All that the caller needs has arrived, though not the end marker.
    let mut stream = client.chat().stream(&ask()).await.unwrap();
    for _ in 0..3 {
        stream.next().await.unwrap().unwrap();
    }
    drop(stream);
    let all = reports.all();
    let outcomes: Vec<_> = all.iter().map(|it| (&*it.outcome, it.tokens)).collect();
    let expected = [
        ("cancelled", None),
        ("cancelled", None),
        ("completed", Some((5, 2))),
    ];
    assert_eq!(outcomes, expected);
    assert_eq!(all[0].error_type, Some("cancelled"));
    assert!(all[0].first.is_some() && all[1].first.is_none());
}

#[tokio::test]
async fn call_end_of_stream_that_breaks_is_a_failure() {
    let mock = MockTransport::new().reply(MockReply::sse(events()).with_break_after(2));
    let reports = Reports::default();
    let client = reports.listen(builder(&mock));
    let stream = client.chat().stream(&ask()).await.unwrap();
    let error = stream.collect_response().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated);
    let report = reports.only();
    assert_eq!(report.error_type, Some("truncated"));
    assert_eq!(report.outcome, error.message());
    assert_eq!(report.models, models(Some("mistral-small-2506")));
}

#[tokio::test(start_paused = true)]
async fn call_end_of_call_dropped_before_its_response_is_cancelled() {
    let mock = MockTransport::new().reply(MockReply::stall());
    let reports = Reports::default();
    let client = reports.listen(builder(&mock));
    let mut call = Box::pin(client.chat().complete(&ask()).into_future());
    assert!(call.as_mut().now_or_never().is_none());
    tokio::time::advance(SECOND).await;
    drop(call);
    let report = reports.only();
    assert_eq!((&*report.outcome, report.attempts), ("cancelled", 0));
    assert_eq!((report.status, report.duration), (None, SECOND));
}

#[tokio::test]
async fn call_end_of_download_comes_with_its_last_bytes() {
    let content = MockReply::bytes("application/octet-stream", ["one", "two"]);
    let mock = MockTransport::new().replies([content.clone(), content]);
    let reports = Reports::default();
    let client = reports.listen(builder(&mock));
    let download = client.files().download("id").await.unwrap();
    assert!(reports.all().is_empty());
    assert_eq!(download.bytes().await.unwrap(), "onetwo");
    drop(client.files().download("id").await.unwrap());
    let outcomes: Vec<_> = reports.all().into_iter().map(|it| it.outcome).collect();
    assert_eq!(outcomes, ["completed", "cancelled"]);
}

#[tokio::test]
async fn call_end_is_reported_within_the_span_of_the_call() {
    let (recorder, _guard) = Recorder::start();
    let mock = MockTransport::new().json(answer());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (within, spans) = (Arc::clone(&seen), recorder.clone());
    let client = builder(&mock)
        .on_call_end(move |call| {
            let model = call.response_model.map(str::to_owned);
            within.lock().unwrap().push((spans.current(), model));
        })
        .build()
        .unwrap();
    client.chat().complete(&ask()).await.unwrap();
    let expected = (Some(1), Some("mistral-small-2506".to_owned()));
    assert_eq!(*seen.lock().unwrap(), [expected]);
    assert!(recorder.span().ended);
}

#[tokio::test]
async fn call_end_has_no_text_of_the_request_or_response() {
    let mock = MockTransport::new().json(answer());
    let text = Arc::new(Mutex::new(String::new()));
    let debug = Arc::clone(&text);
    let client = builder(&mock)
        .on_call_end(move |call| *debug.lock().unwrap() = format!("{call:?}"))
        .build()
        .unwrap();
    let request = ChatCompletionRequest::new("m", [Message::user("my question")]);
    client.chat().complete(&request).await.unwrap();
    let text = text.lock().unwrap();
    assert!(text.contains("Completed"), "{text}");
    for secret in ["my question", "my answer", "any key"] {
        assert!(!text.contains(secret), "{text}");
    }
}
