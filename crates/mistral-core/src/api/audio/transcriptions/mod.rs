mod events;
mod request;
mod response;

use super::{TRANSCRIBE, TRANSCRIBE_STREAM};
use crate::call::event_stream::EventStream;
use crate::call::{Call, StreamCall};
use crate::client::Client;
use crate::error::Result;
use crate::mode::{Async, Mode};
use crate::pipeline::request::ApiRequest;
use crate::provider::Operation;

pub use self::events::{
    TranscriptionState, TranscriptionStreamEvents, TranscriptionStreamLanguage,
    TranscriptionStreamSegmentDelta, TranscriptionStreamTextDelta,
};
pub use self::request::{AudioSource, AudioTranscriptionRequest, TimestampGranularity};
pub use self::response::{
    TranscriptionResponse, TranscriptionSegmentChunk, TranscriptionStreamDone,
};

/// The operations that transcribe recordings.
///
/// Created by [`Audio::transcriptions`](super::Audio::transcriptions).
#[derive(Debug, Clone)]
pub struct Transcriptions<M: Mode = Async> {
    pub(crate) client: Client<M>,
}

impl<M: Mode> Transcriptions<M> {
    /// Transcribes a recording and returns the whole text.
    ///
    /// Mirrors `POST /v1/audio/transcriptions`. A file is streamed to the server and never
    /// held in memory as a whole.
    #[doc = example!(r#"
use mistral_sdk::audio::{AudioSource, AudioTranscriptionRequest};

let source = AudioSource::url("https://example.com/interview.mp3");
let request = AudioTranscriptionRequest::new("voxtral-mini-latest", source)
    .language("en");
let response = client.audio().transcriptions().complete(&request).await?;
println!("{}", response.text);
# assert!(!response.text.is_empty());
"#)]
    /// # Errors
    /// Besides the errors of every call, fails with [`ErrorKind::Io`](crate::ErrorKind::Io)
    /// when the file is missing, cannot be read, or changes its length while it is sent.
    pub fn complete(&self, request: &AudioTranscriptionRequest) -> Call<TranscriptionResponse, M> {
        self.client.call(api_request(&TRANSCRIBE, request))
    }

    /// Transcribes a recording and streams the text while it is generated.
    ///
    /// Mirrors `POST /v1/audio/transcriptions`. This method sets `stream`.
    #[doc = example!(r#"
# use mistral_sdk::audio::{AudioSource, AudioTranscriptionRequest};
# let source = AudioSource::url("https://example.com/interview.mp3");
# let request = AudioTranscriptionRequest::new("voxtral-mini-latest", source);
# let mut text = String::new();
let mut stream = client.audio().transcriptions().stream(&request).await?;
while let Some(event) = stream.next().await {
    let event = event?;
    print!("{}", event.text());
#   text += event.text();
}
# assert!(!text.is_empty());
"#)]
    /// # Errors
    /// Fails as [`complete`](Self::complete) does.
    pub fn stream(
        &self,
        request: &AudioTranscriptionRequest,
    ) -> StreamCall<TranscriptionStreamEvents, M> {
        self.client
            .call_stream(api_request(&TRANSCRIBE_STREAM, request))
    }
}

fn api_request(operation: &'static Operation, request: &AudioTranscriptionRequest) -> ApiRequest {
    match request.form(operation.framing.is_event_stream()) {
        Ok(form) => ApiRequest::new(operation)
            .model(&*request.model)
            .multipart(form),
        Err(error) => ApiRequest::invalid(operation, error),
    }
}

impl EventStream<TranscriptionStreamEvents> {
    /// Returns the transcription merged from the events that [`next`](EventStream::next) has
    /// returned. The stream goes on.
    pub fn so_far(&self) -> TranscriptionResponse {
        self.state().clone().into_response()
    }

    /// Reads the rest of the stream and returns the whole transcription, including the events
    /// that [`next`](EventStream::next) has already returned.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = mistral_emulator::Emulator::start()?;
    /// # let client = mistral_sdk::Client::new(
    /// #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
    /// # )?;
    /// use mistral_sdk::audio::{AudioSource, AudioTranscriptionRequest};
    ///
    /// let recording = AudioSource::url("https://example.com/interview.mp3");
    /// let request = AudioTranscriptionRequest::new("voxtral-mini-latest", recording);
    /// let mut stream = client.audio().transcriptions().stream(&request).await?;
    /// while let Some(event) = stream.next().await {
    ///     print!("{}", event?.text());
    /// }
    /// let response = stream.collect_response().await?;
    /// println!("\n{:?}", response.usage);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// * The error of [`next`](EventStream::next), also if it was returned before.
    /// * [`ErrorKind::Truncated`](crate::ErrorKind::Truncated) when the stream ends without
    ///   [`Done`](TranscriptionStreamEvents::Done).
    ///
    /// The error's [`partial`](crate::Error::partial) is the transcription received until then.
    pub async fn collect_response(self) -> Result<TranscriptionResponse> {
        Ok(self.read_to_end().await?.into_response())
    }
}
