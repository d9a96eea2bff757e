/// Declares the parameters of the two kinds of training, which share most of them.
macro_rules! training_parameters {
    ($($(#[doc = $doc:literal])* $name:ident { $($field:tt)* })+) => {
        $(request! {
            $(#[doc = $doc])*
            #[derive(Default)]
            $name {
                optional: {
                    /// How many steps to train, each of which changes the weights once: at
                    /// least 1.
                    training_steps: u64,
                    /// How much one step changes the weights: 0.00000001 to 1. Default:
                    /// 0.0001.
                    learning_rate: f64,
                    /// How much weights shrink, lest they grow too large: 0 to 1. Default:
                    /// 0.1.
                    weight_decay: f64,
                    /// For which part of the steps the learning rate grows to its full
                    /// value: 0 to 1. Default: 0.05.
                    warmup_fraction: f64,
                    /// How often to go through the training data: more than 0.
                    epochs: f64,
                    /// How many tokens a sample may have: at least 100.
                    seq_len: u64,
                    $($field)*
                }
            }
        })+
    };
}

training_parameters! {
    /// How to train a model that completes. Mirrors the API's
    /// `CompletionTrainingParametersIn` and `CompletionTrainingParameters`.
    CompletionTrainingParameters {
        /// Which part of the samples trains filling in the middle: 0 to 1. Default: 0.9.
        fim_ratio: f64,
    }

    /// How to train a model that classifies. Mirrors the API's
    /// `ClassifierTrainingParametersIn` and `ClassifierTrainingParameters`.
    ClassifierTrainingParameters {}
}

string_enum! {
    /// What a classifier is trained to. Mirrors the API's `FTClassifierLossFunction`.
    FtClassifierLossFunction {
        /// One label for a text.
        SingleClass = "single_class",
        /// Any number of labels for a text.
        MultiClass = "multi_class",
    }
}

request! {
    /// What a classifier is to tell of a text. Mirrors the API's `ClassifierTargetIn`.
    ClassifierTarget {
        required: {
            /// What the labels are about.
            name: String => into,
            /// The labels to choose among.
            labels: Vec<String> => list String,
        }
        optional: {
            /// How much it counts beside other targets: 0 or more. Default: 1.
            weight: f64,
            /// Whether a text has one label or several.
            loss_function: FtClassifierLossFunction => into,
        }
    }
}

object! {
    /// What a classifier tells of a text. Mirrors the API's `ClassifierTargetOut`.
    ClassifierTargetResult {
        required: {
            /// What the labels are about.
            name: String,
        }
        defaulted: {
            /// The labels to choose among.
            labels: Vec<String>,
        }
        optional: {
            /// How much it counts beside other targets.
            weight: f64,
            /// Whether a text has one label or several.
            loss_function: FtClassifierLossFunction,
        }
    }
}

tagged_union! {
    /// Who is told of a training. Mirrors the members of the `integrations` of the API's
    /// jobs.
    Integration by "type" or "wandb" {
        /// Weights & Biases.
        Wandb(WandbIntegrationResult) = "wandb",
    }
}

object! {
    /// What Weights & Biases is told. Mirrors the API's `WandbIntegrationOut`.
    WandbIntegrationResult {
        required: {
            /// The project that the run is made in.
            project: String,
        }
        optional: {
            /// The run's name for people.
            name: String,
            /// The run's name.
            run_name: String,
            /// Where to see the run.
            url: String,
        }
    }
}

tagged_union! {
    /// A repository with training data. Mirrors the members of the `repositories` of the
    /// API's jobs.
    Repository by "type" or "github" {
        /// A repository at GitHub.
        Github(GithubRepository) = "github",
    }
}

object! {
    /// A repository at GitHub with training data. Mirrors the API's `GithubRepositoryOut`.
    GithubRepository {
        required: {
            /// The repository's name.
            name: String,
            /// Whose it is.
            owner: String,
        }
        defaulted: {
            /// The commit that is read.
            commit_id: String,
        }
        optional: {
            /// The branch, tag or commit that was asked for.
            #[rename("ref")]
            git_ref: String,
            /// How much its samples count. Default: 1.
            weight: f64,
        }
    }
}
