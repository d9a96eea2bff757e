//! Streams of events: decoding, timeouts, and the end of the stream.

mod read_to_end;

use std::borrow::Cow;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use http::{HeaderMap, StatusCode};

use super::keep_alive::{self, Content};
use super::stream_event::StreamEvent;
use crate::error::{
    ApiError, Error, ErrorKind, Result, locate, repaired, report_repair, unexpected,
};
use crate::pipeline::classify::{ErrorContext, RawResponse};
use crate::pipeline::collect::too_large;
use crate::pipeline::deadline::IdleTimer;
use crate::pipeline::telemetry::{CallOutcome, Trace};
use crate::provider::{Framing, Operation};
use crate::sse::SseDecoder;
use crate::transport::{Body, TransportErrorKind};

/// The data of the event that ends a stream.
const END_MARKER: &str = "[DONE]";

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
/// use mistral_sdk::chat::ChatCompletionRequest;
///
/// let question = "Who painted Olympia?";
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
    context: Box<ErrorContext>,
    /// `None` once the stream has ended.
    body: Option<Body>,
    failed: bool,
    /// Whether an event has been decoded.
    has_events: bool,
    /// The error of the first event that was passed over although it is no known keep-alive.
    passed_over: Option<Error>,
    /// Whether the end marker has arrived.
    has_end_marker: bool,
    decoder: SseDecoder,
    /// The largest size of all events, if they are merged.
    max_size: usize,
    /// The size of the events so far, if they are merged.
    size: usize,
    state: T::State,
    idle_timer: IdleTimer,
    trace: Option<Box<Trace>>,
}

/// The limits of a stream, in bytes.
pub(super) struct StreamLimits {
    /// The size of one event.
    pub(super) event: usize,
    /// The size of all events, if they are merged.
    pub(super) response: usize,
}

impl<T: StreamEvent> EventStream<T> {
    pub(super) fn new(operation: &Operation, limits: StreamLimits, raw: RawResponse) -> Self {
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
            context: Box::new(raw.response.context),
            body: Some(raw.response.http.into_body()),
            failed: false,
            has_events: false,
            passed_over: None,
            has_end_marker: false,
            decoder: decoder.max_event_size(limits.event),
            max_size: limits.response,
            size: 0,
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

    /// Returns the state after the events that were read so far.
    pub(crate) fn state(&self) -> &T::State {
        &self.state
    }

    /// Returns the next event, or the end, if it is buffered already.
    pub(crate) fn poll_buffered(&mut self) -> Poll<Option<Result<T>>> {
        if self.body.is_none() {
            return Poll::Ready(None);
        }
        while !self.has_end_marker {
            match self.decoder.advance() {
                Ok(true) => {
                    let event = self.read_event();
                    if event.is_ready() {
                        return event;
                    }
                }
                Ok(false) => break,
                Err(error) => {
                    let error = Error::new(ErrorKind::TooLarge, error.to_string());
                    return Poll::Ready(Some(self.fail(error)));
                }
            }
        }
        Poll::Pending
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        loop {
            if let Poll::Ready(event) = self.poll_buffered() {
                return Poll::Ready(event);
            }
            if self.has_end_marker {
                if let Some(error) = self.take_passed_over() {
                    return Poll::Ready(Some(self.fail(error)));
                }
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
                    self.close(CallOutcome::Completed);
                    return Poll::Ready(None);
                }
                Poll::Ready(Some(Err(cause))) if cause.kind() == TransportErrorKind::Decode => {
                    return Poll::Ready(Some(self.fail(cause.into())));
                }
                Poll::Ready(Some(Err(cause))) => {
                    let message = format!("the stream stopped before its end: {cause}");
                    let error = Error::new(ErrorKind::Truncated, message);
                    let error = error.with_source(cause.into_source());
                    return Poll::Ready(Some(self.fail(error)));
                }
                // The last line has no line feed. The body must not be polled after its end.
                Poll::Ready(None) if self.decoder.end_line() => self.body = Some(Body::empty()),
                Poll::Ready(None) if self.may_end() => {
                    self.close(CallOutcome::Completed);
                    return Poll::Ready(None);
                }
                Poll::Ready(None) => {
                    let error = self.closed_early();
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

    /// Decodes the current event. Pending if it is the end marker or is passed over.
    fn read_event(&mut self) -> Poll<Option<Result<T>>> {
        let event = self.decoder.event();
        if event.data == END_MARKER {
            self.has_end_marker = true;
            return Poll::Pending;
        }
        if !T::HAS_ERROR_EVENTS && event.event_type == "error" {
            let headers = HeaderMap::new();
            let error = ApiError::parse(self.status, headers, event.data.as_bytes());
            return Poll::Ready(Some(self.fail(error.into())));
        }
        if T::IS_MERGED {
            self.size = self.size.saturating_add(event.data.len());
            if self.size > self.max_size {
                return Poll::Ready(Some(self.fail(too_large(self.max_size))));
            }
        }
        let decoded = T::decode_named(event.event_type, &event.data, &mut self.state);
        if decoded.is_ok() {
            self.has_events = true;
            if let Some(trace) = &mut self.trace {
                trace.event();
            }
        }
        match decoded {
            Ok(item) => Poll::Ready(Some(Ok(item))),
            Err(cause) => self
                .read_other(cause)
                .map_or(Poll::Pending, |item| Poll::Ready(Some(item))),
        }
    }

    /// Reads an event that cannot be decoded: an end marker in another form, a keep-alive, or an
    /// error.
    #[cold]
    fn read_other(&mut self, cause: serde_json::Error) -> Option<Result<T>> {
        let event = self.decoder.event();
        let marker = event.data.trim().trim_matches(['"', '\'', '.', ',', ';']);
        if marker.eq_ignore_ascii_case(END_MARKER) {
            self.has_end_marker = true;
            return None;
        }
        if let Some(data) = repaired(&event.data)
            && let Ok(item) = T::decode_named(event.event_type, &data, &mut self.state)
        {
            report_repair();
            self.has_events = true;
            return Some(Ok(item));
        }
        if event.event_type == "error" {
            let error = ApiError::parse(self.status, HeaderMap::new(), event.data.as_bytes());
            return Some(self.fail(error.into()));
        }
        let content = keep_alive::classify(event.event_type, &event.data, T::SCALARS_KEEP_ALIVE);
        let operation = &self.operation;
        if let Content::KeepAlive = content {
            tracing::debug!(%operation, "an event that keeps the stream alive is passed over");
            return None;
        }
        let data = event.data.as_bytes();
        let error = unexpected(self.status, HeaderMap::new(), data, locate(data, cause));
        match content {
            Content::Object(object) if T::carries_nothing(&object) => {
                tracing::warn!(
                    %operation,
                    "an event that carries nothing of the response is passed over"
                );
                self.passed_over.get_or_insert(error);
                None
            }
            _ => Some(self.fail(error)),
        }
    }

    /// Returns the error of a stream that the server ended too early. An event that was passed over
    /// may tell why.
    #[cold]
    fn closed_early(&mut self) -> Error {
        match self.passed_over.take() {
            Some(error) if !self.has_events => error,
            passed_over => {
                let message = "the stream stopped before its end: the server closed the connection";
                let error = Error::new(ErrorKind::Truncated, message);
                match passed_over.as_ref().and_then(Error::api) {
                    Some(api) => error.with_source(Error::api_error(api.clone())),
                    None => error,
                }
            }
        }
    }

    /// Returns the error of an event that was passed over, if no event could be decoded.
    fn take_passed_over(&mut self) -> Option<Error> {
        let error = self.passed_over.take();
        error.filter(|_| !self.has_events)
    }

    /// Ends the stream. Data after the end marker is read if it is buffered, because a connection is
    /// returned to the pool only after its body was read to the end.
    fn end(&mut self, cx: &mut Context<'_>) {
        if let Some(mut body) = self.body.take() {
            while let Poll::Ready(Some(Ok(_))) = Pin::new(&mut body).poll_next(cx) {}
        }
        self.close(CallOutcome::Completed);
    }

    /// Releases the connection and ends the span.
    #[inline(never)] // runs once; inlined, it would enlarge the stack frame of every event
    fn close(&mut self, outcome: CallOutcome<'_>) {
        self.body = None;
        if let Some(trace) = self.trace.take() {
            trace.end(T::snapshot(&self.state), outcome);
        }
    }

    #[cold]
    fn fail(&mut self, error: Error) -> Result<T> {
        let error = self.error(error);
        self.close(CallOutcome::Failed(&error));
        self.failed = true;
        Err(error)
    }

    pub(crate) fn error(&self, error: Error) -> Error {
        let error = self
            .context
            .complete(error.with_request_id(self.request_id.as_deref()))
            .at(self.operation.clone(), self.attempts);
        match T::partial(&self.state) {
            Some(partial) => error.with_partial(partial),
            None => error,
        }
    }
}

impl<T: StreamEvent> Drop for EventStream<T> {
    fn drop(&mut self) {
        // The caller need not read on once it has all that it needs.
        let is_complete = self.has_end_marker || T::is_complete(&self.state);
        self.close(if is_complete {
            CallOutcome::Completed
        } else {
            CallOutcome::Cancelled
        });
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
