//! Responses that are not quite JSON: what can be read of them is not lost.

use mistral_core::batch::BatchResult;
use mistral_core::chat::{ChatCompletionResponse, CompletionChunk};
use mistral_core::embeddings::EmbeddingRequest;
use mistral_core::ocr::{Document, OcrRequest};
use mistral_core::testing::{MockChunk, MockReply};
use mistral_core::{ErrorKind, EventStream};
use serde_json::json;

use crate::common::{DONE, answer, bytes, client_with, question, reply, scripted, sse};

fn body(text: &str) -> String {
    answer("TEXT").replace("TEXT", text)
}

#[tokio::test]
async fn response_with_half_of_a_surrogate_pair_is_read() {
    for (text, expected) in [
        (r"ok \ud83d", "ok \u{fffd}"),
        (r"ok \uDE42 end", "ok \u{fffd} end"),
        (r"\ud83d\ud83d\ude42", "\u{fffd}🙂"),
        (r"\ud83dé", "\u{fffd}é"),
    ] {
        let client = client_with(&scripted([reply(200, &body(text))]));
        let response = client.chat().complete(&question()).await.unwrap();
        assert_eq!(response.text(), expected, "{text}");
    }
}

#[tokio::test]
async fn stream_with_a_surrogate_pair_across_chunks_is_read() {
    let chunk = |text: &str, reason: &str| {
        bytes(
            format!(
                r#"data: {{"choices":[{{"index":0,"delta":{{"content":"{text}"}},"finish_reason":{reason}}}]}}"#
            ) + "\n\n",
        )
    };
    let pieces = [
        chunk("a", "null"),
        chunk("b", "null"), // from here on, chunks are compared with a template
        chunk(r"ok \ud83d", "null"),
        chunk(r"\ude42!", "null"),
        chunk("c", r#""stop""#),
        bytes(DONE),
    ];
    let mock = scripted([sse(pieces)]);
    let stream: EventStream<CompletionChunk> =
        client_with(&mock).chat().stream(&question()).await.unwrap();
    let response = stream.collect_response().await.unwrap();
    assert_eq!(response.text(), "abok \u{fffd}\u{fffd}!c");
}

#[tokio::test]
async fn response_with_unrepresentable_numbers_is_read() {
    let whole = answer("hi").replacen(
        '{',
        r#"{"score":1e400,"loss":-Infinity,"created":1e999,"#,
        1,
    );
    let whole = whole.replace(
        r#""finish_reason""#,
        r#""logprobs":{"content":[{"token":"hi","logprob":-Infinity}]},"finish_reason""#,
    );
    let client = client_with(&scripted([reply(200, &whole)]));
    let response = client.chat().complete(&question()).await.unwrap();
    assert_eq!(response.text(), "hi");
    assert_eq!(response.extra["score"], "1e400");
    assert_eq!(response.extra["loss"], "-Infinity");
    assert_eq!(response.extra["created"], "1e999");
    let logprobs = &response.choices[0].extra["logprobs"];
    assert_eq!(logprobs["content"][0]["logprob"], "-Infinity");
}

#[tokio::test]
async fn response_with_byte_order_mark_is_read() {
    let marked = format!("\u{feff}{}", answer("hi"));
    let client = client_with(&scripted([reply(200, &marked)]));
    let response = client.chat().complete(&question()).await.unwrap();
    assert_eq!(response.text(), "hi");

    let vectors = "\u{feff}{\"data\":[{\"index\":0,\"embedding\":[0.5,1]}]}";
    let client = client_with(&scripted([reply(200, vectors)]));
    let request = EmbeddingRequest::new("m", "a");
    let response = client.embeddings().create(&request).await.unwrap();
    assert_eq!(&*response.to_f32().unwrap()[0], [0.5, 1.0]);

    let failed = "\u{feff}{\"message\":\"no luck\",\"code\":\"1500\"}";
    for status in [200, 400] {
        let client = client_with(&scripted([reply(status, failed)]));
        let error = client.chat().complete(&question()).await.unwrap_err();
        assert!(error.to_string().contains("no luck"), "{error}");
        assert_eq!(error.code(), Some("1500"));
    }
}

#[tokio::test]
async fn response_with_invalid_utf8_is_read_with_replacements() {
    let mut wire = body("ok ~").into_bytes();
    for byte in wire.iter_mut().filter(|byte| **byte == b'~') {
        *byte = 0xFF;
    }
    let mock = scripted([MockReply::bytes("application/json", [wire])]);
    let response = client_with(&mock).chat().complete(&question()).await;
    assert_eq!(response.unwrap().text(), "ok \u{fffd}");
}

#[tokio::test]
async fn ocr_page_with_half_of_a_surrogate_pair_is_read_with_its_images() {
    let body = r#"{"pages":[{"index":0,"markdown":"a \ud83d","images":[{"id":"\ude42.png","top_left_x":1}]}]}"#;
    let client = client_with(&scripted([reply(200, body)]));
    let request = OcrRequest::new("m", Document::url("https://x.test/a.pdf"));
    let response = client.ocr().process(&request).await.unwrap();
    assert_eq!(response.pages[0].markdown, "a \u{fffd}");
    assert_eq!(response.pages[0].images[0].id, "\u{fffd}.png");
}

#[test]
fn batch_line_with_half_of_a_surrogate_pair_is_read() {
    let line = format!(
        r#"{{"custom_id":"a","response":{{"status_code":200,"body":{}}}}}"#,
        body(r"ok \ud83d")
    );
    let result = BatchResult::lines(line.as_bytes()).next().unwrap().unwrap();
    let response = result.body::<ChatCompletionResponse>().unwrap();
    assert_eq!(response.text(), "ok \u{fffd}");
}

/// A second reading must not hide what is wrong with a response.
#[tokio::test]
async fn response_that_is_no_json_is_still_an_error() {
    for body in [
        json!({ "choices": r"\ud83d" }).to_string(),
        r#"{"id":"\ud83d","choices":5}"#.to_owned(),
        r#"{"choices":[{"message":{"content":"a \ud83d"#.to_owned(),
        "{NaN}".to_owned(),
    ] {
        let client = client_with(&scripted([reply(200, &body)]));
        let error = client.chat().complete(&question()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
        assert_eq!(error.api().unwrap().body, body);
    }
    let bad = r#"{"choices":[{"delta":{"content":5},"x":"\ud83d"}]}"#;
    let event = MockChunk::Bytes(format!("data: {bad}\n\n").into());
    let mut stream = client_with(&scripted([sse([event])]))
        .chat()
        .stream(&question())
        .await
        .unwrap();
    let error = stream.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("content"), "{error}");
}
