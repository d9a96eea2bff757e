use mistral_sdk::beta::BetaExt as _;
use mistral_sdk::beta::responses::{
    CreateResponseRequest, ModelResponse, ModelResponseStatus, ResponseStreamEvent,
};
use mistral_sdk::testing::{MockReply, MockTransport};
use mistral_sdk::{Error, ErrorKind};
use serde_json::{Value, json};

use crate::{response, stream};

/// Returns a stream of numbered events without an end marker, as the API sends it.
fn events(events: &[Value]) -> MockReply {
    let frame = |(number, event): (usize, &Value)| {
        let mut event = event.clone();
        event["sequence_number"] = json!(number);
        format!(
            "event: {}\ndata: {event}\n\n",
            event["type"].as_str().unwrap()
        )
    };
    let frames: Vec<_> = events.iter().enumerate().map(frame).collect();
    MockReply::bytes("text/event-stream", frames)
}

fn created() -> Value {
    json!({"type": "response.created", "response": response("in_progress", json!([]))})
}

fn message(status: &str, text: &str) -> Value {
    let content = match text {
        "" => json!([]),
        text => json!([{"type": "output_text", "text": text, "annotations": []}]),
    };
    json!({"type": "message", "id": "msg_1", "status": status, "role": "assistant", "content": content})
}

fn delta(text: &str) -> Value {
    json!({
        "type": "response.output_text.delta", "item_id": "msg_1", "output_index": 1,
        "content_index": 0, "delta": text, "logprobs": []
    })
}

fn added(index: i64, item: Value) -> Value {
    json!({"type": "response.output_item.added", "output_index": index, "item": item})
}

fn part(text: &str) -> Value {
    json!({
        "type": "response.content_part.added", "item_id": "msg_1", "output_index": 1,
        "content_index": 0, "part": {"type": "output_text", "text": text, "annotations": []}
    })
}

fn partial(error: &Error) -> &ModelResponse {
    error.partial().unwrap()
}

#[tokio::test]
async fn so_far_has_items_as_far_as_they_arrived() {
    let reasoning = |text: &str| {
        json!({
            "type": "response.reasoning_text.delta", "item_id": "rs_1", "output_index": 0,
            "content_index": 0, "delta": text
        })
    };
    let arguments = |text: &str| {
        json!({
            "type": "response.function_call_arguments.delta", "item_id": "fc_1", "output_index": 2,
            "delta": text
        })
    };
    let call = json!({
        "type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "now", "arguments": ""
    });
    let list = [
        created(),
        added(0, json!({"type": "reasoning", "id": "rs_1", "summary": []})),
        reasoning("H"),
        reasoning("m."),
        added(1, message("in_progress", "")),
        part(""),
        delta("Ma"),
        added(2, call),
        arguments("{\"tz\""),
        delta("net"),
        arguments(": 1}"),
    ];
    let mut stream = stream(events(&list)).await;
    let (mut printed, mut numbers) = (String::new(), Vec::new());
    for _ in &list {
        let event = stream.next().await.unwrap().unwrap();
        printed += event.text();
        numbers.push(event.sequence_number().unwrap());
    }
    assert_eq!(printed, "Manet");
    assert_eq!(numbers, Vec::from_iter(0..11));
    let expected = response(
        "in_progress",
        json!([
            {"type": "reasoning", "id": "rs_1", "summary": [], "content": [
                {"type": "reasoning_text", "text": "Hm."}]},
            message("in_progress", "Manet"),
            {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "now",
             "arguments": "{\"tz\": 1}"}
        ]),
    );
    assert_eq!(serde_json::to_value(stream.so_far()).unwrap(), expected);
    // The stream has no last event.
    let error = stream.collect_response().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated);
    assert_eq!(partial(&error).text(), "Manet");
}

#[tokio::test]
async fn done_events_replace_what_their_deltas_amount_to() {
    let list = [
        created(),
        added(1, message("in_progress", "")),
        delta("Mon"),
        json!({
            "type": "response.output_text.done", "item_id": "msg_1", "output_index": 1,
            "content_index": 0, "text": "Manet", "logprobs": []
        }),
    ];
    let mut stream = stream(events(&list)).await;
    for _ in &list {
        stream.next().await.unwrap().unwrap();
    }
    assert_eq!(stream.so_far().text(), "Manet");

    let done = json!({
        "type": "response.output_item.done", "output_index": 1, "item": message("completed", "Manet!")
    });
    let list = [created(), delta("Mon"), done];
    let mut stream = crate::stream(events(&list)).await;
    for _ in &list {
        stream.next().await.unwrap().unwrap();
    }
    let output = serde_json::to_value(stream.so_far().output).unwrap();
    assert_eq!(output, json!([message("completed", "Manet!")]));
}

#[tokio::test]
async fn merged_items_stand_in_the_order_of_their_index() {
    let reasoning = json!({"type": "reasoning", "id": "rs_1", "summary": []});
    let list = [created(), delta("Manet"), added(0, reasoning.clone())];
    let mut stream = stream(events(&list)).await;
    for _ in &list {
        stream.next().await.unwrap().unwrap();
    }
    let output = serde_json::to_value(stream.so_far().output).unwrap();
    assert_eq!(output[0], reasoning);
    assert_eq!(output[1]["id"], "msg_1");
}

#[tokio::test]
async fn completed_event_is_the_response() {
    let mut last = response("completed", json!([message("completed", "Manet.")]));
    last["usage"] = json!({
        "input_tokens": 3, "output_tokens": 4, "total_tokens": 7,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens_details": {"reasoning_tokens": 0}
    });
    let list = [
        created(),
        delta("Ma"),
        json!({"type": "response.completed", "response": last.clone()}),
    ];
    let response = stream(events(&list))
        .await
        .collect_response()
        .await
        .unwrap();
    assert_eq!(serde_json::to_value(response).unwrap(), last);
}

#[tokio::test]
async fn completed_event_without_output_keeps_the_items() {
    let last = response("completed", json!([]));
    let list = [
        created(),
        delta("Manet"),
        json!({"type": "response.completed", "response": last}),
    ];
    let response = stream(events(&list))
        .await
        .collect_response()
        .await
        .unwrap();
    assert_eq!(response.text(), "Manet");
    assert_eq!(response.status, Some(ModelResponseStatus::Completed));
}

#[tokio::test]
async fn incomplete_event_is_a_response_with_its_reason() {
    let mut last = response("incomplete", json!([message("incomplete", "Ma")]));
    last["incomplete_details"] = json!({"reason": "max_output_tokens"});
    let list = [
        created(),
        delta("Ma"),
        json!({"type": "response.incomplete", "response": last}),
    ];
    let response = stream(events(&list))
        .await
        .collect_response()
        .await
        .unwrap();
    assert_eq!(response.status, Some(ModelResponseStatus::Incomplete));
    assert!(response.incomplete_details.is_some());
    assert_eq!(response.text(), "Ma");
}

#[tokio::test]
async fn failed_event_is_an_event_and_fails_the_merge() {
    let mut last = response("failed", json!([]));
    last["error"] = json!({"code": "rate_limit_exceeded", "message": "Too many tokens"});
    let list = [
        created(),
        delta("Ma"),
        json!({"type": "response.failed", "response": last}),
    ];
    let mut events_of = stream(events(&list)).await;
    let mut last = None;
    while let Some(event) = events_of.next().await {
        last = Some(event.unwrap());
    }
    assert!(
        matches!(last, Some(ResponseStreamEvent::ResponseFailed(_))),
        "{last:?}"
    );

    let error = stream(events(&list))
        .await
        .collect_response()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert!(error.to_string().contains("Too many tokens"), "{error}");
    assert_eq!(
        error.api().unwrap().code.as_deref(),
        Some("rate_limit_exceeded")
    );
    assert_eq!(partial(&error).status, Some(ModelResponseStatus::Failed));
    assert_eq!(partial(&error).text(), "Ma");
}

#[tokio::test]
async fn error_event_is_an_event_and_fails_the_merge() {
    let error = json!({"type": "error", "code": "server_error", "message": "Lost", "param": null});
    let list = [created(), delta("Ma"), error];
    let mut events_of = stream(events(&list)).await;
    let mut last = None;
    while let Some(event) = events_of.next().await {
        last = Some(event.unwrap());
    }
    let Some(ResponseStreamEvent::Error(event)) = last else {
        panic!("{last:?}");
    };
    assert_eq!((event.message.as_str(), event.sequence_number), ("Lost", 2));

    let error = stream(events(&list))
        .await
        .collect_response()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Server);
    assert!(error.to_string().contains("Lost"), "{error}");
    assert_eq!(partial(&error).text(), "Ma");
}

#[tokio::test]
async fn error_of_a_gateway_ends_the_stream() {
    for data in [
        r#"{"error": {"message": "No upstream", "code": 503}}"#,
        "No upstream",
    ] {
        let reply = MockReply::bytes(
            "text/event-stream",
            [format!("event: error\ndata: {data}\n\n")],
        );
        let mut stream = stream(reply).await;
        let error = stream.next().await.unwrap().unwrap_err();
        assert!(error.to_string().contains("No upstream"), "{error}");
        assert!(error.api().is_some(), "{error:?}");
    }
}

#[tokio::test]
async fn stream_cut_before_its_last_event_is_truncated() {
    let list = [created(), delta("Ma")];
    let mut stream = stream(events(&list)).await;
    stream.next().await.unwrap().unwrap();
    stream.next().await.unwrap().unwrap();
    let error = stream.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated);
    assert_eq!(partial(&error).id, "resp_1");
    assert_eq!(partial(&error).text(), "Ma");
}

#[tokio::test]
async fn stream_of_a_start_alone_ends_but_is_no_response() {
    let mut stream = stream(events(&[created()])).await;
    stream.next().await.unwrap().unwrap();
    assert!(stream.next().await.is_none());
    let error = stream.collect_response().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated);
    assert_eq!(partial(&error).id, "resp_1");
}

#[tokio::test]
async fn unknown_events_are_passed_on_with_their_number() {
    let later = json!({"type": "response.refusal.delta", "delta": "No"});
    let mut stream = stream(events(&[created(), later])).await;
    stream.next().await.unwrap().unwrap();
    let event = stream.next().await.unwrap().unwrap();
    assert!(matches!(event, ResponseStreamEvent::Unknown(_)));
    assert_eq!(event.sequence_number(), Some(1));
}

#[test]
fn blocking_stream_merges_too() {
    let last = response("completed", json!([message("completed", "Manet.")]));
    let list = [
        created(),
        json!({"type": "response.completed", "response": last}),
    ];
    let mock = MockTransport::new().reply(events(&list));
    let api = mistral_sdk::MistralApi::new("key").unwrap();
    let client = mistral_sdk::Client::builder(api)
        .transport(mock)
        .build_blocking()
        .unwrap();
    let request = CreateResponseRequest::new("m", "Hi");
    let stream = client.responses().stream(&request).send().unwrap();
    assert_eq!(stream.collect_response().unwrap().text(), "Manet.");
}
