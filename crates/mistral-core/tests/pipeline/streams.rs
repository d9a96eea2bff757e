//! Typed streams: end markers, truncation, errors, timeouts.

use std::time::Duration;

use http::Method;
use mistral_core::chat::{ChatCompletionResponse, CompletionChunk};
use mistral_core::error::TimeoutPhase;
use mistral_core::testing::MockChunk;
use mistral_core::{Error, ErrorKind, EventStream};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::common::{
    DONE, answer, builder_with, bytes, chunk, client_with, event, finish, question, reply,
    scripted, sse,
};

const SECOND: Duration = Duration::from_secs(1);

async fn open(pieces: impl IntoIterator<Item = MockChunk>) -> EventStream<CompletionChunk> {
    let mock = scripted([sse(pieces)]);
    client_with(&mock).chat().stream(&question()).await.unwrap()
}

/// The texts of all chunks, and the error at the end of the stream.
async fn read(mut stream: EventStream<CompletionChunk>) -> (Vec<String>, Option<Error>) {
    let mut texts = Vec::new();
    let mut error = None;
    while let Some(chunk) = stream.next().await {
        assert!(error.is_none(), "something came after the error");
        match chunk {
            Ok(chunk) => texts.push(chunk.text().into_owned()),
            Err(failed) => error = Some(failed),
        }
    }
    assert!(stream.next().await.is_none());
    (texts, error)
}

fn partial_text(error: &Error) -> String {
    error
        .partial::<ChatCompletionResponse>()
        .unwrap()
        .text()
        .into_owned()
}

#[tokio::test]
async fn stream_reads_to_done_however_split() {
    let wire = [event("Hé"), event("llo 🙂"), finish(), DONE.to_owned()].concat();
    for size in 1..wire.len() {
        let pieces = wire.as_bytes().chunks(size);
        let pieces = pieces.map(|piece| MockChunk::Bytes(bytes::Bytes::copy_from_slice(piece)));
        let (texts, error) = read(open(pieces).await).await;
        assert_eq!(texts, ["Hé", "llo 🙂", ""]);
        assert!(error.is_none());
    }
}

#[tokio::test]
async fn stream_done_ends_it_while_connection_stays_open() {
    for end in [
        DONE,
        "data:[DONE]\n\n",
        "data: [DONE]\r\n\r\n",
        "data: [DONE]\n\ndata: {x}\n\n",
    ] {
        let (texts, error) =
            read(open([bytes(event("a")), bytes(end), MockChunk::Stall]).await).await;
        assert_eq!(texts, ["a"]);
        assert!(error.is_none(), "{end:?}");
    }
}

#[tokio::test]
async fn stream_without_end_is_truncated_with_partial() {
    let cut_event = event("lost").replace("\n\n", "\n");
    for (end, whole) in [
        (vec![], false),
        (vec![bytes(cut_event)], false),
        (vec![bytes("data: [DONE]\n")], false),
        (vec![bytes("data: {\"id\"")], false),
        (vec![MockChunk::Break], false),
        (vec![bytes(": ping\n\n")], false),
        (vec![bytes(finish())], true),
        (vec![bytes(finish()), bytes("data: [DONE]")], true),
    ] {
        let pieces = [vec![bytes(event("Hel")), bytes(event("lo"))], end].concat();
        let (texts, error) = read(open(pieces).await).await;
        assert_eq!(texts[..2], ["Hel", "lo"]);
        match error {
            None => assert!(whole),
            Some(error) => {
                assert!(!whole);
                assert_eq!(error.kind(), ErrorKind::Truncated);
                assert_eq!(partial_text(&error), "Hello");
                assert!(error.is_retryable());
                assert!(
                    error
                        .to_string()
                        .starts_with("chat.stream: the stream stopped"),
                    "{error}"
                );
            }
        }
    }
}

#[tokio::test]
async fn stream_with_unfinished_choice_is_truncated() {
    let other = r#"{"choices":[{"index":1,"delta":{"content":"x"},"finish_reason":null}]}"#;
    let pieces = [
        bytes(event("a")),
        bytes(format!("data: {other}\n\n")),
        bytes(finish()),
    ];
    let (_, error) = read(open(pieces).await).await;
    assert_eq!(error.unwrap().kind(), ErrorKind::Truncated);
}

#[tokio::test]
async fn stream_error_event_is_one_error_and_the_end() {
    for (wire, kind, message, code) in [
        (
            r#"data: {"object":"error","message":"boom","type":"internal","code":"1000"}"#,
            ErrorKind::Server,
            "boom",
            Some("1000"),
        ),
        (
            r#"data: {"error":{"message":"too many","code":429}}"#,
            ErrorKind::RateLimited,
            "too many",
            Some("429"),
        ),
        (r#"data: {"error":"boom"}"#, ErrorKind::Server, "boom", None),
        (
            r#"data: {"error":{"message":"boom"},"choices":[]}"#,
            ErrorKind::Server,
            "boom",
            None,
        ),
        (
            r#"data: {"detail":"boom"}"#,
            ErrorKind::Server,
            "boom",
            None,
        ),
        (
            r#"data: {"detail":[{"loc":["body","x"],"msg":"boom","type":"t"}]}"#,
            ErrorKind::Server,
            "body.x: boom",
            None,
        ),
        (
            r#"data: {"message":"boom","request_id":"r"}"#,
            ErrorKind::Server,
            "boom",
            None,
        ),
        ("event: error\ndata: boom", ErrorKind::Server, "boom", None),
        (
            "event: error\ndata: {\"message\":\"boom\",\"raw_status_code\":400}",
            ErrorKind::InvalidRequest,
            "boom",
            None,
        ),
        (
            r#"data: {"message":"slow down","code":"1300"}"#,
            ErrorKind::RateLimited,
            "slow",
            Some("1300"),
        ),
        (
            "data: <html>",
            ErrorKind::Decode,
            "not what the API documents",
            None,
        ),
        (
            r#"data: {"choices":[{"delta":{"content":5}}]}"#,
            ErrorKind::Decode,
            "choices[0].delta.content",
            None,
        ),
    ] {
        for good in [0, 2] {
            let before = vec![bytes(event("a")); good];
            let after = vec![
                bytes(format!("{wire}\n\n")),
                bytes(event("late")),
                bytes(DONE),
            ];
            let (texts, error) = read(open([before, after].concat()).await).await;
            let error = error.unwrap();
            assert_eq!(texts.len(), good, "{wire}");
            assert_eq!(error.kind(), kind, "{wire}");
            assert!(error.to_string().contains(message), "{wire}: {error}");
            assert_eq!(error.code(), code, "{wire}");
            assert_eq!(partial_text(&error), "a".repeat(good), "{wire}");
        }
    }
}

#[tokio::test]
async fn stream_response_that_is_no_stream_fails_the_call() {
    for (reply, kind, message) in [
        (
            reply(401, r#"{"detail":"Invalid API Key"}"#),
            ErrorKind::Authentication,
            "Invalid API Key",
        ),
        (
            reply(400, r#"{"message":"no","code":"1500"}"#),
            ErrorKind::InvalidRequest,
            "no",
        ),
        (
            reply(200, r#"{"object":"error","message":"boom"}"#),
            ErrorKind::Server,
            "boom",
        ),
        (
            reply(200, r#"{"error":{"message":"boom"}}"#),
            ErrorKind::Server,
            "boom",
        ),
        (
            reply(200, &answer("whole")),
            ErrorKind::Decode,
            "application/json",
        ),
        (
            reply(200, "<html></html>").with_header("content-type", "text/html"),
            ErrorKind::Decode,
            "text/html",
        ),
        (reply(200, ""), ErrorKind::Truncated, "empty"),
    ] {
        let mock = scripted([reply.with_header("mistral-correlation-id", "id-7")]);
        let error = client_with(&mock)
            .chat()
            .stream(&question())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(message), "{error}");
        assert_eq!(error.request_id(), Some("id-7"), "{error}");
    }
}

#[tokio::test]
async fn stream_with_other_content_type_is_read() {
    for content_type in [
        "application/octet-stream",
        "",
        "text/plain",
        "TEXT/EVENT-STREAM",
    ] {
        let reply = sse([bytes(event("a")), bytes(finish()), bytes(DONE)])
            .with_header("content-type", content_type);
        let stream = client_with(&scripted([reply]))
            .chat()
            .stream(&question())
            .await
            .unwrap();
        assert_eq!(read(stream).await.0, ["a", ""]);
    }
}

#[tokio::test]
async fn stream_event_beyond_limit_is_too_large() {
    let long = event(&"x".repeat(2000));
    for pieces in [
        vec![bytes(long.clone())],
        long.chars().map(|c| bytes(c.to_string())).collect(),
    ] {
        let mock = scripted([sse([vec![bytes(event("a"))], pieces].concat())]);
        let client = builder_with(&mock).max_event_size(1000).build().unwrap();
        let (texts, error) = read(client.chat().stream(&question()).await.unwrap()).await;
        assert_eq!(texts, ["a"]);
        assert_eq!(error.unwrap().kind(), ErrorKind::TooLarge);
    }
}

#[tokio::test(start_paused = true)]
async fn timeout_idle_of_stream_carries_partial() {
    let pieces = [
        bytes(event("a")),
        MockChunk::Delay(9 * SECOND),
        bytes(": still here\n\n"), // keeps the stream alive
        MockChunk::Delay(9 * SECOND),
        bytes(event("b")),
        MockChunk::Stall,
    ];
    let mock = scripted([sse(pieces)]);
    let started = Instant::now();
    let call = client_with(&mock)
        .chat()
        .stream(&question())
        .idle_timeout(10 * SECOND)
        .await;
    let (texts, error) = read(call.unwrap()).await;
    let error = error.unwrap();
    assert_eq!(texts, ["a", "b"]);
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.timeout_phase(), Some(TimeoutPhase::Idle));
    assert_eq!(partial_text(&error), "ab");
    assert_eq!(started.elapsed().as_secs(), 28);
}

#[tokio::test(start_paused = true)]
async fn timeout_total_ends_an_active_stream() {
    let pieces = vec![vec![bytes(event("a")), MockChunk::Delay(SECOND)]; 100].concat();
    let mock = scripted([sse(pieces)]);
    let started = Instant::now();
    let stream = client_with(&mock)
        .chat()
        .stream(&question())
        .timeout(5 * SECOND + SECOND / 2);
    let (texts, error) = read(stream.await.unwrap()).await;
    assert_eq!(error.unwrap().timeout_phase(), Some(TimeoutPhase::Total));
    assert_eq!(texts.len(), 6);
    assert_eq!(started.elapsed().as_millis(), 5_500);
}

#[tokio::test(start_paused = true)]
async fn timeout_total_of_stream_is_off_by_default() {
    let pieces = vec![vec![bytes(event("a")), MockChunk::Delay(200 * SECOND)]; 20].concat();
    let end = vec![bytes(finish()), bytes(DONE)];
    let mock = scripted([sse([pieces, end].concat())]);
    let (texts, error) = read(client_with(&mock).chat().stream(&question()).await.unwrap()).await;
    assert_eq!((texts.len(), error.is_none()), (21, true));
}

#[tokio::test]
async fn stream_chunk_drops_padding_and_keeps_unknown_fields() {
    let wire = chunk(json!({ "content": "a" }), Some("stop"));
    let wire = wire.replace("{\"choices\"", "{\"p\":\"abcdef\",\"new\":[1],\"choices\"");
    assert!(wire.contains("\"p\""));
    let mut stream = open([bytes(wire), bytes(DONE)]).await;
    let chunk = stream.next().await.unwrap().unwrap();
    assert_eq!(Value::Object(chunk.extra), json!({ "new": [1] }));
}

#[tokio::test]
async fn request_stream_reads_events_as_json() {
    let mock = scripted([sse([bytes("data: {\"n\":1}\n\ndata: {\"n\":2}\n\n")])]);
    let client = client_with(&mock);
    let call = client
        .request_stream::<Value>(Method::POST, "/v1/new")
        .json(&json!({ "x": 1 }));
    let mut stream = call.await.unwrap();
    let mut seen = Vec::new();
    while let Some(event) = stream.next().await {
        seen.push(event.unwrap());
    }
    assert_eq!(seen, [json!({ "n": 1 }), json!({ "n": 2 })]);
    let sent = mock.requests();
    assert_eq!(sent[0].headers["accept"], "text/event-stream");
    assert_eq!(sent[0].json(), json!({ "x": 1 }));
}

#[tokio::test]
async fn stream_implements_futures_stream() {
    use futures::TryStreamExt;
    let stream = open([
        bytes(event("a")),
        bytes(event("b")),
        bytes(finish()),
        bytes(DONE),
    ])
    .await;
    let chunks: Vec<CompletionChunk> = stream.try_collect().await.unwrap();
    assert_eq!(chunks.len(), 3);
}
