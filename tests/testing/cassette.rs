//! `Cassette`: recording and replay.

use std::fs;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use http::{Method, Request};
use mistral_emulator::{Emulator, Fault};
use mistral_sdk::chat::ChatCompletionResponse;
use mistral_sdk::files::{FilePurpose, FileSource, UploadFileRequest};
use mistral_sdk::testing::{Cassette, MockReply, MockTransport};
use mistral_sdk::transport::{Body, HyperTransport, Transport, TransportErrorKind};
use mistral_sdk::{Client, ErrorKind, MistralApi, Result};
use serde_json::{Value, json};

use crate::{KEY, TempDir, chat_request, client};

/// Runs a program that lists, completes, streams, uploads and downloads.
async fn program(client: &Client) -> Result<Vec<String>> {
    let mut outputs = Vec::new();
    let models = client.models().list().await?.data;
    outputs.extend(models.iter().map(|model| model.id().to_owned()));
    let response = client
        .chat()
        .complete(&chat_request("Who painted Olympia?"))
        .with_response()
        .await?;
    outputs.push(format!("{:?} {:?}", response.body, response.rate_limit()));
    let mut stream = client
        .chat()
        .stream(&chat_request("Who painted Olympia?"))
        .await?;
    while let Some(chunk) = stream.next().await {
        outputs.push(format!("{:?}", chunk?));
    }
    let file = FileSource::from_bytes("a.bin", Bytes::from_static(b"{}\n\xff"));
    let request = UploadFileRequest::new(FilePurpose::Ocr, file);
    let file = client.files().upload(&request).await?;
    let bytes = client.files().download(&file.id).await?.bytes().await?;
    outputs.push(format!("{file:?} {bytes:?}"));
    let error = client.models().retrieve("no-such-model").await.unwrap_err();
    outputs.push(format!(
        "{:?} {:?} {}",
        error.kind(),
        error.code(),
        error.message()
    ));
    Ok(outputs)
}

#[tokio::test]
async fn cassette_replay_returns_recorded_responses() {
    let folder = TempDir::new();
    let path = folder.file("deep/er/whole.json");
    let emulator = Emulator::start().unwrap();
    let http = HyperTransport::new(Duration::from_secs(10)).unwrap();
    let cassette = Cassette::record(&path, http);
    let api = MistralApi::new(emulator.api_key()).unwrap();
    let live = Client::builder(api.base_url(emulator.url()).unwrap())
        .transport(cassette.clone())
        .build()
        .unwrap();
    let outputs = program(&live).await.unwrap();
    assert!(outputs.len() > 5);
    // The names of fine-tuned models contain the organization.
    let hide = |line: &String| line.replace(":emulator:20250101", ":***:20250101");
    let outputs: Vec<_> = outputs.iter().map(hide).collect();
    assert_eq!(cassette.remaining(), 0);
    cassette.save().unwrap();
    drop(emulator);

    for _ in 0..2 {
        let cassette = Cassette::replay(&path).unwrap();
        assert_eq!(cassette.remaining(), 6);
        assert_eq!(program(&client(cassette.clone())).await.unwrap(), outputs);
        assert_eq!(cassette.remaining(), 0);
        let before = fs::read(&path).unwrap();
        cassette.save().unwrap();
        assert_eq!(fs::read(&path).unwrap(), before, "replaying writes nothing");
    }
}

#[tokio::test]
async fn cassette_file_is_human_readable() {
    let folder = TempDir::new();
    let path = folder.file("readable.json");
    let mock = MockTransport::new()
        .reply(MockReply::json(json!({ "choices": [] })))
        .reply(MockReply::bytes(
            "text/event-stream",
            ["data: {\"a\"", ":1}\n\n", "data: [DONE]\n\n"],
        ))
        .reply(MockReply::bytes("audio/wav", [&b"RIFF\xff"[..]]))
        .reply(MockReply::status(204));
    let cassette = Cassette::record(&path, mock);
    let client = client(cassette.clone());
    let _: Value = client
        .request(Method::POST, "/v1/a")
        .json(&json!({ "question": "Why?" }))
        .await
        .unwrap();
    let stream = client
        .request_stream::<Value>(Method::POST, "/v1/b")
        .await
        .unwrap();
    assert_eq!(stream.count().await, 1);
    client
        .files()
        .download("1")
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    let _ = client
        .request::<Value>(Method::GET, "/v1/c")
        .query("page", "2")
        .await;
    cassette.save().unwrap();

    let text = fs::read_to_string(&path).unwrap();
    let expected = json!({
        "version": 1,
        "exchanges": [
            {
                "operation": "request",
                "request": {
                    "method": "POST",
                    "url": "/v1/a",
                    "headers": { "content-type": "application/json" },
                    "body": { "json": { "question": "Why?" } },
                },
                "response": {
                    "status": 200,
                    "headers": { "content-type": "application/json" },
                    "body": { "json": { "choices": [] } },
                },
            },
            {
                "operation": "request",
                "request": { "method": "POST", "url": "/v1/b" },
                "response": {
                    "status": 200,
                    "headers": { "content-type": "text/event-stream" },
                    "body": { "chunks": ["data: {\"a\"", ":1}\n\n", "data: [DONE]\n\n"] },
                },
            },
            {
                "operation": "files.download",
                "request": { "method": "GET", "url": "/v1/files/1/content" },
                "response": {
                    "status": 200,
                    "headers": { "content-type": "audio/wav" },
                    "body": { "chunks": [{ "base64": "UklGRv8=" }] },
                },
            },
            {
                "operation": "request",
                "request": { "method": "GET", "url": "/v1/c?page=2" },
                "response": { "status": 204 },
            },
        ],
    });
    assert_eq!(
        serde_json::from_str::<Value>(&text).unwrap(),
        expected,
        "{text}"
    );
    assert!(text.lines().count() > 40 && text.ends_with("}\n"), "{text}");
}

/// Sends one GET to the transport and returns the chunks of the response.
async fn chunks(transport: &impl Transport) -> Vec<Result<Bytes, TransportErrorKind>> {
    let request = Request::get("https://host/v1/x")
        .body(Body::empty())
        .unwrap();
    let body = transport.send(request).await.unwrap().into_body();
    body.map(|chunk| chunk.map_err(|error| error.kind()))
        .collect()
        .await
}

#[tokio::test]
async fn cassette_replays_chunk_boundaries() {
    let folder = TempDir::new();
    let path = folder.file("chunks.json");
    // Within an event, within a UTF-8 sequence, and at an invalid byte.
    let parts: [&[u8]; 5] = [
        b"data: \"M",
        b"\xc3",
        b"\xbcnchen\"\n",
        b"\n\xff\x00",
        b"end",
    ];
    let mock = MockTransport::new()
        .reply(MockReply::bytes("text/event-stream", parts))
        .reply(MockReply::bytes("text/event-stream", parts).with_break_after(3));
    let cassette = Cassette::record(&path, mock);
    let replayed_chunks = chunks(&cassette).await;
    assert_eq!(replayed_chunks.len(), 5);
    let broken = chunks(&cassette).await;
    assert_eq!(broken[3], Err(TransportErrorKind::Interrupted));
    cassette.save().unwrap();

    let cassette = Cassette::replay(&path).unwrap();
    assert_eq!(chunks(&cassette).await, replayed_chunks);
    assert_eq!(chunks(&cassette).await, broken);
}

#[tokio::test]
async fn cassette_partly_read_body_is_replayed_up_to_the_same_point() {
    let folder = TempDir::new();
    let path = folder.file("dropped.json");
    let cassette = Cassette::record(
        &path,
        MockTransport::new().reply(MockReply::chat_stream(["One", " two", "."])),
    );
    let live = client(cassette.clone());
    let mut stream = live.chat().stream(&chat_request("?")).await.unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap().text(), "One");
    drop(stream);
    cassette.save().unwrap();

    let client = client(Cassette::replay(&path).unwrap());
    let stream = client.chat().stream(&chat_request("?")).await.unwrap();
    let error = stream.collect_response().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated);
    let partial = error.partial::<ChatCompletionResponse>().unwrap();
    assert_eq!(partial.text(), "One");
    assert!(
        format!("{error:#}").contains("the program did not read on"),
        "{error:#}"
    );
}

#[tokio::test]
async fn cassette_sse_stream_with_done_marker_is_complete() {
    let folder = TempDir::new();
    let path = folder.file("open.json");
    let reply = MockReply::chat_stream(["One", "."]).with_stall_after(4);
    let cassette = Cassette::record(&path, MockTransport::new().reply(reply));
    let live = client(cassette.clone());
    let stream = live.chat().stream(&chat_request("?")).await.unwrap();
    assert_eq!(stream.collect_response().await.unwrap().text(), "One.");
    cassette.save().unwrap();

    let tape: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(tape["exchanges"][0]["response"].get("end"), None);
    let client = client(Cassette::replay(&path).unwrap());
    let stream = client.chat().stream(&chat_request("?")).await.unwrap();
    assert_eq!(stream.collect_response().await.unwrap().text(), "One.");
}

#[tokio::test]
async fn cassette_redirect_is_recorded_without_host() {
    let folder = TempDir::new();
    let path = folder.file("redirect.json");
    let mock = MockTransport::new()
        .reply(MockReply::status(307).with_header("location", "https://host/v1/y?page=2"))
        .reply(MockReply::status(307).with_header("location", "https://elsewhere/v1/y"))
        .reply(MockReply::status(307).with_header("location", "https://host/v1/y?sig=MARKER&a=b"))
        .reply(MockReply::status(307).with_header("location", "/v1/users/MARKER/y?sig=MARKER"));
    let cassette = Cassette::record(&path, mock);
    for _ in 0..4 {
        chunks(&cassette).await;
    }
    cassette.save().unwrap();

    let tape: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let location =
        |index: usize| tape["exchanges"][index]["response"]["headers"]["location"].clone();
    assert_eq!(location(0), "/v1/y?page=2");
    assert_eq!(location(1), "https://elsewhere/v1/y");
    assert_eq!(location(2), "/v1/y?sig=***&a=***");
    assert_eq!(location(3), "/v1/users/***/y?sig=***");
}

#[test]
fn cassette_missing_or_corrupt_file_is_named() {
    let folder = TempDir::new();
    let path = folder.file("bad.json");
    let name = path.display().to_string();
    let error = Cassette::replay(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    let expected =
        format!("the cassette `{name}` does not exist: make it with `Cassette::record` and `save`");
    assert_eq!(error.to_string(), expected);
    let error = Cassette::replay(&folder.0).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.to_string().ends_with("cannot be read"), "{error}");

    let exchange = |response: &str| {
        format!(
            r#"{{"version": 1, "exchanges": [{{"operation": "", "request":
            {{"method": "GET", "url": "/"}}, "response": {response}}}]}}"#
        )
    };
    for (text, why) in [
        (String::new(), "is damaged: EOF while parsing"),
        (
            "{\"version\": 1,\n \"exchanges\": [".to_owned(),
            "at line 2 column",
        ),
        ("[]".to_owned(), "is damaged: "),
        (r#"{"version": 1}"#.to_owned(), "missing field `exchanges`"),
        (
            r#"{"version": 2, "exchanges": []}"#.to_owned(),
            "has version 2, but this SDK reads version 1",
        ),
        (exchange(r#"{"statu": 200}"#), "unknown field `statu`"),
        (
            exchange(r#"{"status": 20}"#),
            "exchange 1: 20 is not a status",
        ),
        (
            exchange(r#"{"status": 200, "headers": {"a b": "c"}}"#),
            "exchange 1: the header `a b` cannot be sent",
        ),
        (
            exchange(r#"{"status": 200, "body": {"chunks": [{"base64": "?"}]}}"#),
            "exchange 1: a chunk is not base64",
        ),
    ] {
        fs::write(&path, &text).unwrap();
        let error = Cassette::replay(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{text}");
        let message = error.to_string();
        assert!(
            message.starts_with(&format!("the cassette `{name}` ")),
            "{message}"
        );
        assert!(
            message.contains(why) && message.ends_with("record it anew"),
            "{message}"
        );
    }
}

#[tokio::test]
async fn cassette_save_to_unwritable_file_is_an_error() {
    let folder = TempDir::new();
    fs::write(folder.file("file"), "").unwrap();
    for path in [folder.0.clone(), folder.file("file/x.json")] {
        let cassette = Cassette::record(&path, MockTransport::new());
        let error = cassette.save().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io);
        let expected = format!("the cassette `{}` cannot be written", path.display());
        assert_eq!(error.to_string(), expected);
    }
}

#[tokio::test]
async fn cassette_transport_error_is_passed_through() {
    let folder = TempDir::new();
    let emulator = Emulator::builder().fault(Fault::close()).start().unwrap();
    let http = HyperTransport::new(Duration::from_secs(10)).unwrap();
    let cassette = Cassette::record(folder.file("x.json"), http);
    let api = MistralApi::new(KEY)
        .unwrap()
        .base_url(emulator.url())
        .unwrap();
    let live = Client::builder(api)
        .transport(cassette.clone())
        .build()
        .unwrap();
    let error = live.chat().complete(&chat_request("?")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    cassette.save().unwrap();
    let replayed = Cassette::replay(cassette.path()).unwrap();
    assert_eq!(replayed.remaining(), 0);
}
