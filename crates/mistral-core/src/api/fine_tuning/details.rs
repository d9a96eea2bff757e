use serde_json::{Map, Value};

use super::job::{FineTuningJobStatus, JobMetadata, job_accessors};
use super::training::{
    ClassifierTargetResult, ClassifierTrainingParameters, CompletionTrainingParameters,
    Integration, Repository,
};
use crate::json::{ApiObject, ApiUnion};

/// A fine-tuning job with its events and checkpoints. Mirrors the response of
/// `GET /v1/fine_tuning/jobs/{job_id}`.
#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(tag = "job_type")]
#[non_exhaustive]
pub enum FineTuningJobDetails {
    /// A job that trains a completion model.
    #[api("completion")]
    Completion(CompletionFineTuningJobDetails),
    /// A job that trains a classifier.
    #[api("classifier")]
    Classifier(ClassifierFineTuningJobDetails),
    /// A value that this version of the SDK does not declare.
    Unknown(Value),
}

job_accessors!(FineTuningJobDetails);

/// A job that trains a completion model, with its events and checkpoints. Mirrors the API's
/// `CompletionDetailedJobOut`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct CompletionFineTuningJobDetails {
    /// The job's id.
    #[api(required)]
    pub id: String,
    /// Whether the job starts automatically once it is validated.
    #[api(default)]
    pub auto_start: bool,
    /// The id of the base model.
    #[api(default)]
    pub model: String,
    /// The status of the job.
    #[api(required)]
    pub status: FineTuningJobStatus,
    /// The creation time, as a Unix timestamp in seconds.
    pub created_at: Option<i64>,
    /// The time of the last change, as a Unix timestamp in seconds.
    pub modified_at: Option<i64>,
    /// The ids of the files with the training data.
    #[api(default, lenient)]
    pub training_files: Vec<String>,
    /// The ids of the files with the validation data.
    #[api(default, lenient)]
    pub validation_files: Vec<String>,
    /// The object type: `job`.
    #[api(default)]
    pub object: String,
    /// The id of the fine-tuned model, once it exists.
    pub fine_tuned_model: Option<String>,
    /// The suffix of the fine-tuned model's name.
    pub suffix: Option<String>,
    /// The integrations that report on the training.
    #[api(lenient)]
    pub integrations: Option<Vec<Integration>>,
    /// The number of tokens that the model has been trained on.
    pub trained_tokens: Option<i64>,
    /// The estimated cost and duration of the job.
    #[api(lenient)]
    pub metadata: Option<JobMetadata>,
    /// The hyperparameters of the training.
    #[api(lenient)]
    pub hyperparameters: Option<CompletionTrainingParameters>,
    /// The repositories with the training data.
    #[api(default, lenient)]
    pub repositories: Vec<Repository>,
    /// The events of the job: one for each change of the status.
    #[api(default, lenient)]
    pub events: Vec<Event>,
    /// The checkpoints of the training, with their metrics.
    #[api(default, lenient)]
    pub checkpoints: Vec<Checkpoint>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A job that trains a classifier, with its events and checkpoints. Mirrors the API's
/// `ClassifierDetailedJobOut`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct ClassifierFineTuningJobDetails {
    /// The job's id.
    #[api(required)]
    pub id: String,
    /// Whether the job starts automatically once it is validated.
    #[api(default)]
    pub auto_start: bool,
    /// The id of the base model.
    #[api(default)]
    pub model: String,
    /// The status of the job.
    #[api(required)]
    pub status: FineTuningJobStatus,
    /// The creation time, as a Unix timestamp in seconds.
    pub created_at: Option<i64>,
    /// The time of the last change, as a Unix timestamp in seconds.
    pub modified_at: Option<i64>,
    /// The ids of the files with the training data.
    #[api(default, lenient)]
    pub training_files: Vec<String>,
    /// The ids of the files with the validation data.
    #[api(default, lenient)]
    pub validation_files: Vec<String>,
    /// The object type: `job`.
    #[api(default)]
    pub object: String,
    /// The id of the fine-tuned model, once it exists.
    pub fine_tuned_model: Option<String>,
    /// The suffix of the fine-tuned model's name.
    pub suffix: Option<String>,
    /// The integrations that report on the training.
    #[api(lenient)]
    pub integrations: Option<Vec<Integration>>,
    /// The number of tokens that the model has been trained on.
    pub trained_tokens: Option<i64>,
    /// The estimated cost and duration of the job.
    #[api(lenient)]
    pub metadata: Option<JobMetadata>,
    /// The hyperparameters of the training.
    #[api(lenient)]
    pub hyperparameters: Option<ClassifierTrainingParameters>,
    /// The events of the job: one for each change of the status.
    #[api(default, lenient)]
    pub events: Vec<Event>,
    /// The checkpoints of the training, with their metrics.
    #[api(default, lenient)]
    pub checkpoints: Vec<Checkpoint>,
    /// The targets that the classifier predicts.
    #[api(default, lenient)]
    pub classifier_targets: Vec<ClassifierTargetResult>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// An event of a fine-tuning job. Mirrors the API's `EventOut`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct Event {
    /// The name of the event.
    #[api(required)]
    pub name: String,
    /// The data of the event.
    #[api(lenient)]
    pub data: Option<Map<String, Value>>,
    /// The time of the event, as a Unix timestamp in seconds.
    pub created_at: Option<i64>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The metrics of a model at one step of its training. Mirrors the API's `CheckpointOut`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct Checkpoint {
    /// The metrics at this step.
    #[api(default, lenient_object)]
    pub metrics: Metric,
    /// The number of the training step.
    pub step_number: Option<i64>,
    /// The creation time, as a Unix timestamp in seconds.
    pub created_at: Option<i64>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The metrics of a model. Mirrors the API's `MetricOut`.
#[derive(Debug, Clone, PartialEq, Default, ApiObject)]
#[non_exhaustive]
pub struct Metric {
    /// The loss on the training data. Decreases during successful training.
    pub train_loss: Option<f64>,
    /// The loss on the validation data. Decreases during successful training.
    pub valid_loss: Option<f64>,
    /// The mean accuracy on the tokens of the validation data, from 0 to 1. Increases during
    /// successful training.
    pub valid_mean_token_accuracy: Option<f64>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}
