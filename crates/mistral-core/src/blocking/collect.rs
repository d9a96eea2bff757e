//! Methods that collect a whole stream.

use bytes::Bytes;

use super::EventStream;
use crate::api::audio::{SpeechStreamEvents, TranscriptionResponse, TranscriptionStreamEvents};
use crate::api::chat::{ChatCompletionResponse, CompletionChunk};
use crate::call::MergedEvent;
use crate::error::Result;

impl EventStream<CompletionChunk> {
    /// Returns the response merged from the chunks that the iterator has returned. The stream goes
    /// on.
    pub fn so_far(&self) -> ChatCompletionResponse {
        self.0.inner.so_far()
    }

    /// Reads the rest of the stream and returns the complete response, merged from all chunks,
    /// including those that were read before.
    ///
    /// # Errors
    /// Fails with the errors of the iterator, also if it has returned one before.
    /// [`Error::partial`](crate::Error::partial) is the response up to the error.
    pub fn collect_response(self) -> Result<ChatCompletionResponse> {
        self.0
            .collect(async |stream| stream.collect_response().await)
    }
}

#[cfg(feature = "schemars")]
impl<T: serde::de::DeserializeOwned + Send + 'static>
    EventStream<crate::api::chat::ParsedChunk<T>>
{
    /// Returns the response merged from the chunks that the iterator has returned. The stream goes
    /// on.
    pub fn so_far(&self) -> ChatCompletionResponse {
        self.0.inner.so_far()
    }

    /// Reads the rest of the stream and returns the final value with the complete response.
    ///
    /// # Errors
    /// Fails with the errors of the asynchronous
    /// [`collect_parsed`](crate::EventStream::<crate::api::chat::ParsedChunk<T>>::collect_parsed).
    pub fn collect_parsed(self) -> Result<crate::api::chat::Parsed<T>> {
        self.0.collect(async |stream| stream.collect_parsed().await)
    }
}

impl<T: MergedEvent> EventStream<T> {
    /// Returns the response merged from the events that the iterator has returned. The stream goes
    /// on.
    pub fn so_far(&self) -> T::Response {
        self.0.inner.so_far()
    }

    /// Reads the rest of the stream and returns the whole response, merged from all events,
    /// including those that were read before.
    ///
    /// # Errors
    /// Fails with the errors of the asynchronous
    /// [`collect_response`](crate::EventStream::collect_response).
    pub fn collect_response(self) -> Result<T::Response> {
        self.0
            .collect(async |stream| stream.collect_response().await)
    }
}

impl EventStream<TranscriptionStreamEvents> {
    /// Returns the transcription merged from the events that the iterator has returned. The stream
    /// goes on.
    pub fn so_far(&self) -> TranscriptionResponse {
        self.0.inner.so_far()
    }

    /// Reads the rest of the stream and returns the complete transcription, merged from all
    /// events, including those that were read before.
    ///
    /// # Errors
    /// Fails with the errors of the asynchronous
    /// [`collect_response`](crate::EventStream::<TranscriptionStreamEvents>::collect_response).
    pub fn collect_response(self) -> Result<TranscriptionResponse> {
        self.0
            .collect(async |stream| stream.collect_response().await)
    }
}

impl EventStream<SpeechStreamEvents> {
    /// Reads the rest of the stream and returns its audio, without the events that were read
    /// before.
    ///
    /// # Errors
    /// Fails with the errors of the asynchronous
    /// [`collect_audio`](crate::EventStream::<SpeechStreamEvents>::collect_audio).
    pub fn collect_audio(self) -> Result<Bytes> {
        self.0.collect(async |stream| stream.collect_audio().await)
    }
}
