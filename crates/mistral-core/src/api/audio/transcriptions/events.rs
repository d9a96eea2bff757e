use std::any::Any;

use serde_json::{Map, Value};

use super::response::{TranscriptionResponse, TranscriptionSegmentChunk, TranscriptionStreamDone};
use crate::api::audio::named_event;
use crate::call::event_stream::StreamEvent;
use crate::json::{ApiObject, ApiUnion};

/// An event of a transcription. Mirrors the API's `TranscriptionStreamEvents`.
///
/// Its kind is told by its data or, failing that, by the type of the server-sent event.
#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(tag = "type")]
#[expect(clippy::large_enum_variant, reason = "only the last event is large")]
#[non_exhaustive]
pub enum TranscriptionStreamEvents {
    /// New text.
    #[api("transcription.text.delta")]
    TextDelta(TranscriptionStreamTextDelta),
    /// The language that is spoken.
    #[api("transcription.language")]
    Language(TranscriptionStreamLanguage),
    /// A part of the recording, with who speaks when.
    #[api("transcription.segment")]
    Segment(TranscriptionStreamSegmentDelta),
    /// The end: the whole transcription. Without it, a stream that the server closes
    /// may have been cut short: the API has no other mark of its end.
    #[api("transcription.done")]
    Done(TranscriptionStreamDone),
    /// A member that this version of the SDK does not know, as it came.
    Unknown(Value),
}

impl TranscriptionStreamEvents {
    /// The new text. Empty if this is no [`TextDelta`](Self::TextDelta).
    pub fn text(&self) -> &str {
        match self {
            Self::TextDelta(delta) => &delta.text,
            _ => "",
        }
    }
}

/// New text of a transcription. Mirrors the API's `TranscriptionStreamTextDelta`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct TranscriptionStreamTextDelta {
    /// The new text.
    #[api(required)]
    pub text: String,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The language of a recording. Mirrors the API's `TranscriptionStreamLanguage`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct TranscriptionStreamLanguage {
    /// The language that is spoken, in two letters.
    #[api(required)]
    pub audio_language: String,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// What is said in a part of a recording. Mirrors the API's
/// `TranscriptionStreamSegmentDelta`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct TranscriptionStreamSegmentDelta {
    /// What is said.
    #[api(required)]
    pub text: String,
    /// Where the part begins, in seconds.
    pub start: Option<f64>,
    /// Where the part ends, in seconds.
    pub end: Option<f64>,
    /// Who speaks, if the request asked for that.
    pub speaker_id: Option<String>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// What a stream of a transcription has brought so far.
#[derive(Debug, Clone, Default)]
pub struct TranscriptionState {
    text: String,
    language: Option<String>,
    segments: Vec<TranscriptionSegmentChunk>,
    done: Option<TranscriptionStreamDone>,
    begun: bool,
}

impl TranscriptionState {
    #[inline]
    fn add(&mut self, event: &TranscriptionStreamEvents) {
        self.begun = true;
        match event {
            TranscriptionStreamEvents::TextDelta(delta) => self.text.push_str(&delta.text),
            TranscriptionStreamEvents::Language(language) => {
                self.language = Some(language.audio_language.clone());
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

    /// The whole transcription. What its last event leaves open is filled in from the
    /// others.
    #[inline]
    pub(super) fn into_response(self) -> TranscriptionResponse {
        let pieces = TranscriptionResponse {
            text: self.text,
            model: String::new(),
            segments: self.segments,
            language: self.language,
            usage: None,
            extra: Map::new(),
        };
        let Some(done) = self.done else {
            return pieces;
        };
        TranscriptionResponse {
            text: if done.text.is_empty() {
                pieces.text
            } else {
                done.text
            },
            model: done.model,
            segments: if done.segments.is_empty() {
                pieces.segments
            } else {
                done.segments
            },
            language: done.language.or(pieces.language),
            usage: done.usage,
            extra: done.extra,
        }
    }
}

impl StreamEvent for TranscriptionStreamEvents {
    type State = TranscriptionState;

    #[inline]
    fn decode_named(
        event_type: &str,
        data: &str,
        state: &mut TranscriptionState,
    ) -> Result<Self, serde_json::Error> {
        let event = match serde_json::from_str(data)? {
            Self::Unknown(event) => named_event(event_type, event)?,
            event => event,
        };
        state.add(&event);
        Ok(event)
    }

    fn may_end(state: &TranscriptionState) -> bool {
        state.begun // the API gives these streams no end mark
    }

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
