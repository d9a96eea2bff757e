use super::details::FineTuningJobDetails;
use super::job::{CreateFineTuningJobResponse, ListFineTuningJobsResponse};
use super::request::{CreateFineTuningJobRequest, ListFineTuningJobsRequest};
use crate::call::Call;
use crate::mode::Mode;
use crate::prepared::Prepared;
use crate::provider::Endpoint;

endpoints! {
    LIST = Endpoint::get("fine_tuning.jobs.list", "/v1/fine_tuning/jobs").query(&[
        "page", "page_size", "model", "created_after", "created_before", "created_by_me",
        "status", "wandb_project", "wandb_name", "suffix",
    ]);
    CREATE = Endpoint::post("fine_tuning.jobs.create", "/v1/fine_tuning/jobs").query(&["dry_run"]);
    GET = Endpoint::get("fine_tuning.jobs.get", "/v1/fine_tuning/jobs/{job_id}");
    CANCEL = Endpoint::post("fine_tuning.jobs.cancel", "/v1/fine_tuning/jobs/{job_id}/cancel");
    START = Endpoint::post("fine_tuning.jobs.start", "/v1/fine_tuning/jobs/{job_id}/start");
}

group! {
    /// The jobs that train models. Made by [`FineTuning::jobs`](super::FineTuning::jobs).
    ///
    /// Where the operations have been retired, as on Mistral's own API, every call fails
    /// with [`ErrorKind::Gone`](crate::ErrorKind::Gone).
    Jobs
}

impl<M: Mode> Jobs<M> {
    /// Lists jobs; [`Call::pages`] goes through all of them.
    ///
    /// Mirrors `GET /v1/fine_tuning/jobs`.
    pub fn list(&self, request: &ListFineTuningJobsRequest) -> Call<ListFineTuningJobsResponse, M> {
        let prepared = Prepared::new(&LIST).query(request);
        Call::new(&self.engine, &self.mode, prepared)
    }

    /// Makes a job; or says what it would take, if
    /// [`dry_run`](CreateFineTuningJobRequest::dry_run) is set.
    ///
    /// Mirrors `POST /v1/fine_tuning/jobs`.
    pub fn create(
        &self,
        request: &CreateFineTuningJobRequest,
    ) -> Call<CreateFineTuningJobResponse, M> {
        let model = request.model.as_str();
        let prepared = match request.dry_run {
            None => Prepared::new(&CREATE).json(model, request),
            Some(dry_run) => {
                let mut body = request.clone();
                body.dry_run = None;
                let prepared = Prepared::new(&CREATE).json(model, &body);
                prepared.map(|mut prepared| {
                    prepared.set_query("dry_run", dry_run);
                    prepared
                })
            }
        };
        Call::new(&self.engine, &self.mode, prepared)
    }

    /// Gives how far a job is.
    ///
    /// Mirrors `GET /v1/fine_tuning/jobs/{job_id}`.
    pub fn get(&self, job_id: &str) -> Call<FineTuningJobDetails, M> {
        let prepared = Prepared::new(&GET).path(&[("job_id", job_id)]);
        Call::new(&self.engine, &self.mode, prepared)
    }

    /// Asks for the end of a job.
    ///
    /// Mirrors `POST /v1/fine_tuning/jobs/{job_id}/cancel`.
    pub fn cancel(&self, job_id: &str) -> Call<FineTuningJobDetails, M> {
        let prepared = Prepared::new(&CANCEL).path(&[("job_id", job_id)]);
        Call::new(&self.engine, &self.mode, prepared)
    }

    /// Starts a job that has been validated and does not start by itself.
    ///
    /// Mirrors `POST /v1/fine_tuning/jobs/{job_id}/start`.
    pub fn start(&self, job_id: &str) -> Call<FineTuningJobDetails, M> {
        let prepared = Prepared::new(&START).path(&[("job_id", job_id)]);
        Call::new(&self.engine, &self.mode, prepared)
    }
}
