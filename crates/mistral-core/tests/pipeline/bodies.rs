//! Bodies of responses: their limit, bodies without content, and compressions that are none.

use bytes::Bytes;
use http::Method;
use mistral_core::chat::ChatCompletionResponse;
use mistral_core::embeddings::EmbeddingRequest;
use mistral_core::ocr::{Document, OcrRequest};
use mistral_core::testing::{MockChunk, MockReply};
use mistral_core::{Error, ErrorKind};
use serde_json::{Value, json};

use crate::common::{
    DONE, answer, builder_with, bytes, client_with, event, finish, question, reply, scripted, sse,
};

fn blanks(chunks: usize) -> MockReply {
    let blank = MockChunk::Bytes(Bytes::from_static(&[b' '; 1024]));
    MockReply::bytes("application/json", vec![blank; chunks])
}

#[tokio::test]
async fn response_beyond_the_limit_is_too_large() {
    let body = answer(&"x".repeat(5000));
    let pieces = body.as_bytes().chunks(100);
    let pieces: Vec<_> = pieces
        .map(|it| MockChunk::Bytes(Bytes::copy_from_slice(it)))
        .collect();
    for response in [
        reply(200, &body),
        MockReply::bytes("application/json", pieces),
        blanks(6),
    ] {
        let mock = scripted([response.clone()]);
        let client = builder_with(&mock).max_response_size(4000).build().unwrap();
        let error = client.chat().complete(&question()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
        assert!(error.to_string().contains("4000 bytes"), "{error}");
        assert!(error.to_string().contains("max_response_size"), "{error}");
        assert_eq!(mock.requests().len(), 1);
        let error = client.models().list().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
    }
}

#[tokio::test]
async fn response_limit_of_a_call_takes_precedence() {
    let body = answer(&"x".repeat(5000));
    let mock = scripted([reply(200, &body)]);
    let client = builder_with(&mock).max_response_size(4000).build().unwrap();
    let call = client
        .chat()
        .complete(&question())
        .max_response_size(body.len());
    assert_eq!(call.await.unwrap().text().len(), 5000);
    let client = client_with(&mock);
    let call = client
        .chat()
        .complete(&question())
        .max_response_size(body.len() - 1);
    assert_eq!(call.await.unwrap_err().kind(), ErrorKind::TooLarge);
    assert!(client.chat().complete(&question()).await.is_ok());
}

#[tokio::test]
async fn stream_that_is_merged_is_limited_and_others_are_not() {
    let wire = || (0..100).map(|_| bytes(event("0123456789")));
    let end = bytes(finish() + DONE);
    let mock = scripted([sse(wire().chain([end]))]);
    let client = builder_with(&mock).max_response_size(5000).build().unwrap();
    let mut stream = client.chat().stream(&question()).await.unwrap();
    let mut error: Option<Error> = None;
    let mut chunks = 0;
    while let Some(chunk) = stream.next().await {
        match chunk {
            Ok(_) => chunks += 1,
            Err(failed) => error = Some(failed),
        }
    }
    let error = error.unwrap();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    let partial = error.partial::<ChatCompletionResponse>().unwrap();
    assert_eq!(partial.text().len(), 10 * chunks);
    assert!((20..100).contains(&chunks), "{chunks}");

    let call = client.chat().stream(&question()).max_response_size(50_000);
    let response = call.await.unwrap().collect_response().await.unwrap();
    assert_eq!(response.text().len(), 1000);

    let call = client.request_stream::<Value>(Method::POST, "/v1/new");
    let mut stream = call.await.unwrap();
    let mut events = 0;
    while let Some(event) = stream.next().await {
        event.unwrap();
        events += 1;
    }
    assert_eq!(events, 101);
}

#[tokio::test]
async fn download_has_no_limit() {
    let mock = scripted([blanks(6)]);
    let client = builder_with(&mock).max_response_size(4000).build().unwrap();
    let content = client.files().download("f").await.unwrap();
    assert_eq!(content.bytes().await.unwrap().len(), 6 * 1024);
}

#[tokio::test]
async fn response_without_content_is_retryable() {
    for body in ["null", "", " null\n", "\"\"", "{}", "[]", "  "] {
        let mock = scripted([reply(200, body)]);
        let client = client_with(&mock);
        let request = OcrRequest::new("m", Document::url("https://x.test/a.pdf"));
        let errors = [
            client.chat().complete(&question()).await.unwrap_err(),
            client.ocr().process(&request).await.unwrap_err(),
            client
                .embeddings()
                .create(&EmbeddingRequest::new("m", "a"))
                .await
                .unwrap_err(),
            client.models().retrieve("m").await.unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::Truncated, "{body:?}: {error}");
            assert!(error.is_retryable());
            let words = error.to_string();
            assert!(words.contains("the response is empty"), "{words}");
            assert!(words.contains(body.trim()), "{words}");
            assert_eq!(error.status().unwrap(), 200);
        }
        assert_eq!(mock.requests().len(), 4, "nothing is retried");
    }
}

#[tokio::test]
async fn operation_without_a_result_may_have_no_content() {
    for body in ["", "null", "{}"] {
        let client = client_with(&scripted([reply(200, body)]));
        client
            .batch()
            .jobs()
            .delete("j")
            .await
            .map(drop)
            .unwrap_or_else(|error| {
                assert_eq!(error.kind(), ErrorKind::Truncated, "{error}");
            });
        let call = client.request::<Value>(Method::GET, "/v1/new");
        assert!(call.await.is_ok(), "{body:?}");
    }
}

#[tokio::test]
async fn response_that_is_not_compressed_as_declared_is_read() {
    for encoding in ["br", "gzip", "zstd", "deflate", "GZIP", "br, gzip"] {
        let declared = |reply: MockReply| reply.with_header("content-encoding", encoding);
        let body = answer("é");
        let split = body.as_bytes().chunks(1);
        let split = split.map(|it| MockChunk::Bytes(Bytes::copy_from_slice(it)));
        for reply in [
            reply(200, &body),
            reply(200, &format!("\u{feff}\n{body}")),
            MockReply::bytes("application/json", split),
        ] {
            let client = client_with(&scripted([declared(reply)]));
            let response = client.chat().complete(&question()).await.unwrap();
            assert_eq!(response.text(), "é", "{encoding}");
        }

        let events = [bytes(event("a")), bytes(finish()), bytes(DONE)];
        let client = client_with(&scripted([declared(sse(events))]));
        let stream = client.chat().stream(&question()).await.unwrap();
        assert_eq!(stream.collect_response().await.unwrap().text(), "a");

        let lines = MockReply::bytes("application/jsonl", ["{\"a\":1}\n{\"b\":2}\n"]);
        let client = client_with(&scripted([declared(lines)]));
        let content = client.files().download("f").await.unwrap();
        assert_eq!(content.bytes().await.unwrap(), "{\"a\":1}\n{\"b\":2}\n");

        let refused = json!({ "message": "no luck", "code": "1300" }).to_string();
        for status in [429, 400] {
            let client = client_with(&scripted([declared(reply(status, &refused))]));
            let error = client.chat().complete(&question());
            let error = error
                .retry(mistral_core::RetryPolicy::none())
                .await
                .unwrap_err();
            assert!(error.message().contains("no luck"), "{error}");
            assert_eq!(error.code(), Some("1300"));
        }
    }
}

#[tokio::test]
async fn response_that_is_compressed_is_an_error_that_names_the_compression() {
    const GZIP: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xabV\xca\xcdO*J\x05\x00";
    const BROTLI: &[u8] = b"\x0b\x06\x80{\"a\":\"hello\"}\x03";
    for (encoding, body) in [("gzip", GZIP), ("br", BROTLI)] {
        for status in [200, 400] {
            let reply = MockReply::bytes("application/json", [body]).with_status(status);
            let reply = reply.with_header("content-encoding", encoding);
            let client = client_with(&scripted([reply]));
            let error = client.chat().complete(&question()).await.unwrap_err();
            assert!(
                error
                    .to_string()
                    .contains(&format!("compressed (`{encoding}`)")),
                "{error}"
            );
            let error = client.chat().stream(&question()).await.unwrap_err();
            assert!(error.to_string().contains(encoding), "{error}");
        }
    }
}
