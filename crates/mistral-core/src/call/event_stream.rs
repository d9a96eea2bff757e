//! Streams of events: framing, time, and the end.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

use crate::error::{ApiError, Error, ErrorKind, Result, locate, unexpected};
use crate::pipeline::classify::RawResponse;
use crate::pipeline::deadline::IdleTimer;
use crate::pipeline::telemetry::Trace;
use crate::provider::{Framing, Operation};
use crate::sse::SseDecoder;
use crate::transport::Body;

/// What ends a stream although the connection stays open.
const END_MARK: &str = "[DONE]";

/// An event of a stream, and what must be known to read it and to tell its end.
///
/// Implement it for a type of your own to stream an operation that the SDK does not model:
///
/// ```
/// use mistral_core::call::StreamEvent;
///
/// #[derive(serde::Deserialize)]
/// struct Progress { done: u32 }
///
/// impl StreamEvent for Progress {
///     type State = ();
/// }
/// ```
pub trait StreamEvent: DeserializeOwned + Send + 'static {
    /// What is kept from one event to the next.
    type State: Default + Send + Sync + Unpin + 'static;

    /// Reads one event from its data. The default reads JSON.
    ///
    /// # Errors
    /// Fails when the data is not what the operation documents.
    fn decode(data: &str, state: &mut Self::State) -> Result<Self, serde_json::Error> {
        let _ = state;
        serde_json::from_str(data)
    }

    /// Reads one event from its type and its data. The type is `message` unless the stream
    /// names another. The default looks at the data alone.
    ///
    /// # Errors
    /// Fails as [`decode`](Self::decode) does.
    fn decode_named(
        event_type: &str,
        data: &str,
        state: &mut Self::State,
    ) -> Result<Self, serde_json::Error> {
        let _ = event_type;
        Self::decode(data, state)
    }

    /// Whether the stream may end here without an end mark. The default allows it.
    fn may_end(state: &Self::State) -> bool {
        let _ = state;
        true
    }

    /// Whether nothing that counts is missing, so that the stream has ended well even if its
    /// connection breaks here. The default wants a proper end.
    fn is_complete(state: &Self::State) -> bool {
        let _ = state;
        false
    }

    /// What has arrived so far as a whole answer in JSON, for the span of the call: the model,
    /// the usage, the choices. Asked for once, and only if somebody listens.
    fn so_far(state: &Self::State) -> Option<serde_json::Value> {
        let _ = state;
        None
    }

    /// What has arrived so far, for the error of a stream that breaks off.
    fn partial(state: &Self::State) -> Option<Box<dyn Any + Send + Sync>> {
        let _ = state;
        None
    }
}

impl StreamEvent for serde_json::Value {
    type State = ();
}

/// The events of a streamed call, read as they arrive.
///
/// Take them with [`next`](Self::next), or as a [`Stream`]. After an error, and after the
/// end, there are no more. A stream that stops before its end is an error
/// ([`ErrorKind::Truncated`]) that carries what had arrived.
///
/// Nothing runs in the background: events are read when they are asked for. Dropping the
/// stream closes its connection; reading it to the end gives the connection back.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = mistral_emulator::Emulator::start()?;
/// # let client = mistral_sdk::Client::new(
/// #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
/// # )?;
/// use mistral_sdk::chat::ChatCompletionRequest;
/// use mistral_sdk::chat::Message;
///
/// let question = [Message::user("Who painted Olympia?")];
/// let request = ChatCompletionRequest::new("mistral-small-latest", question);
/// let mut stream = client.chat().stream(&request).await?;
/// while let Some(chunk) = stream.next().await {
///     print!("{}", chunk?.text());
/// }
/// # Ok(()) }
/// ```
pub struct EventStream<T: StreamEvent> {
    operation: Cow<'static, str>,
    attempts: u32,
    status: StatusCode,
    request_id: Option<Box<str>>,
    /// `None` once the stream has ended.
    body: Option<Body>,
    failed: bool,
    /// Whether the end mark has come.
    marked: bool,
    decoder: SseDecoder,
    state: T::State,
    idle_timer: IdleTimer,
    trace: Option<Box<Trace>>,
}

impl<T: StreamEvent> EventStream<T> {
    pub(crate) fn new(operation: &Operation, max_event_size: usize, raw: RawResponse) -> Self {
        let request_id = crate::error::request_id(raw.response.headers()).map(Box::from);
        let decoder = match operation.framing {
            Framing::JsonLines => SseDecoder::json_lines(),
            _ => SseDecoder::new(),
        };
        Self {
            operation: operation.name.clone(),
            attempts: raw.attempts,
            status: raw.response.status(),
            request_id,
            body: Some(raw.response.into_body()),
            failed: false,
            marked: false,
            decoder: decoder.max_event_size(max_event_size),
            state: T::State::default(),
            idle_timer: IdleTimer::new(raw.idle, raw.deadline),
            trace: raw.trace,
        }
    }

    /// The next event, or `None` after the last one.
    ///
    /// It is cancel-safe: no event is lost when the future is dropped before it is ready.
    pub async fn next(&mut self) -> Option<Result<T>> {
        poll_fn(|cx| self.poll_event(cx)).await
    }

    /// The server's id of the request, to be given to its support.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// Says in an error about what the stream has come to which call it was.
    #[cfg(feature = "schemars")]
    pub(crate) fn place(&self) -> impl FnOnce(Error) -> Error + use<T> {
        let (operation, attempts) = (self.operation.clone(), self.attempts);
        let request_id = self.request_id.clone();
        move |error| {
            error
                .with_request_id(request_id.as_deref())
                .at(operation, attempts)
        }
    }

    /// Reads what is left of the stream, for what all of it has come to.
    pub(crate) async fn read_to_end(mut self) -> Result<T::State> {
        while let Some(event) = self.next().await {
            event?;
        }
        let what = if self.failed {
            "the stream stopped before its end, as an earlier error has told"
        } else if !self.marked && !T::is_complete(&self.state) {
            "the stream stopped before its last event: the server closed it"
        } else {
            return Ok(std::mem::take(&mut self.state));
        };
        Err(self.error(Error::new(ErrorKind::Truncated, what)))
    }

    /// The next event, or the end, if there is no need to read on for it.
    pub(crate) fn arrived(&mut self) -> Poll<Option<Result<T>>> {
        if self.body.is_none() {
            return Poll::Ready(None);
        }
        if self.marked {
            return Poll::Pending;
        }
        match self.decoder.advance() {
            Ok(true) => self.read_event(),
            Ok(false) => Poll::Pending,
            Err(error) => {
                let error = Error::new(ErrorKind::TooLarge, error.to_string());
                Poll::Ready(Some(self.fail(error)))
            }
        }
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        loop {
            if let Poll::Ready(event) = self.arrived() {
                return Poll::Ready(event);
            }
            if self.marked {
                self.end(cx);
            }
            let Some(body) = &mut self.body else {
                return Poll::Ready(None);
            };
            match Pin::new(body).poll_next(cx) {
                Poll::Ready(Some(Ok(bytes))) => {
                    self.idle_timer.reset();
                    self.decoder.push(bytes);
                }
                Poll::Ready(Some(Err(_))) if T::is_complete(&self.state) => {
                    self.close();
                    return Poll::Ready(None);
                }
                Poll::Ready(Some(Err(error))) => {
                    let what = "the stream stopped before its end: the connection broke";
                    let error = Error::new(ErrorKind::Truncated, what).with_source(error);
                    return Poll::Ready(Some(self.fail(error)));
                }
                Poll::Ready(None) if self.decoder.end_line() => {}
                Poll::Ready(None) if self.may_end() => {
                    self.close();
                    return Poll::Ready(None);
                }
                Poll::Ready(None) => {
                    let what = "the stream stopped before its end: the server closed it";
                    let error = Error::new(ErrorKind::Truncated, what);
                    return Poll::Ready(Some(self.fail(error)));
                }
                Poll::Pending => {
                    let Poll::Ready(error) = self.idle_timer.poll(cx) else {
                        return Poll::Pending;
                    };
                    return Poll::Ready(Some(self.fail(error)));
                }
            }
        }
    }

    fn may_end(&self) -> bool {
        T::may_end(&self.state) && (T::is_complete(&self.state) || !self.decoder.is_within_event())
    }

    /// Reads the event that the decoder holds, unless it is the end mark.
    fn read_event(&mut self) -> Poll<Option<Result<T>>> {
        let event = self.decoder.event();
        if event.data == END_MARK {
            self.marked = true;
            return Poll::Pending;
        }
        let error = if event.event_type == "error" {
            let headers = HeaderMap::new();
            ApiError::parse(self.status, headers, event.data.as_bytes()).into()
        } else {
            if let Some(trace) = &mut self.trace {
                trace.event();
            }
            match T::decode_named(event.event_type, &event.data, &mut self.state) {
                Ok(item) => return Poll::Ready(Some(Ok(item))),
                Err(cause) => {
                    let data = event.data.as_bytes();
                    unexpected(self.status, HeaderMap::new(), data, locate(data, cause))
                }
            }
        };
        Poll::Ready(Some(self.fail(error)))
    }

    /// Ends the stream. What follows the end mark is read if it is there already, because
    /// only a body that was read to its end gives its connection back.
    fn end(&mut self, cx: &mut Context<'_>) {
        if let Some(mut body) = self.body.take() {
            while let Poll::Ready(Some(Ok(_))) = Pin::new(&mut body).poll_next(cx) {}
        }
        self.close();
    }

    /// Gives the connection up, and ends the span.
    #[inline(never)] // it happens once, and would make room for itself at every event
    fn close(&mut self) {
        self.body = None;
        if let Some(trace) = self.trace.take() {
            trace.end(T::so_far(&self.state));
        }
    }

    fn fail(&mut self, error: Error) -> Result<T> {
        if let Some(trace) = &self.trace {
            trace.failed(&error);
        }
        self.close();
        self.failed = true;
        Err(self.error(error))
    }

    pub(crate) fn error(&self, error: Error) -> Error {
        let error = error
            .with_request_id(self.request_id.as_deref())
            .at(self.operation.clone(), self.attempts);
        match T::partial(&self.state) {
            Some(partial) => error.with_partial(partial),
            None => error,
        }
    }
}

impl<T: StreamEvent> Drop for EventStream<T> {
    fn drop(&mut self) {
        self.close();
    }
}

impl<T: StreamEvent> Stream for EventStream<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_event(cx)
    }
}

impl<T: StreamEvent> fmt::Debug for EventStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream")
            .field("operation", &self.operation)
            .field("request_id", &self.request_id)
            .field("ended", &self.body.is_none())
            .finish_non_exhaustive()
    }
}
