use serde_json::{Map, Value};

use crate::json::ApiObject;
use crate::messages::UsageInfo;

/// What a recording says. Mirrors the API's `TranscriptionResponse`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct TranscriptionResponse {
    /// What is said.
    #[api(required)]
    pub text: String,
    /// The model that transcribed it.
    #[api(default)]
    pub model: String,
    /// What is said when, if the request asked for that.
    #[api(default, lenient)]
    pub segments: Vec<TranscriptionSegmentChunk>,
    /// The language that is spoken, in two letters.
    pub language: Option<String>,
    /// What the call consumed.
    #[api(lenient_object)]
    pub usage: Option<UsageInfo>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The end of a stream: the whole transcription. Mirrors the API's
/// `TranscriptionStreamDone`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct TranscriptionStreamDone {
    /// What is said.
    #[api(required)]
    pub text: String,
    /// The model that transcribed it.
    #[api(default)]
    pub model: String,
    /// What is said when, if the request asked for that.
    #[api(default, lenient)]
    pub segments: Vec<TranscriptionSegmentChunk>,
    /// The language that is spoken, in two letters.
    pub language: Option<String>,
    /// What the call consumed.
    #[api(lenient_object)]
    pub usage: Option<UsageInfo>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// What is said in a part of a recording. Mirrors the API's `TranscriptionSegmentChunk`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct TranscriptionSegmentChunk {
    /// What is said.
    #[api(required)]
    pub text: String,
    /// The kind of chunk: `transcription_segment`.
    #[api(rename = "type")]
    pub kind: Option<String>,
    /// Where the part begins, in seconds.
    pub start: Option<f64>,
    /// Where the part ends, in seconds.
    pub end: Option<f64>,
    /// How sure the model is.
    pub score: Option<f64>,
    /// Who speaks, if the request asked for that.
    pub speaker_id: Option<String>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}
