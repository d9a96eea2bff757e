use serde_json::{Map, Value};

use crate::json::{ApiObject, ApiUnion};

/// The models that the key may use. Mirrors the API's `ModelList`.
#[derive(Debug, Clone, PartialEq, Default, ApiObject)]
#[non_exhaustive]
pub struct ModelList {
    /// The kind of object: `list`.
    #[api(default)]
    pub object: String,
    /// The models.
    #[api(default)]
    pub data: Vec<ModelCard>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A model's card. Mirrors the members of the API's `ModelList`.
#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(tag = "type", default = "base")]
#[non_exhaustive]
pub enum ModelCard {
    /// A model of Mistral's.
    #[api("base")]
    Base(BaseModelCard),
    /// A model that was fine-tuned.
    #[api("fine-tuned")]
    FineTuned(FtModelCard),
    /// A member that this version of the SDK does not know, as it came.
    Unknown(Value),
}

impl ModelCard {
    /// The model's id, as requests name it. Empty if the card has none.
    pub fn id(&self) -> &str {
        match self {
            Self::Base(card) => &card.id,
            Self::FineTuned(card) => &card.id,
            Self::Unknown(card) => card
                .get("id")
                .and_then(|id| id.as_str())
                .unwrap_or_default(),
        }
    }

    /// What the model can do, if the card says so.
    pub fn capabilities(&self) -> Option<&ModelCapabilities> {
        match self {
            Self::Base(card) => Some(&card.capabilities),
            Self::FineTuned(card) => Some(&card.capabilities),
            Self::Unknown(_) => None,
        }
    }

    /// When the model will be, or was, retired, as an RFC 3339 time.
    pub fn deprecation(&self) -> Option<&str> {
        match self {
            Self::Base(card) => card.deprecation.as_deref(),
            Self::FineTuned(card) => card.deprecation.as_deref(),
            Self::Unknown(_) => None,
        }
    }
}

/// A model of Mistral's. Mirrors the API's `BaseModelCard`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct BaseModelCard {
    /// The model's id, as requests name it.
    #[api(required)]
    pub id: String,
    /// What the model can do.
    #[api(default, lenient_object)]
    pub capabilities: ModelCapabilities,
    /// Other names of the model.
    #[api(default, lenient)]
    pub aliases: Vec<String>,
    /// The kind of object: `model`.
    pub object: Option<String>,
    /// When the model was made, in seconds since 1970.
    pub created: Option<i64>,
    /// Whose the model is.
    pub owned_by: Option<String>,
    /// The model's name for people.
    pub name: Option<String>,
    /// What the model is good for.
    pub description: Option<String>,
    /// How many tokens the model's context holds.
    pub max_context_length: Option<i64>,
    /// When the model will be, or was, retired, as an RFC 3339 time.
    pub deprecation: Option<String>,
    /// The model to use instead.
    pub deprecation_replacement_model: Option<String>,
    /// The temperature that is used when a request sets none.
    pub default_model_temperature: Option<f64>,
    /// The name under which the model is billed.
    pub billing_model_name: Option<String>,
    /// Whether the model is the server's own affair.
    pub internal: Option<bool>,
    /// What the model can do with recordings.
    #[api(lenient)]
    pub audio_transcription_capabilities: Option<AudioTranscriptionCapabilities>,
    /// What the model can do in speaking.
    #[api(lenient)]
    pub audio_speech_capabilities: Option<AudioSpeechCapabilities>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A model that was fine-tuned. Mirrors the API's `FTModelCard`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct FtModelCard {
    /// The model's id, as requests name it.
    #[api(required)]
    pub id: String,
    /// What the model can do.
    #[api(default, lenient_object)]
    pub capabilities: ModelCapabilities,
    /// Other names of the model.
    #[api(default, lenient)]
    pub aliases: Vec<String>,
    /// The job that made the model.
    #[api(default)]
    pub job: String,
    /// The model that it was made from.
    #[api(default)]
    pub root: String,
    /// Whether the model is archived, and so cannot be used.
    #[api(default)]
    pub archived: bool,
    /// The kind of object: `model`.
    pub object: Option<String>,
    /// When the model was made, in seconds since 1970.
    pub created: Option<i64>,
    /// Whose the model is.
    pub owned_by: Option<String>,
    /// The model's name for people.
    pub name: Option<String>,
    /// What the model is good for.
    pub description: Option<String>,
    /// How many tokens the model's context holds.
    pub max_context_length: Option<i64>,
    /// When the model will be, or was, retired, as an RFC 3339 time.
    pub deprecation: Option<String>,
    /// The model to use instead.
    pub deprecation_replacement_model: Option<String>,
    /// The temperature that is used when a request sets none.
    pub default_model_temperature: Option<f64>,
    /// The name under which the model is billed.
    pub billing_model_name: Option<String>,
    /// Whether the model is the server's own affair.
    pub internal: Option<bool>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// What a model can do. Mirrors the API's `ModelCapabilities`.
///
/// Capabilities that this version of the SDK does not know are in `extra`.
#[derive(Debug, Clone, PartialEq, Default, ApiObject)]
#[non_exhaustive]
pub struct ModelCapabilities {
    /// Chat completions.
    #[api(default)]
    pub completion_chat: bool,
    /// Calls of tools.
    #[api(default)]
    pub function_calling: bool,
    /// Completions of the middle of a text.
    #[api(default)]
    pub completion_fim: bool,
    /// Fine-tuning.
    #[api(default)]
    pub fine_tuning: bool,
    /// Images in messages.
    #[api(default)]
    pub vision: bool,
    /// Text recognition.
    #[api(default)]
    pub ocr: bool,
    /// Classification.
    #[api(default)]
    pub classification: bool,
    /// Moderation.
    #[api(default)]
    pub moderation: bool,
    /// Recordings in messages.
    #[api(default)]
    pub audio: bool,
    /// Transcription.
    #[api(default)]
    pub audio_transcription: bool,
    /// Transcription as one speaks.
    #[api(default)]
    pub audio_transcription_realtime: bool,
    /// Speech.
    #[api(default)]
    pub audio_speech: bool,
    /// Reasoning.
    #[api(default)]
    pub reasoning: bool,
    /// The unified resources API.
    #[api(default)]
    pub unified_resources: bool,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// What a model can do with recordings. Mirrors the official SDK's
/// `AudioTranscriptionCapabilities`.
#[derive(Debug, Clone, PartialEq, Default, ApiObject)]
#[non_exhaustive]
pub struct AudioTranscriptionCapabilities {
    /// Whether words can be hinted at.
    #[api(default)]
    pub context_bias: bool,
    /// Whether speakers are told apart.
    #[api(default)]
    pub diarization: bool,
    /// The languages.
    #[api(default, lenient)]
    pub languages: Vec<String>,
    /// The modes.
    #[api(default, lenient)]
    pub modes: Vec<String>,
    /// The steps in which times are given.
    #[api(default, lenient)]
    pub timestamp_granularities: Vec<String>,
    /// Whether ends of turns are noticed.
    #[api(default)]
    pub turn_detection: bool,
    /// The delays to choose among when streaming, in milliseconds.
    #[api(lenient)]
    pub streaming_delays_ms: Option<Vec<StreamingDelayRange>>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A range of delays in milliseconds. Mirrors the official SDK's `StreamingDelayRange`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct StreamingDelayRange {
    /// The shortest.
    #[api(default)]
    pub min: i64,
    /// The longest.
    #[api(default)]
    pub max: i64,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// What a model can do in speaking. Mirrors the official SDK's `AudioSpeechCapabilities`.
#[derive(Debug, Clone, PartialEq, Default, ApiObject)]
#[non_exhaustive]
pub struct AudioSpeechCapabilities {
    /// Whether it takes instructions on how to speak.
    #[api(default)]
    pub instruction: bool,
    /// The modes.
    #[api(default, lenient)]
    pub modes: Vec<String>,
    /// The forms of the recording.
    #[api(default, lenient)]
    pub response_formats: Vec<String>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}
