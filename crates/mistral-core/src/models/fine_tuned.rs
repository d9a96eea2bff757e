use crate::fine_tuning::ClassifierTargetResult;
use crate::json::wire::nullable;
use crate::types::Patch;

request! {
    /// What to change about a model that was fine-tuned. Mirrors the API's
    /// `UpdateFTModelIn`.
    ///
    /// ```
    /// use mistral_core::models::UpdateModelRequest;
    /// use mistral_core::types::Patch;
    ///
    /// let request = UpdateModelRequest::new()
    ///     .name("tuned-for-cheese")
    ///     .description(Patch::Clear);
    /// # let json = serde_json::to_value(request)?;
    /// # let expected = serde_json::json!({ "name": "tuned-for-cheese", "description": null });
    /// # assert_eq!(json, expected);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[derive(Default)]
    UpdateModelRequest {
        optional: {
            /// The model's name for people. Default: as it is.
            #[read_with(nullable)]
            name: Patch<String> => into,
            /// What the model is good for. Default: as it is.
            #[read_with(nullable)]
            description: Patch<String> => into,
        }
    }
}

tagged_union! {
    /// A model that was fine-tuned, in answer to [`Models::update`](super::Models::update).
    FineTunedModel by "model_type" {
        /// A model that completes.
        Completion(CompletionFineTunedModel) = "completion",
        /// A model that classifies.
        Classifier(ClassifierFineTunedModel) = "classifier",
    }
}

impl FineTunedModel {
    /// The model's id, as requests name it. Empty if it has none.
    pub fn id(&self) -> &str {
        match self {
            Self::Completion(model) => &model.id,
            Self::Classifier(model) => &model.id,
            Self::Unknown(model) => model
                .get("id")
                .and_then(|id| id.as_str())
                .unwrap_or_default(),
        }
    }
}

/// Declares the two kinds of fine-tuned model, which share most of their fields.
macro_rules! fine_tuned_models {
    ($($(#[doc = $doc:literal])* $name:ident { $($field:tt)* })+) => {
        $(object! {
            $(#[doc = $doc])*
            $name {
                required: {
                    /// The model's id, as requests name it.
                    id: String,
                }
                defaulted: {
                    /// The kind of object: `model`.
                    object: String,
                    /// Whose the model is.
                    owned_by: String,
                    /// The workspace that it belongs to.
                    workspace_id: String,
                    /// The model that it was made from.
                    root: String,
                    /// The version of the model that it was made from.
                    root_version: String,
                    /// Whether it is archived, and so cannot be used.
                    archived: bool,
                    /// What it can do.
                    capabilities: FineTunedModelCapabilities,
                    /// Other names of it.
                    aliases: Vec<String>,
                    /// The id of the job that made it.
                    job: String,
                    $($field)*
                }
                optional: {
                    /// When it was made, in seconds since 1970.
                    created: i64,
                    /// Its name for people.
                    name: String,
                    /// What it is good for.
                    description: String,
                    /// How many tokens its context holds. Default: 32 768.
                    max_context_length: i64,
                }
            }
        })+
    };
}

fine_tuned_models! {
    /// A fine-tuned model that completes. Mirrors the API's `CompletionFTModelOut`.
    CompletionFineTunedModel {}

    /// A fine-tuned model that classifies. Mirrors the API's `ClassifierFTModelOut`.
    ClassifierFineTunedModel {
        /// What it tells of a text.
        classifier_targets: Vec<ClassifierTargetResult>,
    }
}

object! {
    /// What a fine-tuned model can do. Mirrors the API's `FTModelCapabilitiesOut`.
    #[derive(Default)]
    FineTunedModelCapabilities {
        defaulted: {
            /// Completions of the middle of a text.
            completion_fim: bool,
            /// Calls of tools.
            function_calling: bool,
            /// Fine-tuning.
            fine_tuning: bool,
            /// Classification.
            classification: bool,
        }
        optional: {
            /// Chat completions. Default: true.
            completion_chat: bool,
        }
    }
}

object! {
    /// That a model has been archived. Mirrors the API's `ArchiveFTModelOut`.
    ArchiveModelResponse {
        required: {
            /// The model's id.
            id: String,
        }
        defaulted: {
            /// The kind of object: `model`.
            object: String,
        }
        optional: {
            /// Whether it is archived, as the server said it; see
            /// [`is_archived`](Self::is_archived).
            archived: bool,
        }
    }
}

impl ArchiveModelResponse {
    /// Whether it is archived: so it is unless the server says otherwise.
    pub fn is_archived(&self) -> bool {
        self.archived.unwrap_or(true)
    }
}

object! {
    /// That a model is no longer archived. Mirrors the API's `UnarchiveFTModelOut`.
    UnarchiveModelResponse {
        required: {
            /// The model's id.
            id: String,
        }
        defaulted: {
            /// The kind of object: `model`.
            object: String,
            /// Whether it is archived.
            archived: bool,
        }
    }
}

object! {
    /// That a model has been deleted. Mirrors the API's `DeleteModelOut`.
    DeleteModelResponse {
        required: {
            /// The model's id.
            id: String,
        }
        defaulted: {
            /// The kind of object: `model`.
            object: String,
        }
        optional: {
            /// Whether it has been deleted, as the server said it; see
            /// [`is_deleted`](Self::is_deleted).
            deleted: bool,
        }
    }
}

impl DeleteModelResponse {
    /// Whether it has been deleted: so it has unless the server says otherwise.
    pub fn is_deleted(&self) -> bool {
        self.deleted.unwrap_or(true)
    }
}
