mod events;
mod request;

use super::{SPEAK, SPEAK_STREAM, decode_audio};
use serde_json::{Map, Value};

use crate::call::{Call, StreamCall};
use crate::client::Client;
use crate::error::Result;
use crate::json::ApiObject;
use crate::mode::{Async, Mode};
use crate::pipeline::request::ApiRequest;

pub use self::events::{SpeechState, SpeechStreamAudioDelta, SpeechStreamDone, SpeechStreamEvents};
pub use self::request::{
    RawAudio, SpeechAssistantTurn, SpeechOutputFormat, SpeechRequest, SpeechTurn, SpeechUserTurn,
};

/// Texts, spoken. Made by [`Audio::speech`](super::Audio::speech).
#[derive(Debug, Clone)]
pub struct Speech<M: Mode = Async> {
    pub(crate) client: Client<M>,
}

impl<M: Mode> Speech<M> {
    /// Speaks a text and waits for the whole recording.
    ///
    /// Mirrors `POST /v1/audio/speech`.
    #[doc = example!(r#"
use serde_json::{Map, Value};
use mistral_sdk::audio::SpeechRequest;

let request = SpeechRequest::new("Bonjour !").voice_id("fr_marie_neutral");
let audio = client.audio().speech().complete(&request).await?.audio()?;
println!("{} bytes of MP3", audio.len());
# assert!(!audio.is_empty());
"#)]
    pub fn complete(&self, request: &SpeechRequest) -> Call<SpeechResponse, M> {
        let request = ApiRequest::new(&SPEAK)
            .model(request.model.as_deref())
            .json(request);
        self.client.call(request)
    }

    /// Speaks a text and reads the recording as it is made.
    ///
    /// Mirrors `POST /v1/audio/speech` with `stream`, which this sets.
    #[doc = example!(r#"
use mistral_sdk::audio::{SpeechOutputFormat, SpeechRequest};

let request = SpeechRequest::new("Bonjour !").response_format(SpeechOutputFormat::Pcm);
# let mut length = 0;
let mut stream = client.audio().speech().stream(&request).await?;
while let Some(event) = stream.next().await {
    let samples = event?.audio()?; // play them
#   length += samples.len();
}
# assert!(length > 0);
"#)]
    pub fn stream(&self, request: &SpeechRequest) -> StreamCall<SpeechStreamEvents, M> {
        let request = ApiRequest::new(&SPEAK_STREAM)
            .model(request.model.as_deref())
            .json(request);
        self.client.call_stream(request)
    }
}

/// A spoken text. Mirrors the API's `SpeechResponse`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct SpeechResponse {
    /// The recording as base64. See [`audio`](Self::audio).
    #[api(required)]
    pub audio_data: String,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl SpeechResponse {
    /// The recording, in the format that the request asked for.
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Decode`](crate::ErrorKind::Decode) when it is not base64.
    pub fn audio(&self) -> Result<bytes::Bytes> {
        decode_audio(&self.audio_data)
    }
}
