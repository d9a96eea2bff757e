use serde_json::{Map, Value};

use crate::json::{ApiEnum, ApiRequest};

/// A guardrail: a moderation check that may block the request. Mirrors the API's
/// `GuardrailConfig`.
#[derive(Debug, Clone, PartialEq, Default, ApiRequest)]
#[non_exhaustive]
pub struct GuardrailConfig {
    /// Whether the request is blocked with a 403 if the check itself fails. Default: false.
    pub block_on_error: Option<bool>,
    /// The check by the first version of the moderation model.
    pub moderation_llm_v1: Option<ModerationLlmV1Config>,
    /// The check by the second version of the moderation model.
    pub moderation_llm_v2: Option<ModerationLlmV2Config>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The action to take when a threshold is exceeded. Mirrors the API's `ModerationLLMAction`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum ModerationAction {
    /// Takes no action; the result is only reported.
    #[api("none")]
    None,
    /// Blocks the request.
    #[api("block")]
    Block,
    /// A value that this version of the SDK does not declare.
    Unknown(String),
}

/// The settings of a check by the first version of the moderation model. Mirrors the API's
/// `ModerationLLMV1Config`.
#[derive(Debug, Clone, PartialEq, Default, ApiRequest)]
#[non_exhaustive]
pub struct ModerationLlmV1Config {
    /// The moderation model. Default: the newest of this version.
    #[api(into)]
    pub model_name: Option<String>,
    /// The thresholds that replace the model's own.
    pub custom_category_thresholds: Option<ModerationLlmV1CategoryThresholds>,
    /// Whether categories without a custom threshold are ignored. Default: false.
    pub ignore_other_categories: Option<bool>,
    /// The action to take when a threshold is exceeded. Default: none.
    #[api(into)]
    pub action: Option<ModerationAction>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The thresholds by category. Mirrors the API's `ModerationLLMV1CategoryThresholds`.
#[derive(Debug, Clone, PartialEq, Default, ApiRequest)]
#[non_exhaustive]
pub struct ModerationLlmV1CategoryThresholds {
    /// The threshold for `sexual`, from 0 to 1.
    pub sexual: Option<f64>,
    /// The threshold for `hate_and_discrimination`, from 0 to 1.
    pub hate_and_discrimination: Option<f64>,
    /// The threshold for `violence_and_threats`, from 0 to 1.
    pub violence_and_threats: Option<f64>,
    /// The threshold for `dangerous_and_criminal_content`, from 0 to 1.
    pub dangerous_and_criminal_content: Option<f64>,
    /// The threshold for `selfharm`, from 0 to 1.
    pub selfharm: Option<f64>,
    /// The threshold for `health`, from 0 to 1.
    pub health: Option<f64>,
    /// The threshold for `financial`, from 0 to 1.
    pub financial: Option<f64>,
    /// The threshold for `law`, from 0 to 1.
    pub law: Option<f64>,
    /// The threshold for `pii`, from 0 to 1.
    pub pii: Option<f64>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The settings of a check by the second version of the moderation model. Mirrors the API's
/// `ModerationLLMV2Config`.
#[derive(Debug, Clone, PartialEq, Default, ApiRequest)]
#[non_exhaustive]
pub struct ModerationLlmV2Config {
    /// The moderation model. Default: the newest of this version.
    #[api(into)]
    pub model_name: Option<String>,
    /// The thresholds that replace the model's own.
    pub custom_category_thresholds: Option<ModerationLlmV2CategoryThresholds>,
    /// Whether categories without a custom threshold are ignored. Default: false.
    pub ignore_other_categories: Option<bool>,
    /// The action to take when a threshold is exceeded. Default: none.
    #[api(into)]
    pub action: Option<ModerationAction>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The thresholds by category. Mirrors the API's `ModerationLLMV2CategoryThresholds`.
#[derive(Debug, Clone, PartialEq, Default, ApiRequest)]
#[non_exhaustive]
pub struct ModerationLlmV2CategoryThresholds {
    /// The threshold for `sexual`, from 0 to 1.
    pub sexual: Option<f64>,
    /// The threshold for `hate_and_discrimination`, from 0 to 1.
    pub hate_and_discrimination: Option<f64>,
    /// The threshold for `violence_and_threats`, from 0 to 1.
    pub violence_and_threats: Option<f64>,
    /// The threshold for `dangerous`, from 0 to 1.
    pub dangerous: Option<f64>,
    /// The threshold for `criminal`, from 0 to 1.
    pub criminal: Option<f64>,
    /// The threshold for `selfharm`, from 0 to 1.
    pub selfharm: Option<f64>,
    /// The threshold for `health`, from 0 to 1.
    pub health: Option<f64>,
    /// The threshold for `financial`, from 0 to 1.
    pub financial: Option<f64>,
    /// The threshold for `law`, from 0 to 1.
    pub law: Option<f64>,
    /// The threshold for `pii`, from 0 to 1.
    pub pii: Option<f64>,
    /// The threshold for `jailbreaking`, from 0 to 1.
    pub jailbreaking: Option<f64>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}
