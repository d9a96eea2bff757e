//! Outside of a Tokio runtime, every entry point is an error that names the fix, and no panic.

use std::future::IntoFuture;
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use mistral_core::chat::ChatCompletionRequest;
use mistral_core::files::{FilePurpose, FileSource, ListFilesRequest, UploadFileRequest};
use mistral_core::messages::{Function, ToolCall};
use mistral_core::ocr::Document;
use mistral_core::rate_limit::RateLimiter;
use mistral_core::testing::{MockChunk, MockReply};
use mistral_core::tools::ToolSet;
use mistral_core::transport::{HyperTransport, ReqwestTransport, Transport};
use mistral_core::{Client, ErrorKind, Result};
use serde_json::{Value, json};

use crate::common::{Open, answer, bytes, client_with, event, question, reply, scripted, sse};

fn check<T>(name: &str, outcome: Option<Result<T>>) {
    let error = match outcome {
        Some(Err(error)) => error,
        Some(Ok(_)) => panic!("{name}: works without a runtime"),
        None => panic!("{name}: waits for a runtime that is not there"),
    };
    assert_eq!(error.kind(), ErrorKind::Config, "{name}: {error:#}");
    assert!(
        error.to_string().contains("Tokio runtime"),
        "{name}: {error}"
    );
}

fn transports() -> [(&'static str, Client); 2] {
    fn client(transport: impl Transport) -> Client {
        Client::builder(Open).transport(transport).build().unwrap()
    }
    let hyper = HyperTransport::new(Duration::from_secs(1)).unwrap();
    let reqwest = ReqwestTransport::new(reqwest::Client::builder()).unwrap();
    [("hyper", client(hyper)), ("reqwest", client(reqwest))]
}

#[test]
fn calls_without_runtime_are_config_errors() {
    for (name, client) in transports() {
        let chat = client.chat();
        check(
            name,
            chat.complete(&question()).into_future().now_or_never(),
        );
        check(
            name,
            chat.complete(&question()).with_response().now_or_never(),
        );
        check(name, chat.stream(&question()).into_future().now_or_never());
        check(
            name,
            client.files().download("f").into_future().now_or_never(),
        );
        check(
            name,
            client
                .files()
                .list(&ListFilesRequest::new())
                .pages()
                .next()
                .now_or_never()
                .map(Option::unwrap),
        );
        let file = FileSource::from_bytes("a.jsonl", "{}");
        let upload = UploadFileRequest::new(FilePurpose::Batch, file);
        check(
            name,
            client.files().upload(&upload).into_future().now_or_never(),
        );
        let texts = client.embeddings().create_all("m", ["a"]);
        check(
            name,
            Box::pin(texts).next().now_or_never().map(Option::unwrap),
        );
        let requests = [("a", question())];
        check(
            name,
            client.batch().run(requests).into_future().now_or_never(),
        );
        let tools = ToolSet::new();
        check(
            name,
            client
                .chat()
                .run(&question(), &tools)
                .into_future()
                .now_or_never(),
        );
    }
}

/// A transport may work without a runtime. Timers, files and threads do not.
#[test]
fn waits_without_runtime_are_config_errors() {
    let open = |mock| {
        let call = client_with(&mock).chat().stream(&question()).into_future();
        call.now_or_never().unwrap().unwrap()
    };
    let mut stalled = open(scripted([sse([bytes(event("a")), MockChunk::Stall])]));
    stalled.next().now_or_never().unwrap().unwrap().unwrap();
    check(
        "idle timer",
        stalled.next().now_or_never().map(Option::unwrap),
    );
    let stalled = client_with(&scripted([MockReply::stall()]));
    let call = stalled.chat().complete(&question());
    check("first byte timer", call.into_future().now_or_never());
    let slow = reply(200, &answer("a")).with_delay(Duration::from_secs(1));
    let call = client_with(&scripted([slow])).chat().complete(&question());
    check("delay of a mock", call.into_future().now_or_never());

    let content = client_with(&scripted([reply(200, "abc")]))
        .files()
        .download("f");
    let content = content.into_future().now_or_never().unwrap().unwrap();
    let path = std::env::temp_dir().join("without-a-runtime");
    check("download to a file", content.write_to(&path).now_or_never());
    assert!(!path.exists());
    check("document", Document::from_path("a.pdf").now_or_never());

    let limiter = RateLimiter::new().requests_per_minute(1);
    let limited = limiter.around(scripted([reply(200, &answer("a"))]));
    let client = Client::builder(Open).transport(limited).build().unwrap();
    let ask = || {
        client
            .chat()
            .complete(&question())
            .into_future()
            .now_or_never()
    };
    ask().unwrap().unwrap();
    check("rate limiter", ask());

    let job = json!({
        "id": "j", "status": "RUNNING", "endpoint": "/v1/chat/completions", "input_files": [],
        "created_at": 1, "total_requests": 1, "completed_requests": 0, "succeeded_requests": 0,
        "failed_requests": 0, "errors": [], "metadata": {}, "object": "batch",
    });
    let client = client_with(&scripted([reply(200, &job.to_string())]));
    let batch = client.batch().resume::<ChatCompletionRequest>("j");
    check("batch", batch.wait().into_future().now_or_never());

    let function = Function::new("wait", json!({ "type": "object" }));
    let tools = ToolSet::new().blocking_function(function, |_: Value| Ok::<_, std::io::Error>(1));
    let call = ToolCall::new("abcdefgh1", "wait", "{}");
    check("blocking tool", tools.call(&call).now_or_never());
}
