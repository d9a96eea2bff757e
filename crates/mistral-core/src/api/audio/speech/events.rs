use bytes::{Bytes, BytesMut};
use serde_json::{Map, Value};

use crate::api::audio::{decode_audio, has_type, named_event};
use crate::call::event_stream::EventStream;
use crate::call::stream_event::StreamEvent;
use crate::error::Result;
use crate::json::unions::StrictUnion;
use crate::json::{ApiObject, ApiUnion};
use crate::messages::UsageInfo;

/// An event of a speech stream. Mirrors the API's `SpeechStreamEvents`.
///
/// The `type` field of the data selects the variant. Without it, the type of the server-sent
/// event does.
#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(tag = "type")]
#[non_exhaustive]
pub enum SpeechStreamEvents {
    /// The next chunk of the recording.
    #[api("speech.audio.delta")]
    AudioDelta(SpeechStreamAudioDelta),
    /// The end of the stream, with the usage.
    #[api("speech.audio.done")]
    Done(SpeechStreamDone),
    /// A value that this version of the SDK does not declare.
    Unknown(Value),
}

impl SpeechStreamEvents {
    /// Decodes the chunk of the recording that this event carries. Empty for every event but
    /// [`AudioDelta`](Self::AudioDelta).
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Decode`](crate::ErrorKind::Decode) when the data is not base64.
    pub fn audio(&self) -> Result<Bytes> {
        match self {
            Self::AudioDelta(delta) => delta.audio(),
            _ => Ok(Bytes::new()),
        }
    }
}

/// A chunk of a recording. Mirrors the API's `SpeechStreamAudioDelta`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct SpeechStreamAudioDelta {
    /// The chunk in base64; [`audio`](Self::audio) decodes it.
    #[api(required)]
    pub audio_data: String,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl SpeechStreamAudioDelta {
    /// Decodes the chunk. It has the format that the request set.
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Decode`](crate::ErrorKind::Decode) when the data is not base64.
    pub fn audio(&self) -> Result<Bytes> {
        decode_audio(&self.audio_data)
    }
}

/// The last event of a speech stream. Mirrors the API's `SpeechStreamDone`.
#[derive(Debug, Clone, PartialEq, Default, ApiObject)]
#[non_exhaustive]
pub struct SpeechStreamDone {
    /// The tokens and the audio that the call consumed.
    #[api(lenient)]
    pub usage: Option<UsageInfo>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The state that a stream of [`SpeechStreamEvents`] accumulates.
#[derive(Debug, Default)]
pub struct SpeechState {
    has_started: bool,
    is_done: bool,
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
        // A part of the recording must not be missing without an error.
        let read = |data: &str| serde_json::from_str(data).map(|StrictUnion(event)| event);
        let event = match read(data)? {
            Self::Unknown(event) => named_event(event_type, event, read)?,
            event => event,
        };
        state.has_started |= match &event {
            Self::Unknown(event) => has_type(event),
            _ => true,
        };
        if let Self::Done(done) = &event {
            state.is_done = true;
            state.usage.clone_from(&done.usage);
        }
        Ok(event)
    }

    fn snapshot(state: &SpeechState) -> Option<serde_json::Value> {
        let usage = state.usage.as_ref()?;
        Some(serde_json::json!({ "usage": usage }))
    }

    fn may_end(state: &SpeechState) -> bool {
        state.has_started // the API sends no `[DONE]` on these streams
    }

    fn is_complete(state: &SpeechState) -> bool {
        state.is_done
    }
}

impl EventStream<SpeechStreamEvents> {
    /// Reads the rest of the stream and returns its audio: the part of the recording that
    /// [`next`](EventStream::next) has not returned before.
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
    /// * The error of [`next`](EventStream::next), also if it was returned before.
    /// * [`ErrorKind::Truncated`](crate::ErrorKind::Truncated) when the stream ends without
    ///   [`Done`](SpeechStreamEvents::Done).
    /// * [`ErrorKind::Decode`](crate::ErrorKind::Decode) when a chunk is not base64.
    ///
    /// The error's [`partial`](crate::Error::partial) is the audio received until then, as
    /// [`Bytes`].
    pub async fn collect_audio(mut self) -> Result<Bytes> {
        let mut audio = BytesMut::new();
        while let Some(event) = self.next().await {
            match event.and_then(|event| event.audio()) {
                Ok(chunk) => audio.extend_from_slice(&chunk),
                Err(error) => return Err(error.with_partial(Box::new(audio.freeze()))),
            }
        }
        let audio = audio.freeze();
        match self.read_to_end().await {
            Ok(_) => Ok(audio),
            // `next` returns `None` after a failure, too.
            Err(error) => Err(error.with_partial(Box::new(audio))),
        }
    }
}
