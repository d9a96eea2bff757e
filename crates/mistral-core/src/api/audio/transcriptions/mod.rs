mod events;
mod request;
mod response;

use super::{TRANSCRIBE, TRANSCRIBE_STREAM};
use crate::call::event_stream::EventStream;
use crate::call::{Call, StreamCall};
use crate::error::Result;
use crate::mode::Mode;
use crate::pipeline::request::Prepared;
use crate::provider::Operation;

pub use self::events::{
    TranscriptionState, TranscriptionStreamEvents, TranscriptionStreamLanguage,
    TranscriptionStreamSegmentDelta, TranscriptionStreamTextDelta,
};
pub use self::request::{AudioSource, AudioTranscriptionRequest, TimestampGranularity};
pub use self::response::{
    TranscriptionResponse, TranscriptionSegmentChunk, TranscriptionStreamDone,
};

group! {
    /// What recordings say, as text. Made by [`Audio::transcriptions`](super::Audio::transcriptions).
    Transcriptions
}

impl<M: Mode> Transcriptions<M> {
    /// Transcribes a recording and waits for the whole text.
    ///
    /// Mirrors `POST /v1/audio/transcriptions`. A file is streamed to the server, never
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
    /// Beside the errors of every call: [`ErrorKind::Io`](crate::ErrorKind::Io) when the
    /// file is missing or cannot be read, or changes its length while it is sent.
    pub fn complete(&self, request: &AudioTranscriptionRequest) -> Call<TranscriptionResponse, M> {
        Call::new(&self.engine, &self.mode, prepare(&TRANSCRIBE, request))
    }

    /// Transcribes a recording and reads the text as it is written.
    ///
    /// Mirrors `POST /v1/audio/transcriptions` with `stream`, which this sets.
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
        let request = prepare(&TRANSCRIBE_STREAM, request);
        StreamCall::new(&self.engine, &self.mode, request)
    }
}

fn prepare(operation: &'static Operation, request: &AudioTranscriptionRequest) -> Result<Prepared> {
    let form = request.form(operation.stream);
    let form = form.map_err(|error| error.at(operation.name.clone(), 0))?;
    Prepared::new(operation).form(Some(&request.model), form)
}

impl EventStream<TranscriptionStreamEvents> {
    /// Reads the rest of the stream and gives the whole transcription, made of all events:
    /// those that [`next`](EventStream::next) has already given as well.
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
    /// Fails as [`next`](EventStream::next) does, or has done, and with
    /// [`ErrorKind::Truncated`](crate::ErrorKind::Truncated) when the stream ends without
    /// [`Done`](TranscriptionStreamEvents::Done); the error's
    /// [`partial`](crate::Error::partial) is the transcription as far as it had come.
    pub async fn collect_response(self) -> Result<TranscriptionResponse> {
        Ok(self.read_to_end().await?.into_response())
    }
}
