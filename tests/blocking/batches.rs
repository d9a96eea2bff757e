//! Batches from iterators, and their results.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mistral_sdk::batch::{BatchJobStatus, SubmittedBatch};
use mistral_sdk::blocking::Blocking;
use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::embeddings::EmbeddingRequest;
use mistral_sdk::error::TimeoutPhase;
use mistral_sdk::testing::{MockReply, MockTransport};
use mistral_sdk::{Client, ErrorKind, MistralApi, blocking};
use serde_json::json;

use super::start;

fn embed(text: &str) -> EmbeddingRequest {
    EmbeddingRequest::new("mistral-embed", text)
}

/// Returns a text with more tokens than the server accepts.
fn too_long() -> String {
    "word ".repeat(20_000)
}

/// Waits until the job has ended. The emulator advances a job each time it is retrieved.
fn wait_until_ended(batch: &SubmittedBatch<EmbeddingRequest, Blocking>) {
    let moment = Duration::from_millis(1);
    batch.wait().poll_interval(moment, moment).send().unwrap();
}

#[test]
fn batch_run_from_borrowed_texts_reads_results() {
    let (_emulator, client) = start();
    let texts = ["a cat".to_owned(), too_long(), "a dog".to_owned()];
    let requests = texts.iter().enumerate();
    let requests = requests.map(|(number, text)| (number.to_string(), embed(text)));
    let batch = client
        .batch()
        .run(requests)
        .timeout_hours(3)
        .send()
        .unwrap();

    let error = batch.results().unwrap_err(); // the job has not ended
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::Config, "batch.results")
    );

    let states = Arc::<Mutex<Vec<_>>>::default();
    let states_recorded = Arc::clone(&states);
    let moment = Duration::from_millis(1);
    let waiting = batch
        .wait()
        .poll_interval(moment, moment)
        .on_progress(move |job| {
            states_recorded
                .lock()
                .unwrap()
                .push(job.status.as_str().to_owned());
        });
    let job = waiting.send().unwrap();
    assert_eq!(job.status, BatchJobStatus::Success);
    assert_eq!((job.succeeded_requests, job.failed_requests), (2, 1));
    assert_eq!(states.lock().unwrap().last().unwrap(), "SUCCESS");

    // A batch is resumed by its id alone.
    let batch = client.batch().resume::<EmbeddingRequest>(batch.id());
    let mut outcomes: Vec<_> = batch.results().unwrap().map(Result::unwrap).collect();
    outcomes.sort_by(|a, b| a.custom_id.cmp(&b.custom_id));
    let ids: Vec<_> = outcomes.iter().map(|outcome| &*outcome.custom_id).collect();
    assert_eq!(ids, ["0", "1", "2"]);
    let rejected = outcomes[1].result.as_ref().unwrap_err();
    assert_eq!(rejected.kind(), ErrorKind::InvalidRequest, "{rejected}");
    assert_eq!(outcomes[2].result.as_ref().unwrap().data.len(), 1);

    let mut results = batch
        .results()
        .unwrap()
        .in_order(["2", "missing", "0", "1"]);
    for (id, is_there) in [("2", true), ("missing", false), ("0", true), ("1", false)] {
        let outcome = results.next().unwrap().unwrap();
        assert_eq!(
            (&*outcome.custom_id, outcome.result.is_ok()),
            (id, is_there)
        );
    }
    assert!(results.next().is_none());
    let another = client.batch().resume::<ChatCompletionRequest>(batch.id());
    assert_eq!(another.results().unwrap_err().kind(), ErrorKind::Config);
}

#[test]
fn batch_upload_iterator_may_call_the_client() {
    let (emulator, client) = start();
    let inner = client.clone();
    let requests = (0..300).map(|number| {
        if number % 100 == 0 {
            inner.models().list().send().unwrap(); // blocks
        }
        (number.to_string(), embed(&format!("text {number}")))
    });
    let run = client
        .batch()
        .run(requests)
        .inline_limit(50)
        .file_limit(10_000);
    let batch = run.send().unwrap();
    let job = batch.job().send().unwrap();
    assert_eq!(job.total_requests, 300);
    assert!(job.input_files.len() > 1, "{job:?}");
    let paths: Vec<_> = emulator
        .requests()
        .iter()
        .map(|it| it.path.clone())
        .collect();
    let count = |path: &str| paths.iter().filter(|it| *it == path).count();
    assert_eq!(count("/v1/models"), 3);
    assert_eq!(count("/v1/files"), job.input_files.len());
    wait_until_ended(&batch);
    let ids = (0..300).map(|number| number.to_string());
    let results = batch.results().unwrap().in_order(ids);
    for (number, outcome) in results.enumerate() {
        assert_eq!(outcome.unwrap().custom_id, number.to_string());
    }
}

#[test]
fn batch_iterator_is_read_with_backpressure_and_not_after_its_end() {
    let (emulator, client) = start();
    let items_read = Mutex::new(0);
    let requests = (0..).map(|number| {
        *items_read.lock().unwrap() += 1;
        let model = if number == 5 {
            "another"
        } else {
            "mistral-embed"
        };
        (number.to_string(), EmbeddingRequest::new(model, "a cat"))
    });
    let error = client.batch().run(requests).send().unwrap_err();
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::Config, "batch.run")
    );
    assert!(*items_read.lock().unwrap() <= 32, "{items_read:?}");
    assert!(emulator.requests().is_empty());
    let nothing = Vec::<(String, EmbeddingRequest)>::new();
    let error = client.batch().run(nothing).send().unwrap_err();
    assert!(error.to_string().contains("no requests"), "{error}");
}

#[test]
fn batch_wait_timeout_ends_at_deadline() {
    let running = json!({
        "id": "job-1", "status": "RUNNING", "total_requests": 10, "completed_requests": 1,
    });
    let mock = MockTransport::new().reply(MockReply::json(running).always());
    let builder = Client::builder(MistralApi::new("key").unwrap());
    let client = builder.transport(mock).build_blocking().unwrap();
    let batch = client.batch().resume::<EmbeddingRequest>("job-1");
    let wait = batch.wait().deadline(Duration::from_millis(20));
    let error = wait.send().unwrap_err();
    assert_eq!(error.timeout_phase(), Some(TimeoutPhase::Total));
    let expected = "batch.wait: the job `job-1` is RUNNING, 1 of 10 requests are done";
    assert!(error.to_string().starts_with(expected), "{error}");
}

#[test]
fn batch_results_download_cut_is_one_error_then_ends() {
    let job = json!({
        "id": "job-1", "status": "SUCCESS", "total_requests": 2, "output_file": "file-1",
    });
    let line = json!({ "custom_id": "a", "response": { "body": { "data": [] } } });
    let lines = [format!("{line}\n"), format!("{line}\n")];
    let builder = || {
        let file = MockReply::bytes("application/jsonl", lines.clone()).with_break_after(1);
        let mock = MockTransport::new()
            .on("batch.jobs.get", MockReply::json(&job).always())
            .on("files.download", file.always());
        let api = MistralApi::new("key").unwrap();
        Client::builder(api)
            .transport(mock)
            .build_blocking()
            .unwrap()
    };
    let client: blocking::Client = builder();
    let batch = client.batch().resume::<EmbeddingRequest>("job-1");
    let mut results = batch.results().unwrap();
    assert_eq!(results.next().unwrap().unwrap().custom_id, "a");
    let error = results.next().unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated, "{error}");
    assert!(results.next().is_none());
    let mut results = batch.results().unwrap().in_order(["a", "b"]);
    assert_eq!(
        results.next().unwrap().unwrap_err().kind(),
        ErrorKind::Truncated
    );
    assert!(results.next().is_none());
}

#[test]
fn batch_iterator_error_ends_run_without_creating_a_job() {
    let (emulator, client) = start();
    for limit in [0, 10] {
        let lines = [Ok("a cat"), Err(io::Error::other("the disk is gone"))];
        let requests = lines
            .into_iter()
            .map(|line| line.map(|text| (text, embed(text))));
        let run = client.batch().try_run(requests).inline_limit(limit);
        let error = run.send().unwrap_err();
        assert_eq!(
            (error.kind(), error.operation()),
            (ErrorKind::Io, "batch.run")
        );
        assert!(
            format!("{error:#}").contains("the disk is gone"),
            "{error:#}"
        );
    }
    let paths = emulator.requests();
    assert!(
        paths.iter().all(|request| request.path == "/v1/files"),
        "{paths:?}"
    );
}
