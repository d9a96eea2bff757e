use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::{Map, Value};

use super::training::{
    ClassifierTrainingParameters, CompletionTrainingParameters, Integration, Repository,
};
use crate::call::{NextPage, Page};
use crate::error::DecodeError;
use crate::json::unions::{Union, read_value};
use crate::json::{ApiEnum, ApiObject, ApiUnion};

/// The status of a fine-tuning job. Mirrors the values of `status` of the API's jobs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum FineTuningJobStatus {
    /// The job is queued.
    #[api("QUEUED")]
    Queued,
    /// The job has started.
    #[api("STARTED")]
    Started,
    /// The files are being validated.
    #[api("VALIDATING")]
    Validating,
    /// The files are valid, and the job can start.
    #[api("VALIDATED")]
    Validated,
    /// The model is being trained.
    #[api("RUNNING")]
    Running,
    /// The files are invalid.
    #[api("FAILED_VALIDATION")]
    FailedValidation,
    /// The job has failed.
    #[api("FAILED")]
    Failed,
    /// The training has succeeded.
    #[api("SUCCESS")]
    Success,
    /// The job was cancelled.
    #[api("CANCELLED")]
    Cancelled,
    /// The cancellation of the job was requested.
    #[api("CANCELLATION_REQUESTED")]
    CancellationRequested,
    /// A value that this version of the SDK does not declare.
    Unknown(String),
}

impl FineTuningJobStatus {
    /// Whether the status is final. `false` for an unknown status.
    pub fn is_finished(&self) -> bool {
        matches!(
            self,
            Self::FailedValidation | Self::Failed | Self::Success | Self::Cancelled
        )
    }
}

/// Implements the accessors of a union of jobs for the fields that its members share.
macro_rules! job_accessors {
    ($name:ident) => {
        impl $name {
            /// Returns the job's id. Empty if it has none.
            pub fn id(&self) -> &str {
                match self {
                    Self::Completion(job) => &job.id,
                    Self::Classifier(job) => &job.id,
                    Self::Unknown(job) => job.get("id").and_then(Value::as_str).unwrap_or_default(),
                }
            }

            /// Returns the status of the job. `None` for an unknown kind of job.
            pub fn status(&self) -> Option<&FineTuningJobStatus> {
                match self {
                    Self::Completion(job) => Some(&job.status),
                    Self::Classifier(job) => Some(&job.status),
                    Self::Unknown(_) => None,
                }
            }

            /// Returns the id of the fine-tuned model, once it exists.
            pub fn fine_tuned_model(&self) -> Option<&str> {
                match self {
                    Self::Completion(job) => job.fine_tuned_model.as_deref(),
                    Self::Classifier(job) => job.fine_tuned_model.as_deref(),
                    Self::Unknown(job) => job.get("fine_tuned_model").and_then(Value::as_str),
                }
            }
        }
    };
}

pub(super) use job_accessors;

/// A fine-tuning job. Mirrors the members of the API's `JobsOut`.
#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(tag = "job_type")]
#[non_exhaustive]
pub enum FineTuningJob {
    /// A job that trains a completion model.
    #[api("completion")]
    Completion(CompletionFineTuningJob),
    /// A job that trains a classifier.
    #[api("classifier")]
    Classifier(ClassifierFineTuningJob),
    /// A value that this version of the SDK does not declare.
    Unknown(Value),
}

job_accessors!(FineTuningJob);

/// A job that trains a completion model. Mirrors the API's `CompletionJobOut`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct CompletionFineTuningJob {
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
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A job that trains a classifier. Mirrors the API's `ClassifierJobOut`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct ClassifierFineTuningJob {
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
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A page of fine-tuning jobs. Mirrors the API's `JobsOut`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct ListFineTuningJobsResponse {
    /// The jobs of the page.
    #[api(default)]
    pub data: Vec<FineTuningJob>,
    /// The object type: `list`.
    #[api(default)]
    pub object: String,
    /// The total number of jobs on all pages.
    pub total: Option<i64>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl Page for ListFineTuningJobsResponse {
    type Item = FineTuningJob;

    fn into_items(self) -> Vec<FineTuningJob> {
        self.data
    }

    fn len(&self) -> usize {
        self.data.len()
    }

    fn next(&self) -> Option<NextPage> {
        NextPage::number(self.total)
    }
}

/// The estimated cost and duration of a job. Mirrors the API's `JobMetadataOut`.
#[derive(Debug, Clone, PartialEq, Default, ApiObject)]
#[non_exhaustive]
pub struct JobMetadata {
    /// The expected duration, in seconds.
    pub expected_duration_seconds: Option<i64>,
    /// The cost, in `cost_currency`.
    pub cost: Option<f64>,
    /// The currency of the cost, for example `EUR`.
    pub cost_currency: Option<String>,
    /// The number of tokens per training step.
    pub train_tokens_per_step: Option<i64>,
    /// The number of tokens in all training steps.
    pub train_tokens: Option<i64>,
    /// The number of tokens in the training data.
    pub data_tokens: Option<i64>,
    /// The estimated start time, as a Unix timestamp in seconds.
    pub estimated_start_time: Option<i64>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The estimated cost and duration of a job that is not created. Mirrors the API's
/// `LegacyJobMetadataOut`.
#[derive(Debug, Clone, PartialEq, Default, ApiObject)]
#[non_exhaustive]
pub struct LegacyJobMetadata {
    /// The expected duration, in seconds.
    pub expected_duration_seconds: Option<i64>,
    /// The cost, in `cost_currency`.
    pub cost: Option<f64>,
    /// The currency of the cost, for example `EUR`.
    pub cost_currency: Option<String>,
    /// The number of tokens per training step.
    pub train_tokens_per_step: Option<i64>,
    /// The number of tokens in all training steps.
    pub train_tokens: Option<i64>,
    /// The number of tokens in the training data.
    pub data_tokens: Option<i64>,
    /// The estimated start time, as a Unix timestamp in seconds.
    pub estimated_start_time: Option<i64>,
    /// Whether this response is deprecated. Default: true.
    pub deprecated: Option<bool>,
    /// Details about the estimate.
    #[api(default)]
    pub details: String,
    /// The number of passes through the training data.
    pub epochs: Option<f64>,
    /// The number of training steps.
    pub training_steps: Option<i64>,
    /// The object type: `job.metadata`.
    #[api(default)]
    pub object: String,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A new job, or the estimate of a dry run. Mirrors the response of
/// `POST /v1/fine_tuning/jobs`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
#[expect(clippy::large_enum_variant, reason = "one value per call")]
#[non_exhaustive]
pub enum CreateFineTuningJobResponse {
    /// The created job. Kinds of job that this version of the SDK does not declare are
    /// [`FineTuningJob::Unknown`].
    Job(FineTuningJob),
    /// The estimate, if [`dry_run`](super::CreateFineTuningJobRequest::dry_run) was set.
    Metadata(LegacyJobMetadata),
}

impl CreateFineTuningJobResponse {
    /// Returns the job. `None` for a dry run.
    pub fn job(&self) -> Option<&FineTuningJob> {
        match self {
            Self::Job(job) => Some(job),
            Self::Metadata(_) => None,
        }
    }
}

impl<'de> Deserialize<'de> for CreateFineTuningJobResponse {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let object = value.get("object").and_then(Value::as_str);
        let is_metadata = match object.filter(|object| !object.is_empty()) {
            Some(object) => object == "job.metadata",
            None => value.get("details").is_some() && value.get("id").is_none(),
        };
        let decoded = if is_metadata {
            read_value(&value, |text| LegacyJobMetadata::deserialize(text)).map(Self::Metadata)
        } else {
            decode_job(value).map(Self::Job)
        };
        decoded.map_err(|error| de::Error::custom(error.without_position()))
    }
}

/// Decodes a job whose tag may be anywhere among its fields.
#[inline]
fn decode_job(mut value: Value) -> Result<FineTuningJob, DecodeError> {
    let tag = value.get(FineTuningJob::TAG).and_then(Value::as_str);
    let Some(tag) = tag.filter(|tag| FineTuningJob::is_known(tag)) else {
        return Ok(FineTuningJob::Unknown(value));
    };
    let tag = tag.to_owned();
    if let Some(fields) = value.as_object_mut() {
        fields.remove(FineTuningJob::TAG);
    }
    read_value(&value, |text| FineTuningJob::member(&tag, text))
}
