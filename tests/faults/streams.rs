//! Truncated streams: partial data is kept, and never reported as complete.

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream;
use http::{HeaderValue, Request, Response};
use mistral_sdk::chat::{ChatCompletionResponse, CompletionChunk};
use mistral_sdk::transport::{Body, Transport, TransportError, TransportErrorKind};
use mistral_sdk::{ErrorKind, EventStream, Result};

use super::operations::{chat_request, client};

/// The events of two interleaved choices, with the text of both and whether they are finished after
/// each event.
const EVENTS: [(&str, [&str; 2], bool); 6] = [
    (
        r#"{"id":"1","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}"#,
        ["", ""],
        false,
    ),
    (
        r#"{"id":"1","choices":[{"index":1,"delta":{"content":"né"}}]}"#,
        ["", "né"],
        false,
    ),
    (
        r#"{"id":"1","choices":[{"index":0,"delta":{"content":"a"}}]}"#,
        ["a", "né"],
        false,
    ),
    (
        r#"{"id":"1","choices":[{"index":1,"delta":{"content":"e"},"finish_reason":"length"}]}"#,
        ["a", "née"],
        false,
    ),
    (
        r#"{"id":"1","choices":[{"index":0,"delta":{"content":"b"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":4,"total_tokens":5}}"#,
        ["ab", "née"],
        true,
    ),
    ("[DONE]", ["ab", "née"], true),
];

/// Responds with `bytes` in two chunks, then ends the body or fails.
#[derive(Debug)]
struct TruncatedTransport {
    bytes: Bytes,
    fails: bool,
}

#[async_trait]
impl Transport for TruncatedTransport {
    async fn send(&self, _: Request<Body>) -> Result<Response<Body>, TransportError> {
        let (bytes, middle) = (&self.bytes, self.bytes.len() / 2);
        let mut chunks = vec![Ok(bytes.slice(..middle)), Ok(bytes.slice(middle..))];
        if self.fails {
            let kind = TransportErrorKind::Interrupted;
            chunks.push(Err(TransportError::new(kind, "cut")));
        }
        let mut response = Response::new(Body::from_stream(stream::iter(chunks)));
        let content_type = HeaderValue::from_static("text/event-stream");
        response.headers_mut().insert("content-type", content_type);
        Ok(response)
    }
}

async fn open(bytes: Bytes, fails: bool) -> EventStream<CompletionChunk> {
    let client = client("http://server.test").transport(TruncatedTransport { bytes, fails });
    let client = client.build().unwrap();
    client.chat().stream(&chat_request()).await.unwrap()
}

fn texts(response: &ChatCompletionResponse) -> Vec<String> {
    let texts = response.choices.iter();
    texts
        .map(|choice| choice.message.text().into_owned())
        .filter(|text| !text.is_empty())
        .collect()
}

#[tokio::test]
async fn sse_stream_cut_at_any_byte_is_complete_or_truncated() {
    let wire: Vec<_> = EVENTS
        .iter()
        .map(|(data, ..)| format!("data: {data}\n\n"))
        .collect();
    let complete = Bytes::from(wire.concat());
    for cut in 0..=complete.len() {
        let mut ends = 0;
        let events = wire.iter().take_while(|event| {
            ends += event.len();
            ends <= cut
        });
        let arrived = events.count();
        let (expected, is_finished) = match arrived {
            0 => (["", ""], false),
            some => (EVENTS[some - 1].1, EVENTS[some - 1].2),
        };
        let expected: Vec<_> = expected
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect();
        for fails in [false, true] {
            let mut stream = open(complete.slice(..cut), fails).await;
            let mut chunks = 0;
            let error = loop {
                match stream.next().await {
                    Some(Ok(_)) => chunks += 1,
                    Some(Err(error)) => break Some(error),
                    None => break None,
                }
            };
            assert!(
                stream.next().await.is_none(),
                "after {cut} bytes: more than an end"
            );
            assert_eq!(chunks, arrived.min(5), "after {cut} bytes");
            assert_eq!(error.is_none(), is_finished, "after {cut} bytes: {error:?}");
            let partial = match &error {
                None => open(complete.slice(..cut), fails)
                    .await
                    .collect_response()
                    .await
                    .unwrap(),
                Some(error) => {
                    assert_eq!(error.kind(), ErrorKind::Truncated, "after {cut} bytes");
                    error.partial::<ChatCompletionResponse>().unwrap().clone()
                }
            };
            assert_eq!(texts(&partial), expected, "after {cut} bytes");
        }
    }
}

#[tokio::test]
async fn sse_unmodelled_events_require_end_of_body() {
    for (fails, is_error) in [(false, false), (true, true)] {
        let bytes = Bytes::from("data: {\"n\":1}\n\n");
        let client = client("http://server.test").transport(TruncatedTransport { bytes, fails });
        let client = client.build().unwrap();
        let call = client.request_stream::<serde_json::Value>(http::Method::POST, "/v1/new");
        let mut stream = call.await.unwrap();
        assert_eq!(stream.next().await.unwrap().unwrap()["n"], 1);
        let end = stream.next().await;
        assert_eq!(end.is_some_and(|end| end.is_err()), is_error);
    }
}
