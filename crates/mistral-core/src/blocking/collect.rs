//! What becomes of whole streams.

use bytes::Bytes;

use super::EventStream;
use crate::api::audio::{SpeechStreamEvents, TranscriptionResponse, TranscriptionStreamEvents};
use crate::api::chat::{ChatCompletionResponse, CompletionChunk};
use crate::error::Result;

impl EventStream<CompletionChunk> {
    /// Reads the rest of the stream and gives the whole answer, merged from all chunks, those
    /// that were taken before as well.
    ///
    /// # Errors
    /// Fails as the iterator does, or has done; the error's
    /// [`partial`](crate::Error::partial) is the answer as far as it had come.
    pub fn collect_response(self) -> Result<ChatCompletionResponse> {
        self.0
            .finish(async |stream| stream.collect_response().await)
    }
}

#[cfg(feature = "schemars")]
impl<T: serde::de::DeserializeOwned + Send + 'static>
    EventStream<crate::api::chat::ParsedChunk<T>>
{
    /// Reads the rest of the stream and gives the final value, with the whole answer.
    ///
    /// # Errors
    /// Fails as the asynchronous
    /// [`collect_parsed`](crate::EventStream::<crate::api::chat::ParsedChunk<T>>::collect_parsed)
    /// does.
    pub fn collect_parsed(self) -> Result<crate::api::chat::Parsed<T>> {
        self.0.finish(async |stream| stream.collect_parsed().await)
    }
}

impl EventStream<TranscriptionStreamEvents> {
    /// Reads the rest of the stream and gives the whole transcription, merged from all events,
    /// those that were taken before as well.
    ///
    /// # Errors
    /// Fails as the asynchronous
    /// [`collect_response`](crate::EventStream::<TranscriptionStreamEvents>::collect_response)
    /// does.
    pub fn collect_response(self) -> Result<TranscriptionResponse> {
        self.0
            .finish(async |stream| stream.collect_response().await)
    }
}

impl EventStream<SpeechStreamEvents> {
    /// Reads the rest of the stream and gives its audio: all of the recording that was not
    /// taken before.
    ///
    /// # Errors
    /// Fails as the asynchronous
    /// [`collect_audio`](crate::EventStream::<SpeechStreamEvents>::collect_audio) does.
    pub fn collect_audio(self) -> Result<Bytes> {
        self.0.finish(async |stream| stream.collect_audio().await)
    }
}
