use serde_json::{Map, Value};

use crate::json::ApiObject;
use crate::messages::UsageInfo;

/// A transcription. Mirrors the API's `TranscriptionResponse`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct TranscriptionResponse {
    /// The model that transcribed the recording.
    #[api(default)]
    pub model: String,
    /// The transcribed text.
    #[api(required, nullable)]
    pub text: String,
    /// The spoken language as a two-letter code.
    pub language: Option<String>,
    /// The segments with their timestamps, if the request set `timestamp_granularities`.
    #[api(default, lenient)]
    pub segments: Vec<TranscriptionSegmentChunk>,
    /// The tokens and the audio that the call consumed.
    #[api(lenient)]
    pub usage: Option<UsageInfo>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The last event of a transcription stream: the whole transcription. Mirrors the API's
/// `TranscriptionStreamDone`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct TranscriptionStreamDone {
    /// The model that transcribed the recording.
    #[api(default)]
    pub model: String,
    /// The transcribed text.
    #[api(required, nullable)]
    pub text: String,
    /// The spoken language as a two-letter code.
    pub language: Option<String>,
    /// The segments with their timestamps, if the request set `timestamp_granularities`.
    #[api(default, lenient)]
    pub segments: Vec<TranscriptionSegmentChunk>,
    /// The tokens and the audio that the call consumed.
    #[api(lenient)]
    pub usage: Option<UsageInfo>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A segment of a transcription. Mirrors the API's `TranscriptionSegmentChunk`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct TranscriptionSegmentChunk {
    /// The type of the chunk: `transcription_segment`.
    #[api(rename = "type")]
    pub kind: Option<String>,
    /// The transcribed text.
    #[api(required)]
    pub text: String,
    /// The start of the segment, in seconds.
    pub start: Option<f64>,
    /// The end of the segment, in seconds.
    pub end: Option<f64>,
    /// The model's confidence in the segment.
    pub score: Option<f64>,
    /// The id of the speaker, if the request set `diarize`.
    pub speaker_id: Option<String>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}
