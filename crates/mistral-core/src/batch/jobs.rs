use std::sync::Arc;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::request::{CreateBatchJobRequest, GetBatchJobRequest, ListBatchJobsRequest};
use super::response::{BatchJob, DeleteBatchJobResponse, ListBatchJobsResponse};
use crate::call::Call;
use crate::endpoint::Endpoint;
use crate::json::wire::Object;
use crate::mode::Mode;
use crate::prepared::Prepared;

endpoints! {
    LIST = Endpoint::get("batch.jobs.list", "/v1/batch/jobs").query(&[
        "page", "page_size", "model", "agent_id", "metadata", "created_after", "created_by_me",
        "status", "order_by",
    ]);
    CREATE = Endpoint::post("batch.jobs.create", "/v1/batch/jobs");
    GET = Endpoint::get("batch.jobs.get", "/v1/batch/jobs/{job_id}").query(&["inline"]);
    CANCEL = Endpoint::post("batch.jobs.cancel", "/v1/batch/jobs/{job_id}/cancel");
    DELETE = Endpoint::delete("batch.jobs.delete", "/v1/batch/jobs/{job_id}");
}

group! {
    /// The jobs that work through batches. Made by [`Batch::jobs`](super::Batch::jobs).
    Jobs
}

impl<M: Mode> Jobs<M> {
    /// Lists jobs, the newest first; [`Call::pages`] goes through all of them.
    ///
    /// Mirrors `GET /v1/batch/jobs`.
    #[doc = example!(r#"
# use mistral_sdk::batch::{ApiEndpoint, BatchRequest, CreateBatchJobRequest};
# let embed = mistral_sdk::embeddings::EmbeddingRequest::new("mistral-embed", "a cat");
# let request = CreateBatchJobRequest::new(ApiEndpoint::Embeddings)
#     .model("mistral-embed")
#     .requests([BatchRequest::new("cat", &embed)?]);
# let job_id = client.batch().jobs().create(&request).await?.id;
use mistral_sdk::batch::{BatchJobStatus, ListBatchJobsRequest};

let request = ListBatchJobsRequest::new().status([BatchJobStatus::Queued]);
let page = client.batch().jobs().list(&request).await?;
for job in &page.data {
    println!("{}: {} requests", job.id, job.total_requests);
}
# assert_eq!(page.data[0].id, job_id);
"#)]
    /// # Errors
    /// Beside the errors of every call: [`ErrorKind::Config`](crate::ErrorKind::Config) when
    /// a key of `metadata` is the name of another parameter.
    pub fn list(&self, request: &ListBatchJobsRequest) -> Call<ListBatchJobsResponse, M> {
        let request = request
            .exploded(LIST.query)
            .map_err(|error| error.at(LIST.name.clone(), 0));
        let prepared = request.and_then(|request| Prepared::new(&LIST).query(&*request));
        Call::new(&self.engine, &self.mode, prepared)
    }

    /// Makes a job. It begins as soon as there is room for it.
    ///
    /// Mirrors `POST /v1/batch/jobs`.
    #[doc = example!(r#"
# use mistral_sdk::FileSource;
# use mistral_sdk::files::{FilePurpose, UploadFileRequest};
# let line = serde_json::json!({"custom_id": "cat", "body": {"input": "a cat"}});
# let source = FileSource::from_bytes("requests.jsonl", line.to_string());
# let request = UploadFileRequest::new(FilePurpose::Batch, source);
# let file_id = client.files().upload(&request).await?.id;
use mistral_sdk::batch::{ApiEndpoint, CreateBatchJobRequest};

let request = CreateBatchJobRequest::new(ApiEndpoint::Embeddings)
    .model("mistral-embed")
    .input_files([file_id]);
let job = client.batch().jobs().create(&request).await?;
println!("{} is {}", job.id, job.status);
# assert_eq!(job.total_requests, 1);
"#)]
    pub fn create(&self, request: &CreateBatchJobRequest) -> Call<BatchJob, M> {
        let prepared = Prepared::new(&CREATE).json(request.model.as_deref(), request);
        Call::new(&self.engine, &self.mode, prepared)
    }

    /// Makes a job of `requests`, which are written as its list of requests.
    pub(super) fn create_inline(
        &self,
        request: &CreateBatchJobRequest,
        requests: &impl Serialize,
    ) -> Call<BatchJob, M> {
        struct Whole<'a, T>(&'a CreateBatchJobRequest, &'a T);

        impl<T: Serialize> Serialize for Whole<'_, T> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(None)?;
                self.0.write(&mut map)?;
                map.serialize_entry("requests", self.1)?;
                map.end()
            }
        }

        let mut prepared = Prepared::new(&CREATE);
        prepared.model = request.model.as_deref().map(Arc::from);
        let written = prepared.set_json(&Whole(request, requests));
        Call::new(&self.engine, &self.mode, written.map(|()| prepared))
    }

    /// Gives how far a job is, and if it is asked for, its results.
    ///
    /// Mirrors `GET /v1/batch/jobs/{job_id}`.
    #[doc = example!(r#"
# use mistral_sdk::batch::{ApiEndpoint, BatchRequest, CreateBatchJobRequest};
# let embed = mistral_sdk::embeddings::EmbeddingRequest::new("mistral-embed", "a cat");
# let request = CreateBatchJobRequest::new(ApiEndpoint::Embeddings)
#     .model("mistral-embed")
#     .requests([BatchRequest::new("cat", &embed)?]);
# let job_id = client.batch().jobs().create(&request).await?.id;
use mistral_sdk::batch::GetBatchJobRequest;

let job = client.batch().jobs().get(&job_id, &GetBatchJobRequest::new()).await?;
println!("{} of {} requests are done", job.completed_requests, job.total_requests);
# assert_eq!(job.total_requests, 1);
"#)]
    pub fn get(&self, job_id: &str, request: &GetBatchJobRequest) -> Call<BatchJob, M> {
        let prepared = Prepared::new(&GET).path(&[("job_id", job_id)]);
        let prepared = prepared.and_then(|prepared| prepared.query(request));
        Call::new(&self.engine, &self.mode, prepared)
    }

    /// Asks for the end of a job. What it has done by then is kept.
    ///
    /// Mirrors `POST /v1/batch/jobs/{job_id}/cancel`.
    #[doc = example!(r#"
# use mistral_sdk::batch::{ApiEndpoint, BatchRequest, CreateBatchJobRequest};
# let embed = mistral_sdk::embeddings::EmbeddingRequest::new("mistral-embed", "a cat");
# let request = CreateBatchJobRequest::new(ApiEndpoint::Embeddings)
#     .model("mistral-embed")
#     .requests([BatchRequest::new("cat", &embed)?]);
# let job_id = client.batch().jobs().create(&request).await?.id;
use mistral_sdk::batch::BatchJobStatus;

let job = client.batch().jobs().cancel(&job_id).await?;
assert_eq!(job.status, BatchJobStatus::CancellationRequested);
"#)]
    pub fn cancel(&self, job_id: &str) -> Call<BatchJob, M> {
        let prepared = Prepared::new(&CANCEL).path(&[("job_id", job_id)]);
        Call::new(&self.engine, &self.mode, prepared)
    }

    /// Deletes a job.
    ///
    /// Mirrors the official SDK's `DELETE /v1/batch/jobs/{job_id}`.
    #[doc = example!(r#"
# use mistral_sdk::batch::{ApiEndpoint, BatchRequest, CreateBatchJobRequest};
# let embed = mistral_sdk::embeddings::EmbeddingRequest::new("mistral-embed", "a cat");
# let request = CreateBatchJobRequest::new(ApiEndpoint::Embeddings)
#     .model("mistral-embed")
#     .requests([BatchRequest::new("cat", &embed)?]);
# let job_id = client.batch().jobs().create(&request).await?.id;
let response = client.batch().jobs().delete(&job_id).await?;
assert!(response.is_deleted());
"#)]
    pub fn delete(&self, job_id: &str) -> Call<DeleteBatchJobResponse, M> {
        let prepared = Prepared::new(&DELETE).path(&[("job_id", job_id)]);
        Call::new(&self.engine, &self.mode, prepared)
    }
}
