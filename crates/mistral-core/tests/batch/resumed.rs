//! A batch that is resumed on a scripted mock, and its outcomes in short.

use futures::StreamExt;
use mistral_core::Error;
use mistral_core::batch::{BatchOutcome, SubmittedBatch};
use mistral_core::embeddings::{EmbeddingRequest, EmbeddingResponse};
use serde_json::{Value, json};

use mistral_core::testing::{MockReply, MockTransport};

use crate::common::{client_with, reply, scripted};

pub(super) type Batch = SubmittedBatch<EmbeddingRequest>;
pub(super) type Outcome = Result<BatchOutcome<EmbeddingResponse>, Error>;

pub(super) fn serve(replies: impl IntoIterator<Item = MockReply>) -> (MockTransport, Batch) {
    let mock = scripted(replies);
    let batch = client_with(&mock).batch().resume("job-1");
    (mock, batch)
}

/// A job with this status, this many requests, and these further fields.
pub(super) fn job(status: &str, requests: i64, more: Value) -> MockReply {
    let mut job = json!({
        "id": "job-1", "status": status, "endpoint": "/v1/embeddings",
        "total_requests": requests, "completed_requests": 1,
    });
    for (name, value) in more.as_object().unwrap() {
        job[name] = value.clone();
    }
    reply(200, &job.to_string())
}

pub(super) fn good(id: &str) -> String {
    let body = json!({ "data": [{ "embedding": [1.0], "index": 0 }], "model": id });
    json!({ "custom_id": id, "response": { "status_code": 200, "body": body }, "error": null })
        .to_string()
}

pub(super) fn bad(id: &str) -> String {
    let body = json!({ "message": "no input", "code": "1100" });
    json!({ "custom_id": id, "response": { "status_code": 422, "body": body } }).to_string()
}

pub(super) fn file(lines: &[String]) -> MockReply {
    reply(200, &lines.join("\n"))
}

pub(super) async fn read(batch: &Batch) -> Vec<Outcome> {
    batch.results().await.unwrap().collect().await
}

/// Outcomes in short: `a` is a result, `a!` the error of one request, a kind the stream's.
pub(super) fn short(outcomes: &[Outcome]) -> Vec<String> {
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
