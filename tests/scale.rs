//! Batches and embeddings of many requests, over real sockets.

// Helpers outside of test functions may panic as tests do.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::time::Duration;

use futures::StreamExt;
use mistral_emulator::{Emulator, Fault};
use mistral_sdk::batch::{ApiEndpoint, BatchJobStatus, BatchOutcome, Batchable, SubmittedBatch};
use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::embeddings::{EmbeddingDtype, EmbeddingRequest, EmbeddingResponse};
use mistral_sdk::messages::Message;
use mistral_sdk::{Client, Error, ErrorKind, MistralApi};
use serde_json::{Value, json};

type Outcome = Result<BatchOutcome<EmbeddingResponse>, Error>;

fn start() -> (Emulator, Client) {
    let emulator = Emulator::start().unwrap();
    let client = connect(&emulator);
    (emulator, client)
}

fn connect(emulator: &Emulator) -> Client {
    let api = MistralApi::new(emulator.api_key()).unwrap();
    Client::new(api.base_url(emulator.url()).unwrap()).unwrap()
}

/// Waits until the job has ended. The emulator advances a job each time it is retrieved.
async fn wait_until_ended<R: Batchable>(batch: &SubmittedBatch<R>) -> BatchJobStatus {
    let moment = Duration::from_millis(1);
    batch
        .wait()
        .poll_interval(moment, moment)
        .await
        .unwrap()
        .status
}

fn texts(count: usize) -> Vec<(String, EmbeddingRequest)> {
    let text = |number| EmbeddingRequest::new("mistral-embed", format!("text {number}"));
    (0..count)
        .map(|number| (number.to_string(), text(number)))
        .collect()
}

async fn read_results(batch: &SubmittedBatch<EmbeddingRequest>) -> Vec<Outcome> {
    batch.results().await.unwrap().collect().await
}

fn paths(emulator: &Emulator) -> Vec<String> {
    let requests = emulator.requests().into_iter();
    requests
        .map(|request| format!("{} {}", request.method, request.path))
        .collect()
}

#[tokio::test]
async fn batch_inline_and_uploaded_have_same_results() {
    let chat_request =
        |text: &str| ChatCompletionRequest::new("mistral-small-latest", [Message::user(text)]);
    for (limit, first) in [(10, "POST /v1/batch/jobs"), (1, "POST /v1/files")] {
        let (emulator, client) = start();
        let requests = [
            ("painter", chat_request("Who painted Olympia?")),
            ("hot", chat_request("Hello").temperature(9.0)), // which the server rejects
            ("cheese", chat_request("What is the best cheese?")),
        ];
        let batch = client
            .batch()
            .run(requests)
            .inline_limit(limit)
            .await
            .unwrap();
        assert_eq!(paths(&emulator)[0], first);
        assert_eq!(wait_until_ended(&batch).await, BatchJobStatus::Success);
        let ids = ["cheese", "hot", "painter"];
        let mut results = batch.results().await.unwrap().in_order(ids);
        let mut outcomes = Vec::new();
        while let Some(outcome) = results.next().await {
            outcomes.push(outcome.unwrap());
        }
        assert_eq!(
            outcomes.iter().map(|it| &*it.custom_id).collect::<Vec<_>>(),
            ids
        );
        assert!(
            outcomes[2]
                .result
                .as_ref()
                .unwrap()
                .text()
                .contains("Manet")
        );
        let error = outcomes[1].result.as_ref().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(error.to_string().contains("temperature"), "{error}");
        assert!(outcomes[0].result.is_ok());
    }
}

#[tokio::test]
async fn batch_many_requests_are_split_into_files_and_resumable() {
    let (emulator, client) = start();
    let run = client
        .batch()
        .run(texts(300))
        .inline_limit(100)
        .file_limit(10_000);
    let id = run.await.unwrap().id().to_owned();
    drop(client);
    let uploads = paths(&emulator)
        .iter()
        .filter(|path| *path == "POST /v1/files")
        .count();
    assert_eq!(uploads, 3);

    let batch = connect(&emulator).batch().resume::<EmbeddingRequest>(id);
    let error = batch.results().await.unwrap_err();
    assert!(error.to_string().contains("is still "), "{error}");
    assert_eq!(wait_until_ended(&batch).await, BatchJobStatus::Success);
    let mut ids: Vec<_> = read_results(&batch)
        .await
        .into_iter()
        .map(|outcome| {
            let outcome = outcome.unwrap();
            assert_eq!(outcome.result.unwrap().to_f32().unwrap()[0].len(), 1024);
            outcome.custom_id.parse::<usize>().unwrap()
        })
        .collect();
    ids.sort_unstable();
    assert_eq!(ids, (0..300).collect::<Vec<_>>());
}

/// A request that serializes to an invalid line.
#[derive(Clone, serde::Serialize)]
#[serde(transparent)]
struct InvalidRequest(Value);

impl Batchable for InvalidRequest {
    type Response = Value;

    fn endpoint() -> ApiEndpoint {
        ApiEndpoint::Embeddings
    }

    fn model(&self) -> Option<&str> {
        Some("mistral-embed")
    }
}

#[tokio::test]
async fn batch_failed_expired_or_cancelled_job_reports_status() {
    let (_emulator, client) = start();
    let good = InvalidRequest(json!({ "input": "a" }));
    let odd = [
        ("a", good),
        ("b", InvalidRequest(json!("text"))),
        ("c", InvalidRequest(json!(1))),
    ];
    let batch = client.batch().run(odd).inline_limit(0).await.unwrap();
    assert_eq!(wait_until_ended(&batch).await, BatchJobStatus::Failed);
    let outcomes: Vec<_> = batch.results().await.unwrap().collect().await;
    assert_eq!(outcomes.len(), 1);
    let error = outcomes[0].as_ref().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(
        error
            .to_string()
            .ends_with("\"body\" that is an object (2 times)"),
        "{error}"
    );

    let expired = client.batch().run(texts(2)).timeout_hours(0).await.unwrap();
    assert_eq!(
        wait_until_ended(&expired).await,
        BatchJobStatus::TimeoutExceeded
    );
    let cancelled = client.batch().run(texts(2)).await.unwrap();
    client.batch().jobs().cancel(cancelled.id()).await.unwrap();
    assert_eq!(
        wait_until_ended(&cancelled).await,
        BatchJobStatus::Cancelled
    );
    for (batch, kind) in [
        (expired, ErrorKind::Timeout),
        (cancelled, ErrorKind::Truncated),
    ] {
        let outcomes = read_results(&batch).await;
        assert_eq!(outcomes.len(), 1);
        let error = outcomes[0].as_ref().unwrap_err();
        assert_eq!(error.kind(), kind);
        assert!(
            error.to_string().contains("0 results came for 2 requests"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn batch_results_missing_or_duplicate_lines_are_reported() {
    let (emulator, client) = start();
    let batch = client.batch().run(texts(3)).await.unwrap();
    assert_eq!(wait_until_ended(&batch).await, BatchJobStatus::Success);
    let line = |id: &str| {
        let body = json!({ "data": [] });
        let response = json!({ "status_code": 200, "body": body });
        json!({ "custom_id": id, "response": response }).to_string() + "\n"
    };
    // Retrieving the job succeeds. The download returns another file.
    let spoil = |content: String| {
        emulator.push_fault(Fault::default());
        emulator.push_fault(Fault::default().with_body(content));
    };
    spoil(line("0"));
    let outcomes = read_results(&batch).await;
    assert_eq!(outcomes.len(), 2);
    assert_eq!(
        outcomes[1].as_ref().unwrap_err().kind(),
        ErrorKind::Truncated
    );

    spoil(line("2") + &line("0") + &line("2"));
    let results = batch.results().await.unwrap().in_order(["0", "1", "2"]);
    let outcomes: Vec<_> = results.collect().await;
    let summary: Vec<_> = outcomes
        .iter()
        .map(|outcome| match outcome {
            Ok(outcome) => (outcome.custom_id.clone(), outcome.result.is_ok()),
            Err(error) => (error.message().to_owned(), false),
        })
        .collect();
    let twice = "`2` has 2 results: the first one counts";
    let expected = [("0", true), ("1", false), ("2", true), (twice, false)];
    assert_eq!(
        summary,
        expected.map(|(words, is_good)| (words.to_owned(), is_good))
    );

    // The unchanged file.
    assert_eq!(read_results(&batch).await.len(), 3);
}

#[tokio::test]
async fn embed_all_too_many_tokens_splits_the_request() {
    let (emulator, client) = start();
    let text = |number: usize| format!("{number}{}", " word".repeat(200));
    let texts: Vec<_> = (0..600).map(text).collect();
    let vectors = client.embeddings().create_all("mistral-embed", &texts);
    let all = vectors.collect_response().await.unwrap();
    let found = all.to_f32().unwrap();
    assert_eq!(found.len(), 600);
    for number in [0, 255, 256, 599] {
        let one = EmbeddingRequest::new("mistral-embed", texts[number].as_str());
        let one = client.embeddings().create(&one).await.unwrap();
        assert_eq!(one.to_f32().unwrap()[0], found[number], "{number}");
    }
    // 201 words, plus one token per text.
    assert_eq!(all.usage.unwrap().total_tokens, 600 * 202);
    let calls = emulator.requests().len() - 4;
    // Ten requests would suffice if the number of tokens were known beforehand.
    assert!((10..30).contains(&calls), "{calls}");
}

#[tokio::test]
async fn embed_all_text_with_too_many_tokens_is_named() {
    let (_emulator, client) = start();
    let texts = (0..20).map(|number| match number {
        13 => "word ".repeat(20_000),
        number => format!("text {number}"),
    });
    let mut vectors = client.embeddings().create_all("codestral-embed", texts);
    vectors = vectors.with_request(|request| {
        request
            .output_dimension(16)
            .output_dtype(EmbeddingDtype::Int8)
    });
    let mut given = 0;
    let error = loop {
        match vectors.next().await.unwrap() {
            Ok((index, vector)) => {
                assert_eq!((index, vector.to_i8().unwrap().len()), (given, 16));
                given += 1;
            }
            Err(error) => break error,
        }
    };
    assert_eq!(given, 13);
    assert!(error.is_context_length_exceeded());
    assert!(
        error
            .to_string()
            .starts_with("embeddings.create: text 13: 400"),
        "{error}"
    );
    assert!(vectors.next().await.is_none());
}
