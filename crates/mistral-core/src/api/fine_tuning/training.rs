use serde_json::{Map, Value};

use crate::json::{ApiEnum, ApiObject, ApiRequest, ApiUnion};

/// How to train a model that completes. Mirrors the API's
/// `CompletionTrainingParametersIn` and `CompletionTrainingParameters`.
#[derive(Debug, Clone, PartialEq, Default, ApiRequest)]
#[non_exhaustive]
pub struct CompletionTrainingParameters {
    /// How many steps to train, each of which changes the weights once: at
    /// least 1.
    pub training_steps: Option<u64>,
    /// How much one step changes the weights: 0.00000001 to 1. Default:
    /// 0.0001.
    pub learning_rate: Option<f64>,
    /// How much weights shrink, lest they grow too large: 0 to 1. Default:
    /// 0.1.
    pub weight_decay: Option<f64>,
    /// For which part of the steps the learning rate grows to its full
    /// value: 0 to 1. Default: 0.05.
    pub warmup_fraction: Option<f64>,
    /// How often to go through the training data: more than 0.
    pub epochs: Option<f64>,
    /// How many tokens a sample may have: at least 100.
    pub seq_len: Option<u64>,
    /// Which part of the samples trains filling in the middle: 0 to 1. Default: 0.9.
    pub fim_ratio: Option<f64>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// How to train a model that classifies. Mirrors the API's
/// `ClassifierTrainingParametersIn` and `ClassifierTrainingParameters`.
#[derive(Debug, Clone, PartialEq, Default, ApiRequest)]
#[non_exhaustive]
pub struct ClassifierTrainingParameters {
    /// How many steps to train, each of which changes the weights once: at
    /// least 1.
    pub training_steps: Option<u64>,
    /// How much one step changes the weights: 0.00000001 to 1. Default:
    /// 0.0001.
    pub learning_rate: Option<f64>,
    /// How much weights shrink, lest they grow too large: 0 to 1. Default:
    /// 0.1.
    pub weight_decay: Option<f64>,
    /// For which part of the steps the learning rate grows to its full
    /// value: 0 to 1. Default: 0.05.
    pub warmup_fraction: Option<f64>,
    /// How often to go through the training data: more than 0.
    pub epochs: Option<f64>,
    /// How many tokens a sample may have: at least 100.
    pub seq_len: Option<u64>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// What a classifier is trained to. Mirrors the API's `FTClassifierLossFunction`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum FtClassifierLossFunction {
    /// One label for a text.
    #[api("single_class")]
    SingleClass,
    /// Any number of labels for a text.
    #[api("multi_class")]
    MultiClass,
    /// A value that this version of the SDK does not know, as it came.
    Unknown(String),
}

/// What a classifier is to tell of a text. Mirrors the API's `ClassifierTargetIn`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct ClassifierTarget {
    /// What the labels are about.
    #[api(required, into)]
    pub name: String,
    /// The labels to choose among.
    #[api(required, list)]
    pub labels: Vec<String>,
    /// How much it counts beside other targets: 0 or more. Default: 1.
    pub weight: Option<f64>,
    /// Whether a text has one label or several.
    #[api(into)]
    pub loss_function: Option<FtClassifierLossFunction>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// What a classifier tells of a text. Mirrors the API's `ClassifierTargetOut`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct ClassifierTargetResult {
    /// What the labels are about.
    #[api(required)]
    pub name: String,
    /// The labels to choose among.
    #[api(default, lenient)]
    pub labels: Vec<String>,
    /// How much it counts beside other targets.
    pub weight: Option<f64>,
    /// Whether a text has one label or several.
    pub loss_function: Option<FtClassifierLossFunction>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// Who is told of a training. Mirrors the members of the `integrations` of the API's
/// jobs.
#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(tag = "type", default = "wandb")]
#[non_exhaustive]
pub enum Integration {
    /// Weights & Biases.
    #[api("wandb")]
    Wandb(WandbIntegrationResult),
    /// A member that this version of the SDK does not know, as it came.
    Unknown(Value),
}

/// What Weights & Biases is told. Mirrors the API's `WandbIntegrationOut`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct WandbIntegrationResult {
    /// The project that the run is made in.
    #[api(required)]
    pub project: String,
    /// The run's name for people.
    pub name: Option<String>,
    /// The run's name.
    pub run_name: Option<String>,
    /// Where to see the run.
    pub url: Option<String>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A repository with training data. Mirrors the members of the `repositories` of the
/// API's jobs.
#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(tag = "type", default = "github")]
#[non_exhaustive]
pub enum Repository {
    /// A repository at GitHub.
    #[api("github")]
    Github(GithubRepository),
    /// A member that this version of the SDK does not know, as it came.
    Unknown(Value),
}

/// A repository at GitHub with training data. Mirrors the API's `GithubRepositoryOut`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct GithubRepository {
    /// The repository's name.
    #[api(required)]
    pub name: String,
    /// Whose it is.
    #[api(required)]
    pub owner: String,
    /// The commit that is read.
    #[api(default)]
    pub commit_id: String,
    /// The branch, tag or commit that was asked for.
    #[api(rename = "ref")]
    pub git_ref: Option<String>,
    /// How much its samples count. Default: 1.
    pub weight: Option<f64>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}
