use crate::messages::UsageInfo;

/// Declares what is told of a whole recording, at once and at the end of a stream.
macro_rules! transcriptions {
    ($($(#[doc = $doc:literal])* $name:ident)+) => {
        $(object! {
            $(#[doc = $doc])*
            $name {
                required: {
                    /// What is said.
                    text: String,
                }
                defaulted: {
                    /// The model that transcribed it.
                    model: String,
                    /// What is said when, if the request asked for that.
                    segments: Vec<TranscriptionSegmentChunk>,
                }
                optional: {
                    /// The language that is spoken, in two letters.
                    language: String,
                    /// What the call consumed.
                    usage: UsageInfo,
                }
            }
        })+
    };
}

transcriptions! {
    /// What a recording says. Mirrors the API's `TranscriptionResponse`.
    TranscriptionResponse
    /// The end of a stream: the whole transcription. Mirrors the API's
    /// `TranscriptionStreamDone`.
    TranscriptionStreamDone
}

object! {
    /// What is said in a part of a recording. Mirrors the API's `TranscriptionSegmentChunk`.
    TranscriptionSegmentChunk {
        required: {
            /// What is said.
            text: String,
        }
        optional: {
            /// The kind of chunk: `transcription_segment`.
            #[rename("type")]
            kind: String,
            /// Where the part begins, in seconds.
            start: f64,
            /// Where the part ends, in seconds.
            end: f64,
            /// How sure the model is.
            score: f64,
            /// Who speaks, if the request asked for that.
            speaker_id: String,
        }
    }
}
