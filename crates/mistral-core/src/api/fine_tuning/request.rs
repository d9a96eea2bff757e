use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::job::FineTuningJobStatus;
use super::training::{
    ClassifierTarget, ClassifierTrainingParameters, CompletionTrainingParameters,
};
use crate::json::Secret;
use crate::json::{ApiEnum, ApiRequest, ApiUnion};

/// Which jobs to list. Mirrors the query of `GET /v1/fine_tuning/jobs`.
#[derive(Debug, Clone, PartialEq, Default, ApiRequest)]
#[non_exhaustive]
pub struct ListFineTuningJobsRequest {
    /// Which page, counted from 0. Default: 0.
    pub page: Option<u64>,
    /// How many jobs a page has. Default: 100.
    pub page_size: Option<u64>,
    /// Only jobs that train this model.
    #[api(into)]
    pub model: Option<String>,
    /// Only jobs made after this time, as an RFC 3339 time.
    #[api(into)]
    pub created_after: Option<String>,
    /// Only jobs made before this time, as an RFC 3339 time.
    #[api(into)]
    pub created_before: Option<String>,
    /// Only the caller's own jobs. Default: false.
    pub created_by_me: Option<bool>,
    /// Only jobs in this state.
    #[api(into)]
    pub status: Option<FineTuningJobStatus>,
    /// Only jobs of this project at Weights & Biases.
    #[api(into)]
    pub wandb_project: Option<String>,
    /// Only jobs of this run at Weights & Biases.
    #[api(into)]
    pub wandb_name: Option<String>,
    /// Only jobs whose models have this suffix.
    #[api(into)]
    pub suffix: Option<String>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A model to be trained, and how. Mirrors the API's `JobIn`.
///
/// ```
/// use mistral_core::fine_tuning::{
///     CompletionTrainingParameters, CreateFineTuningJobRequest, TrainingFile,
/// };
///
/// let parameters = CompletionTrainingParameters::new().training_steps(10);
/// let request = CreateFineTuningJobRequest::new("open-mistral-7b", parameters)
///     .training_files([TrainingFile::new("my-file-id")])
///     .dry_run(true);
/// # let _ = request;
/// ```
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[api(keep_nulls)]
#[non_exhaustive]
pub struct CreateFineTuningJobRequest {
    /// The id of the model to be trained.
    #[api(required, into)]
    pub model: String,
    /// How it is trained.
    #[api(required, into)]
    pub hyperparameters: Hyperparameters,
    /// The files with the training data.
    #[api(list)]
    pub training_files: Option<Vec<TrainingFile>>,
    /// The ids of the files with the validation data, none of which may be in the
    /// training data. With them, checkpoints tell how good the model is.
    #[api(list)]
    pub validation_files: Option<Vec<String>>,
    /// Part of the trained model's name: 18 characters at most.
    #[api(into)]
    pub suffix: Option<String>,
    /// Whom to tell of the training.
    #[api(list)]
    pub integrations: Option<Vec<CreateFineTuningJobRequestIntegration>>,
    /// Whether the job starts by itself as soon as it is validated. The API
    /// intends to require it.
    pub auto_start: Option<bool>,
    /// Which part of the samples may be invalid, and is skipped: 0 to 0.5.
    /// Default: 0.
    pub invalid_sample_skip_percentage: Option<f64>,
    /// What the trained model does.
    #[api(into)]
    pub job_type: Option<FineTuneableModelType>,
    /// The repositories with training data.
    #[api(list)]
    pub repositories: Option<Vec<CreateFineTuningJobRequestRepository>>,
    /// What a classifier is to tell of a text.
    #[api(list)]
    pub classifier_targets: Option<Vec<ClassifierTarget>>,
    /// Whether to say only what the job would take, and not to make it: the answer
    /// is then [`Metadata`](super::CreateFineTuningJobResponse::Metadata). Sent in
    /// the query, not in the body. Default: false.
    pub dry_run: Option<bool>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// What a trained model does. Mirrors the API's `FineTuneableModelType`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum FineTuneableModelType {
    /// It completes.
    #[api("completion")]
    Completion,
    /// It classifies.
    #[api("classifier")]
    Classifier,
    /// A value that this version of the SDK does not know, as it came.
    Unknown(String),
}

/// How a model is trained. Mirrors the API's `hyperparameters`.
///
/// The wire does not tell the two apart: read from JSON, it is always `Completion`, whose
/// fields are those of `Classifier` and one more.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Hyperparameters {
    /// For a model that completes.
    Completion(CompletionTrainingParameters),
    /// For a model that classifies.
    Classifier(ClassifierTrainingParameters),
}

impl From<CompletionTrainingParameters> for Hyperparameters {
    fn from(parameters: CompletionTrainingParameters) -> Self {
        Self::Completion(parameters)
    }
}

impl From<ClassifierTrainingParameters> for Hyperparameters {
    fn from(parameters: ClassifierTrainingParameters) -> Self {
        Self::Classifier(parameters)
    }
}

impl<'de> Deserialize<'de> for Hyperparameters {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        CompletionTrainingParameters::deserialize(deserializer).map(Self::Completion)
    }
}

/// A file with training data. Mirrors the API's `TrainingFile`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct TrainingFile {
    /// The id of the uploaded file.
    #[api(required, into)]
    pub file_id: String,
    /// How much its samples count: more than 0. Default: 1.
    pub weight: Option<f64>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// Whom to tell of a training. Mirrors the members of the API's `integrations`.
#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(tag = "type", default = "wandb")]
#[non_exhaustive]
pub enum CreateFineTuningJobRequestIntegration {
    /// Weights & Biases.
    #[api("wandb")]
    Wandb(WandbIntegration),
    /// A member that this version of the SDK does not know, as it came.
    Unknown(Value),
}

/// Tells Weights & Biases of a training. Mirrors the API's `WandbIntegration`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct WandbIntegration {
    /// The project that the run is made in.
    #[api(required, into)]
    pub project: String,
    /// The key: 40 characters. Never printed.
    #[api(required, into)]
    pub api_key: Secret,
    /// The run's name for people. Default: the job's id.
    #[api(into)]
    pub name: Option<String>,
    /// The run's name.
    #[api(into)]
    pub run_name: Option<String>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A repository with training data. Mirrors the members of the API's `repositories`.
#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(tag = "type", default = "github")]
#[non_exhaustive]
pub enum CreateFineTuningJobRequestRepository {
    /// A repository at GitHub.
    #[api("github")]
    Github(CreateGithubRepositoryRequest),
    /// A member that this version of the SDK does not know, as it came.
    Unknown(Value),
}

/// A repository at GitHub with training data. Mirrors the API's `GithubRepositoryIn`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct CreateGithubRepositoryRequest {
    /// The repository's name.
    #[api(required, into)]
    pub name: String,
    /// Whose it is.
    #[api(required, into)]
    pub owner: String,
    /// The token that lets it be read. Never printed.
    #[api(required, into)]
    pub token: Secret,
    /// The branch, tag or commit. Default: the repository's own.
    #[api(rename = "ref", into)]
    pub git_ref: Option<String>,
    /// How much its samples count: more than 0. Default: 1.
    pub weight: Option<f64>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}
