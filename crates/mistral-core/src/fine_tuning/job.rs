use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;

use super::training::{
    ClassifierTrainingParameters, CompletionTrainingParameters, Integration, Repository,
};
use crate::error::DecodeError;
use crate::json::unions::{Union, read_value};

string_enum! {
    /// How far a job is. Mirrors the values of `status` of the API's jobs.
    FineTuningJobStatus {
        /// It waits for its turn.
        Queued = "QUEUED",
        /// It has started.
        Started = "STARTED",
        /// Its files are being checked.
        Validating = "VALIDATING",
        /// Its files have been checked; it can start.
        Validated = "VALIDATED",
        /// The model is being trained.
        Running = "RUNNING",
        /// Its files cannot be used.
        FailedValidation = "FAILED_VALIDATION",
        /// It has failed.
        Failed = "FAILED",
        /// The model is trained.
        Success = "SUCCESS",
        /// It was cancelled.
        Cancelled = "CANCELLED",
        /// It is about to be cancelled.
        CancellationRequested = "CANCELLATION_REQUESTED",
    }
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

/// Declares kinds of job, which share most of their fields.
macro_rules! job_schemas {
    ($($(#[doc = $doc:literal])* $name:ident of $parameters:ident { $($field:tt)* })+) => {
        $(object! {
            $(#[doc = $doc])*
            $name {
                required: {
                    /// The job's id.
                    id: String,
                    /// How far it is.
                    status: FineTuningJobStatus,
                }
                defaulted: {
                    /// The kind of object: `job`.
                    object: String,
                    /// The id of the model that is trained.
                    model: String,
                    /// Whether it starts by itself as soon as it is validated.
                    auto_start: bool,
                    /// The ids of the files with the training data.
                    training_files: Vec<String>,
                    /// The ids of the files with the validation data.
                    validation_files: Vec<String>,
                    $($field)*
                }
                optional: {
                    /// How the model is trained.
                    hyperparameters: $parameters,
                    /// When it was made, in seconds since 1970.
                    created_at: i64,
                    /// When it last changed, in seconds since 1970.
                    modified_at: i64,
                    /// The trained model's id, once there is one.
                    fine_tuned_model: String,
                    /// Part of the trained model's name.
                    suffix: String,
                    /// Who is told of the training.
                    integrations: Vec<Integration>,
                    /// How many tokens the model has been trained with.
                    trained_tokens: i64,
                    /// What the job takes.
                    metadata: JobMetadata,
                }
            }
        })+
    };
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

pub(super) use {job_accessors, job_schemas};

tagged_union! {
    /// A job that trains a model. Mirrors the members of the API's `JobsOut`.
    FineTuningJob by "job_type" {
        /// A job that trains a model that completes.
        Completion(CompletionFineTuningJob) = "completion",
        /// A job that trains a model that classifies.
        Classifier(ClassifierFineTuningJob) = "classifier",
    }
}

job_accessors!(FineTuningJob);

job_schemas! {
    /// A job that trains a model that completes. Mirrors the API's `CompletionJobOut`.
    CompletionFineTuningJob of CompletionTrainingParameters {
        /// The repositories with training data.
        repositories: Vec<Repository>,
    }

    /// A job that trains a model that classifies. Mirrors the API's `ClassifierJobOut`.
    ClassifierFineTuningJob of ClassifierTrainingParameters {}
}

object! {
    /// A page of jobs. Mirrors the API's `JobsOut`.
    ListFineTuningJobsResponse {
        defaulted: {
            /// The jobs.
            data: Vec<FineTuningJob>,
            /// The kind of object: `list`.
            object: String,
        }
        optional: {
            /// How many jobs there are in all.
            total: i64,
        }
    }
}

page! {
    ListFineTuningJobsResponse { data: [FineTuningJob], total, by Number }
}

/// Declares what is told of what a job takes.
macro_rules! job_metadata {
    ($($(#[doc = $doc:literal])* $name:ident { $($group:ident: { $($field:tt)* })* } and { $($optional:tt)* })+) => {
        $(object! {
            $(#[doc = $doc])*
            #[derive(Default)]
            $name {
                $($group: { $($field)* })*
                optional: {
                    /// How long it takes, in seconds.
                    expected_duration_seconds: i64,
                    /// What it costs.
                    cost: f64,
                    /// In which currency, for example `EUR`.
                    cost_currency: String,
                    /// How many tokens one step takes.
                    train_tokens_per_step: i64,
                    /// How many tokens all steps take.
                    train_tokens: i64,
                    /// How many tokens the training data has.
                    data_tokens: i64,
                    /// When it is expected to start, in seconds since 1970.
                    estimated_start_time: i64,
                    $($optional)*
                }
            }
        })+
    };
}

job_metadata! {
    /// What a job takes. Mirrors the API's `JobMetadataOut`.
    JobMetadata {} and {}

    /// What a job would take. Mirrors the API's `LegacyJobMetadataOut`.
    LegacyJobMetadata {
        defaulted: {
            /// The kind of object: `job.metadata`.
            object: String,
            /// What there is to say about it.
            details: String,
        }
    } and {
        /// Whether this answer is deprecated. Default: true.
        deprecated: bool,
        /// How often the job would go through the training data.
        epochs: f64,
        /// How many steps it would train.
        training_steps: i64,
    }
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
        read.map_err(|error| de::Error::custom(error.without_line()))
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
