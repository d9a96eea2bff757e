use serde_json::{Map, Value};

use crate::api::fine_tuning::ClassifierTargetResult;
use crate::json::{ApiObject, ApiRequest, ApiUnion, Patch};

/// A request to update a fine-tuned model. Mirrors the API's `UpdateFTModelIn`.
///
/// ```
/// use mistral_sdk::json::Patch;
/// use mistral_sdk::models::UpdateModelRequest;
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
    /// The display name. Default: unchanged.
    #[api(nullable, into)]
    pub name: Option<Patch<String>>,
    /// The description of the model. Default: unchanged.
    #[api(nullable, into)]
    pub description: Option<Patch<String>>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A fine-tuned model, as returned by [`Models::update`](super::Models::update).
#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(tag = "model_type")]
#[non_exhaustive]
pub enum FineTunedModel {
    /// A completion model.
    #[api("completion")]
    Completion(CompletionFineTunedModel),
    /// A classifier.
    #[api("classifier")]
    Classifier(ClassifierFineTunedModel),
    /// A value that this version of the SDK does not declare.
    Unknown(Value),
}

impl FineTunedModel {
    /// Returns the model's id, which requests refer to. Empty if it has none.
    pub fn id(&self) -> &str {
        match self {
            Self::Completion(model) => &model.id,
            Self::Classifier(model) => &model.id,
            Self::Unknown(model) => model.get("id").and_then(Value::as_str).unwrap_or_default(),
        }
    }
}

/// A fine-tuned completion model. Mirrors the API's `CompletionFTModelOut`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct CompletionFineTunedModel {
    /// The model's id, which requests refer to.
    #[api(required)]
    pub id: String,
    /// The object type: `model`.
    #[api(default)]
    pub object: String,
    /// The creation time, as a Unix timestamp in seconds.
    pub created: Option<i64>,
    /// The owner of the model.
    #[api(default)]
    pub owned_by: String,
    /// The id of the workspace that the model belongs to.
    #[api(default)]
    pub workspace_id: String,
    /// The base model.
    #[api(default)]
    pub root: String,
    /// The version of the base model.
    #[api(default)]
    pub root_version: String,
    /// Whether the model is archived. An archived model cannot be used.
    #[api(default)]
    pub archived: bool,
    /// The display name.
    pub name: Option<String>,
    /// The description of the model.
    pub description: Option<String>,
    /// The model's capabilities.
    #[api(default, lenient_object)]
    pub capabilities: FineTunedModelCapabilities,
    /// The maximum context length, in tokens. Default: 32,768.
    pub max_context_length: Option<i64>,
    /// Other ids of the model.
    #[api(default, lenient)]
    pub aliases: Vec<String>,
    /// The id of the fine-tuning job that created the model.
    #[api(default)]
    pub job: String,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A fine-tuned classifier. Mirrors the API's `ClassifierFTModelOut`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct ClassifierFineTunedModel {
    /// The model's id, which requests refer to.
    #[api(required)]
    pub id: String,
    /// The object type: `model`.
    #[api(default)]
    pub object: String,
    /// The creation time, as a Unix timestamp in seconds.
    pub created: Option<i64>,
    /// The owner of the model.
    #[api(default)]
    pub owned_by: String,
    /// The id of the workspace that the model belongs to.
    #[api(default)]
    pub workspace_id: String,
    /// The base model.
    #[api(default)]
    pub root: String,
    /// The version of the base model.
    #[api(default)]
    pub root_version: String,
    /// Whether the model is archived. An archived model cannot be used.
    #[api(default)]
    pub archived: bool,
    /// The display name.
    pub name: Option<String>,
    /// The description of the model.
    pub description: Option<String>,
    /// The model's capabilities.
    #[api(default, lenient_object)]
    pub capabilities: FineTunedModelCapabilities,
    /// The maximum context length, in tokens. Default: 32,768.
    pub max_context_length: Option<i64>,
    /// Other ids of the model.
    #[api(default, lenient)]
    pub aliases: Vec<String>,
    /// The id of the fine-tuning job that created the model.
    #[api(default)]
    pub job: String,
    /// The targets that the classifier predicts.
    #[api(default, lenient)]
    pub classifier_targets: Vec<ClassifierTargetResult>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The capabilities of a fine-tuned model. Mirrors the API's `FTModelCapabilitiesOut`.
#[derive(Debug, Clone, PartialEq, Default, ApiObject)]
#[non_exhaustive]
pub struct FineTunedModelCapabilities {
    /// Whether the model supports chat completions. Default: true.
    pub completion_chat: Option<bool>,
    /// Whether the model supports fill-in-the-middle completions.
    #[api(default)]
    pub completion_fim: bool,
    /// Whether the model supports tool calls.
    #[api(default)]
    pub function_calling: bool,
    /// Whether the model can be fine-tuned.
    #[api(default)]
    pub fine_tuning: bool,
    /// Whether the model supports classification.
    #[api(default)]
    pub classification: bool,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The result of archiving a model. Mirrors the API's `ArchiveFTModelOut`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct ArchiveModelResponse {
    /// The model's id.
    #[api(required)]
    pub id: String,
    /// The object type: `model`.
    #[api(default)]
    pub object: String,
    /// Whether the model is archived, if the server sent it. See
    /// [`is_archived`](Self::is_archived).
    pub archived: Option<bool>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl ArchiveModelResponse {
    /// Whether the model is archived. `true` unless the server states
    /// otherwise, or states it in a form that this version of the SDK cannot read.
    pub fn is_archived(&self) -> bool {
        self.archived
            .unwrap_or_else(|| !self.extra.contains_key("archived"))
    }
}

/// The result of restoring an archived model. Mirrors the API's `UnarchiveFTModelOut`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct UnarchiveModelResponse {
    /// The model's id.
    #[api(required)]
    pub id: String,
    /// The object type: `model`.
    #[api(default)]
    pub object: String,
    /// Whether the model is archived.
    #[api(default)]
    pub archived: bool,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The result of deleting a model. Mirrors the API's `DeleteModelOut`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct DeleteModelResponse {
    /// The model's id.
    #[api(required)]
    pub id: String,
    /// The object type: `model`.
    #[api(default)]
    pub object: String,
    /// Whether the model has been deleted, if the server sent it. See
    /// [`is_deleted`](Self::is_deleted).
    pub deleted: Option<bool>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl DeleteModelResponse {
    /// Whether the model has been deleted. `true` unless the server states
    /// otherwise, or states it in a form that this version of the SDK cannot read.
    pub fn is_deleted(&self) -> bool {
        self.deleted
            .unwrap_or_else(|| !self.extra.contains_key("deleted"))
    }
}
