use std::task::Poll;

use super::waiting::{Source, Waiting};
use crate::call::event_stream;
use crate::call::event_stream::StreamEvent;
use crate::error::{Error, Result};
use crate::mode::Blocking;

/// The events of a streamed call: an iterator that waits for each.
///
/// After an error, and after the end, there are no more. A stream that stops before its end is
/// an error ([`ErrorKind::Truncated`](crate::ErrorKind::Truncated)) that carries what had
/// arrived. Dropping the stream closes its connection.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = mistral_emulator::Emulator::start()?;
/// # let client = mistral_sdk::blocking::Client::new(
/// #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
/// # )?;
/// # use mistral_sdk::chat::{ChatCompletionRequest, Message};
/// # let question = [Message::user("Who painted Olympia?")];
/// # let request = ChatCompletionRequest::new("mistral-small-latest", question);
/// let mut stream = client.chat().stream(&request).send()?;
/// for chunk in stream.by_ref() {
///     print!("{}", chunk?.text());
/// }
/// let response = stream.collect_response()?; // the whole answer, with its usage
/// # assert!(response.text().contains("Manet"));
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct EventStream<T: StreamEvent>(pub(super) Waiting<event_stream::EventStream<T>>);

impl<T: StreamEvent> EventStream<T> {
    pub(super) fn new(stream: event_stream::EventStream<T>, mode: Blocking) -> Self {
        Self(Waiting::new(stream, mode))
    }

    /// The server's id of the request, to be given to its support.
    pub fn request_id(&self) -> Option<&str> {
        self.0.source.request_id()
    }
}

impl<T: StreamEvent> Iterator for EventStream<T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

impl<T: StreamEvent> Source for event_stream::EventStream<T> {
    type Piece = T;
    const SENDS: bool = false;

    fn arrived(&mut self) -> Poll<Option<Result<T>>> {
        self.poll_buffered()
    }

    fn error(&self, error: Error) -> Error {
        self.error(error)
    }
}
