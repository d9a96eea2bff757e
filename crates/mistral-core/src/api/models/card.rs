use serde_json::{Map, Value};

use crate::json::{ApiObject, ApiUnion};

/// The models that the API key has access to. Mirrors the API's `ModelList`.
#[derive(Debug, Clone, PartialEq, Default, ApiObject)]
#[non_exhaustive]
pub struct ModelList {
    /// The object type: `list`.
    #[api(default)]
    pub object: String,
    /// The models.
    #[api(default)]
    pub data: Vec<ModelCard>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A model with its capabilities. Mirrors the members of the API's `ModelList`.
#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(tag = "type", default = "base")]
#[non_exhaustive]
pub enum ModelCard {
    /// A base model.
    #[api("base")]
    Base(BaseModelCard),
    /// A fine-tuned model.
    #[api("fine-tuned")]
    FineTuned(FtModelCard),
    /// A value that this version of the SDK does not declare.
    Unknown(Value),
}

impl ModelCard {
    /// Returns the model's id, which requests refer to. Empty if the card has none.
    pub fn id(&self) -> &str {
        match self {
            Self::Base(card) => &card.id,
            Self::FineTuned(card) => &card.id,
            Self::Unknown(card) => card.get("id").and_then(Value::as_str).unwrap_or_default(),
        }
    }

    /// Returns the model's capabilities. `None` for an unknown kind of card.
    pub fn capabilities(&self) -> Option<&ModelCapabilities> {
        match self {
            Self::Base(card) => Some(&card.capabilities),
            Self::FineTuned(card) => Some(&card.capabilities),
            Self::Unknown(_) => None,
        }
    }

    /// Returns the retirement date of the model, as an RFC 3339 time.
    pub fn deprecation(&self) -> Option<&str> {
        match self {
            Self::Base(card) => card.deprecation.as_deref(),
            Self::FineTuned(card) => card.deprecation.as_deref(),
            Self::Unknown(_) => None,
        }
    }
}

/// A base model. Mirrors the API's `BaseModelCard`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct BaseModelCard {
    /// The model's id, which requests refer to.
    #[api(required)]
    pub id: String,
    /// The object type: `model`.
    pub object: Option<String>,
    /// The creation time, as a Unix timestamp in seconds.
    pub created: Option<i64>,
    /// The owner of the model.
    pub owned_by: Option<String>,
    /// The model's capabilities.
    #[api(default, lenient_object)]
    pub capabilities: ModelCapabilities,
    /// The display name.
    pub name: Option<String>,
    /// The description of the model.
    pub description: Option<String>,
    /// The maximum context length, in tokens.
    pub max_context_length: Option<i64>,
    /// Other ids of the model.
    #[api(default, lenient)]
    pub aliases: Vec<String>,
    /// The retirement date of the model, as an RFC 3339 time.
    pub deprecation: Option<String>,
    /// The model that replaces this one after its retirement.
    pub deprecation_replacement_model: Option<String>,
    /// The sampling temperature of requests that set none.
    pub default_model_temperature: Option<f64>,
    /// The name that the model is billed under.
    pub billing_model_name: Option<String>,
    /// Whether the model is internal to the service.
    pub internal: Option<bool>,
    /// The transcription capabilities.
    #[api(lenient)]
    pub audio_transcription_capabilities: Option<AudioTranscriptionCapabilities>,
    /// The speech synthesis capabilities.
    #[api(lenient)]
    pub audio_speech_capabilities: Option<AudioSpeechCapabilities>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A fine-tuned model. Mirrors the API's `FTModelCard`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct FtModelCard {
    /// The model's id, which requests refer to.
    #[api(required)]
    pub id: String,
    /// The object type: `model`.
    pub object: Option<String>,
    /// The creation time, as a Unix timestamp in seconds.
    pub created: Option<i64>,
    /// The owner of the model.
    pub owned_by: Option<String>,
    /// The model's capabilities.
    #[api(default, lenient_object)]
    pub capabilities: ModelCapabilities,
    /// The display name.
    pub name: Option<String>,
    /// The description of the model.
    pub description: Option<String>,
    /// The maximum context length, in tokens.
    pub max_context_length: Option<i64>,
    /// Other ids of the model.
    #[api(default, lenient)]
    pub aliases: Vec<String>,
    /// The retirement date of the model, as an RFC 3339 time.
    pub deprecation: Option<String>,
    /// The model that replaces this one after its retirement.
    pub deprecation_replacement_model: Option<String>,
    /// The sampling temperature of requests that set none.
    pub default_model_temperature: Option<f64>,
    /// The id of the fine-tuning job that created the model.
    #[api(default)]
    pub job: String,
    /// The base model.
    #[api(default)]
    pub root: String,
    /// Whether the model is archived. An archived model cannot be used.
    #[api(default)]
    pub archived: bool,
    /// The name that the model is billed under.
    pub billing_model_name: Option<String>,
    /// Whether the model is internal to the service.
    pub internal: Option<bool>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The capabilities of a model. Mirrors the API's `ModelCapabilities`.
///
/// Capabilities that this version of the SDK does not declare are in `extra`.
#[derive(Debug, Clone, PartialEq, Default, ApiObject)]
#[non_exhaustive]
pub struct ModelCapabilities {
    /// Whether the model supports chat completions.
    #[api(default)]
    pub completion_chat: bool,
    /// Whether the model supports tool calls.
    #[api(default)]
    pub function_calling: bool,
    /// Whether the model supports fill-in-the-middle completions.
    #[api(default)]
    pub completion_fim: bool,
    /// Whether the model can be fine-tuned.
    #[api(default)]
    pub fine_tuning: bool,
    /// Whether the model accepts images in messages.
    #[api(default)]
    pub vision: bool,
    /// Whether the model supports text recognition (OCR).
    #[api(default)]
    pub ocr: bool,
    /// Whether the model supports classification.
    #[api(default)]
    pub classification: bool,
    /// Whether the model supports moderation.
    #[api(default)]
    pub moderation: bool,
    /// Whether the model accepts audio in messages.
    #[api(default)]
    pub audio: bool,
    /// Whether the model supports audio transcription.
    #[api(default)]
    pub audio_transcription: bool,
    /// Whether the model supports realtime audio transcription.
    #[api(default)]
    pub audio_transcription_realtime: bool,
    /// Whether the model supports speech synthesis.
    #[api(default)]
    pub audio_speech: bool,
    /// Whether the model supports reasoning.
    #[api(default)]
    pub reasoning: bool,
    /// Whether the model supports the unified resources API.
    #[api(default)]
    pub unified_resources: bool,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The transcription capabilities of a model. Mirrors the official SDK's
/// `AudioTranscriptionCapabilities`.
#[derive(Debug, Clone, PartialEq, Default, ApiObject)]
#[non_exhaustive]
pub struct AudioTranscriptionCapabilities {
    /// Whether requests may bias the transcription towards given words.
    #[api(default)]
    pub context_bias: bool,
    /// Whether speakers are distinguished (diarization).
    #[api(default)]
    pub diarization: bool,
    /// The supported languages.
    #[api(default, lenient)]
    pub languages: Vec<String>,
    /// The supported modes.
    #[api(default, lenient)]
    pub modes: Vec<String>,
    /// The supported granularities of timestamps.
    #[api(default, lenient)]
    pub timestamp_granularities: Vec<String>,
    /// Whether the end of a speaker's turn is detected.
    #[api(default)]
    pub turn_detection: bool,
    /// The supported ranges of streaming delays, in milliseconds.
    #[api(lenient)]
    pub streaming_delays_ms: Option<Vec<StreamingDelayRange>>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A range of delays in milliseconds. Mirrors the official SDK's `StreamingDelayRange`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct StreamingDelayRange {
    /// The shortest delay.
    pub min: Option<i64>,
    /// The longest delay.
    pub max: Option<i64>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The speech synthesis capabilities of a model. Mirrors the official SDK's
/// `AudioSpeechCapabilities`.
#[derive(Debug, Clone, PartialEq, Default, ApiObject)]
#[non_exhaustive]
pub struct AudioSpeechCapabilities {
    /// Whether the model accepts instructions on the manner of speaking.
    #[api(default)]
    pub instruction: bool,
    /// The supported modes.
    #[api(default, lenient)]
    pub modes: Vec<String>,
    /// The supported audio formats.
    #[api(default, lenient)]
    pub response_formats: Vec<String>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}
