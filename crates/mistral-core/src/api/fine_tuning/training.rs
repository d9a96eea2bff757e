use serde_json::{Map, Value};

use crate::json::open_enum::optional_enum;
use crate::json::{ApiEnum, ApiObject, ApiRequest, ApiUnion};

/// The hyperparameters of a completion model. Mirrors the API's
/// `CompletionTrainingParametersIn` and `CompletionTrainingParameters`.
#[derive(Debug, Clone, PartialEq, Default, ApiRequest)]
#[non_exhaustive]
pub struct CompletionTrainingParameters {
    /// The number of training steps, at least 1. Each step updates the weights once.
    pub training_steps: Option<u64>,
    /// The learning rate, from 0.00000001 to 1. Default: 0.0001.
    pub learning_rate: Option<f64>,
    /// The weight decay, from 0 to 1. It keeps the weights from growing too large. Default:
    /// 0.1.
    pub weight_decay: Option<f64>,
    /// The fraction of the training steps in which the learning rate increases to its full
    /// value, from 0 to 1. Default: 0.05.
    pub warmup_fraction: Option<f64>,
    /// The number of passes through the training data, greater than 0.
    pub epochs: Option<f64>,
    /// The maximum sequence length of a sample in tokens, at least 100.
    pub seq_len: Option<u64>,
    /// The fraction of the samples that train fill-in-the-middle completion, from 0 to 1.
    /// Default: 0.9.
    pub fim_ratio: Option<f64>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The hyperparameters of a classifier. Mirrors the API's `ClassifierTrainingParametersIn` and
/// `ClassifierTrainingParameters`.
#[derive(Debug, Clone, PartialEq, Default, ApiRequest)]
#[non_exhaustive]
pub struct ClassifierTrainingParameters {
    /// The number of training steps, at least 1. Each step updates the weights once.
    pub training_steps: Option<u64>,
    /// The learning rate, from 0.00000001 to 1. Default: 0.0001.
    pub learning_rate: Option<f64>,
    /// The weight decay, from 0 to 1. It keeps the weights from growing too large. Default:
    /// 0.1.
    pub weight_decay: Option<f64>,
    /// The fraction of the training steps in which the learning rate increases to its full
    /// value, from 0 to 1. Default: 0.05.
    pub warmup_fraction: Option<f64>,
    /// The number of passes through the training data, greater than 0.
    pub epochs: Option<f64>,
    /// The maximum sequence length of a sample in tokens, at least 100.
    pub seq_len: Option<u64>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The loss function of a classifier target. Mirrors the API's `FTClassifierLossFunction`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum FtClassifierLossFunction {
    /// Each text has exactly one label.
    #[api("single_class")]
    SingleClass,
    /// Each text has any number of labels.
    #[api("multi_class")]
    MultiClass,
    /// A value that this version of the SDK does not declare.
    Unknown(String),
}

/// A target to train a classifier for. Mirrors the API's `ClassifierTargetIn`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct ClassifierTarget {
    /// The name of the target.
    #[api(required, into)]
    pub name: String,
    /// The labels of the target.
    #[api(required, list)]
    pub labels: Vec<String>,
    /// The weight of the target relative to the others, at least 0. Default: 1.
    pub weight: Option<f64>,
    /// The loss function: one label for each text, or several.
    #[api(into)]
    pub loss_function: Option<FtClassifierLossFunction>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A target that a classifier predicts. Mirrors the API's `ClassifierTargetOut`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct ClassifierTargetResult {
    /// The name of the target.
    #[api(required)]
    pub name: String,
    /// The labels of the target.
    #[api(default, lenient)]
    pub labels: Vec<String>,
    /// The weight of the target relative to the others.
    pub weight: Option<f64>,
    /// The loss function: one label for each text, or several.
    #[api(read_with = optional_enum)]
    pub loss_function: Option<FtClassifierLossFunction>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// An integration that reports on a training. Mirrors the members of the `integrations` of the
/// API's jobs.
#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(tag = "type", default = "wandb")]
#[non_exhaustive]
pub enum Integration {
    /// Weights & Biases.
    #[api("wandb")]
    Wandb(WandbIntegrationResult),
    /// A value that this version of the SDK does not declare.
    Unknown(Value),
}

/// The Weights & Biases run of a job. Mirrors the API's `WandbIntegrationOut`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct WandbIntegrationResult {
    /// The project that contains the run.
    #[api(required)]
    pub project: String,
    /// The display name of the run.
    pub name: Option<String>,
    /// The name of the run.
    pub run_name: Option<String>,
    /// The URL of the run.
    pub url: Option<String>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A repository with training data. Mirrors the members of the `repositories` of the
/// API's jobs.
#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(tag = "type", default = "github")]
#[non_exhaustive]
pub enum Repository {
    /// A GitHub repository.
    #[api("github")]
    Github(GithubRepository),
    /// A value that this version of the SDK does not declare.
    Unknown(Value),
}

/// A GitHub repository with training data. Mirrors the API's `GithubRepositoryOut`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct GithubRepository {
    /// The repository's name.
    #[api(required)]
    pub name: String,
    /// The owner of the repository.
    #[api(required)]
    pub owner: String,
    /// The requested branch, tag or commit.
    #[api(rename = "ref")]
    pub git_ref: Option<String>,
    /// The weight of the repository's samples. Default: 1.
    pub weight: Option<f64>,
    /// The id of the commit that the data is read from.
    #[api(default)]
    pub commit_id: String,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}
