//! Audio: transcription, speech synthesis and voices.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let emulator = mistral_emulator::Emulator::start()?;
//! # let client = mistral_sdk::Client::new(
//! #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
//! # )?;
//! use mistral_sdk::files::FileSource;
//! use mistral_sdk::audio::{AudioTranscriptionRequest, SpeechOutputFormat, SpeechRequest};
//!
//! let request = SpeechRequest::new("Bonjour !").response_format(SpeechOutputFormat::Wav);
//! let audio = client.audio().speech().complete(&request).await?.audio()?;
//!
//! let recording = FileSource::from_bytes("bonjour.wav", audio);
//! let request = AudioTranscriptionRequest::new("voxtral-mini-latest", recording);
//! let response = client.audio().transcriptions().complete(&request).await?;
//! println!("{}", response.text);
//! # Ok(()) }
//! ```

mod speech;
mod transcriptions;
mod voices;

use base64_simd::STANDARD;
use bytes::Bytes;
use serde::de::Error as _;
use serde_json::Value;

use crate::call::keep_alive::names_keep_alive;
use crate::client::Client;
use crate::error::{ApiError, Error, ErrorKind, Result};
use crate::mode::{Async, Mode};
use crate::provider::Operation;

pub use self::speech::{
    RawAudio, Speech, SpeechAssistantTurn, SpeechOutputFormat, SpeechRequest, SpeechResponse,
    SpeechState, SpeechStreamAudioDelta, SpeechStreamDone, SpeechStreamEvents, SpeechTurn,
    SpeechUserTurn,
};
pub use self::transcriptions::{
    AudioSource, AudioTranscriptionRequest, TimestampGranularity, TranscriptionResponse,
    TranscriptionSegmentChunk, TranscriptionState, TranscriptionStreamDone,
    TranscriptionStreamEvents, TranscriptionStreamLanguage, TranscriptionStreamSegmentDelta,
    TranscriptionStreamTextDelta, Transcriptions,
};
pub use self::voices::{
    ListVoicesRequest, SearchVoicesRequest, VoiceCreateRequest, VoiceFilter, VoiceGender,
    VoiceKind, VoiceListPage, VoiceListResponse, VoiceResponse, VoiceType, VoiceUpdateRequest,
    Voices,
};

operations! {
    TRANSCRIBE = Operation::inference("audio.transcriptions.complete", "/v1/audio/transcriptions");
    TRANSCRIBE_STREAM =
        Operation::inference("audio.transcriptions.stream", "/v1/audio/transcriptions").sse();
    SPEAK = Operation::inference("audio.speech.complete", "/v1/audio/speech");
    SPEAK_STREAM = Operation::inference("audio.speech.stream", "/v1/audio/speech").sse();
    LIST_VOICES = Operation::get("audio.voices.list", "/v1/audio/voices");
    SEARCH_VOICES = Operation::get("audio.voices.search", "/v2/audio/voices");
    CREATE_VOICE = Operation::post("audio.voices.create", "/v1/audio/voices");
    GET_VOICE = Operation::get("audio.voices.get", "/v1/audio/voices/{voice_id}");
    UPDATE_VOICE = Operation::patch("audio.voices.update", "/v1/audio/voices/{voice_id}");
    DELETE_VOICE = Operation::delete("audio.voices.delete", "/v1/audio/voices/{voice_id}");
    GET_SAMPLE_AUDIO =
        Operation::get("audio.voices.get_sample_audio", "/v1/audio/voices/{voice_id}/sample")
            .bytes("audio/wav");
}

/// The audio operations: transcription, speech synthesis and voices.
///
/// Created by [`Client::audio`](crate::Client::audio).
#[derive(Debug, Clone)]
pub struct Audio<M: Mode = Async> {
    pub(crate) client: Client<M>,
}

impl<M: Mode> Client<M> {
    /// Returns the audio operations: transcription, speech synthesis and voices.
    pub fn audio(&self) -> Audio<M> {
        Audio {
            client: self.clone(),
        }
    }
}

impl<M: Mode> Audio<M> {
    /// Returns the client, for groups of operations that stand below this one elsewhere.
    ///
    /// ```
    /// # fn supports(client: &mistral_sdk::Client) -> bool {
    /// client.audio().client().supports("audio.speech.complete")
    /// # }
    /// ```
    pub fn client(&self) -> &Client<M> {
        &self.client
    }

    /// Returns the operations that transcribe recordings.
    pub fn transcriptions(&self) -> Transcriptions<M> {
        Transcriptions {
            client: self.client.clone(),
        }
    }

    /// Returns the operations that synthesize speech.
    pub fn speech(&self) -> Speech<M> {
        Speech {
            client: self.client.clone(),
        }
    }

    /// Returns the operations on voices.
    pub fn voices(&self) -> Voices<M> {
        Voices {
            client: self.client.clone(),
        }
    }
}

fn decode_audio(base64: &str) -> Result<Bytes> {
    STANDARD
        .decode_to_vec(base64)
        .map(Bytes::from)
        .map_err(|error| {
            let message = "the audio cannot be decoded: it is not base64";
            Error::new(ErrorKind::Decode, message).with_source(error)
        })
}

/// Whether an event that this version of the SDK does not declare is one of the stream, and does
/// not only keep it alive.
#[cold]
fn has_type(event: &Value) -> bool {
    let name = event.get("type").and_then(Value::as_str);
    name.is_some_and(|name| !names_keep_alive(name))
}

/// Decodes again with `read` an event whose data has no known `type`, with the type of the
/// server-sent event in its place.
///
/// # Errors
/// Fails if the event is an error of the server, which the caller then reports.
#[cold]
fn named_event<T>(
    event_type: &str,
    mut event: Value,
    read: fn(&str) -> serde_json::Result<T>,
) -> serde_json::Result<T> {
    if let Value::Object(fields) = &mut event {
        let has_type = fields.get("type").is_some_and(|name| !name.is_null());
        let is_error = if has_type || event_type != "message" {
            fields.get("object").is_some_and(|object| object == "error")
        } else {
            ApiError::is_error_body(&serde_json::to_vec(&fields)?)
        };
        if is_error {
            return Err(serde_json::Error::custom("it is an error"));
        }
        if !has_type && event_type != "message" {
            fields.insert("type".to_owned(), event_type.into());
        }
    }
    read(&event.to_string())
}
