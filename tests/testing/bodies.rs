//! The bodies of requests and responses: chunk by chunk, in their time, observed.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, stream};
use mistral_sdk::error::TimeoutPhase;
use mistral_sdk::files::{FilePurpose, FileSource, UploadFileRequest};
use mistral_sdk::rate_limit::RateLimiter;
use mistral_sdk::testing::{MockChunk, MockReply, MockTransport};
use mistral_sdk::{ErrorKind, RetryPolicy};
use serde_json::json;
use tokio::time::Instant;

use crate::{builder, chat_request, client};

const SECOND: Duration = Duration::from_secs(1);

/// The chunks of a download with the second in which each arrived, and the error at its end.
async fn download(reply: MockReply) -> (Vec<(Bytes, u64)>, Option<ErrorKind>) {
    let client = builder(MockTransport::new().reply(reply));
    let client = client.idle_timeout(60 * SECOND).build().unwrap();
    let started = Instant::now();
    let mut stream = client.files().download("1").await.unwrap();
    let mut chunks = Vec::new();
    while let Some(chunk) = stream.next().await {
        match chunk {
            Ok(chunk) => chunks.push((chunk, started.elapsed().as_secs())),
            Err(error) => return (chunks, Some(error.kind())),
        }
    }
    (chunks, None)
}

fn mixed() -> MockReply {
    let chunks = [
        MockChunk::Delay(2 * SECOND),
        "a".into(),
        "b".into(),
        MockChunk::Delay(SECOND),
        MockChunk::Delay(3 * SECOND),
        "c".into(),
        MockChunk::Delay(5 * SECOND),
    ];
    MockReply::bytes("application/octet-stream", chunks)
}

#[tokio::test(start_paused = true)]
async fn chunk_delays_pass_before_their_chunks() {
    let chunks = |seconds: [u64; 3]| ["a", "b", "c"].map(Bytes::from).into_iter().zip(seconds);
    for (reply, seconds) in [
        (mixed(), [2, 2, 6]),
        (mixed().with_chunk_delay(10 * SECOND), [12, 22, 36]),
        (mixed().with_end_after(9), [2, 2, 6]),
    ] {
        let expected: Vec<_> = chunks(seconds).collect();
        assert_eq!(download(reply).await, (expected, None));
    }
}

#[tokio::test(start_paused = true)]
async fn chunk_break_and_stall_end_the_body() {
    let bytes = |chunks: Vec<MockChunk>| MockReply::bytes("application/octet-stream", chunks);
    for (reply, count, error) in [
        (bytes(vec![MockChunk::Break]), 0, Some(ErrorKind::Truncated)),
        (
            bytes(vec!["a".into(), MockChunk::Break, "b".into()]),
            1,
            Some(ErrorKind::Truncated),
        ),
        (
            bytes(vec!["a".into(), MockChunk::Stall, "b".into()]),
            1,
            Some(ErrorKind::Timeout),
        ),
        (mixed().with_break_after(2), 2, Some(ErrorKind::Truncated)),
        (mixed().with_stall_after(3), 3, Some(ErrorKind::Timeout)),
        (mixed().with_break_after(0), 0, Some(ErrorKind::Truncated)),
        // The last ending counts.
        (mixed().with_break_after(3).with_end_after(2), 2, None),
        (bytes(vec![]), 0, None),
    ] {
        let (chunks, end) = download(reply.clone()).await;
        assert_eq!((chunks.len(), end), (count, error), "{reply:?}");
    }
}

#[tokio::test]
async fn stream_body_is_created_for_each_request_and_polled_on_demand() {
    let polled = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&polled);
    let reply = MockReply::stream("application/octet-stream", move || {
        let counter = Arc::clone(&counter);
        stream::iter(["a", "b", "c"]).map(move |chunk| {
            counter.fetch_add(1, Ordering::Relaxed);
            Ok(Bytes::from(chunk))
        })
    });
    assert!(format!("{reply:?}").contains("Stream"));
    let client = client(MockTransport::new().reply(reply.times(2)));
    for call in [0, 3] {
        let mut stream = client.files().download("1").await.unwrap();
        assert_eq!(polled.load(Ordering::Relaxed), call);
        assert_eq!(stream.next().await.unwrap().unwrap(), "a");
        assert_eq!(polled.load(Ordering::Relaxed), call + 1);
        assert_eq!(stream.bytes().await.unwrap(), "bc");
    }
}

#[tokio::test(start_paused = true)]
async fn stall_ends_in_the_first_byte_timeout() {
    let mock = MockTransport::new().reply(MockReply::stall());
    let client = builder(mock.clone()).retry(RetryPolicy::none());
    let client = client.first_byte_timeout(30 * SECOND).build().unwrap();
    let started = Instant::now();
    let error = client
        .chat()
        .complete(&chat_request("?"))
        .await
        .unwrap_err();
    assert_eq!(error.timeout_phase(), Some(TimeoutPhase::FirstByte));
    assert_eq!(started.elapsed(), 30 * SECOND);
    assert_eq!((mock.requests().len(), mock.in_flight()), (1, 0));
}

fn upload(bytes: usize) -> UploadFileRequest {
    let file = FileSource::from_bytes("a.jsonl", vec![b'x'; bytes]);
    UploadFileRequest::new(FilePurpose::Batch, file)
}

#[tokio::test]
async fn early_reply_leaves_the_body_unread() {
    let mock = MockTransport::new()
        .on("files.upload", MockReply::status(413).early())
        .on("files.upload", MockReply::status(400))
        .on_body_chunk(|request, _| assert_ne!(request.uri.path(), "/v1/unread"));
    let client = client(mock.clone());
    for (status, is_empty) in [(413, true), (400, false)] {
        let error = client.files().upload(&upload(1000)).await.unwrap_err();
        assert_eq!(error.status().unwrap(), status);
        let requests = mock.requests();
        assert_eq!(requests.last().unwrap().body.is_empty(), is_empty);
    }
    assert_eq!(mock.remaining(), 0);
}

#[tokio::test]
async fn observer_sees_every_chunk_of_a_request_before_the_next_is_read() {
    let seen: Arc<Mutex<Vec<Bytes>>> = Arc::default();
    let (observed, read) = (Arc::clone(&seen), Arc::clone(&seen));
    let mock = MockTransport::new()
        .json(json!({ "id": "1", "filename": "a" }))
        .on_body_chunk(move |request, chunk| {
            assert_eq!(request.operation, "files.upload");
            assert!(request.body.is_empty());
            observed.lock().unwrap().push(chunk.clone());
        });
    let pieces = stream::iter(0..3).map(move |number| {
        // The head of the form, and the pieces before this one.
        assert_eq!(read.lock().unwrap().len(), 1 + number);
        Ok(Bytes::from("x".repeat(100_000)))
    });
    let file = FileSource::from_stream("a", pieces, None);
    let request = UploadFileRequest::new(FilePurpose::Batch, file);
    client(mock.clone()).files().upload(&request).await.unwrap();
    let seen = seen.lock().unwrap();
    assert!(seen.len() >= 4, "{}", seen.len());
    assert_eq!(mock.requests()[0].body, seen.concat());
}

#[tokio::test(start_paused = true)]
async fn requests_in_flight_are_counted_until_answered_or_dropped() {
    let slow = MockReply::chat("late").with_delay(10 * SECOND);
    let mock = MockTransport::new().reply(slow.always());
    let client = client(mock.clone());
    let request = chat_request("?");
    let call = || Box::pin(client.chat().complete(&request).into_future());
    let mut calls = [call(), call(), call()];
    for call in &mut calls {
        let waited = tokio::time::timeout(SECOND, call).await;
        assert!(waited.is_err());
    }
    assert_eq!((mock.in_flight(), mock.max_in_flight()), (3, 3));
    let [first, second, third] = calls;
    drop(first);
    assert_eq!(mock.in_flight(), 2);
    second.await.unwrap();
    third.await.unwrap();
    assert_eq!((mock.in_flight(), mock.max_in_flight()), (0, 3));
}

#[tokio::test(start_paused = true)]
async fn requests_have_the_time_at_which_they_were_sent() {
    let mock = MockTransport::new().reply(MockReply::chat("ok").always());
    let limiter = RateLimiter::new().requests_per_minute(60);
    let client = client(limiter.around(mock.clone()));
    for _ in 0..3 {
        client.chat().complete(&chat_request("?")).await.unwrap();
    }
    let sent = mock.requests().into_iter();
    let sent: Vec<_> = sent.map(|request| request.elapsed.as_secs()).collect();
    assert_eq!(sent, [0, 1, 2]);
}

#[tokio::test]
async fn replies_come_in_their_order() {
    let mock = MockTransport::new().replies(["a", "b", "c"].map(MockReply::chat));
    let client = client(mock.clone());
    for text in ["a", "b", "c"] {
        let answer = client.chat().complete(&chat_request("?")).await.unwrap();
        assert_eq!(answer.text(), text);
    }
    assert_eq!(mock.remaining(), 0);
}
