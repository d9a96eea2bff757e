use serde_json::{Map, Value};

use crate::api::fine_tuning::ClassifierTargetResult;
use crate::json::Patch;
use crate::json::{ApiObject, ApiRequest, ApiUnion};

/// What to change about a model that was fine-tuned. Mirrors the API's
/// `UpdateFTModelIn`.
///
/// ```
/// use mistral_core::models::UpdateModelRequest;
/// use mistral_core::json::Patch;
///
/// let request = UpdateModelRequest::new()
///     .name("tuned-for-cheese")
///     .description(Patch::Clear);
/// # let json = serde_json::to_value(request)?;
/// # let expected = serde_json::json!({ "name": "tuned-for-cheese", "description": null });
/// # assert_eq!(json, expected);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default, ApiRequest)]
#[non_exhaustive]
pub struct UpdateModelRequest {
    /// The model's name for people. Default: as it is.
    #[api(nullable, into)]
    pub name: Option<Patch<String>>,
    /// What the model is good for. Default: as it is.
    #[api(nullable, into)]
    pub description: Option<Patch<String>>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A model that was fine-tuned, in answer to [`Models::update`](super::Models::update).
#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(tag = "model_type")]
#[non_exhaustive]
pub enum FineTunedModel {
    /// A model that completes.
    #[api("completion")]
    Completion(CompletionFineTunedModel),
    /// A model that classifies.
    #[api("classifier")]
    Classifier(ClassifierFineTunedModel),
    /// A member that this version of the SDK does not know, as it came.
    Unknown(Value),
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

/// A fine-tuned model that completes. Mirrors the API's `CompletionFTModelOut`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct CompletionFineTunedModel {
    /// The model's id, as requests name it.
    #[api(required)]
    pub id: String,
    /// The kind of object: `model`.
    #[api(default)]
    pub object: String,
    /// Whose the model is.
    #[api(default)]
    pub owned_by: String,
    /// The workspace that it belongs to.
    #[api(default)]
    pub workspace_id: String,
    /// The model that it was made from.
    #[api(default)]
    pub root: String,
    /// The version of the model that it was made from.
    #[api(default)]
    pub root_version: String,
    /// Whether it is archived, and so cannot be used.
    #[api(default)]
    pub archived: bool,
    /// What it can do.
    #[api(default, lenient_object)]
    pub capabilities: FineTunedModelCapabilities,
    /// Other names of it.
    #[api(default, lenient)]
    pub aliases: Vec<String>,
    /// The id of the job that made it.
    #[api(default)]
    pub job: String,
    /// When it was made, in seconds since 1970.
    pub created: Option<i64>,
    /// Its name for people.
    pub name: Option<String>,
    /// What it is good for.
    pub description: Option<String>,
    /// How many tokens its context holds. Default: 32 768.
    pub max_context_length: Option<i64>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A fine-tuned model that classifies. Mirrors the API's `ClassifierFTModelOut`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct ClassifierFineTunedModel {
    /// The model's id, as requests name it.
    #[api(required)]
    pub id: String,
    /// The kind of object: `model`.
    #[api(default)]
    pub object: String,
    /// Whose the model is.
    #[api(default)]
    pub owned_by: String,
    /// The workspace that it belongs to.
    #[api(default)]
    pub workspace_id: String,
    /// The model that it was made from.
    #[api(default)]
    pub root: String,
    /// The version of the model that it was made from.
    #[api(default)]
    pub root_version: String,
    /// Whether it is archived, and so cannot be used.
    #[api(default)]
    pub archived: bool,
    /// What it can do.
    #[api(default, lenient_object)]
    pub capabilities: FineTunedModelCapabilities,
    /// Other names of it.
    #[api(default, lenient)]
    pub aliases: Vec<String>,
    /// The id of the job that made it.
    #[api(default)]
    pub job: String,
    /// What it tells of a text.
    #[api(default, lenient)]
    pub classifier_targets: Vec<ClassifierTargetResult>,
    /// When it was made, in seconds since 1970.
    pub created: Option<i64>,
    /// Its name for people.
    pub name: Option<String>,
    /// What it is good for.
    pub description: Option<String>,
    /// How many tokens its context holds. Default: 32 768.
    pub max_context_length: Option<i64>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// What a fine-tuned model can do. Mirrors the API's `FTModelCapabilitiesOut`.
#[derive(Debug, Clone, PartialEq, Default, ApiObject)]
#[non_exhaustive]
pub struct FineTunedModelCapabilities {
    /// Completions of the middle of a text.
    #[api(default)]
    pub completion_fim: bool,
    /// Calls of tools.
    #[api(default)]
    pub function_calling: bool,
    /// Fine-tuning.
    #[api(default)]
    pub fine_tuning: bool,
    /// Classification.
    #[api(default)]
    pub classification: bool,
    /// Chat completions. Default: true.
    pub completion_chat: Option<bool>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// That a model has been archived. Mirrors the API's `ArchiveFTModelOut`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct ArchiveModelResponse {
    /// The model's id.
    #[api(required)]
    pub id: String,
    /// The kind of object: `model`.
    #[api(default)]
    pub object: String,
    /// Whether it is archived, as the server said it; see
    /// [`is_archived`](Self::is_archived).
    pub archived: Option<bool>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl ArchiveModelResponse {
    /// Whether it is archived: so it is unless the server says otherwise.
    pub fn is_archived(&self) -> bool {
        self.archived.unwrap_or(true)
    }
}

/// That a model is no longer archived. Mirrors the API's `UnarchiveFTModelOut`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct UnarchiveModelResponse {
    /// The model's id.
    #[api(required)]
    pub id: String,
    /// The kind of object: `model`.
    #[api(default)]
    pub object: String,
    /// Whether it is archived.
    #[api(default)]
    pub archived: bool,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// That a model has been deleted. Mirrors the API's `DeleteModelOut`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct DeleteModelResponse {
    /// The model's id.
    #[api(required)]
    pub id: String,
    /// The kind of object: `model`.
    #[api(default)]
    pub object: String,
    /// Whether it has been deleted, as the server said it; see
    /// [`is_deleted`](Self::is_deleted).
    pub deleted: Option<bool>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl DeleteModelResponse {
    /// Whether it has been deleted: so it has unless the server says otherwise.
    pub fn is_deleted(&self) -> bool {
        self.deleted.unwrap_or(true)
    }
}
