//! Fine-tuning of models.
//!
//! Mistral has retired these operations on its own API, which responds with 410, an error of
//! [`ErrorKind::Gone`](crate::ErrorKind::Gone). They remain available for deployments that
//! still offer them. Fine-tuned models are managed with [`models`](crate::api::models).
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let emulator = mistral_emulator::Emulator::start()?;
//! # let client = mistral_sdk::Client::new(
//! #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
//! # )?;
//! use mistral_sdk::ErrorKind;
//! use mistral_sdk::fine_tuning::ListFineTuningJobsRequest;
//!
//! let jobs = client.fine_tuning().jobs();
//! match jobs.list(&ListFineTuningJobsRequest::new()).await {
//!     Ok(jobs) => {
//!         for job in &jobs.data {
//!             println!("{}: {:?}", job.id(), job.status());
//!         }
//!     }
//!     Err(error) if error.kind() == ErrorKind::Gone => println!("not offered any more"),
//!     Err(error) => return Err(error.into()),
//! }
//! # Ok(()) }
//! ```

mod details;
mod job;
mod jobs;
mod request;
mod training;

use crate::client::Client;
use crate::mode::{Async, Mode};

pub use self::details::{
    Checkpoint, ClassifierFineTuningJobDetails, CompletionFineTuningJobDetails, Event,
    FineTuningJobDetails, Metric,
};
pub use self::job::{
    ClassifierFineTuningJob, CompletionFineTuningJob, CreateFineTuningJobResponse, FineTuningJob,
    FineTuningJobStatus, JobMetadata, LegacyJobMetadata, ListFineTuningJobsResponse,
};
pub use self::jobs::FineTuningJobs;
pub(crate) use self::jobs::OPERATIONS;
pub use self::request::{
    CreateFineTuningJobRequest, CreateFineTuningJobRequestIntegration,
    CreateFineTuningJobRequestRepository, CreateGithubRepositoryRequest, FineTuneableModelType,
    Hyperparameters, ListFineTuningJobsRequest, TrainingFile, WandbIntegration,
};
pub use self::training::{
    ClassifierTarget, ClassifierTargetResult, ClassifierTrainingParameters,
    CompletionTrainingParameters, FtClassifierLossFunction, GithubRepository, Integration,
    Repository, WandbIntegrationResult,
};

/// The fine-tuning operations. Created by [`Client::fine_tuning`](crate::Client::fine_tuning).
#[derive(Debug, Clone)]
pub struct FineTuning<M: Mode = Async> {
    pub(crate) client: Client<M>,
}

impl<M: Mode> Client<M> {
    /// Returns the fine-tuning operations.
    pub fn fine_tuning(&self) -> FineTuning<M> {
        FineTuning {
            client: self.clone(),
        }
    }
}

impl<M: Mode> FineTuning<M> {
    /// Returns the fine-tuning job operations.
    pub fn jobs(&self) -> FineTuningJobs<M> {
        FineTuningJobs {
            client: self.client.clone(),
        }
    }
}
