mod events;
mod request;

use bytes::Bytes;
use serde_json::{Map, Value};

use super::{SPEAK, SPEAK_STREAM, decode_audio};
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

/// The operations that synthesize speech. Created by [`Audio::speech`](super::Audio::speech).
#[derive(Debug, Clone)]
pub struct Speech<M: Mode = Async> {
    pub(crate) client: Client<M>,
}

impl<M: Mode> Speech<M> {
    /// Synthesizes speech and returns the whole recording.
    ///
    /// Mirrors `POST /v1/audio/speech`.
    #[doc = example!(r#"
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

    /// Synthesizes speech and streams the recording while it is generated.
    ///
    /// Mirrors `POST /v1/audio/speech`. This method sets `stream`.
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

/// The recording of a synthesized text. Mirrors the API's `SpeechResponse`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct SpeechResponse {
    /// The recording in base64; [`audio`](Self::audio) decodes it.
    #[api(required)]
    pub audio_data: String,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl SpeechResponse {
    /// Decodes the recording. It has the format that the request set.
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Decode`](crate::ErrorKind::Decode) when the data is not base64.
    pub fn audio(&self) -> Result<Bytes> {
        decode_audio(&self.audio_data)
    }
}
