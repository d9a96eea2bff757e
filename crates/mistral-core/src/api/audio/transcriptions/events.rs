use std::any::Any;

use serde_json::{Map, Value};

use super::response::{TranscriptionResponse, TranscriptionSegmentChunk, TranscriptionStreamDone};
use crate::api::audio::{has_type, named_event};
use crate::call::stream_event::StreamEvent;
use crate::json::{ApiObject, ApiUnion};

/// An event of a transcription stream. Mirrors the API's `TranscriptionStreamEvents`.
///
/// The `type` field of the data selects the variant. Without it, the type of the server-sent
/// event does.
#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(tag = "type")]
#[expect(clippy::large_enum_variant, reason = "only the last event is large")]
#[non_exhaustive]
pub enum TranscriptionStreamEvents {
    /// The next part of the text.
    #[api("transcription.text.delta")]
    TextDelta(TranscriptionStreamTextDelta),
    /// The spoken language.
    #[api("transcription.language")]
    Language(TranscriptionStreamLanguage),
    /// A segment, with its timestamps and its speaker.
    #[api("transcription.segment")]
    Segment(TranscriptionStreamSegmentDelta),
    /// The end of the stream, with the whole transcription. A stream that the server closes
    /// without this event may be truncated: the API has no other end marker.
    #[api("transcription.done")]
    Done(TranscriptionStreamDone),
    /// A value that this version of the SDK does not declare.
    Unknown(Value),
}

impl TranscriptionStreamEvents {
    /// Returns the text that this event adds. Empty for every event but
    /// [`TextDelta`](Self::TextDelta).
    #[inline]
    pub fn text(&self) -> &str {
        match self {
            Self::TextDelta(delta) => &delta.text,
            _ => "",
        }
    }
}

/// The next part of a transcription. Mirrors the API's `TranscriptionStreamTextDelta`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct TranscriptionStreamTextDelta {
    /// The text to append.
    #[api(required)]
    pub text: String,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The language of a recording. Mirrors the API's `TranscriptionStreamLanguage`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct TranscriptionStreamLanguage {
    /// The spoken language as a two-letter code. `None` if the server does not know it.
    pub audio_language: Option<String>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A segment of a transcription. Mirrors the API's `TranscriptionStreamSegmentDelta`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct TranscriptionStreamSegmentDelta {
    /// The text of the segment.
    #[api(required)]
    pub text: String,
    /// The start of the segment, in seconds.
    pub start: Option<f64>,
    /// The end of the segment, in seconds.
    pub end: Option<f64>,
    /// The id of the speaker, if the request set `diarize`.
    pub speaker_id: Option<String>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The state that a stream of [`TranscriptionStreamEvents`] accumulates.
#[derive(Debug, Clone, Default)]
pub struct TranscriptionState {
    text: String,
    language: Option<String>,
    segments: Vec<TranscriptionSegmentChunk>,
    done: Option<TranscriptionStreamDone>,
    has_started: bool,
}

impl TranscriptionState {
    #[inline]
    fn add(&mut self, event: &TranscriptionStreamEvents) {
        self.has_started |= match event {
            TranscriptionStreamEvents::Unknown(event) => has_type(event),
            _ => true,
        };
        match event {
            TranscriptionStreamEvents::TextDelta(delta) => self.text.push_str(&delta.text),
            TranscriptionStreamEvents::Language(language) => {
                if language.audio_language.is_some() {
                    self.language.clone_from(&language.audio_language);
                }
            }
            TranscriptionStreamEvents::Segment(segment) => {
                self.segments.push(TranscriptionSegmentChunk {
                    text: segment.text.clone(),
                    kind: Some("transcription_segment".to_owned()),
                    start: segment.start,
                    end: segment.end,
                    score: None,
                    speaker_id: segment.speaker_id.clone(),
                    extra: segment.extra.clone(),
                });
            }
            TranscriptionStreamEvents::Done(done) => self.done = Some(done.clone()),
            TranscriptionStreamEvents::Unknown(_) => {}
        }
    }

    /// Returns the whole transcription. Fields that the last event leaves empty are filled from
    /// the events before it.
    #[inline]
    pub(super) fn into_response(self) -> TranscriptionResponse {
        let accumulated = TranscriptionResponse {
            text: self.text,
            model: String::new(),
            segments: self.segments,
            language: self.language,
            usage: None,
            extra: Map::new(),
        };
        let Some(mut done) = self.done else {
            return accumulated;
        };
        done.extra.remove("text"); // a `null` in place of the text
        TranscriptionResponse {
            text: if done.text.is_empty() {
                accumulated.text
            } else {
                done.text
            },
            model: done.model,
            segments: if done.segments.is_empty() {
                accumulated.segments
            } else {
                done.segments
            },
            language: done.language.or(accumulated.language),
            usage: done.usage,
            extra: done.extra,
        }
    }
}

impl StreamEvent for TranscriptionStreamEvents {
    type State = TranscriptionState;

    const IS_MERGED: bool = true;

    #[inline]
    fn decode_named(
        event_type: &str,
        data: &str,
        state: &mut TranscriptionState,
    ) -> Result<Self, serde_json::Error> {
        // An event that cannot be read is unknown: the last event has the whole text.
        let read = |data: &str| serde_json::from_str(data);
        let event = match read(data)? {
            Self::Unknown(event) => named_event(event_type, event, read)?,
            event => event,
        };
        state.add(&event);
        Ok(event)
    }

    #[inline]
    fn may_end(state: &TranscriptionState) -> bool {
        state.has_started // the API sends no `[DONE]` on these streams
    }

    #[inline]
    fn is_complete(state: &TranscriptionState) -> bool {
        state.done.is_some()
    }

    #[inline]
    fn snapshot(state: &TranscriptionState) -> Option<serde_json::Value> {
        serde_json::to_value(state.clone().into_response()).ok()
    }

    #[inline]
    fn partial(state: &TranscriptionState) -> Option<Box<dyn Any + Send + Sync>> {
        Some(Box::new(state.clone().into_response()))
    }
}
