//! The span and the events of a failover.

use std::time::Duration;

use mistral_core::client::Failover;
use mistral_core::testing::{MockReply, MockTransport};
use mistral_core::{Client, ClientBuilder, RetryPolicy};
use serde_json::json;

use super::recorder::Recorder;
use super::{answer, ask, builder, has};
use crate::common::Open;

#[tokio::test]
async fn failover_is_an_event_with_reason_without_server_text() {
    let (recorder, _guard) = Recorder::start();
    let refusal = json!({ "message": "no capacity for my question", "code": "3505" });
    let mock = MockTransport::new()
        .reply(MockReply::json(refusal).with_status(503))
        .json(answer());
    let api = builder(&mock).retry(RetryPolicy::none()).build().unwrap();
    let open = Client::builder(Open).transport(mock).build().unwrap();
    let (failover, request) = (Failover::new([api, open]), ask());
    let answered = failover
        .run(|client| client.chat().complete(&request))
        .await
        .unwrap();
    assert!(
        answered.failures[0]
            .error
            .to_string()
            .contains("my question")
    );

    let spans = recorder.spans();
    let reason = "api: 503 Service Unavailable (code 3505)";
    has(&spans[0], &[("provider", "open"), ("reason", reason)]);
    assert_eq!(spans.len(), 3); // and the two calls
    let events = recorder.events();
    assert_eq!(events.len(), 1);
    let (within, fields) = &events[0];
    assert_eq!(*within, Some(1));
    for (name, value) in [
        ("operation", "chat.complete"),
        ("provider", "api"),
        ("next", "open"),
        ("kind", "Overloaded"),
        ("error", "503 Service Unavailable (code 3505)"),
    ] {
        assert_eq!(fields[name], value, "{fields:?}");
    }
    let text = recorder.text();
    assert!(!text.contains("my question"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn failover_skip_is_in_the_span_and_its_begin_and_end_are_events() {
    let (recorder, _guard) = Recorder::start();
    let refusal = json!({ "message": "no capacity for my question", "code": "3505" });
    let refusal = MockReply::json(refusal).with_status(503);
    let mock = MockTransport::new()
        .replies([refusal, MockReply::json(answer())])
        .reply(MockReply::json(answer()).always());
    let client = |builder: ClientBuilder| builder.retry(RetryPolicy::none()).build().unwrap();
    let clients = [
        client(builder(&mock)),
        client(Client::builder(Open).transport(mock)),
    ];
    let pause = Duration::from_secs(60);
    let failover = Failover::new(clients).skip_after(1, pause);
    let request = ask();
    for _ in 0..2 {
        let run = failover.run(|client| client.chat().complete(&request));
        assert_eq!(run.await.unwrap().position, 1);
    }
    tokio::time::advance(pause).await;
    let run = failover.run(|client| client.chat().complete(&request));
    assert_eq!(run.await.unwrap().position, 0);

    let spans = recorder.spans();
    let skipped = spans.iter().filter_map(|span| span.get("reason")).nth(1);
    let reason = "api: skipped after a failure: \
                  503 Service Unavailable (code 3505)";
    assert_eq!(skipped, Some(reason));
    let events = recorder.events();
    let messages = events.iter().map(|(_, fields)| &*fields["message"]);
    assert_eq!(
        Vec::from_iter(messages),
        [
            "skipping the provider",
            "trying the next provider",
            "the provider responds again",
        ]
    );
    let (_, fields) = &events[0];
    for (name, value) in [
        ("provider", "api"),
        ("failures", "1"),
        ("pause", "60s"),
        ("error", "503 Service Unavailable (code 3505)"),
    ] {
        assert_eq!(fields[name], value, "{fields:?}");
    }
    let text = recorder.text();
    assert!(!text.contains("my question"), "{text}");
}
