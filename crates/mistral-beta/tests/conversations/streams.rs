use mistral_sdk::beta::BetaExt as _;
use mistral_sdk::beta::conversations::{
    ConversationAppendRequest, ConversationEvent, ConversationRequest, ConversationResponse,
    ConversationRestartRequest,
};
use mistral_sdk::testing::{MockReply, MockTransport};
use mistral_sdk::{ErrorKind, EventStream};
use serde_json::{Value, json};

use crate::{client, events};

fn started() -> Value {
    json!({"type": "conversation.response.started", "conversation_id": "conv_1"})
}

fn done() -> Value {
    json!({"type": "conversation.response.done", "usage": {"total_tokens": 7}})
}

fn text(text: &str, content_index: i64) -> Value {
    json!({
        "type": "message.output.delta", "id": "msg_1", "output_index": 1, "role": "assistant",
        "content_index": content_index, "content": text, "model": "m",
        "created_at": "2026-01-01T00:00:01Z"
    })
}

async fn start(reply: MockReply) -> EventStream<ConversationEvent> {
    let mock = MockTransport::new().reply(reply);
    let request = ConversationRequest::new("Hi").model("m");
    client(&mock)
        .beta()
        .conversations()
        .start_stream(&request)
        .await
        .unwrap()
}

async fn merged(list: &[Value]) -> Value {
    let response = start(events(list)).await.collect_response().await.unwrap();
    serde_json::to_value(response).unwrap()
}

fn partial(error: &mistral_sdk::Error) -> &ConversationResponse {
    error.partial().unwrap()
}

#[tokio::test]
async fn merged_stream_has_messages_executions_and_usage() {
    let execution = json!({"id": "tool_1", "name": "web_search", "output_index": 0});
    let event = |more: Value| {
        let mut event = execution.clone();
        event
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        event
    };
    let reference = json!({
        "type": "tool_reference", "tool": "web_search", "title": "Olympia", "url": "https://a.b"
    });
    let mut chunk = text("", 1);
    chunk["content"] = reference.clone();
    let response = merged(&[
        started(),
        event(json!({
            "type": "tool.execution.started", "arguments": "{\"q\"", "model": "m",
            "created_at": "2026-01-01T00:00:00Z"
        })),
        event(json!({"type": "tool.execution.delta", "arguments": ": 1}"})),
        event(json!({
            "type": "tool.execution.done", "info": {"hits": 2}, "created_at": "2026-01-01T00:00:02Z"
        })),
        text("It was ", 0),
        text("Manet", 0),
        chunk,
        text(", in ", 2),
        text("1863.", 2),
        done(),
    ])
    .await;
    let expected = json!({
        "conversation_id": "conv_1",
        "object": "conversation.response",
        "outputs": [
            {
                "type": "tool.execution", "object": "entry", "id": "tool_1", "name": "web_search",
                "arguments": "{\"q\": 1}", "model": "m", "info": {"hits": 2},
                "created_at": "2026-01-01T00:00:00Z", "completed_at": "2026-01-01T00:00:02Z"
            },
            {
                "type": "message.output", "object": "entry", "id": "msg_1", "role": "assistant",
                "model": "m", "created_at": "2026-01-01T00:00:01Z",
                "content": [
                    {"type": "text", "text": "It was Manet"},
                    reference,
                    {"type": "text", "text": ", in 1863."}
                ]
            }
        ],
        "usage": {"total_tokens": 7}
    });
    assert_eq!(response, expected);
}

#[tokio::test]
async fn merged_text_alone_stays_a_text() {
    let response = merged(&[started(), text("Ma", 0), text("net", 0), done()]).await;
    assert_eq!(response["outputs"][0]["content"], "Manet");
}

#[tokio::test]
async fn merged_texts_of_two_chunks_stay_apart() {
    let response = merged(&[
        started(),
        text("Ma", 0),
        text("net", 0),
        text("1863", 1),
        done(),
    ])
    .await;
    let expected = json!([{"type": "text", "text": "Manet"}, {"type": "text", "text": "1863"}]);
    assert_eq!(response["outputs"][0]["content"], expected);
}

#[tokio::test]
async fn merged_function_calls_join_their_own_deltas() {
    let call = |id: &str, index: i64, arguments: &str| {
        json!({
            "type": "function.call.delta", "id": id, "output_index": index, "name": "now",
            "tool_call_id": format!("call_{id}"), "arguments": arguments
        })
    };
    let mut pending = call("b", 1, "}");
    pending["confirmation_status"] = json!("pending");
    let deltas = [
        started(),
        call("b", 1, "{"),
        call("a", 0, "{\"tz\":"),
        pending,
        call("a", 0, "\"UTC\"}"),
        done(),
    ];
    let response = start(events(&deltas))
        .await
        .collect_response()
        .await
        .unwrap();
    let calls: Vec<_> = response.function_calls().collect();
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[0].tool_call_id, "call_a");
    assert_eq!(
        calls[0].arguments.parse::<Value>().unwrap(),
        json!({"tz": "UTC"})
    );
    assert!(!calls[0].is_pending());
    assert_eq!(calls[1].tool_call_id, "call_b");
    assert_eq!(calls[1].arguments.parse::<Value>().unwrap(), json!({}));
    assert!(calls[1].is_pending());
}

#[tokio::test]
async fn merged_handoff_has_both_agents() {
    let response = merged(&[
        started(),
        json!({
            "type": "agent.handoff.started", "id": "h", "previous_agent_id": "ag_1",
            "previous_agent_name": "one", "created_at": "2026-01-01T00:00:00Z"
        }),
        json!({
            "type": "agent.handoff.done", "id": "h", "next_agent_id": "ag_2",
            "next_agent_name": "two", "created_at": "2026-01-01T00:00:01Z"
        }),
        done(),
    ])
    .await;
    let expected = json!([{
        "type": "agent.handoff", "object": "entry", "id": "h",
        "previous_agent_id": "ag_1", "previous_agent_name": "one",
        "next_agent_id": "ag_2", "next_agent_name": "two",
        "created_at": "2026-01-01T00:00:00Z", "completed_at": "2026-01-01T00:00:01Z"
    }]);
    assert_eq!(response["outputs"], expected);
}

#[tokio::test]
async fn merged_reasoning_is_one_chunk_until_it_closes() {
    let think = |text: &str, closed: bool| {
        let mut event = crate::streams::text("", 0);
        event["content"] = json!({
            "type": "thinking", "closed": closed, "thinking": [{"type": "text", "text": text}]
        });
        event
    };
    let list = [
        started(),
        think("Let ", false),
        think("me see", true),
        text("Manet", 1),
        done(),
    ];
    let response = merged(&list).await;
    let expected = json!([
        {"type": "thinking", "closed": true, "thinking": [{"type": "text", "text": "Let me see"}]},
        {"type": "text", "text": "Manet"}
    ]);
    assert_eq!(response["outputs"][0]["content"], expected);
}

#[tokio::test]
async fn so_far_has_what_was_read() {
    let mut stream = start(events(&[started(), text("Ma", 0), text("net", 0), done()])).await;
    let mut printed = String::new();
    for _ in 0..2 {
        printed += stream.next().await.unwrap().unwrap().text();
    }
    assert_eq!(printed, "Ma");
    assert_eq!(stream.so_far().text(), "Ma");
    assert_eq!(stream.so_far().conversation_id, "conv_1");
    assert_eq!(stream.collect_response().await.unwrap().text(), "Manet");
}

#[tokio::test]
async fn error_event_is_an_event_and_fails_the_merge() {
    let error =
        json!({"type": "conversation.response.error", "message": "No capacity", "code": 503});
    let list = [started(), text("Ma", 0), error];
    let mut stream = start(events(&list)).await;
    let mut last = None;
    while let Some(event) = stream.next().await {
        last = Some(event.unwrap());
    }
    let Some(ConversationEvent::ConversationResponseError(event)) = last else {
        panic!("{last:?}");
    };
    assert_eq!((event.message.as_str(), event.code), ("No capacity", 503));

    let error = start(events(&list))
        .await
        .collect_response()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Overloaded);
    assert!(error.to_string().contains("No capacity"), "{error}");
    assert!(
        error
            .to_string()
            .contains("beta.conversations.start_stream"),
        "{error}"
    );
    assert_eq!(partial(&error).text(), "Ma");
}

#[tokio::test]
async fn stream_cut_before_done_is_truncated() {
    let list = [started(), text("Ma", 0)];
    let mut stream = start(events(&list)).await;
    stream.next().await.unwrap().unwrap();
    stream.next().await.unwrap().unwrap();
    let error = stream.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated);
    assert_eq!(partial(&error).text(), "Ma");

    let error = start(events(&list))
        .await
        .collect_response()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated);
    assert_eq!(partial(&error).conversation_id, "conv_1");
}

#[tokio::test]
async fn stream_without_start_ends_but_is_no_response() {
    let list = [text("Ma", 0)];
    let mut stream = start(events(&list)).await;
    stream.next().await.unwrap().unwrap();
    assert!(stream.next().await.is_none());
    let error = stream.collect_response().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated);
    assert_eq!(partial(&error).text(), "Ma");
}

#[tokio::test]
async fn stream_of_a_start_alone_ends_but_is_no_response() {
    let mut stream = start(events(&[started()])).await;
    stream.next().await.unwrap().unwrap();
    assert!(stream.next().await.is_none());
    let error = stream.collect_response().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated);
    assert_eq!(partial(&error).conversation_id, "conv_1");
}

#[tokio::test]
async fn connection_lost_after_done_is_no_error() {
    let reply = events(&[started(), text("Manet", 0), done()]).with_break_after(3);
    assert_eq!(
        start(reply).await.collect_response().await.unwrap().text(),
        "Manet"
    );
    let reply = events(&[started(), text("Manet", 0), done()]).with_break_after(2);
    let error = start(reply).await.collect_response().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated);
}

#[tokio::test]
async fn done_event_with_unreadable_usage_completes_the_response() {
    let done = json!({"type": "conversation.response.done", "usage": "none"});
    let stream = start(events(&[started(), text("Manet", 0), done])).await;
    assert_eq!(stream.collect_response().await.unwrap().text(), "Manet");
}

#[tokio::test]
async fn unknown_events_are_passed_on_and_not_merged() {
    let later = json!({"type": "conversation.memory.updated", "id": "x"});
    let mut stream = start(events(&[
        started(),
        later.clone(),
        text("Manet", 0),
        done(),
    ]))
    .await;
    stream.next().await.unwrap().unwrap();
    assert_eq!(
        stream.next().await.unwrap().unwrap(),
        ConversationEvent::Unknown(later)
    );
    let response = stream.collect_response().await.unwrap();
    assert_eq!(response.outputs.len(), 1);
}

#[tokio::test]
async fn append_and_restart_streams_merge_as_start_does() {
    let reply = || events(&[started(), text("Manet", 0), done()]);
    let mock = MockTransport::new().reply(reply()).reply(reply());
    let client = client(&mock);
    let conversations = client.beta().conversations();
    let request = ConversationAppendRequest::new().inputs("When?");
    let stream = conversations
        .append_stream("conv_1", &request)
        .await
        .unwrap();
    assert_eq!(stream.collect_response().await.unwrap().text(), "Manet");
    let request = ConversationRestartRequest::new("msg_1").inputs("When?");
    let stream = conversations
        .restart_stream("conv_1", &request)
        .await
        .unwrap();
    assert_eq!(stream.collect_response().await.unwrap().text(), "Manet");
    for request in mock.requests() {
        assert_eq!(request.json()["inputs"], "When?");
        assert_eq!(request.json()["stream"], true);
    }
}

#[test]
fn blocking_stream_merges_too() {
    let reply = || events(&[started(), text("Manet", 0), done()]);
    let mock = MockTransport::new().reply(reply()).reply(reply());
    let api = mistral_sdk::MistralApi::new("key").unwrap();
    let client = mistral_sdk::Client::builder(api)
        .transport(mock)
        .build_blocking()
        .unwrap();
    let request = ConversationRequest::new("Hi").model("m");
    let mut stream = client
        .beta()
        .conversations()
        .start_stream(&request)
        .send()
        .unwrap();
    stream.next().unwrap().unwrap();
    assert_eq!(stream.so_far().conversation_id, "conv_1");
    assert_eq!(stream.collect_response().unwrap().text(), "Manet");
}
