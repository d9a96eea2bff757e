use super::details::FineTuningJobDetails;
use super::job::{CreateFineTuningJobResponse, ListFineTuningJobsResponse};
use super::request::{CreateFineTuningJobRequest, ListFineTuningJobsRequest};
use crate::call::Call;
use crate::client::Client;
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

/// The jobs that train models. Made by [`FineTuning::jobs`](super::FineTuning::jobs).
///
/// Where the operations have been retired, as on Mistral's own API, every call fails
/// with [`ErrorKind::Gone`](crate::ErrorKind::Gone).
#[derive(Debug, Clone)]
pub struct FineTuningJobs<M: Mode = Async> {
    pub(crate) client: Client<M>,
}

impl<M: Mode> FineTuningJobs<M> {
    /// Lists jobs; [`Call::pages`] goes through all of them.
    ///
    /// Mirrors `GET /v1/fine_tuning/jobs`.
    #[doc = example!(r#"
# use mistral_sdk::files::FileSource;
# use mistral_sdk::files::{FilePurpose, UploadFileRequest};
# let samples = FileSource::from_bytes("samples.jsonl", "{\"messages\": []}");
# let upload = UploadFileRequest::new(FilePurpose::FineTune, samples);
# let file_id = client.files().upload(&upload).await?.id;
# use mistral_sdk::fine_tuning::{
#     CompletionTrainingParameters, CreateFineTuningJobRequest, TrainingFile,
# };
# let parameters = CompletionTrainingParameters::new().training_steps(10);
# let request = CreateFineTuningJobRequest::new("mistral-small-latest", parameters)
#     .training_files([TrainingFile::new(file_id)]);
# let jobs = client.fine_tuning().jobs();
# let job = jobs.create(&request).await?;
# let job_id = job.job().ok_or("it is no job")?.id();
use mistral_sdk::fine_tuning::{FineTuningJobStatus, ListFineTuningJobsRequest};

let request = ListFineTuningJobsRequest::new().status(FineTuningJobStatus::Queued);
let mut jobs = client.fine_tuning().jobs().list(&request).pages().items();
while let Some(job) = jobs.next().await {
    println!("{}", job?.id());
}
"#)]
    pub fn list(&self, request: &ListFineTuningJobsRequest) -> Call<ListFineTuningJobsResponse, M> {
        let prepared = ApiRequest::new(&LIST).query(request);
        self.client.call(prepared)
    }

    /// Makes a job; or says what it would take, if
    /// [`dry_run`](CreateFineTuningJobRequest::dry_run) is set.
    ///
    /// Mirrors `POST /v1/fine_tuning/jobs`.
    #[doc = example!(r#"
# use mistral_sdk::files::FileSource;
# use mistral_sdk::files::{FilePurpose, UploadFileRequest};
# let samples = FileSource::from_bytes("samples.jsonl", "{\"messages\": []}");
# let upload = UploadFileRequest::new(FilePurpose::FineTune, samples);
# let file_id = client.files().upload(&upload).await?.id;
# use mistral_sdk::fine_tuning::CompletionTrainingParameters;
# let parameters = CompletionTrainingParameters::new().training_steps(10);
use mistral_sdk::fine_tuning::{CreateFineTuningJobRequest, TrainingFile};

let request = CreateFineTuningJobRequest::new("mistral-small-latest", parameters)
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
        let prepared = match request.dry_run {
            None => ApiRequest::new(&CREATE).model(model).json(request),
            Some(dry_run) => {
                let mut body = request.clone();
                body.dry_run = None;
                let prepared = ApiRequest::new(&CREATE).model(model).json(&body);
                prepared.update(|parts| {
                    parts.set_query("dry_run", dry_run.to_string());
                    Ok(())
                })
            }
        };
        self.client.call(prepared)
    }

    /// Gives how far a job is.
    ///
    /// Mirrors `GET /v1/fine_tuning/jobs/{job_id}`.
    #[doc = example!(r#"
# use mistral_sdk::files::FileSource;
# use mistral_sdk::files::{FilePurpose, UploadFileRequest};
# let samples = FileSource::from_bytes("samples.jsonl", "{\"messages\": []}");
# let upload = UploadFileRequest::new(FilePurpose::FineTune, samples);
# let file_id = client.files().upload(&upload).await?.id;
# use mistral_sdk::fine_tuning::{
#     CompletionTrainingParameters, CreateFineTuningJobRequest, TrainingFile,
# };
# let parameters = CompletionTrainingParameters::new().training_steps(10);
# let request = CreateFineTuningJobRequest::new("mistral-small-latest", parameters)
#     .training_files([TrainingFile::new(file_id)]);
# let jobs = client.fine_tuning().jobs();
# let job = jobs.create(&request).await?;
# let job_id = job.job().ok_or("it is no job")?.id();
let job = client.fine_tuning().jobs().get(job_id).await?;
println!("{:?}: {:?}", job.status(), job.fine_tuned_model());
# assert_eq!(job.id(), job_id);
"#)]
    pub fn get(&self, job_id: &str) -> Call<FineTuningJobDetails, M> {
        let prepared = ApiRequest::new(&GET).path(&[("job_id", job_id)]);
        self.client.call(prepared)
    }

    /// Asks for the end of a job.
    ///
    /// Mirrors `POST /v1/fine_tuning/jobs/{job_id}/cancel`.
    #[doc = example!(r#"
# use mistral_sdk::files::FileSource;
# use mistral_sdk::files::{FilePurpose, UploadFileRequest};
# let samples = FileSource::from_bytes("samples.jsonl", "{\"messages\": []}");
# let upload = UploadFileRequest::new(FilePurpose::FineTune, samples);
# let file_id = client.files().upload(&upload).await?.id;
# use mistral_sdk::fine_tuning::{
#     CompletionTrainingParameters, CreateFineTuningJobRequest, TrainingFile,
# };
# let parameters = CompletionTrainingParameters::new().training_steps(10);
# let request = CreateFineTuningJobRequest::new("mistral-small-latest", parameters)
#     .training_files([TrainingFile::new(file_id)]);
# let jobs = client.fine_tuning().jobs();
# let job = jobs.create(&request).await?;
# let job_id = job.job().ok_or("it is no job")?.id();
use mistral_sdk::fine_tuning::FineTuningJobStatus;

let job = client.fine_tuning().jobs().cancel(job_id).await?;
assert_eq!(job.status(), Some(&FineTuningJobStatus::CancellationRequested));
"#)]
    pub fn cancel(&self, job_id: &str) -> Call<FineTuningJobDetails, M> {
        let prepared = ApiRequest::new(&CANCEL).path(&[("job_id", job_id)]);
        self.client.call(prepared)
    }

    /// Starts a job that has been validated and does not start by itself.
    ///
    /// Mirrors `POST /v1/fine_tuning/jobs/{job_id}/start`.
    #[doc = example!(r#"
# use mistral_sdk::files::FileSource;
# use mistral_sdk::files::{FilePurpose, UploadFileRequest};
# let samples = FileSource::from_bytes("samples.jsonl", "{\"messages\": []}");
# let upload = UploadFileRequest::new(FilePurpose::FineTune, samples);
# let file_id = client.files().upload(&upload).await?.id;
# use mistral_sdk::fine_tuning::{
#     CompletionTrainingParameters, CreateFineTuningJobRequest, TrainingFile,
# };
# let parameters = CompletionTrainingParameters::new().training_steps(10);
# let request = CreateFineTuningJobRequest::new("mistral-small-latest", parameters)
#     .training_files([TrainingFile::new(file_id)]).auto_start(false);
# let jobs = client.fine_tuning().jobs();
# let job = jobs.create(&request).await?;
# let job_id = job.job().ok_or("it is no job")?.id();
# jobs.get(job_id).await?; // it is validated while it is looked at
# jobs.get(job_id).await?;
use mistral_sdk::fine_tuning::FineTuningJobStatus;

let job = client.fine_tuning().jobs().start(job_id).await?;
assert_eq!(job.status(), Some(&FineTuningJobStatus::Started));
"#)]
    pub fn start(&self, job_id: &str) -> Call<FineTuningJobDetails, M> {
        let prepared = ApiRequest::new(&START).path(&[("job_id", job_id)]);
        self.client.call(prepared)
    }
}
