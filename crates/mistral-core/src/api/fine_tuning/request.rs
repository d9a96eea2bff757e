use serde::{Deserialize, Deserializer, Serialize};

use super::job::FineTuningJobStatus;
use super::training::{
    ClassifierTarget, ClassifierTrainingParameters, CompletionTrainingParameters,
};
use crate::json::Secret;

request! {
    /// Which jobs to list. Mirrors the query of `GET /v1/fine_tuning/jobs`.
    #[derive(Default)]
    ListFineTuningJobsRequest {
        optional: {
            /// Which page, counted from 0. Default: 0.
            page: u64,
            /// How many jobs a page has. Default: 100.
            page_size: u64,
            /// Only jobs that train this model.
            model: String => into,
            /// Only jobs made after this time, as an RFC 3339 time.
            created_after: String => into,
            /// Only jobs made before this time, as an RFC 3339 time.
            created_before: String => into,
            /// Only the caller's own jobs. Default: false.
            created_by_me: bool,
            /// Only jobs in this state.
            status: FineTuningJobStatus => into,
            /// Only jobs of this project at Weights & Biases.
            wandb_project: String => into,
            /// Only jobs of this run at Weights & Biases.
            wandb_name: String => into,
            /// Only jobs whose models have this suffix.
            suffix: String => into,
        }
    }
}

request! {
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
    CreateFineTuningJobRequest with nulls {
        required: {
            /// The id of the model to be trained.
            model: String => into,
            /// How it is trained.
            hyperparameters: Hyperparameters => into,
        }
        optional: {
            /// The files with the training data.
            training_files: Vec<TrainingFile> => list TrainingFile,
            /// The ids of the files with the validation data, none of which may be in the
            /// training data. With them, checkpoints tell how good the model is.
            validation_files: Vec<String> => list String,
            /// Part of the trained model's name: 18 characters at most.
            suffix: String => into,
            /// Whom to tell of the training.
            integrations: Vec<CreateFineTuningJobRequestIntegration> => list CreateFineTuningJobRequestIntegration,
            /// Whether the job starts by itself as soon as it is validated. The API
            /// intends to require it.
            auto_start: bool,
            /// Which part of the samples may be invalid, and is skipped: 0 to 0.5.
            /// Default: 0.
            invalid_sample_skip_percentage: f64,
            /// What the trained model does.
            job_type: FineTuneableModelType => into,
            /// The repositories with training data.
            repositories: Vec<CreateFineTuningJobRequestRepository> => list CreateFineTuningJobRequestRepository,
            /// What a classifier is to tell of a text.
            classifier_targets: Vec<ClassifierTarget> => list ClassifierTarget,
            /// Whether to say only what the job would take, and not to make it: the answer
            /// is then [`Metadata`](super::CreateFineTuningJobResponse::Metadata). Sent in
            /// the query, not in the body. Default: false.
            dry_run: bool,
        }
    }
}

string_enum! {
    /// What a trained model does. Mirrors the API's `FineTuneableModelType`.
    FineTuneableModelType {
        /// It completes.
        Completion = "completion",
        /// It classifies.
        Classifier = "classifier",
    }
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

request! {
    /// A file with training data. Mirrors the API's `TrainingFile`.
    TrainingFile {
        required: {
            /// The id of the uploaded file.
            file_id: String => into,
        }
        optional: {
            /// How much its samples count: more than 0. Default: 1.
            weight: f64,
        }
    }
}

tagged_union! {
    /// Whom to tell of a training. Mirrors the members of the API's `integrations`.
    CreateFineTuningJobRequestIntegration by "type" or "wandb" {
        /// Weights & Biases.
        Wandb(WandbIntegration) = "wandb",
    }
}

request! {
    /// Tells Weights & Biases of a training. Mirrors the API's `WandbIntegration`.
    WandbIntegration {
        required: {
            /// The project that the run is made in.
            project: String => into,
            /// The key: 40 characters. Never printed.
            api_key: Secret => into,
        }
        optional: {
            /// The run's name for people. Default: the job's id.
            name: String => into,
            /// The run's name.
            run_name: String => into,
        }
    }
}

tagged_union! {
    /// A repository with training data. Mirrors the members of the API's `repositories`.
    CreateFineTuningJobRequestRepository by "type" or "github" {
        /// A repository at GitHub.
        Github(CreateGithubRepositoryRequest) = "github",
    }
}

request! {
    /// A repository at GitHub with training data. Mirrors the API's `GithubRepositoryIn`.
    CreateGithubRepositoryRequest {
        required: {
            /// The repository's name.
            name: String => into,
            /// Whose it is.
            owner: String => into,
            /// The token that lets it be read. Never printed.
            token: Secret => into,
        }
        optional: {
            /// The branch, tag or commit. Default: the repository's own.
            #[rename("ref")]
            git_ref: String => into,
            /// How much its samples count: more than 0. Default: 1.
            weight: f64,
        }
    }
}
