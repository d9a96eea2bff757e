use serde_json::{Map, Value};

use super::job::{FineTuningJobStatus, JobMetadata, job_accessors};
use super::training::{
    ClassifierTargetResult, ClassifierTrainingParameters, CompletionTrainingParameters,
    Integration, Repository,
};
use crate::json::{ApiObject, ApiUnion};

/// A job that trains a model, in detail. Mirrors the answer of
/// `GET /v1/fine_tuning/jobs/{job_id}`.
#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(tag = "job_type")]
#[non_exhaustive]
pub enum FineTuningJobDetails {
    /// A job that trains a model that completes.
    #[api("completion")]
    Completion(CompletionFineTuningJobDetails),
    /// A job that trains a model that classifies.
    #[api("classifier")]
    Classifier(ClassifierFineTuningJobDetails),
    /// A member that this version of the SDK does not know, as it came.
    Unknown(Value),
}

job_accessors!(FineTuningJobDetails);

/// A job that trains a model that completes, in detail. Mirrors the API's
/// `CompletionDetailedJobOut`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct CompletionFineTuningJobDetails {
    /// The job's id.
    #[api(required)]
    pub id: String,
    /// How far it is.
    #[api(required)]
    pub status: FineTuningJobStatus,
    /// The kind of object: `job`.
    #[api(default)]
    pub object: String,
    /// The id of the model that is trained.
    #[api(default)]
    pub model: String,
    /// Whether it starts by itself as soon as it is validated.
    #[api(default)]
    pub auto_start: bool,
    /// The ids of the files with the training data.
    #[api(default, lenient)]
    pub training_files: Vec<String>,
    /// The ids of the files with the validation data.
    #[api(default, lenient)]
    pub validation_files: Vec<String>,
    /// The repositories with training data.
    #[api(default, lenient)]
    pub repositories: Vec<Repository>,
    /// What has happened: every change of the status.
    #[api(default, lenient)]
    pub events: Vec<Event>,
    /// How good the model has been as the training went on.
    #[api(default, lenient)]
    pub checkpoints: Vec<Checkpoint>,
    /// How the model is trained.
    #[api(lenient)]
    pub hyperparameters: Option<CompletionTrainingParameters>,
    /// When it was made, in seconds since 1970.
    pub created_at: Option<i64>,
    /// When it last changed, in seconds since 1970.
    pub modified_at: Option<i64>,
    /// The trained model's id, once there is one.
    pub fine_tuned_model: Option<String>,
    /// Part of the trained model's name.
    pub suffix: Option<String>,
    /// Who is told of the training.
    #[api(lenient)]
    pub integrations: Option<Vec<Integration>>,
    /// How many tokens the model has been trained with.
    pub trained_tokens: Option<i64>,
    /// What the job takes.
    #[api(lenient)]
    pub metadata: Option<JobMetadata>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A job that trains a model that classifies, in detail. Mirrors the API's
/// `ClassifierDetailedJobOut`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct ClassifierFineTuningJobDetails {
    /// The job's id.
    #[api(required)]
    pub id: String,
    /// How far it is.
    #[api(required)]
    pub status: FineTuningJobStatus,
    /// The kind of object: `job`.
    #[api(default)]
    pub object: String,
    /// The id of the model that is trained.
    #[api(default)]
    pub model: String,
    /// Whether it starts by itself as soon as it is validated.
    #[api(default)]
    pub auto_start: bool,
    /// The ids of the files with the training data.
    #[api(default, lenient)]
    pub training_files: Vec<String>,
    /// The ids of the files with the validation data.
    #[api(default, lenient)]
    pub validation_files: Vec<String>,
    /// What has happened: every change of the status.
    #[api(default, lenient)]
    pub events: Vec<Event>,
    /// How good the model has been as the training went on.
    #[api(default, lenient)]
    pub checkpoints: Vec<Checkpoint>,
    /// What the model is to tell of a text.
    #[api(default, lenient)]
    pub classifier_targets: Vec<ClassifierTargetResult>,
    /// How the model is trained.
    #[api(lenient)]
    pub hyperparameters: Option<ClassifierTrainingParameters>,
    /// When it was made, in seconds since 1970.
    pub created_at: Option<i64>,
    /// When it last changed, in seconds since 1970.
    pub modified_at: Option<i64>,
    /// The trained model's id, once there is one.
    pub fine_tuned_model: Option<String>,
    /// Part of the trained model's name.
    pub suffix: Option<String>,
    /// Who is told of the training.
    #[api(lenient)]
    pub integrations: Option<Vec<Integration>>,
    /// How many tokens the model has been trained with.
    pub trained_tokens: Option<i64>,
    /// What the job takes.
    #[api(lenient)]
    pub metadata: Option<JobMetadata>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// Something that happened to a job. Mirrors the API's `EventOut`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct Event {
    /// What happened.
    #[api(required)]
    pub name: String,
    /// More about it.
    #[api(lenient)]
    pub data: Option<Map<String, Value>>,
    /// When it happened, in seconds since 1970.
    pub created_at: Option<i64>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// How good a model was at some step of its training. Mirrors the API's `CheckpointOut`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct Checkpoint {
    /// How good it was.
    #[api(default, lenient_object)]
    pub metrics: Metric,
    /// At which step.
    pub step_number: Option<i64>,
    /// When, in seconds since 1970.
    pub created_at: Option<i64>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// How good a model is. Mirrors the API's `MetricOut`.
#[derive(Debug, Clone, PartialEq, Default, ApiObject)]
#[non_exhaustive]
pub struct Metric {
    /// How far it is off on the training data: should fall.
    pub train_loss: Option<f64>,
    /// How far it is off on the validation data: should fall.
    pub valid_loss: Option<f64>,
    /// Which part of the tokens of the validation data it gets right: should rise.
    pub valid_mean_token_accuracy: Option<f64>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}
