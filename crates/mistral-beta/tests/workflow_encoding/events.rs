//! Payloads of events.

use mistral_sdk::ErrorKind;
use mistral_sdk::beta::BetaExt;
use mistral_sdk::beta::workflows::events::{
    ListWorkflowEventsRequest, StreamWorkflowEventsRequest, WorkflowStreamEvent,
};
use mistral_sdk::testing::{MockReply, MockTransport};
use serde_json::{Value, json};

use crate::common::{DESSERT, PAGES, always, client, full, partial};

fn data(attributes: Value) -> Value {
    json!({
        "event_type": "WORKFLOW_EXECUTION_COMPLETED", "event_id": "e", "event_timestamp": 1,
        "root_workflow_exec_id": "exec-1", "workflow_exec_id": "exec-1", "workflow_run_id": "r",
        "workflow_name": "report", "attributes": attributes
    })
}

fn event(sequence: i64, attributes: Value) -> Value {
    json!({
        "stream": "s", "broker_sequence": sequence, "data": data(attributes),
        "workflow_context": {"namespace": "n", "workflow_name": "w", "workflow_exec_id": "exec-1"}
    })
}

fn result(value: Value, options: &[&str]) -> Value {
    json!({
        "task_id": "t",
        "result": {"type": "json", "value": value, "encoding_options": options}
    })
}

fn attributes(event: &WorkflowStreamEvent) -> Value {
    serde_json::to_value(event).unwrap()["data"]["attributes"].clone()
}

#[tokio::test]
async fn events_of_a_list_are_decoded() {
    let mock = always(json!({"events": [
        data(result(json!(PAGES), &["encrypted"])),
        data(result(json!({"plain": 1}), &[])),
    ]}));
    let events = client(&full(), &mock).workflows().events();
    let list = events
        .list(&ListWorkflowEventsRequest::new())
        .await
        .unwrap();
    let list = serde_json::to_value(&list.events).unwrap();
    let payload = |position: usize| list[position]["attributes"]["result"].clone();
    assert_eq!(payload(0)["value"], json!({"pages": 12}));
    assert_eq!(
        payload(0).get("encoding_options"),
        None,
        "it is not encoded any more"
    );
    assert_eq!(payload(1)["value"], json!({"plain": 1}));
}

#[tokio::test]
async fn events_of_a_stream_are_decoded_and_all_else_passes() {
    let text = format!(
        ": ok\n\nid: 17-0\r\ndata: {}\r\n\r\nevent: message\ndata: {}\n\nunknown: 1\ndata: {}\n\n",
        event(1, result(json!(PAGES), &["encrypted"])),
        event(2, result(json!({"plain": 1}), &[])),
        event(
            3,
            result(
                json!({"field_type": "__encrypted_str__", "data": DESSERT}),
                &["encrypted-partial"]
            )
        ),
    );
    for size in [1, 7, text.len()] {
        let chunks: Vec<_> = text.as_bytes().chunks(size).map(<[u8]>::to_vec).collect();
        let mock = MockTransport::new().reply(MockReply::bytes("text/event-stream", chunks));
        let events = client(&full(), &mock).workflows().events();
        let mut stream = events
            .stream(&StreamWorkflowEventsRequest::new())
            .await
            .unwrap();
        let mut values = Vec::new();
        while let Some(event) = stream.next().await {
            values.push(attributes(&event.unwrap())["result"]["value"].clone());
        }
        let secret = json!({"field_type": "__encrypted_str__", "data": "Crème brûlée"});
        assert_eq!(
            values,
            [json!({"pages": 12}), json!({"plain": 1}), secret],
            "{size}"
        );
    }
}

#[tokio::test]
async fn stream_that_is_cut_within_an_event_is_truncated() {
    let text = format!(
        "data: {}\n\ndata: {{\"stream\"",
        event(1, result(json!(PAGES), &["encrypted"]))
    );
    let mock = MockTransport::new().reply(MockReply::bytes("text/event-stream", [text]));
    let events = client(&full(), &mock).workflows().events();
    let mut stream = events
        .stream(&StreamWorkflowEventsRequest::new())
        .await
        .unwrap();
    assert!(stream.next().await.unwrap().is_ok());
    let error = stream.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated);
}

#[tokio::test(start_paused = true)]
async fn stream_with_an_event_under_another_key_fails_without_reconnecting() {
    let text = format!(
        "data: {}\n\n",
        event(1, result(json!("AAAA"), &["encrypted"]))
    );
    let reply = MockReply::bytes("text/event-stream", [text]).always();
    let mock = MockTransport::new().reply(reply);
    let mut stream = client(&full(), &mock)
        .workflows()
        .executions()
        .follow("exec-1");
    let error = stream.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(
        error.to_string().contains("the key does not fit"),
        "{error}"
    );
    assert_eq!(mock.requests().len(), 1);
}

#[tokio::test]
async fn values_of_json_patches_are_decrypted() {
    // `"a \"quote\""`, `more` and `{"a":1}` under the key.
    let [quote, more, object] = [
        "oKGio6SlpqeoqaqrxHlccWe6d9AWANvxJbH43AcYjW/E25KjRqBwugo=",
        "oKGio6Slpqeoqaqri3cOSJZttqc4elyE1hN8uyKXFuk=",
        "oKGio6SlpqeoqaqrnTodD3/6fweY9e/x8A439j1glH10jBw=",
    ];
    let encrypted = |value: &str| json!({"type": "__encrypted__", "value": value});
    let patch = |value: Value, options: &[&str]| {
        json!({
            "custom_task_id": "t", "custom_task_type": "k",
            "payload": {"type": "json_patch", "value": value, "encoding_options": options}
        })
    };
    let operations = json!([
        {"op": "append", "path": "/text", "value": encrypted(more)},
        {"op": "append", "path": "/text", "value": encrypted(quote)},
        {"op": "replace", "path": "", "value": encrypted(object)},
        {"op": "add", "path": "/x", "value": {"type": "plain", "value": 1}},
        {"op": "remove", "path": "/x"},
    ]);
    let text = format!("data: {}\n\n", event(1, patch(operations, &["encrypted"])));
    for encoding in [full(), partial()] {
        let mock =
            MockTransport::new().reply(MockReply::bytes("text/event-stream", [text.clone()]));
        let events = client(&encoding, &mock).workflows().events();
        let mut stream = events
            .stream(&StreamWorkflowEventsRequest::new())
            .await
            .unwrap();
        let event = stream.next().await.unwrap().unwrap();
        let value = attributes(&event)["payload"]["value"].clone();
        let values: Vec<_> = value
            .as_array()
            .unwrap()
            .iter()
            .map(|it| &it["value"])
            .collect();
        let expected = [
            json!("more"),
            json!("a \"quote\""),
            json!({"a": 1}),
            json!({"type": "plain", "value": 1}),
            Value::Null,
        ];
        assert_eq!(values, expected.iter().collect::<Vec<_>>());
    }
}
