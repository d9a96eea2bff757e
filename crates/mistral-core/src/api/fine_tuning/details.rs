use serde_json::{Map, Value};

use super::job::{FineTuningJobStatus, JobMetadata, job_accessors, job_schemas};
use super::training::{
    ClassifierTargetResult, ClassifierTrainingParameters, CompletionTrainingParameters,
    Integration, Repository,
};

tagged_union! {
    /// A job that trains a model, in detail. Mirrors the answer of
    /// `GET /v1/fine_tuning/jobs/{job_id}`.
    FineTuningJobDetails by "job_type" {
        /// A job that trains a model that completes.
        Completion(CompletionFineTuningJobDetails) = "completion",
        /// A job that trains a model that classifies.
        Classifier(ClassifierFineTuningJobDetails) = "classifier",
    }
}

job_accessors!(FineTuningJobDetails);

job_schemas! {
    /// A job that trains a model that completes, in detail. Mirrors the API's
    /// `CompletionDetailedJobOut`.
    CompletionFineTuningJobDetails of CompletionTrainingParameters {
        /// The repositories with training data.
        repositories: Vec<Repository>,
        /// What has happened: every change of the status.
        events: Vec<Event>,
        /// How good the model has been as the training went on.
        checkpoints: Vec<Checkpoint>,
    }

    /// A job that trains a model that classifies, in detail. Mirrors the API's
    /// `ClassifierDetailedJobOut`.
    ClassifierFineTuningJobDetails of ClassifierTrainingParameters {
        /// What has happened: every change of the status.
        events: Vec<Event>,
        /// How good the model has been as the training went on.
        checkpoints: Vec<Checkpoint>,
        /// What the model is to tell of a text.
        classifier_targets: Vec<ClassifierTargetResult>,
    }
}

object! {
    /// Something that happened to a job. Mirrors the API's `EventOut`.
    Event {
        required: {
            /// What happened.
            name: String,
        }
        optional: {
            /// More about it.
            data: Map<String, Value>,
            /// When it happened, in seconds since 1970.
            created_at: i64,
        }
    }
}

object! {
    /// How good a model was at some step of its training. Mirrors the API's `CheckpointOut`.
    Checkpoint {
        defaulted: {
            /// How good it was.
            metrics: Metric,
        }
        optional: {
            /// At which step.
            step_number: i64,
            /// When, in seconds since 1970.
            created_at: i64,
        }
    }
}

object! {
    /// How good a model is. Mirrors the API's `MetricOut`.
    #[derive(Default)]
    Metric {
        optional: {
            /// How far it is off on the training data: should fall.
            train_loss: f64,
            /// How far it is off on the validation data: should fall.
            valid_loss: f64,
            /// Which part of the tokens of the validation data it gets right: should rise.
            valid_mean_token_accuracy: f64,
        }
    }
}
