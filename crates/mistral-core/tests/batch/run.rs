//! Batches from requests to a job: inline requests, uploads, refusals.

use std::collections::BTreeMap;
use std::io;

use futures::{StreamExt, stream};
use mistral_core::ErrorKind;
use mistral_core::agents::AgentsCompletionRequest;
use mistral_core::batch::{ApiEndpoint, BatchRun, Batchable, Classification, Moderation};
use mistral_core::chat::ChatCompletionRequest;
use mistral_core::classifiers::{
    ChatClassificationRequest, ChatModerationRequest, ClassificationRequest, InstructRequest,
};
use mistral_core::embeddings::EmbeddingRequest;
use mistral_core::fim::FimCompletionRequest;
use mistral_core::messages::Message;
use mistral_core::ocr::{Document, OcrRequest};
use mistral_core::testing::{MockReply, MockRequest, MockTransport};
use serde_json::{Value, json};

use crate::common::{client_with, question, reply, scripted};

fn job(id: &str) -> MockReply {
    reply(200, &json!({ "id": id, "status": "QUEUED" }).to_string())
}

fn file(id: &str) -> MockReply {
    reply(200, &json!({ "id": id }).to_string())
}

fn embed(text: &str) -> EmbeddingRequest {
    EmbeddingRequest::new("mistral-embed", text)
}

fn numbered(count: usize) -> impl Iterator<Item = (String, EmbeddingRequest)> + Send + 'static {
    (0..count).map(|number| (number.to_string(), embed(&format!("text {number}"))))
}

fn operations(mock: &MockTransport) -> Vec<String> {
    let sent = mock.requests();
    sent.iter().map(|sent| sent.operation.clone()).collect()
}

/// The lines of an uploaded file.
fn lines(sent: &MockRequest) -> Vec<Value> {
    let body = String::from_utf8(sent.body.to_vec()).unwrap();
    assert!(body.contains("name=\"purpose\"\r\n\r\nbatch\r\n"), "{body}");
    assert!(body.contains("filename=\"batch.jsonl\""), "{body}");
    let content = body.split("\r\n\r\n").nth(2).unwrap();
    let content = content.split("\r\n--").next().unwrap();
    assert!(content.ends_with('\n'), "{content:?}");
    content
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[tokio::test]
async fn run_sends_few_requests_inline() {
    let mock = scripted([job("job-1")]);
    let run = client_with(&mock)
        .batch()
        .run([("a", question()), ("b", question())]);
    let run = run
        .metadata(BTreeMap::from([("team".into(), "search".into())]))
        .timeout_hours(3);
    let batch = run.await.unwrap();
    assert_eq!(batch.id(), "job-1");
    assert_eq!(operations(&mock), ["batch.jobs.create"]);
    let sent = mock.requests();
    let body = json!({ "model": "m", "messages": [{ "role": "user", "content": "hi" }] });
    let expected = json!({
        "endpoint": "/v1/chat/completions",
        "model": "m",
        "metadata": { "team": "search" },
        "timeout_hours": 3,
        "requests": [{ "custom_id": "a", "body": body }, { "custom_id": "b", "body": body }],
    });
    assert_eq!(sent[0].json(), expected);
    assert_eq!(sent[0].model.as_deref(), Some("m"));
}

#[tokio::test]
async fn run_derives_endpoint_and_model_from_the_requests() {
    async fn check<R: Batchable>(request: R, endpoint: &str, answers: Value) {
        let mock = scripted([job("a")]);
        let body = serde_json::to_value(&request).unwrap();
        client_with(&mock)
            .batch()
            .run([("a", request)])
            .await
            .unwrap();
        let mut sent = mock.requests()[0].json();
        assert_eq!(
            sent["requests"],
            json!([{ "custom_id": "a", "body": body }])
        );
        sent.as_object_mut().unwrap().remove("requests");
        let mut expected = answers;
        expected["endpoint"] = endpoint.into();
        assert_eq!(sent, expected);
    }

    let (model, chat) = (|| json!({ "model": "m" }), || [Message::user("hi")]);
    check(question(), "/v1/chat/completions", model()).await;
    check(
        FimCompletionRequest::new("m", "fn"),
        "/v1/fim/completions",
        model(),
    )
    .await;
    check(EmbeddingRequest::new("m", "a"), "/v1/embeddings", model()).await;
    let texts = || ClassificationRequest::new("m", "a");
    check(Moderation(texts()), "/v1/moderations", model()).await;
    check(Classification(texts()), "/v1/classifications", model()).await;
    let moderate = ChatModerationRequest::new("m", chat());
    check(moderate, "/v1/chat/moderations", model()).await;
    let classify = ChatClassificationRequest::new("m", InstructRequest::new(chat()));
    check(classify, "/v1/chat/classifications", model()).await;
    let document = Document::url("https://example.com/a.pdf");
    check(OcrRequest::new("m", document), "/v1/ocr", model()).await;
    let agent = AgentsCompletionRequest::new("ag", chat());
    check(agent, "/v1/chat/completions", json!({ "agent_id": "ag" })).await;
}

#[tokio::test]
async fn run_uploads_many_requests_as_jsonl() {
    let mock = scripted([file("file-1"), job("job-1")]);
    let batch = client_with(&mock).batch();
    batch.run(numbered(3)).inline_limit(2).await.unwrap();
    assert_eq!(operations(&mock), ["files.upload", "batch.jobs.create"]);
    let sent = mock.requests();
    let line = |number: usize| {
        let body = json!({ "model": "mistral-embed", "input": format!("text {number}") });
        json!({ "custom_id": number.to_string(), "body": body })
    };
    assert_eq!(lines(&sent[0]), [line(0), line(1), line(2)]);
    let expected = json!({
        "endpoint": "/v1/embeddings", "model": "mistral-embed", "input_files": ["file-1"],
    });
    assert_eq!(sent[1].json(), expected);
}

#[tokio::test]
async fn run_inline_limits_are_those_of_the_api() {
    for (count, text, operation) in [
        (10_000, 1, "batch.jobs.create"),
        (10_001, 1, "files.upload"),
        (5, 1024 * 1024, "files.upload"), // few, but more than 4 MiB
        (3, 1024 * 1024, "batch.jobs.create"),
    ] {
        let replies = match operation {
            "batch.jobs.create" => vec![job("j")],
            _ => vec![file("f"), job("j")],
        };
        let mock = scripted(replies);
        let text = "a".repeat(text);
        let requests = (0..count).map(move |number| (number.to_string(), embed(&text)));
        // The limit is capped by that of the API.
        client_with(&mock)
            .batch()
            .run(requests)
            .inline_limit(usize::MAX)
            .await
            .unwrap();
        assert_eq!(operations(&mock)[0], operation, "{count}");
    }
}

#[tokio::test]
async fn run_splits_files_at_their_limit() {
    let line = serde_json::to_string(&json!({ "custom_id": "0", "body": embed("text 0") }));
    let two_lines = (line.unwrap().len() as u64 + 1) * 2;
    for (count, limit, sizes) in [
        (5, two_lines, vec![2, 2, 1]),
        (4, two_lines, vec![2, 2]),
        (3, 1, vec![1, 1, 1]), // a line is never cut
        (3, u64::MAX, vec![3]),
    ] {
        let mut replies: Vec<_> = (0..sizes.len())
            .map(|file_| file(&format!("f{file_}")))
            .collect();
        replies.push(job("j"));
        let mock = scripted(replies);
        let run = client_with(&mock).batch().run(numbered(count));
        run.inline_limit(0).file_limit(limit).await.unwrap();
        let sent = mock.requests();
        let (uploads, create) = sent.split_at(sizes.len());
        let found: Vec<_> = uploads.iter().map(|sent| lines(sent).len()).collect();
        assert_eq!(found, sizes);
        let all: Vec<_> = uploads.iter().flat_map(lines).collect();
        let ids: Vec<_> = all
            .iter()
            .map(|line| line["custom_id"].as_str().unwrap())
            .collect();
        assert_eq!(ids, (0..count).map(|id| id.to_string()).collect::<Vec<_>>());
        let files: Vec<_> = (0..sizes.len()).map(|file| format!("f{file}")).collect();
        assert_eq!(create[0].json()["input_files"], json!(files));
    }
}

#[tokio::test]
async fn run_with_failing_input_stream_creates_no_job() {
    let broken = || io::Error::other("the disk is on fire");
    let good = |id: &str| Ok((id.to_owned(), embed("a")));
    for limit in [10, 0] {
        let mock = scripted([file("f")]);
        let requests = stream::iter([good("a"), good("b"), Err(broken()), good("c")]);
        let run = client_with(&mock)
            .batch()
            .run_stream(requests)
            .inline_limit(limit);
        let error = run.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io);
        let expected = "batch.run: the requests of the batch cannot be read: the disk is on fire";
        assert_eq!(format!("{error:#}"), expected);
        assert_eq!(mock.requests().len(), 0); // an upload that was started did not complete, either
    }

    let mock = scripted([file("f"), job("j")]);
    // A stream that is pending before every item.
    let requests = stream::iter(numbered(20).map(Ok)).then(|request| async {
        tokio::task::yield_now().await;
        request
    });
    client_with(&mock)
        .batch()
        .run_stream(requests)
        .inline_limit(3)
        .await
        .unwrap();
    assert_eq!(lines(&mock.requests()[0]).len(), 20);
}

#[tokio::test]
async fn run_with_invalid_requests_is_refused_before_any_request() {
    async fn refused<R: Batchable>(make: impl Fn() -> Vec<(&'static str, R)>, words: &[&str]) {
        let limits = if words.contains(&"twice") {
            vec![10]
        } else {
            vec![10, 0]
        };
        for limit in limits {
            let mock = scripted([file("f")]);
            let run: BatchRun<R> = client_with(&mock).batch().run(make()).inline_limit(limit);
            let error = run.await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{error}");
            assert_eq!(error.operation(), "batch.run");
            for word in words.iter().filter(|word| **word != "twice") {
                assert!(error.to_string().contains(word), "{error}");
            }
            assert_eq!(mock.requests().len(), 0);
        }
    }

    /// A request that cannot be serialized as JSON.
    #[derive(serde::Serialize)]
    struct Odd(BTreeMap<Vec<u8>, u8>);

    impl Batchable for Odd {
        type Response = Value;

        fn endpoint() -> ApiEndpoint {
            "/v1/odd".into()
        }

        fn model(&self) -> Option<&str> {
            None
        }
    }

    refused(Vec::<(_, EmbeddingRequest)>::new, &["no requests"]).await;
    let other = || EmbeddingRequest::new("other-model", "a");
    let words = ["`b`", "`other-model`", "`mistral-embed`"];
    refused(|| vec![("a", embed("a")), ("b", other())], &words).await;
    let agent = |id: &str| AgentsCompletionRequest::new(id, [Message::user("hi")]);
    let words = ["`b`", "`agent-1`", "`agent-2`"];
    let agents = || vec![("a", agent("agent-1")), ("b", agent("agent-2"))];
    refused(agents, &words).await;
    let words = ["twice", "`custom_id`", "`a`"];
    refused(
        || vec![("a", embed("a")), ("b", embed("b")), ("a", embed("c"))],
        &words,
    )
    .await;
    refused(
        || vec![("a", Odd(BTreeMap::from([(vec![1], 1)])))],
        &["`a`", "JSON"],
    )
    .await;
}

#[tokio::test]
async fn retry_of_batch_upload_is_not_attempted() {
    for status in [503, 400] {
        let mock = scripted([reply(status, "{}")]);
        let error = client_with(&mock)
            .batch()
            .run(numbered(3))
            .inline_limit(0)
            .await
            .unwrap_err();
        assert_eq!(error.status().unwrap(), status);
        assert_eq!(operations(&mock), ["files.upload"]);
    }
}

#[tokio::test]
async fn run_with_failed_upload_names_uploaded_files() {
    let refusal = reply(413, &json!({ "message": "too large" }).to_string());
    let mock = scripted([file("f1"), file("f2"), refusal]);
    let run = client_with(&mock).batch().run(numbered(3));
    let error = run.inline_limit(0).file_limit(1).await.unwrap_err();
    let expected = "files.upload: no job was created for the uploaded files f1, f2: 413 Payload Too Large: \
                    too large";
    assert_eq!(error.to_string(), expected);

    // The input stream may end it as well.
    let mock = scripted([file("f1"), file("f2")]);
    let broken = io::Error::other("the disk is on fire");
    let requests = numbered(2).map(Ok).chain([Err(broken)]);
    let run = client_with(&mock)
        .batch()
        .run_stream(stream::iter(requests));
    let error = run.inline_limit(0).file_limit(1).await.unwrap_err();
    let expected = "batch.run: no job was created for the uploaded files f1: the requests of the batch \
                    cannot be read: the disk is on fire";
    assert_eq!(format!("{error:#}"), expected);
}

#[tokio::test]
async fn run_with_early_upload_response_is_a_decode_error() {
    let mock = scripted([file("f1").early()]);
    let run = client_with(&mock).batch().run(numbered(3)).inline_limit(0);
    let error = run.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    let expected = "batch.run: the server accepted the file `f1` before its upload was complete";
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn run_with_refused_job_names_uploaded_files() {
    let refusal = reply(400, &json!({ "message": "no such model" }).to_string());
    let mock = scripted([file("f1"), file("f2"), refusal]);
    let run = client_with(&mock)
        .batch()
        .run(numbered(2))
        .inline_limit(0)
        .file_limit(1);
    let error = run.await.unwrap_err();
    let expected = "batch.jobs.create: no job was created for the uploaded files f1, f2: 400 Bad Request: \
                    no such model";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn debug_shows_job_without_requests() {
    let batch = client_with(&scripted([])).batch();
    let run = batch.run([(
        "a",
        ChatCompletionRequest::new("m", [Message::user("secret")]),
    )]);
    let shown = format!("{run:?} {:?}", batch.resume::<EmbeddingRequest>("job-1"));
    assert!(
        shown.contains("ChatCompletions") && shown.contains("job-1"),
        "{shown}"
    );
    assert!(!shown.contains("secret"), "{shown}");
}
