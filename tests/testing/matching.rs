//! Matching of requests with recorded ones, and the error for an unmatched request.

use futures::future::join_all;
use http::Method;
use mistral_sdk::ErrorKind;
use mistral_sdk::files::{FilePurpose, FileSource, UploadFileRequest};
use mistral_sdk::testing::{Cassette, MockReply, MockTransport};
use mistral_sdk::transport::TransportErrorKind;
use serde_json::{Value, json};

use crate::{TempDir, chat_request, client};

/// Records a chat completion for each text.
async fn recorded(path: &std::path::Path, texts: &[&str]) {
    let mock = MockTransport::new().reply_with(|request| {
        let question = request.json()["messages"][0]["content"].clone();
        MockReply::chat(format!("Re: {}", question.as_str().unwrap()))
    });
    let cassette = Cassette::record(path, mock);
    let client = client(cassette.clone());
    for text in texts {
        client.chat().complete(&chat_request(text)).await.unwrap();
    }
    cassette.save().unwrap();
}

#[tokio::test]
async fn cassette_matching_ignores_order_and_concurrency() {
    let folder = TempDir::new();
    let path = folder.file("order.json");
    let texts: Vec<_> = (0..40).map(|number| number.to_string()).collect();
    let names: Vec<_> = texts.iter().map(String::as_str).collect();
    recorded(&path, &names).await;

    let cassette = Cassette::replay(&path).unwrap();
    let client = client(cassette.clone());
    let calls = texts.iter().rev().map(|text| {
        let (client, text) = (client.clone(), text.clone());
        tokio::spawn(async move {
            let response = client.chat().complete(&chat_request(&text)).await.unwrap();
            assert_eq!(response.text(), format!("Re: {text}"));
        })
    });
    for result in join_all(calls).await {
        result.unwrap();
    }
    assert_eq!(cassette.remaining(), 0);
}

#[tokio::test(start_paused = true)]
async fn cassette_equal_requests_replay_in_order_with_retries() {
    let folder = TempDir::new();
    let path = folder.file("turns.json");
    let mock = MockTransport::new()
        .reply(MockReply::chat("first"))
        .reply(MockReply::status(503).with_header("retry-after", "1"))
        .reply(MockReply::error(TransportErrorKind::Connect))
        .reply(MockReply::chat("second"));
    let cassette = Cassette::record(&path, mock);
    let live = client(cassette.clone());
    for attempts in [1, 3] {
        let response = live
            .chat()
            .complete(&chat_request("?"))
            .with_response()
            .await
            .unwrap();
        assert_eq!(response.attempts, attempts);
    }
    cassette.save().unwrap();

    let cassette = Cassette::replay(&path).unwrap();
    let client = client(cassette.clone());
    assert_eq!(
        client
            .chat()
            .complete(&chat_request("?"))
            .await
            .unwrap()
            .text(),
        "first"
    );
    let response = client
        .chat()
        .complete(&chat_request("?"))
        .with_response()
        .await
        .unwrap();
    assert_eq!(response.body.text(), "second");
    assert_eq!(response.attempts, 2, "what had no answer is not recorded");
    assert_eq!(cassette.remaining(), 0);
}

#[tokio::test]
async fn cassette_unmatched_request_is_reported_and_not_retried() {
    let folder = TempDir::new();
    let path = folder.file("told.json");
    recorded(&path, &["Why?", "How?", "Why?"]).await;
    let long = "x".repeat(500);
    recorded(
        &folder.file("long.json"),
        &[&format!("{long}, and then this")],
    )
    .await;
    recorded(&folder.file("empty.json"), &[]).await;
    let expected_message = |name: &str, why: &str| {
        format!(
            "the cassette `{}` {why}. If the program is meant to send this request, \
             record the cassette again",
            folder.file(name).display()
        )
    };

    let cassette = Cassette::replay(&path).unwrap();
    let replayed = client(cassette.clone());
    // A GET, which would be retried if the error were retryable.
    let error = replayed.models().list().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert_eq!((error.operation(), error.attempts()), ("models.list", 1));
    let why = "has no recording of GET /v1/models, but of POST /v1/chat/completions";
    assert_eq!(error.message(), expected_message("told.json", why));

    let other = chat_request("Why not?").temperature(0.5);
    let error = replayed.chat().complete(&other).await.unwrap_err();
    let why = "has no recording of POST /v1/chat/completions with this body. In the nearest, \
        exchange 1, `messages[0].content` is \"Why?\", and now \"Why not?\", and 1 other differs";
    assert_eq!(error.message(), expected_message("told.json", why));

    let error = replayed
        .chat()
        .complete(&chat_request("How?").max_tokens(5))
        .await
        .unwrap_err();
    let why = "has no recording of POST /v1/chat/completions with this body. In the nearest, \
        exchange 2, `max_tokens` is missing, and now 5";
    assert_eq!(error.message(), expected_message("told.json", why));

    assert_eq!(
        cassette.remaining(),
        3,
        "what did not match used nothing up"
    );
    for _ in 0..2 {
        replayed
            .chat()
            .complete(&chat_request("Why?"))
            .await
            .unwrap();
    }
    let error = replayed
        .chat()
        .complete(&chat_request("Why?"))
        .await
        .unwrap_err();
    let why = "has replayed every recording of POST /v1/chat/completions with this body already";
    assert_eq!(error.message(), expected_message("told.json", why));

    let replayed = client(Cassette::replay(folder.file("long.json")).unwrap());
    let error = replayed
        .chat()
        .complete(&chat_request(&format!("{long}, and then that")))
        .await
        .unwrap_err();
    let why = "has no recording of POST /v1/chat/completions with this body. In the nearest, \
        exchange 1, `messages[0].content` is …xxxxxxx, and then this\", and now \
        …xxxxxxx, and then that\"";
    assert_eq!(error.message(), expected_message("long.json", why));

    let replayed = client(Cassette::replay(folder.file("empty.json")).unwrap());
    let error = replayed.models().list().await.unwrap_err();
    let why = "has no recording of GET /v1/models, but of nothing";
    assert_eq!(error.message(), expected_message("empty.json", why));
}

#[tokio::test]
async fn cassette_multipart_matching_ignores_boundary() {
    let folder = TempDir::new();
    let path = folder.file("form.json");
    let upload = |text: &'static str| {
        UploadFileRequest::new(FilePurpose::Batch, FileSource::from_bytes("a.jsonl", text))
    };
    let reply = json!({ "id": "1", "filename": "a.jsonl" });
    let cassette = Cassette::record(&path, MockTransport::new().json(reply));
    let live = client(cassette.clone());
    live.files().upload(&upload("{}\n")).await.unwrap();
    cassette.save().unwrap();

    let replayed = client(Cassette::replay(&path).unwrap());
    let error = replayed.files().upload(&upload("[]\n")).await.unwrap_err();
    assert!(error.message().contains("{}\n"), "{error}");
    replayed.files().upload(&upload("{}\n")).await.unwrap();
}

#[tokio::test]
async fn cassette_matching_compares_numbers_exactly() {
    let folder = TempDir::new();
    let path = folder.file("numbers.json");
    let mut number = 0.1_f64;
    let next = || {
        number = (number * 7.3 + 0.7).fract();
        number * 1e-5
    };
    let mut numbers: Vec<f64> = std::iter::repeat_with(next).take(2_000).collect();
    let cassette = Cassette::record(&path, MockTransport::new().json(json!({})));
    let send = async |cassette: &Cassette, numbers: &[f64]| {
        let call = client(cassette.clone()).request::<Value>(Method::POST, "/v1/x");
        call.json(&json!({ "numbers": numbers })).await
    };
    send(&cassette, &numbers).await.unwrap();
    cassette.save().unwrap();

    let cassette = Cassette::replay(&path).unwrap();
    numbers[7] *= 1.000_000_001;
    let error = send(&cassette, &numbers).await.unwrap_err();
    assert!(error.message().contains("`numbers[7]` is "), "{error}");
    numbers[7] /= 1.000_000_001;
    send(&cassette, &numbers).await.unwrap();
}
