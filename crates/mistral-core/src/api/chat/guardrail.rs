use serde_json::{Map, Value};

use crate::json::{ApiEnum, ApiRequest};

/// A check of the conversation that may block it. Mirrors the API's `GuardrailConfig`.
#[derive(Debug, Clone, PartialEq, Default, ApiRequest)]
#[non_exhaustive]
pub struct GuardrailConfig {
    /// Whether the request is refused when the check itself fails. Default: no.
    pub block_on_error: Option<bool>,
    /// The check by the first moderation model.
    pub moderation_llm_v1: Option<ModerationLlmV1Config>,
    /// The check by the second moderation model.
    pub moderation_llm_v2: Option<ModerationLlmV2Config>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// What happens when a threshold is exceeded. Mirrors the API's `ModerationLLMAction`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum ModerationAction {
    /// The result is reported.
    #[api("none")]
    None,
    /// The request is refused.
    #[api("block")]
    Block,
    /// A value that this version of the SDK does not know, as it came.
    Unknown(String),
}

/// A check by the first moderation model. Mirrors the API's `ModerationLLMV1Config`.
#[derive(Debug, Clone, PartialEq, Default, ApiRequest)]
#[non_exhaustive]
pub struct ModerationLlmV1Config {
    /// The moderation model. Default: the newest of its kind.
    #[api(into)]
    pub model_name: Option<String>,
    /// Thresholds other than the model's own.
    pub custom_category_thresholds: Option<ModerationLlmV1CategoryThresholds>,
    /// Whether only the categories with a threshold count. Default: no.
    pub ignore_other_categories: Option<bool>,
    /// What happens when a threshold is exceeded. Default: it is reported.
    #[api(into)]
    pub action: Option<ModerationAction>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// Thresholds by category. Mirrors the API's `ModerationLLMV1CategoryThresholds`.
#[derive(Debug, Clone, PartialEq, Default, ApiRequest)]
#[non_exhaustive]
pub struct ModerationLlmV1CategoryThresholds {
    /// The threshold of `sexual`: 0 to 1.
    pub sexual: Option<f64>,
    /// The threshold of `hate_and_discrimination`: 0 to 1.
    pub hate_and_discrimination: Option<f64>,
    /// The threshold of `violence_and_threats`: 0 to 1.
    pub violence_and_threats: Option<f64>,
    /// The threshold of `dangerous_and_criminal_content`: 0 to 1.
    pub dangerous_and_criminal_content: Option<f64>,
    /// The threshold of `selfharm`: 0 to 1.
    pub selfharm: Option<f64>,
    /// The threshold of `health`: 0 to 1.
    pub health: Option<f64>,
    /// The threshold of `financial`: 0 to 1.
    pub financial: Option<f64>,
    /// The threshold of `law`: 0 to 1.
    pub law: Option<f64>,
    /// The threshold of `pii`: 0 to 1.
    pub pii: Option<f64>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A check by the second moderation model. Mirrors the API's `ModerationLLMV2Config`.
#[derive(Debug, Clone, PartialEq, Default, ApiRequest)]
#[non_exhaustive]
pub struct ModerationLlmV2Config {
    /// The moderation model. Default: the newest of its kind.
    #[api(into)]
    pub model_name: Option<String>,
    /// Thresholds other than the model's own.
    pub custom_category_thresholds: Option<ModerationLlmV2CategoryThresholds>,
    /// Whether only the categories with a threshold count. Default: no.
    pub ignore_other_categories: Option<bool>,
    /// What happens when a threshold is exceeded. Default: it is reported.
    #[api(into)]
    pub action: Option<ModerationAction>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// Thresholds by category. Mirrors the API's `ModerationLLMV2CategoryThresholds`.
#[derive(Debug, Clone, PartialEq, Default, ApiRequest)]
#[non_exhaustive]
pub struct ModerationLlmV2CategoryThresholds {
    /// The threshold of `sexual`: 0 to 1.
    pub sexual: Option<f64>,
    /// The threshold of `hate_and_discrimination`: 0 to 1.
    pub hate_and_discrimination: Option<f64>,
    /// The threshold of `violence_and_threats`: 0 to 1.
    pub violence_and_threats: Option<f64>,
    /// The threshold of `dangerous`: 0 to 1.
    pub dangerous: Option<f64>,
    /// The threshold of `criminal`: 0 to 1.
    pub criminal: Option<f64>,
    /// The threshold of `selfharm`: 0 to 1.
    pub selfharm: Option<f64>,
    /// The threshold of `health`: 0 to 1.
    pub health: Option<f64>,
    /// The threshold of `financial`: 0 to 1.
    pub financial: Option<f64>,
    /// The threshold of `law`: 0 to 1.
    pub law: Option<f64>,
    /// The threshold of `pii`: 0 to 1.
    pub pii: Option<f64>,
    /// The threshold of `jailbreaking`: 0 to 1.
    pub jailbreaking: Option<f64>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}
