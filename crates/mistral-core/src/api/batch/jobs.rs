use serde::ser::{Serialize, SerializeMap, Serializer};

use super::request::{CreateBatchJobRequest, GetBatchJobRequest, ListBatchJobsRequest};
use super::response::{BatchJob, DeleteBatchJobResponse, ListBatchJobsResponse};
use crate::call::Call;
use crate::client::Client;
use crate::json::wire::Object;
use crate::mode::{Async, Mode};
use crate::pipeline::request::ApiRequest;
use crate::provider::Operation;

operations! {
    LIST = Operation::get("batch.jobs.list", "/v1/batch/jobs");
    CREATE = Operation::post("batch.jobs.create", "/v1/batch/jobs");
    GET = Operation::get("batch.jobs.get", "/v1/batch/jobs/{job_id}");
    CANCEL = Operation::post("batch.jobs.cancel", "/v1/batch/jobs/{job_id}/cancel");
    DELETE = Operation::delete("batch.jobs.delete", "/v1/batch/jobs/{job_id}");
}

/// The batch jobs API. Created by [`Batch::jobs`](super::Batch::jobs).
#[derive(Debug, Clone)]
pub struct BatchJobs<M: Mode = Async> {
    pub(crate) client: Client<M>,
}

impl<M: Mode> BatchJobs<M> {
    /// Lists jobs, newest first. [`Call::pages`] lists all of them, page by page.
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
    /// In addition to the errors of every call, fails with
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if a key of `metadata` is the name of
    /// another query parameter.
    pub fn list(&self, request: &ListBatchJobsRequest) -> Call<ListBatchJobsResponse, M> {
        self.client.call(match request.with_flat_metadata() {
            Ok(request) => ApiRequest::new(&LIST).query(&*request),
            Err(error) => ApiRequest::invalid(&LIST, error),
        })
    }

    /// Creates a job. The server queues it and starts it later.
    ///
    /// Mirrors `POST /v1/batch/jobs`.
    #[doc = example!(r#"
# use mistral_sdk::files::FileSource;
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
        let call = ApiRequest::new(&CREATE)
            .model(request.model.as_deref())
            .json(request);
        self.client.call(call)
    }

    /// Creates a job with `requests` serialized as its `requests` field.
    ///
    /// Serializes each request directly, without a [`BatchRequest`](super::BatchRequest).
    pub(super) fn create_inline(
        &self,
        request: &CreateBatchJobRequest,
        requests: &impl Serialize,
    ) -> Call<BatchJob, M> {
        struct WithRequests<'a, T>(&'a CreateBatchJobRequest, &'a T);

        impl<T: Serialize> Serialize for WithRequests<'_, T> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(None)?;
                self.0.write(&mut map)?;
                map.serialize_entry("requests", self.1)?;
                map.end()
            }
        }

        let call = ApiRequest::new(&CREATE)
            .model(request.model.as_deref())
            .update(|parts| parts.set_json(&WithRequests(request, requests)));
        self.client.call(call)
    }

    /// Retrieves a job and, if `inline` is set, its results.
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
        let call = ApiRequest::new(&GET)
            .path(&[("job_id", job_id)])
            .query(request);
        self.client.call(call)
    }

    /// Cancels a job. The results that it has produced by then are kept.
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
        let call = ApiRequest::new(&CANCEL).path(&[("job_id", job_id)]);
        self.client.call(call)
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
        let call = ApiRequest::new(&DELETE).path(&[("job_id", job_id)]);
        self.client.call(call)
    }
}
