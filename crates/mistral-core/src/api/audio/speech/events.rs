use bytes::{Bytes, BytesMut};
use serde_json::{Map, Value};

use crate::api::audio::{decode_audio, named_event};
use crate::call::event_stream::{EventStream, StreamEvent};
use crate::error::Result;
use crate::json::{ApiObject, ApiUnion};
use crate::messages::UsageInfo;

/// An event of a text being spoken. Mirrors the API's `SpeechStreamEvents`.
///
/// Its kind is told by its data or, failing that, by the type of the server-sent event.
#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(tag = "type")]
#[non_exhaustive]
pub enum SpeechStreamEvents {
    /// The next piece of the recording.
    #[api("speech.audio.delta")]
    AudioDelta(SpeechStreamAudioDelta),
    /// The end.
    #[api("speech.audio.done")]
    Done(SpeechStreamDone),
    /// A member that this version of the SDK does not know, as it came.
    Unknown(Value),
}

impl SpeechStreamEvents {
    /// The next piece of the recording. Empty if this is no
    /// [`AudioDelta`](Self::AudioDelta).
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Decode`](crate::ErrorKind::Decode) when it is not base64.
    pub fn audio(&self) -> Result<Bytes> {
        match self {
            Self::AudioDelta(delta) => delta.audio(),
            _ => Ok(Bytes::new()),
        }
    }
}

/// A piece of a recording. Mirrors the API's `SpeechStreamAudioDelta`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct SpeechStreamAudioDelta {
    /// The piece as base64. See [`audio`](Self::audio).
    #[api(required)]
    pub audio_data: String,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl SpeechStreamAudioDelta {
    /// The piece, in the format that the request asked for.
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Decode`](crate::ErrorKind::Decode) when it is not base64.
    pub fn audio(&self) -> Result<Bytes> {
        decode_audio(&self.audio_data)
    }
}

/// The end of a recording. Mirrors the API's `SpeechStreamDone`.
#[derive(Debug, Clone, PartialEq, Default, ApiObject)]
#[non_exhaustive]
pub struct SpeechStreamDone {
    /// What the call consumed.
    #[api(lenient_object)]
    pub usage: Option<UsageInfo>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// What is known of a stream of a recording.
#[derive(Debug, Default)]
pub struct SpeechState {
    begun: bool,
    done: bool,
    usage: Option<UsageInfo>,
}

impl StreamEvent for SpeechStreamEvents {
    type State = SpeechState;

    #[inline]
    fn decode_named(
        event_type: &str,
        data: &str,
        state: &mut SpeechState,
    ) -> Result<Self, serde_json::Error> {
        let event = match serde_json::from_str(data)? {
            Self::Unknown(event) => named_event(event_type, event)?,
            event => event,
        };
        state.begun = true;
        if let Self::Done(done) = &event {
            state.done = true;
            state.usage.clone_from(&done.usage);
        }
        Ok(event)
    }

    fn snapshot(state: &SpeechState) -> Option<serde_json::Value> {
        let usage = state.usage.as_ref()?;
        Some(serde_json::json!({ "usage": usage }))
    }

    fn may_end(state: &SpeechState) -> bool {
        state.begun // the API gives these streams no end mark
    }

    fn is_complete(state: &SpeechState) -> bool {
        state.done
    }
}

impl EventStream<SpeechStreamEvents> {
    /// Reads the rest of the stream and gives its audio: all of the recording that
    /// [`next`](EventStream::next) has not given before.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = mistral_emulator::Emulator::start()?;
    /// # let client = mistral_sdk::Client::new(
    /// #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
    /// # )?;
    /// use mistral_sdk::audio::SpeechRequest;
    ///
    /// let request = SpeechRequest::new("Bonjour !");
    /// let stream = client.audio().speech().stream(&request).await?;
    /// let audio = stream.collect_audio().await?;
    /// println!("{} bytes", audio.len());
    /// # assert!(!audio.is_empty());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Fails as [`next`](EventStream::next) does, or has done; with
    /// [`ErrorKind::Truncated`](crate::ErrorKind::Truncated) when the stream ends without
    /// [`Done`](SpeechStreamEvents::Done); and with
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) when a piece is not base64; the
    /// error's [`partial`](crate::Error::partial) is the audio so far, as [`Bytes`].
    pub async fn collect_audio(mut self) -> Result<Bytes> {
        let mut audio = BytesMut::new();
        while let Some(event) = self.next().await {
            match event.and_then(|event| event.audio()) {
                Ok(piece) => audio.extend_from_slice(&piece),
                Err(error) => return Err(error.with_partial(Box::new(audio.freeze()))),
            }
        }
        let audio = audio.freeze();
        match self.read_to_end().await {
            Ok(_) => Ok(audio),
            Err(error) => Err(error.with_partial(Box::new(audio))), // it had failed before, or has no last event
        }
    }
}
