//! Streams of events: decoding, timeouts, and the end of the stream.

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
use crate::pipeline::credentials::Credentials;
use crate::pipeline::deadline::IdleTimer;
use crate::pipeline::telemetry::Trace;
use crate::provider::{Framing, Operation};
use crate::sse::SseDecoder;
use crate::transport::Body;

/// The data of the event that ends a stream.
const END_MARKER: &str = "[DONE]";

/// An event of a stream: decodes itself from the data of a server-sent event, and determines whether
/// the stream is complete.
///
/// Implement it to stream an operation that the SDK does not model:
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
    /// The state that is kept from one event to the next.
    type State: Default + Send + Sync + Unpin + 'static;

    /// Decodes one event from its data. Default: decodes JSON.
    ///
    /// # Errors
    /// Fails when the data is not a valid event of the operation.
    fn decode(data: &str, state: &mut Self::State) -> Result<Self, serde_json::Error> {
        let _ = state;
        serde_json::from_str(data)
    }

    /// Decodes one event from its type and its data. The type is `message` unless the stream sets
    /// another. Default: calls [`decode`](Self::decode) and ignores the type.
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

    /// Whether the stream may end here without the end marker `[DONE]`. Default: `true`.
    fn may_end(state: &Self::State) -> bool {
        let _ = state;
        true
    }

    /// Whether the result is complete, so that a broken connection is not an error any more.
    /// Default: `false`.
    fn is_complete(state: &Self::State) -> bool {
        let _ = state;
        false
    }

    /// Returns the response that has arrived so far as JSON, for the attributes of the span: the
    /// model, the usage, the choices. Called once, at the end of the stream, and only if the span
    /// is enabled. Default: `None`.
    fn snapshot(state: &Self::State) -> Option<serde_json::Value> {
        let _ = state;
        None
    }

    /// Returns the result that has arrived so far, for
    /// [`Error::partial`](crate::Error::partial) of a stream that fails. Default: `None`.
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
/// Read them with [`next`](Self::next), or as a [`Stream`]. After an error or the end, there are no
/// more events. A stream that stops before its end fails with [`ErrorKind::Truncated`], and
/// [`Error::partial`](crate::Error::partial) holds the result that had arrived.
///
/// There is no background task: events are read when the stream is polled. Dropping the stream
/// closes its connection; reading it to the end returns the connection to the pool.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = mistral_emulator::Emulator::start()?;
/// # let client = mistral_sdk::Client::new(
/// #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
/// # )?;
/// use mistral_sdk::chat::{ChatCompletionRequest, Message};
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
    /// Boxed: a stream is moved more often than it fails.
    credentials: Box<Credentials>,
    /// `None` once the stream has ended.
    body: Option<Body>,
    failed: bool,
    /// Whether the end marker has arrived.
    has_end_marker: bool,
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
            credentials: Box::new(raw.credentials),
            body: Some(raw.response.into_body()),
            failed: false,
            has_end_marker: false,
            decoder: decoder.max_event_size(max_event_size),
            state: T::State::default(),
            idle_timer: IdleTimer::new(raw.idle, raw.deadline),
            trace: raw.trace,
        }
    }

    /// Returns the next event, or `None` after the last one.
    ///
    /// # Cancel safety
    /// No event is lost when the future is dropped before it completes.
    pub async fn next(&mut self) -> Option<Result<T>> {
        poll_fn(|cx| self.poll_event(cx)).await
    }

    /// Returns the server's id of the request, which its support may ask for.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// Returns a function that adds the operation, the request id and the attempts to an error.
    #[cfg(feature = "schemars")]
    pub(crate) fn error_context(&self) -> impl FnOnce(Error) -> Error + use<T> {
        let (operation, attempts) = (self.operation.clone(), self.attempts);
        let request_id = self.request_id.clone();
        move |error| {
            error
                .with_request_id(request_id.as_deref())
                .at(operation, attempts)
        }
    }

    /// Reads the stream to its end and returns the final state.
    pub(crate) async fn read_to_end(mut self) -> Result<T::State> {
        while let Some(event) = self.next().await {
            event?;
        }
        let message = if self.failed {
            "the stream stopped before its end: an earlier `next` returned the error"
        } else if !self.has_end_marker && !T::is_complete(&self.state) {
            "the stream stopped before its last event: the server closed the connection"
        } else {
            return Ok(std::mem::take(&mut self.state));
        };
        Err(self.error(Error::new(ErrorKind::Truncated, message)))
    }

    /// Returns the next event, or the end, if it is buffered already.
    pub(crate) fn poll_buffered(&mut self) -> Poll<Option<Result<T>>> {
        if self.body.is_none() {
            return Poll::Ready(None);
        }
        if self.has_end_marker {
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
            if let Poll::Ready(event) = self.poll_buffered() {
                return Poll::Ready(event);
            }
            if self.has_end_marker {
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
                    let message = "the stream stopped before its end: the connection broke";
                    let error = Error::new(ErrorKind::Truncated, message).with_source(error);
                    return Poll::Ready(Some(self.fail(error)));
                }
                // The last line has no line feed. The body must not be polled after its end.
                Poll::Ready(None) if self.decoder.end_line() => self.body = Some(Body::empty()),
                Poll::Ready(None) if self.may_end() => {
                    self.close();
                    return Poll::Ready(None);
                }
                Poll::Ready(None) => {
                    let message =
                        "the stream stopped before its end: the server closed the connection";
                    let error = Error::new(ErrorKind::Truncated, message);
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

    /// Decodes the current event, unless it is the end marker.
    fn read_event(&mut self) -> Poll<Option<Result<T>>> {
        let event = self.decoder.event();
        if event.data == END_MARKER {
            self.has_end_marker = true;
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

    /// Ends the stream. Data after the end marker is read if it is buffered, because a connection is
    /// returned to the pool only after its body was read to the end.
    fn end(&mut self, cx: &mut Context<'_>) {
        if let Some(mut body) = self.body.take() {
            while let Poll::Ready(Some(Ok(_))) = Pin::new(&mut body).poll_next(cx) {}
        }
        self.close();
    }

    /// Releases the connection and ends the span.
    #[inline(never)] // runs once; inlined, it would enlarge the stack frame of every event
    fn close(&mut self) {
        self.body = None;
        if let Some(trace) = self.trace.take() {
            trace.end(T::snapshot(&self.state));
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
        let error = self
            .credentials
            .mask(error.with_request_id(self.request_id.as_deref()))
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
