//! Retries and hedging in the span of a call, and their events.

use std::time::Duration;

use mistral_core::retry::Hedging;
use mistral_core::testing::{MockReply, MockTransport};

use super::recorder::Recorder;
use super::{answer, ask, builder, has, lacks};

#[tokio::test(start_paused = true)]
async fn retry_is_an_event_within_the_span() {
    let (recorder, _guard) = Recorder::start();
    let mock = MockTransport::new()
        .reply(MockReply::status(503).times(2))
        .json(answer());
    let client = builder(&mock).build().unwrap();
    client.chat().complete(&ask()).await.unwrap();
    let span = recorder.span();
    has(
        &span,
        &[
            ("mistral.attempts", "3"),
            ("http.response.status_code", "200"),
        ],
    );
    lacks(&span, &["error.type"]);
    let events = recorder.events();
    assert_eq!(events.len(), 2);
    for (within, fields) in &events {
        assert_eq!(*within, Some(1));
        assert_eq!(fields["error.type"], "overloaded");
    }
}

#[tokio::test(start_paused = true)]
async fn retry_quota_is_in_the_span_and_its_end_is_an_event() {
    let (recorder, _guard) = Recorder::start();
    let mock = MockTransport::new().reply(MockReply::status(503).always());
    let client = builder(&mock).retry_quota(14).build().unwrap();
    client.chat().complete(&ask()).await.unwrap_err();
    let error = client.chat().complete(&ask()).await.unwrap_err();
    assert!(error.is_retry_quota_exhausted(), "{error}");

    let spans = recorder.spans();
    let description = "503 Service Unavailable (retry quota exhausted)";
    for (span, description) in spans.iter().zip(["503 Service Unavailable", description]) {
        has(
            span,
            &[
                ("mistral.retry_quota_left", "4"),
                ("otel.status_description", description),
            ],
        );
    }
    let events = recorder.events();
    let left = events.iter().map(|(_, fields)| &*fields["quota_left"]);
    assert_eq!(Vec::from_iter(left), ["9", "4", "4"]);
    let (within, last) = &events[2];
    assert_eq!((*within, &*last["error.type"]), (Some(2), "overloaded"));
    let message = "not retried: the retry quota of the client is exhausted";
    assert_eq!(last["message"], message);
}

#[tokio::test(start_paused = true)]
async fn hedge_is_in_the_span_and_an_event() {
    let (recorder, _guard) = Recorder::start();
    let slow = || MockReply::json(answer()).with_delay(Duration::from_secs(9));
    let mock = MockTransport::new().replies([slow(), MockReply::json(answer()), slow(), slow()]);
    let hedging = Hedging::after(Duration::from_secs(1));
    let client = builder(&mock).retry_quota(20).hedge(hedging);
    let client = client.build().unwrap();
    for _ in 0..2 {
        client.chat().complete(&ask()).await.unwrap();
    }
    for (span, outcome, left) in [(0, "won", "10"), (1, "lost", "1")] {
        has(
            &recorder.spans()[span],
            &[
                ("mistral.attempts", "2"),
                ("mistral.hedge", outcome),
                ("mistral.retry_quota_left", left),
            ],
        );
    }
    for (number, (within, fields)) in (1..).zip(recorder.events()) {
        assert_eq!(within, Some(number));
        assert_eq!(fields["message"], "sending a second request");
    }
}
