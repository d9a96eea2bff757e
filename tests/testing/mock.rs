//! `MockTransport` and `MockReply`.

use std::time::Duration;

use futures::future::join_all;
use futures::{StreamExt, TryStreamExt};
use http::Method;
use mistral_sdk::chat::ChatCompletionResponse;
use mistral_sdk::embeddings::EmbeddingRequest;
use mistral_sdk::error::TimeoutPhase;
use mistral_sdk::files::{FilePurpose, FileSource, UploadFileRequest};
use mistral_sdk::testing::{MockReply, MockTransport};
use mistral_sdk::transport::TransportErrorKind;
use mistral_sdk::{Client, ErrorKind};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{KEY, builder, chat_request, client};

fn model_list(id: &str) -> MockReply {
    MockReply::json(json!({ "object": "list", "data": [{ "id": id }] }))
}

#[tokio::test]
async fn mock_records_requests() {
    let mock = MockTransport::new().reply(MockReply::chat("Because."));
    let client = client(mock.clone());
    let call = client
        .chat()
        .complete(&chat_request("Why?"))
        .header("x-team", "search");
    let response = call.query("trace", "1").await.unwrap();

    assert_eq!(response.text(), "Because.");
    assert_eq!(response.usage.unwrap().total_tokens, 2);
    let [request] = mock.requests().try_into().unwrap();
    assert_eq!(request.method, Method::POST);
    assert_eq!(
        request.uri,
        "https://api.mistral.ai/v1/chat/completions?trace=1"
    );
    assert_eq!(request.operation, "chat.complete");
    assert_eq!(request.model.as_deref(), Some("mistral-small-latest"));
    assert_eq!(request.attempt, 1);
    assert_eq!(request.header("x-team"), Some("search"));
    assert_eq!(
        request.header("authorization").unwrap(),
        format!("Bearer {KEY}")
    );
    assert_eq!(request.header("x-other"), None);
    assert_eq!(request.json()["messages"][0]["content"], "Why?");
    assert!(!format!("{request:?} {mock:?} {client:?}").contains(KEY));
}

#[tokio::test]
async fn mock_non_json_body_is_null_as_json() {
    let mock = MockTransport::new()
        .on(
            "files.upload",
            MockReply::json(json!({ "id": "1", "filename": "a.jsonl" })),
        )
        .on("models.list", model_list("a"));
    let client = client(mock.clone());
    let file = FileSource::from_bytes("a.jsonl", "{}\n");
    let request = UploadFileRequest::new(FilePurpose::Batch, file);
    client.files().upload(&request).await.unwrap();
    client.models().list().await.unwrap();

    let requests = mock.requests();
    assert_eq!(requests[0].json(), Value::Null);
    let form = String::from_utf8_lossy(&requests[0].body);
    assert!(form.contains("filename=\"a.jsonl\""), "{form}");
    assert!(requests[1].body.is_empty());
    assert_eq!(requests[1].json(), Value::Null);
}

#[tokio::test]
async fn mock_replies_match_first_suitable_request() {
    let mock = MockTransport::new()
        .on("chat.complete", MockReply::chat("first"))
        .on("POST /v1/models", model_list("never"))
        .on("/v1/models", model_list("by path"))
        .on("GET /v1/models", model_list("by method and path"))
        .reply(MockReply::chat("for any").times(2))
        .on("chat.complete", MockReply::chat("last").always());
    let client = client(mock.clone());

    assert_eq!(mock.remaining(), 6);
    for id in ["by path", "by method and path"] {
        assert_eq!(client.models().list().await.unwrap().data[0].id(), id);
    }
    for text in ["first", "for any", "for any", "last", "last"] {
        assert_eq!(
            client
                .chat()
                .complete(&chat_request("?"))
                .await
                .unwrap()
                .text(),
            text
        );
    }
    assert_eq!(mock.remaining(), 1, "the reply that never matched");
}

#[test]
fn mock_remaining_saturates() {
    let many = || MockReply::status(200).times(usize::MAX);
    assert_eq!(
        MockTransport::new().reply(many()).reply(many()).remaining(),
        usize::MAX
    );
}

#[tokio::test]
async fn mock_replies_can_be_added_to_a_clone() {
    let mock = MockTransport::new();
    let client = client(mock.clone());
    for text in ["one", "two"] {
        let _ = mock.clone().reply(MockReply::chat(text));
        assert_eq!(
            client
                .chat()
                .complete(&chat_request("?"))
                .await
                .unwrap()
                .text(),
            text
        );
    }
}

#[tokio::test]
async fn mock_function_replies_to_concurrent_requests() {
    let mock = MockTransport::new().reply_with(|request| {
        let inputs = request.json()["input"].as_array().cloned().unwrap();
        let number = |(index, input): (usize, &Value)| {
            let number: f64 = input.as_str().unwrap().parse().unwrap();
            json!({ "index": index, "embedding": [number] })
        };
        let data: Vec<_> = inputs.iter().enumerate().map(number).collect();
        MockReply::json(json!({ "data": data }))
    });
    let client = client(mock.clone());
    let calls = (0..50_u8).map(|number| {
        let client = client.clone();
        async move {
            let request = EmbeddingRequest::new("mistral-embed", [number.to_string()]);
            let response = client.embeddings().create(&request).await.unwrap();
            let vector = response.data[0]
                .embedding
                .as_ref()
                .unwrap()
                .to_f32()
                .unwrap();
            assert_eq!(vector[0], f32::from(number));
        }
    });
    join_all(calls).await;
    assert_eq!(mock.requests().len(), 50);
}

#[tokio::test]
async fn mock_request_without_reply_is_an_error_and_not_retried() {
    let empty = MockTransport::new();
    let used_up = MockTransport::new().reply(model_list("a"));
    client(used_up.clone()).models().list().await.unwrap();
    let for_others = MockTransport::new()
        .on("chat.complete", MockReply::chat("a").times(2))
        .on("chat.complete", MockReply::chat("b"))
        .on("DELETE /v1/files/1", MockReply::status(200).always());
    for (mock, number, why) in [
        (empty, 1, "its script is empty"),
        (used_up, 2, "all of its replies are used up"),
        (
            for_others,
            1,
            "replies are left only for `DELETE /v1/files/1` (1), `chat.complete` (3)",
        ),
    ] {
        // A GET, which would be retried if the error were retryable.
        let call = client(mock.clone());
        let error = call.models().list().query("key", KEY).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        assert_eq!(error.operation(), "models.list");
        assert_eq!(error.attempts(), 1);
        assert!(!error.is_retryable());
        let expected = format!(
            "models.list: MockTransport has no reply for request {number}, GET /v1/models: {why}. \
             Add one, or find out why the program sends this request"
        );
        assert_eq!(error.to_string(), expected);
        assert_eq!(format!("{error:#}"), expected);
        assert_eq!(mock.requests().len(), number, "the request is recorded");
    }
}

#[tokio::test(start_paused = true)]
async fn mock_transport_errors_map_to_error_kinds_and_retries() {
    use TransportErrorKind as Kind;
    for (kind, expected, attempts) in [
        (Kind::Connect, ErrorKind::Connection, 3),
        (Kind::ConnectTimeout, ErrorKind::Timeout, 3),
        (Kind::NotSent, ErrorKind::Connection, 3),
        (Kind::Timeout, ErrorKind::Timeout, 1),
        (Kind::Interrupted, ErrorKind::Connection, 1),
        (Kind::TooLarge, ErrorKind::TooLarge, 1),
        (Kind::RequestBody, ErrorKind::Io, 1),
        (Kind::Config, ErrorKind::Config, 1),
        (Kind::Other, ErrorKind::Connection, 1),
    ] {
        let mock = MockTransport::new().reply(MockReply::error(kind).times(3));
        let error = client(mock.clone())
            .chat()
            .complete(&chat_request("?"))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), expected, "{kind:?}");
        assert_eq!(error.attempts(), attempts, "{kind:?}");
        assert_eq!(mock.requests().len(), attempts as usize, "{kind:?}");
        let numbers: Vec<_> = mock.requests().iter().map(|it| it.attempt).collect();
        assert_eq!(numbers, (1..=attempts).collect::<Vec<_>>(), "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn mock_reply_sets_status_and_headers() {
    let started = Instant::now();
    let mock = MockTransport::new()
        .reply(MockReply::status(429).with_header("retry-after", "20"))
        .reply(
            MockReply::json(json!({ "message": "no such model", "code": "1500" }))
                .with_status(400)
                .with_header("x-request-id", "id-1"),
        );
    let error = client(mock)
        .chat()
        .complete(&chat_request("?"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(
        (error.code(), error.request_id()),
        (Some("1500"), Some("id-1"))
    );
    assert_eq!(error.attempts(), 2);
    assert!(
        started.elapsed() >= Duration::from_secs(20),
        "the server's wish counts"
    );
}

#[tokio::test(start_paused = true)]
async fn mock_latency_uses_paused_clock_and_triggers_every_timeout() {
    let second = Duration::from_secs(1);
    let slow = MockTransport::new().reply(MockReply::chat("late").with_delay(90 * second));
    let started = Instant::now();
    let response = client(slow)
        .chat()
        .complete(&chat_request("?"))
        .await
        .unwrap();
    assert_eq!(response.text(), "late");
    assert_eq!(started.elapsed().as_secs(), 90);

    let too_slow = MockTransport::new().reply(MockReply::chat("late").with_delay(90 * second));
    let in_a_hurry = builder(too_slow)
        .first_byte_timeout(60 * second)
        .build()
        .unwrap();
    let error = in_a_hurry
        .chat()
        .complete(&chat_request("?"))
        .await
        .unwrap_err();
    assert_eq!(error.timeout_phase(), Some(TimeoutPhase::FirstByte));

    let stalls = [
        MockReply::chat_stream(["a", "b"]).with_stall_after(1),
        MockReply::chat_stream(["a", "b"]).with_chunk_delay(40 * second),
    ];
    for (reply, arrived) in stalls.into_iter().zip(["a", ""]) {
        let client = builder(MockTransport::new().reply(reply));
        let client = client.idle_timeout(30 * second).build().unwrap();
        let stream = client.chat().stream(&chat_request("?")).await.unwrap();
        let error = stream.collect_response().await.unwrap_err();
        assert_eq!(error.timeout_phase(), Some(TimeoutPhase::Idle));
        let partial = error.partial::<ChatCompletionResponse>();
        assert_eq!(
            partial.map(|it| it.text().into_owned()).unwrap_or_default(),
            arrived
        );
    }
}

#[tokio::test(start_paused = true)]
async fn mock_sse_events_arrive_with_delays() {
    let second = Duration::from_secs(1);
    let reply = MockReply::chat_stream(["One", " two", " three."]).with_chunk_delay(second);
    let client = client(MockTransport::new().reply(reply));
    let started = Instant::now();
    let mut stream = client.chat().stream(&chat_request("?")).await.unwrap();
    assert_eq!(started.elapsed().as_secs(), 0);
    for (text, seconds) in [("One", 1), (" two", 2), (" three.", 3), ("", 4)] {
        assert_eq!(stream.next().await.unwrap().unwrap().text(), text);
        assert_eq!(started.elapsed().as_secs(), seconds);
    }
    let complete = stream.collect_response().await.unwrap();
    assert_eq!(complete.text(), "One two three.");
    assert_eq!(complete.usage.unwrap().total_tokens, 2);
}

#[tokio::test]
async fn mock_sse_stream_can_be_cut_in_every_way() {
    let complete = || MockReply::chat_stream(["One", " two", "."]);
    for reply in [complete().with_break_after(2), complete().with_end_after(2)] {
        let client = client(MockTransport::new().reply(reply));
        let stream = client.chat().stream(&chat_request("?")).await.unwrap();
        let error = stream.collect_response().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Truncated);
        let partial = error.partial::<ChatCompletionResponse>().unwrap();
        assert_eq!(partial.text(), "One two");
    }
    // More chunks than the stream has: all of them, then the break, which no longer matters.
    let client = client(MockTransport::new().reply(complete().with_break_after(99)));
    let stream = client.chat().stream(&chat_request("?")).await.unwrap();
    assert_eq!(stream.collect_response().await.unwrap().text(), "One two.");
}

#[tokio::test]
async fn mock_sse_events_of_any_shape() {
    let events = [json!({ "a": 1 }), json!({ "a": "ü" })];
    let mock = MockTransport::new()
        .sse(events.clone())
        .json(events[0].clone());
    let client = client(mock);
    let stream = client.request_stream::<Value>(Method::POST, "/v1/anything");
    let got: Vec<Value> = stream.await.unwrap().try_collect().await.unwrap();
    assert_eq!(got, events);
    let got: Value = client.request(Method::GET, "/v1/anything").await.unwrap();
    assert_eq!(got, events[0]);
}

#[tokio::test]
async fn mock_download_keeps_chunks() {
    let reply = || MockReply::bytes("text/plain", ["One", " two", "."]);
    let mock = MockTransport::new()
        .reply(reply())
        .reply(MockReply::bytes("text/plain", ["whole"]))
        .reply(reply().with_break_after(1));
    let client = client(mock);
    let download = || client.files().download("1");

    let mut stream = download().await.unwrap();
    assert_eq!(stream.content_type(), Some("text/plain"));
    let chunks: Vec<_> = stream.by_ref().map(Result::unwrap).collect().await;
    assert_eq!(chunks, ["One", " two", "."]);
    let stream = download().await.unwrap();
    assert_eq!(stream.content_length(), Some(5));
    assert_eq!(stream.bytes().await.unwrap(), "whole");
    let error = download().await.unwrap().bytes().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated);
}

#[tokio::test]
async fn mock_invalid_reply_fails_when_used() {
    struct Unwritable;
    impl serde::Serialize for Unwritable {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("not this"))
        }
    }
    for (reply, why) in [
        (
            MockReply::status(1000),
            "1000 is not a status from 100 to 999",
        ),
        (
            MockReply::chat("").with_header("a b", "c"),
            "`a b` is not the name of a header",
        ),
        (
            MockReply::chat("").with_header("a", "b\n"),
            "the header `a` cannot have this value",
        ),
        (
            MockReply::json(Unwritable),
            "its JSON cannot be written: not this",
        ),
        (
            MockReply::sse([Unwritable]),
            "an event cannot be written as JSON: not this",
        ),
        (
            MockReply::status(7).with_header("", ""),
            "7 is not a status from 100 to 999",
        ),
    ] {
        let client = client(MockTransport::new().reply(reply));
        let error = client.models().list().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        let expected = format!("models.list: the reply of MockTransport is wrong: {why}");
        assert_eq!(error.to_string(), expected);
    }
}

#[tokio::test]
async fn mock_unreadable_request_body_is_reported() {
    let client: Client = client(MockTransport::new());
    let file = FileSource::from_path("/no/such/file");
    let request = UploadFileRequest::new(FilePurpose::Batch, file);
    let error = client.files().upload(&request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
}
