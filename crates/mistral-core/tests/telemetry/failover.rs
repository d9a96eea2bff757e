//! The span and the events of a failover.

use mistral_core::client::Failover;
use mistral_core::testing::{MockReply, MockTransport};
use mistral_core::{Client, RetryPolicy};
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
