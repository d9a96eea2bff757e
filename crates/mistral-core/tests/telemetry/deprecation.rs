//! The warning about a deprecated model.

use mistral_core::agents::AgentsCompletionRequest;
use mistral_core::chat::ChatCompletionRequest;
use mistral_core::messages::Message;
use mistral_core::testing::{MockReply, MockTransport};
use serde_json::{Value, json};

use super::recorder::{Fields, Recorder};
use super::{answer, ask, builder};

fn deprecated(time: &str) -> MockReply {
    MockReply::json(answer()).with_header("x-model-deprecation-timestamp", time)
}

fn warnings(recorder: &Recorder) -> Vec<Fields> {
    let events = recorder.events().into_iter().map(|(_, fields)| fields);
    events
        .filter(|fields| fields.contains_key("deprecated_at"))
        .collect()
}

#[tokio::test]
async fn deprecated_model_is_reported_once_per_client() {
    let (recorder, _guard) = Recorder::start();
    let mock = MockTransport::new().replies([
        MockReply::json(answer()),
        deprecated("2026-12-31T00:00:00Z"),
        deprecated("2026-12-31T00:00:00Z"),
        deprecated("2027-01-31T00:00:00Z"),
        deprecated("2026-12-31T00:00:00Z"),
    ]);
    let client = builder(&mock).build().unwrap();
    client.chat().complete(&ask()).await.unwrap();
    assert!(warnings(&recorder).is_empty());
    client.chat().complete(&ask()).await.unwrap();
    client.clone().chat().complete(&ask()).await.unwrap();
    let [warning] = &warnings(&recorder)[..] else {
        panic!("{:?}", recorder.events());
    };
    assert_eq!(warning["gen_ai.request.model"], "mistral-small-latest");
    assert_eq!(warning["deprecated_at"], "2026-12-31T00:00:00Z");
    assert_eq!(warning["operation"], "chat.complete");
    assert!(warning["message"].contains("deprecated"), "{warning:?}");

    let other = ChatCompletionRequest::new("open-mistral-7b", [Message::user("Hi")]);
    client.chat().complete(&other).await.unwrap();
    assert_eq!(
        warnings(&recorder)[1]["gen_ai.request.model"],
        "open-mistral-7b"
    );
    assert_eq!(
        warnings(&recorder)[1]["deprecated_at"],
        "2027-01-31T00:00:00Z"
    );

    builder(&mock)
        .build()
        .unwrap()
        .chat()
        .complete(&ask())
        .await
        .unwrap();
    assert_eq!(
        warnings(&recorder).len(),
        3,
        "another client reports it again"
    );
}

#[tokio::test]
async fn deprecated_model_of_agent_is_reported_by_operation() {
    let (recorder, _guard) = Recorder::start();
    let mock = MockTransport::new().replies([deprecated("soon"), deprecated("soon")]);
    let client = builder(&mock).build().unwrap();
    let request = AgentsCompletionRequest::new("ag_1", [Message::user("Hi")]);
    for _ in 0..2 {
        client.agents().complete(&request).await.unwrap();
    }
    let [warning] = &warnings(&recorder)[..] else {
        panic!("{:?}", recorder.events());
    };
    assert_eq!(warning["operation"], "agents.complete");
    assert_eq!(warning.get("gen_ai.request.model"), None);
}

#[tokio::test]
async fn deprecated_model_in_body_alone_is_named() {
    let (recorder, _guard) = Recorder::start();
    let mock = MockTransport::new().reply(deprecated("soon"));
    let client = builder(&mock).build().unwrap();
    let body = json!({ "model": "open-mistral-7b", "inputs": "Hi" });
    let call: mistral_core::Call<Value> = client
        .request(http::Method::POST, "/v1/conversations")
        .json(&body);
    call.await.unwrap();
    assert_eq!(
        warnings(&recorder)[0]["gen_ai.request.model"],
        "open-mistral-7b"
    );
}
