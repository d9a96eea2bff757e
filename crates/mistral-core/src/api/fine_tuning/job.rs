use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::{Map, Value};

use super::training::{
    ClassifierTrainingParameters, CompletionTrainingParameters, Integration, Repository,
};
use crate::call::{NextPage, Page};
use crate::error::DecodeError;
use crate::json::unions::{Union, read_value};
use crate::json::{ApiEnum, ApiObject, ApiUnion};

/// How far a job is. Mirrors the values of `status` of the API's jobs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum FineTuningJobStatus {
    /// It waits for its turn.
    #[api("QUEUED")]
    Queued,
    /// It has started.
    #[api("STARTED")]
    Started,
    /// Its files are being checked.
    #[api("VALIDATING")]
    Validating,
    /// Its files have been checked; it can start.
    #[api("VALIDATED")]
    Validated,
    /// The model is being trained.
    #[api("RUNNING")]
    Running,
    /// Its files cannot be used.
    #[api("FAILED_VALIDATION")]
    FailedValidation,
    /// It has failed.
    #[api("FAILED")]
    Failed,
    /// The model is trained.
    #[api("SUCCESS")]
    Success,
    /// It was cancelled.
    #[api("CANCELLED")]
    Cancelled,
    /// It is about to be cancelled.
    #[api("CANCELLATION_REQUESTED")]
    CancellationRequested,
    /// A value that this version of the SDK does not know, as it came.
    Unknown(String),
}

impl FineTuningJobStatus {
    /// Whether nothing more will happen. `false` for a status that is not known.
    pub fn is_finished(&self) -> bool {
        matches!(
            self,
            Self::FailedValidation | Self::Failed | Self::Success | Self::Cancelled
        )
    }
}

/// Declares what the members of a union of jobs have in common.
macro_rules! job_accessors {
    ($name:ident) => {
        impl $name {
            /// The job's id. Empty if it has none.
            pub fn id(&self) -> &str {
                match self {
                    Self::Completion(job) => &job.id,
                    Self::Classifier(job) => &job.id,
                    Self::Unknown(job) => {
                        job.get("id").and_then(|id| id.as_str()).unwrap_or_default()
                    }
                }
            }

            /// How far the job is. `None` for a kind of job that is not known.
            pub fn status(&self) -> Option<&FineTuningJobStatus> {
                match self {
                    Self::Completion(job) => Some(&job.status),
                    Self::Classifier(job) => Some(&job.status),
                    Self::Unknown(_) => None,
                }
            }

            /// The trained model's id, once there is one.
            pub fn fine_tuned_model(&self) -> Option<&str> {
                match self {
                    Self::Completion(job) => job.fine_tuned_model.as_deref(),
                    Self::Classifier(job) => job.fine_tuned_model.as_deref(),
                    Self::Unknown(job) => job.get("fine_tuned_model").and_then(|it| it.as_str()),
                }
            }
        }
    };
}

pub(super) use job_accessors;

/// A job that trains a model. Mirrors the members of the API's `JobsOut`.
#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(tag = "job_type")]
#[non_exhaustive]
pub enum FineTuningJob {
    /// A job that trains a model that completes.
    #[api("completion")]
    Completion(CompletionFineTuningJob),
    /// A job that trains a model that classifies.
    #[api("classifier")]
    Classifier(ClassifierFineTuningJob),
    /// A member that this version of the SDK does not know, as it came.
    Unknown(Value),
}

job_accessors!(FineTuningJob);

/// A job that trains a model that completes. Mirrors the API's `CompletionJobOut`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct CompletionFineTuningJob {
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

/// A job that trains a model that classifies. Mirrors the API's `ClassifierJobOut`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct ClassifierFineTuningJob {
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

/// A page of jobs. Mirrors the API's `JobsOut`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct ListFineTuningJobsResponse {
    /// The jobs.
    #[api(default)]
    pub data: Vec<FineTuningJob>,
    /// The kind of object: `list`.
    #[api(default)]
    pub object: String,
    /// How many jobs there are in all.
    pub total: Option<i64>,
    /// Fields that this version of the SDK does not know, as they came.
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

/// What a job takes. Mirrors the API's `JobMetadataOut`.
#[derive(Debug, Clone, PartialEq, Default, ApiObject)]
#[non_exhaustive]
pub struct JobMetadata {
    /// How long it takes, in seconds.
    pub expected_duration_seconds: Option<i64>,
    /// What it costs.
    pub cost: Option<f64>,
    /// In which currency, for example `EUR`.
    pub cost_currency: Option<String>,
    /// How many tokens one step takes.
    pub train_tokens_per_step: Option<i64>,
    /// How many tokens all steps take.
    pub train_tokens: Option<i64>,
    /// How many tokens the training data has.
    pub data_tokens: Option<i64>,
    /// When it is expected to start, in seconds since 1970.
    pub estimated_start_time: Option<i64>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// What a job would take. Mirrors the API's `LegacyJobMetadataOut`.
#[derive(Debug, Clone, PartialEq, Default, ApiObject)]
#[non_exhaustive]
pub struct LegacyJobMetadata {
    /// The kind of object: `job.metadata`.
    #[api(default)]
    pub object: String,
    /// What there is to say about it.
    #[api(default)]
    pub details: String,
    /// How long it takes, in seconds.
    pub expected_duration_seconds: Option<i64>,
    /// What it costs.
    pub cost: Option<f64>,
    /// In which currency, for example `EUR`.
    pub cost_currency: Option<String>,
    /// How many tokens one step takes.
    pub train_tokens_per_step: Option<i64>,
    /// How many tokens all steps take.
    pub train_tokens: Option<i64>,
    /// How many tokens the training data has.
    pub data_tokens: Option<i64>,
    /// When it is expected to start, in seconds since 1970.
    pub estimated_start_time: Option<i64>,
    /// Whether this answer is deprecated. Default: true.
    pub deprecated: Option<bool>,
    /// How often the job would go through the training data.
    pub epochs: Option<f64>,
    /// How many steps it would train.
    pub training_steps: Option<i64>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A new job, or what it would take. Mirrors the answer of `POST /v1/fine_tuning/jobs`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
#[expect(clippy::large_enum_variant, reason = "there is one per call")]
#[non_exhaustive]
pub enum CreateFineTuningJobResponse {
    /// The job. What this version of the SDK does not know is in
    /// [`FineTuningJob::Unknown`].
    Job(FineTuningJob),
    /// What the job would take, if
    /// [`dry_run`](super::CreateFineTuningJobRequest::dry_run) was set.
    Metadata(LegacyJobMetadata),
}

impl CreateFineTuningJobResponse {
    /// The job, unless this is the answer to a dry run.
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
        let read = if is_metadata {
            read_value(&value, |text| LegacyJobMetadata::deserialize(text)).map(Self::Metadata)
        } else {
            read_job(value).map(Self::Job)
        };
        read.map_err(|error| de::Error::custom(error.without_position()))
    }
}

/// Reads a job whose tag is somewhere among its fields.
#[inline]
fn read_job(mut value: Value) -> Result<FineTuningJob, DecodeError> {
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
