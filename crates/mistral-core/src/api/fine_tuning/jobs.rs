use super::details::FineTuningJobDetails;
use super::job::{CreateFineTuningJobResponse, ListFineTuningJobsResponse};
use super::request::{CreateFineTuningJobRequest, ListFineTuningJobsRequest};
use crate::call::Call;
use crate::client::Client;
use crate::json::unions::decode_member;
use crate::mode::{Async, Mode};
use crate::pipeline::request::ApiRequest;
use crate::provider::Operation;

operations! {
    LIST = Operation::get("fine_tuning.jobs.list", "/v1/fine_tuning/jobs");
    CREATE = Operation::post("fine_tuning.jobs.create", "/v1/fine_tuning/jobs");
    GET = Operation::get("fine_tuning.jobs.get", "/v1/fine_tuning/jobs/{job_id}");
    CANCEL = Operation::post("fine_tuning.jobs.cancel", "/v1/fine_tuning/jobs/{job_id}/cancel");
    START = Operation::post("fine_tuning.jobs.start", "/v1/fine_tuning/jobs/{job_id}/start");
}

/// The fine-tuning job operations. Created by [`FineTuning::jobs`](super::FineTuning::jobs).
///
/// Every call fails with [`ErrorKind::Gone`](crate::ErrorKind::Gone) on a service that has
/// retired the operations, as Mistral's own API has.
#[derive(Debug, Clone)]
pub struct FineTuningJobs<M: Mode = Async> {
    pub(crate) client: Client<M>,
}

impl<M: Mode> FineTuningJobs<M> {
    /// Lists fine-tuning jobs. [`Call::pages`] iterates over all pages.
    ///
    /// Mirrors `GET /v1/fine_tuning/jobs`.
    #[doc = example!(r#"
# use mistral_sdk::files::{FilePurpose, FileSource, UploadFileRequest};
# let samples = FileSource::from_bytes("samples.jsonl", "{\"messages\": []}");
# let upload = UploadFileRequest::new(FilePurpose::FineTune, samples);
# let file_id = client.files().upload(&upload).await?.id;
# use mistral_sdk::fine_tuning::{
#     CompletionTrainingParameters, CreateFineTuningJobRequest, TrainingFile,
# };
# let parameters = CompletionTrainingParameters::new().training_steps(10);
# let request = CreateFineTuningJobRequest::new("ministral-3b-latest", parameters)
#     .training_files([TrainingFile::new(file_id)]);
# let jobs = client.fine_tuning().jobs();
# let job = jobs.create(&request).await?;
# let job_id = job.job().ok_or("the response is not a job")?.id();
use mistral_sdk::fine_tuning::{FineTuningJobStatus, ListFineTuningJobsRequest};

let request = ListFineTuningJobsRequest::new().status(FineTuningJobStatus::Queued);
let mut jobs = client.fine_tuning().jobs().list(&request).pages().items();
while let Some(job) = jobs.next().await {
    println!("{}", job?.id());
}
"#)]
    pub fn list(&self, request: &ListFineTuningJobsRequest) -> Call<ListFineTuningJobsResponse, M> {
        let api_request = ApiRequest::new(&LIST).query(request);
        self.client.call(api_request)
    }

    /// Creates a fine-tuning job, or estimates its cost and duration if
    /// [`dry_run`](CreateFineTuningJobRequest::dry_run) is set.
    ///
    /// Mirrors `POST /v1/fine_tuning/jobs`.
    #[doc = example!(r#"
# use mistral_sdk::files::{FilePurpose, FileSource, UploadFileRequest};
# let samples = FileSource::from_bytes("samples.jsonl", "{\"messages\": []}");
# let upload = UploadFileRequest::new(FilePurpose::FineTune, samples);
# let file_id = client.files().upload(&upload).await?.id;
# use mistral_sdk::fine_tuning::CompletionTrainingParameters;
# let parameters = CompletionTrainingParameters::new().training_steps(10);
use mistral_sdk::fine_tuning::{CreateFineTuningJobRequest, TrainingFile};

let request = CreateFineTuningJobRequest::new("ministral-3b-latest", parameters)
    .training_files([TrainingFile::new(file_id)]);
let response = client.fine_tuning().jobs().create(&request).await?;
println!("{:?}", response.job().map(|job| job.id()));
# assert!(response.job().is_some());
"#)]
    pub fn create(
        &self,
        request: &CreateFineTuningJobRequest,
    ) -> Call<CreateFineTuningJobResponse, M> {
        let model = request.model.as_str();
        let api_request = match request.dry_run {
            None => ApiRequest::new(&CREATE).model(model).json(request),
            Some(dry_run) => {
                let mut body = request.clone();
                body.dry_run = None;
                let api_request = ApiRequest::new(&CREATE).model(model).json(&body);
                api_request.update(|parts| {
                    parts.set_query("dry_run", dry_run.to_string());
                    Ok(())
                })
            }
        };
        self.client.call(api_request)
    }

    /// Retrieves a fine-tuning job with its events and checkpoints.
    ///
    /// Mirrors `GET /v1/fine_tuning/jobs/{job_id}`.
    #[doc = example!(r#"
# use mistral_sdk::files::{FilePurpose, FileSource, UploadFileRequest};
# let samples = FileSource::from_bytes("samples.jsonl", "{\"messages\": []}");
# let upload = UploadFileRequest::new(FilePurpose::FineTune, samples);
# let file_id = client.files().upload(&upload).await?.id;
# use mistral_sdk::fine_tuning::{
#     CompletionTrainingParameters, CreateFineTuningJobRequest, TrainingFile,
# };
# let parameters = CompletionTrainingParameters::new().training_steps(10);
# let request = CreateFineTuningJobRequest::new("ministral-3b-latest", parameters)
#     .training_files([TrainingFile::new(file_id)]);
# let jobs = client.fine_tuning().jobs();
# let job = jobs.create(&request).await?;
# let job_id = job.job().ok_or("the response is not a job")?.id();
let job = client.fine_tuning().jobs().get(job_id).await?;
println!("{:?}: {:?}", job.status(), job.fine_tuned_model());
# assert_eq!(job.id(), job_id);
"#)]
    pub fn get(&self, job_id: &str) -> Call<FineTuningJobDetails, M> {
        let api_request = ApiRequest::new(&GET).path(&[("job_id", job_id)]);
        self.client.call(api_request).with_decoder(decode_member)
    }

    /// Cancels a fine-tuning job.
    ///
    /// Mirrors `POST /v1/fine_tuning/jobs/{job_id}/cancel`.
    #[doc = example!(r#"
# use mistral_sdk::files::{FilePurpose, FileSource, UploadFileRequest};
# let samples = FileSource::from_bytes("samples.jsonl", "{\"messages\": []}");
# let upload = UploadFileRequest::new(FilePurpose::FineTune, samples);
# let file_id = client.files().upload(&upload).await?.id;
# use mistral_sdk::fine_tuning::{
#     CompletionTrainingParameters, CreateFineTuningJobRequest, TrainingFile,
# };
# let parameters = CompletionTrainingParameters::new().training_steps(10);
# let request = CreateFineTuningJobRequest::new("ministral-3b-latest", parameters)
#     .training_files([TrainingFile::new(file_id)]);
# let jobs = client.fine_tuning().jobs();
# let job = jobs.create(&request).await?;
# let job_id = job.job().ok_or("the response is not a job")?.id();
use mistral_sdk::fine_tuning::FineTuningJobStatus;

let job = client.fine_tuning().jobs().cancel(job_id).await?;
assert_eq!(job.status(), Some(&FineTuningJobStatus::CancellationRequested));
"#)]
    pub fn cancel(&self, job_id: &str) -> Call<FineTuningJobDetails, M> {
        let api_request = ApiRequest::new(&CANCEL).path(&[("job_id", job_id)]);
        self.client.call(api_request).with_decoder(decode_member)
    }

    /// Starts a validated fine-tuning job that does not start automatically.
    ///
    /// Mirrors `POST /v1/fine_tuning/jobs/{job_id}/start`.
    #[doc = example!(r#"
# use mistral_sdk::files::{FilePurpose, FileSource, UploadFileRequest};
# let samples = FileSource::from_bytes("samples.jsonl", "{\"messages\": []}");
# let upload = UploadFileRequest::new(FilePurpose::FineTune, samples);
# let file_id = client.files().upload(&upload).await?.id;
# use mistral_sdk::fine_tuning::{
#     CompletionTrainingParameters, CreateFineTuningJobRequest, TrainingFile,
# };
# let parameters = CompletionTrainingParameters::new().training_steps(10);
# let request = CreateFineTuningJobRequest::new("ministral-3b-latest", parameters)
#     .training_files([TrainingFile::new(file_id)]).auto_start(false);
# let jobs = client.fine_tuning().jobs();
# let job = jobs.create(&request).await?;
# let job_id = job.job().ok_or("the response is not a job")?.id();
# jobs.get(job_id).await?; // the emulator validates the job when it is retrieved
# jobs.get(job_id).await?;
use mistral_sdk::fine_tuning::FineTuningJobStatus;

let job = client.fine_tuning().jobs().start(job_id).await?;
assert_eq!(job.status(), Some(&FineTuningJobStatus::Started));
"#)]
    pub fn start(&self, job_id: &str) -> Call<FineTuningJobDetails, M> {
        let api_request = ApiRequest::new(&START).path(&[("job_id", job_id)]);
        self.client.call(api_request).with_decoder(decode_member)
    }
}
