use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::job::FineTuningJobStatus;
use super::training::{
    ClassifierTarget, ClassifierTrainingParameters, CompletionTrainingParameters,
};
use crate::json::{ApiEnum, ApiRequest, ApiUnion, Secret};

/// A request to list fine-tuning jobs. Mirrors the query of `GET /v1/fine_tuning/jobs`.
#[derive(Debug, Clone, PartialEq, Default, ApiRequest)]
#[non_exhaustive]
pub struct ListFineTuningJobsRequest {
    /// The page number, from 0. Default: 0.
    pub page: Option<u64>,
    /// The number of jobs per page. Default: 100.
    pub page_size: Option<u64>,
    /// Lists only jobs that train this base model.
    #[api(into)]
    pub model: Option<String>,
    /// Lists only jobs created after this RFC 3339 time.
    #[api(into)]
    pub created_after: Option<String>,
    /// Lists only jobs created before this RFC 3339 time.
    #[api(into)]
    pub created_before: Option<String>,
    /// Whether to list only the caller's own jobs. Default: false.
    pub created_by_me: Option<bool>,
    /// Lists only jobs with this status.
    #[api(into)]
    pub status: Option<FineTuningJobStatus>,
    /// Lists only jobs of this Weights & Biases project.
    #[api(into)]
    pub wandb_project: Option<String>,
    /// Lists only jobs of this Weights & Biases run.
    #[api(into)]
    pub wandb_name: Option<String>,
    /// Lists only jobs with this model name suffix.
    #[api(into)]
    pub suffix: Option<String>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A request to create a fine-tuning job. Mirrors the API's `JobIn`.
///
/// ```
/// use mistral_sdk::fine_tuning::{
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
    /// The id of the base model.
    #[api(required, into)]
    pub model: String,
    /// The hyperparameters of the training.
    #[api(required, into)]
    pub hyperparameters: Hyperparameters,
    /// The files with the training data.
    #[api(list)]
    pub training_files: Option<Vec<TrainingFile>>,
    /// The ids of the files with the validation data, which must not overlap with the training
    /// data. Checkpoints have validation metrics if it is set.
    #[api(list)]
    pub validation_files: Option<Vec<String>>,
    /// The suffix of the fine-tuned model's name, at most 18 characters.
    #[api(into)]
    pub suffix: Option<String>,
    /// The integrations that report on the training.
    #[api(list)]
    pub integrations: Option<Vec<CreateFineTuningJobRequestIntegration>>,
    /// Whether the job starts automatically once it is validated. A future version of the API
    /// will require it.
    pub auto_start: Option<bool>,
    /// The fraction of invalid samples to skip, from 0 to 0.5. Default: 0.
    pub invalid_sample_skip_percentage: Option<f64>,
    /// The type of model to train.
    #[api(into)]
    pub job_type: Option<FineTuneableModelType>,
    /// The repositories with the training data.
    #[api(list)]
    pub repositories: Option<Vec<CreateFineTuningJobRequestRepository>>,
    /// The targets that a classifier predicts.
    #[api(list)]
    pub classifier_targets: Option<Vec<ClassifierTarget>>,
    /// Whether to estimate the job without creating it. The response is then
    /// [`Metadata`](super::CreateFineTuningJobResponse::Metadata). Sent in the query, not in
    /// the body. Default: false.
    pub dry_run: Option<bool>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The type of a fine-tuned model. Mirrors the API's `FineTuneableModelType`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum FineTuneableModelType {
    /// A completion model.
    #[api("completion")]
    Completion,
    /// A classifier.
    #[api("classifier")]
    Classifier,
    /// A value that this version of the SDK does not declare.
    Unknown(String),
}

/// The hyperparameters of a training. Mirrors the API's `hyperparameters`.
///
/// The two variants are indistinguishable in JSON. Deserialization always yields `Completion`,
/// which has the fields of `Classifier` and one more.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Hyperparameters {
    /// The hyperparameters of a completion model.
    Completion(CompletionTrainingParameters),
    /// The hyperparameters of a classifier.
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
    /// The weight of the samples, greater than 0. Default: 1.
    pub weight: Option<f64>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// An integration that reports on a training. Mirrors the members of the API's `integrations`.
#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(tag = "type", default = "wandb")]
#[non_exhaustive]
pub enum CreateFineTuningJobRequestIntegration {
    /// Weights & Biases.
    #[api("wandb")]
    Wandb(WandbIntegration),
    /// A value that this version of the SDK does not declare.
    Unknown(Value),
}

/// The Weights & Biases integration of a job. Mirrors the API's `WandbIntegration`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct WandbIntegration {
    /// The project to create the run in.
    #[api(required, into)]
    pub project: String,
    /// The Weights & Biases API key, 40 characters long. Never printed.
    #[api(required, into)]
    pub api_key: Secret,
    /// The display name of the run. Default: the job's id.
    #[api(into)]
    pub name: Option<String>,
    /// The name of the run.
    #[api(into)]
    pub run_name: Option<String>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A repository with training data. Mirrors the members of the API's `repositories`.
#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(tag = "type", default = "github")]
#[non_exhaustive]
pub enum CreateFineTuningJobRequestRepository {
    /// A GitHub repository.
    #[api("github")]
    Github(CreateGithubRepositoryRequest),
    /// A value that this version of the SDK does not declare.
    Unknown(Value),
}

/// A GitHub repository with training data. Mirrors the API's `GithubRepositoryIn`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct CreateGithubRepositoryRequest {
    /// The repository's name.
    #[api(required, into)]
    pub name: String,
    /// The owner of the repository.
    #[api(required, into)]
    pub owner: String,
    /// The access token for the repository. Never printed.
    #[api(required, into)]
    pub token: Secret,
    /// The branch, tag or commit. Default: the repository's default branch.
    #[api(rename = "ref", into)]
    pub git_ref: Option<String>,
    /// The weight of the samples, greater than 0. Default: 1.
    pub weight: Option<f64>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}
