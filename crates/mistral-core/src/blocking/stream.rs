use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use super::blocking_stream::{AsyncSource, BlockingStream};
use crate::call::event_stream;
use crate::call::reconnecting_stream::{ReconnectingStream, SequencedEvent};
use crate::call::stream_event::StreamEvent;
use crate::error::{Error, Result};
use crate::mode::Blocking;

/// The events of a streamed call: a blocking iterator.
///
/// An error ends the iterator. An incomplete stream fails with
/// [`ErrorKind::Truncated`](crate::ErrorKind::Truncated), and the error holds the partial
/// response. Dropping the stream closes its connection.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = mistral_emulator::Emulator::start()?;
/// # let client = mistral_sdk::blocking::Client::new(
/// #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
/// # )?;
/// # use mistral_sdk::chat::ChatCompletionRequest;
/// # let question = "Who painted Olympia?";
/// # let request = ChatCompletionRequest::new("mistral-small-latest", question);
/// let mut stream = client.chat().stream(&request).send()?;
/// for chunk in stream.by_ref() {
///     print!("{}", chunk?.text());
/// }
/// let response = stream.collect_response()?; // the complete response, with its usage
/// # assert!(response.text().contains("Manet"));
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct EventStream<T: StreamEvent>(pub(super) BlockingStream<event_stream::EventStream<T>>);

impl<T: StreamEvent> EventStream<T> {
    pub(super) fn new(stream: event_stream::EventStream<T>, mode: Blocking) -> Self {
        Self(BlockingStream::new(stream, mode))
    }

    /// Returns the server's request id, for support requests.
    pub fn request_id(&self) -> Option<&str> {
        self.0.inner.request_id()
    }
}

impl<T: StreamEvent> Iterator for EventStream<T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

impl<T: StreamEvent> AsyncSource for event_stream::EventStream<T> {
    type Element = T;
    const SENDS_REQUESTS: bool = false;

    fn next_buffered(&mut self) -> Poll<Option<Result<T>>> {
        self.poll_buffered()
    }

    fn with_context(&self, error: Error) -> Error {
        self.error(error)
    }
}

#[cfg(feature = "blocking")]
impl<T: SequencedEvent> Iterator for ReconnectingStream<T, Blocking> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_ended() {
            return None;
        }
        let runtime = Arc::clone(&self.mode.runtime);
        let next = runtime.block_on_call(poll_fn(|cx| self.poll_event(cx)));
        // Ended, because a loop that skips errors would not terminate otherwise.
        next.unwrap_or_else(|error| Some(Err(self.end(error))))
    }
}
