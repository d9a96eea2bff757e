//! A server with one job, and its results in short.

#![allow(dead_code, unreachable_pub)] // each test file uses a part of it
#![allow(clippy::unwrap_used)] // helpers outside of test functions may panic as tests do

use futures::StreamExt;
use mistral_core::Error;
use mistral_core::batch::{BatchOutcome, SubmittedBatch};
use mistral_core::embeddings::{EmbeddingRequest, EmbeddingResponse};
use serde_json::{Value, json};

use crate::common::{Script, Step};

pub type Batch = SubmittedBatch<EmbeddingRequest>;
pub type Outcome = Result<BatchOutcome<EmbeddingResponse>, Error>;

pub fn serve(steps: impl IntoIterator<Item = Step>) -> (Script, Batch) {
    let script = Script::new(steps);
    let batch = script.client().batch().resume("job-1");
    (script, batch)
}

/// A job with this status, this many requests, and what else it is to have.
pub fn job(status: &str, requests: i64, more: Value) -> Step {
    let mut job = json!({
        "id": "job-1", "status": status, "endpoint": "/v1/embeddings",
        "total_requests": requests, "completed_requests": 1,
    });
    for (name, value) in more.as_object().unwrap() {
        job[name] = value.clone();
    }
    Step::status(200, &job.to_string())
}

pub fn good(id: &str) -> String {
    let body = json!({ "data": [{ "embedding": [1.0], "index": 0 }], "model": id });
    json!({ "custom_id": id, "response": { "status_code": 200, "body": body }, "error": null })
        .to_string()
}

pub fn bad(id: &str) -> String {
    let body = json!({ "message": "no input", "code": "1100" });
    json!({ "custom_id": id, "response": { "status_code": 422, "body": body } }).to_string()
}

pub fn file(lines: &[String]) -> Step {
    Step::status(200, &lines.join("\n"))
}

pub async fn read(batch: &Batch) -> Vec<Outcome> {
    batch.results().await.unwrap().collect().await
}

/// Outcomes in short: `a` is a result, `a!` the error of one request, a kind the stream's.
pub fn short(outcomes: &[Outcome]) -> Vec<String> {
    let outcomes = outcomes.iter();
    outcomes
        .map(|outcome| match outcome {
            Ok(BatchOutcome {
                custom_id,
                result: Ok(answer),
                ..
            }) => {
                assert_eq!(answer.model, *custom_id);
                custom_id.clone()
            }
            Ok(BatchOutcome { custom_id, .. }) => format!("{custom_id}!"),
            Err(error) => format!("{:?}", error.kind()),
        })
        .collect()
}
