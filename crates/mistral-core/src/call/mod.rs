//! Calls, their options and their results: responses, streams and pages.

pub(crate) mod byte_stream;
pub(crate) mod event_stream;
mod in_flight;
pub(crate) mod input_stream;
pub(crate) mod keep_alive;
mod merged_event;
mod misuse;
#[macro_use]
mod options;
pub(crate) mod pages;
pub(crate) mod reconnecting_stream;
pub(crate) mod response;
pub(crate) mod stream_event;
pub(crate) mod wait;

use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use serde::de::DeserializeOwned;

use crate::error::{DecodeError, Result, decode, empty_response, request_id, unexpected};
use crate::json::placeholder::says_something;
use crate::mode::{Async, Mode};
use crate::pipeline::Pipeline;
use crate::pipeline::request::{ApiRequest, RequestParts};
use crate::provider::Framing;

pub use self::byte_stream::ByteStream;
pub use self::event_stream::EventStream;
use self::event_stream::StreamLimits;
use self::in_flight::{PendingRequest, SentRequest};
pub use self::merged_event::MergedEvent;
pub use self::pages::{Items, NextPage, Page, Pages};
pub use self::reconnecting_stream::{ReconnectingStream, SequencedEvent};
pub use self::response::{RateLimit, Response};
pub use self::stream_event::StreamEvent;
pub use self::wait::{Wait, WaitProgress};

/// A call of an operation whose response is JSON. It is sent by `.await`, or by `.send()` with a
/// blocking client.
///
/// Its options apply to this call alone and take precedence over the client's. If an option is
/// invalid, the call fails and nothing is sent.
///
/// A call is a [`Future`]: it is sent when it is first polled, and dropping it cancels it. It owns
/// its request, so that it can be spawned.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = mistral_emulator::Emulator::start()?;
/// # let client = mistral_sdk::Client::new(
/// #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
/// # )?;
/// use std::time::Duration;
/// use mistral_sdk::RetryPolicy;
///
/// let models = client
///     .models()
///     .list()
///     .timeout(Duration::from_secs(20))
///     .retry(RetryPolicy::none())
///     .header("x-team", "search")
///     .await?;
///
/// let response = client.models().list().with_response().await?;
/// assert_eq!(response.body, models);
/// println!("{:?} {:?}", response.request_id(), response.rate_limit().remaining_requests);
/// # Ok(()) }
/// ```
///
/// Several calls at the same time, on one task or on several:
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = mistral_emulator::Emulator::start()?;
/// # let client = mistral_sdk::Client::new(
/// #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
/// # )?;
/// use futures::future::try_join_all;
/// use mistral_sdk::chat::{ChatCompletionRequest, Message};
///
/// let ask = |question: &str| {
///     let request = ChatCompletionRequest::new("mistral-small-latest", [Message::user(question)]);
///     client.chat().complete(&request)
/// };
/// let spawned = tokio::spawn(ask("Who painted Guernica?"));
/// let responses = try_join_all([ask("Who painted Olympia?"), ask("Who painted Mona Lisa?")]).await?;
/// for response in responses {
///     println!("{}", response.text());
/// }
/// println!("{}", spawned.await??.text());
/// # Ok(()) }
/// ```
#[must_use = "a call does nothing until it is awaited or sent"]
pub struct Call<T, M: Mode = Async> {
    pipeline: Arc<Pipeline>,
    mode: M,
    request: PendingRequest,
    decode: fn(&[u8]) -> Result<T, DecodeError>,
}

/// A call of an operation whose response is a stream of events. It is sent by `.await`, or by
/// `.send()` with a blocking client.
///
/// It has the same options as a [`Call`]. Errors before the response has started, including error
/// statuses, are errors of the call; later ones are items of the stream.
#[must_use = "a call does nothing until it is awaited or sent"]
pub struct StreamCall<T, M: Mode = Async> {
    pipeline: Arc<Pipeline>,
    mode: M,
    request: PendingRequest,
    event: PhantomData<fn() -> T>,
}

/// A call of an operation whose response is bytes. It is sent by `.await`, or by `.send()` with a
/// blocking client.
///
/// It has the same options as a [`Call`]. Errors before the response has started, including error
/// statuses, are errors of the call; later ones are items of the stream.
#[must_use = "a call does nothing until it is awaited or sent"]
pub struct DownloadCall<M: Mode = Async> {
    pipeline: Arc<Pipeline>,
    #[cfg_attr(not(feature = "blocking"), expect(dead_code))] // read by `split`
    mode: M,
    request: PendingRequest,
}

/// A response around the result that a caller is interested in.
///
/// [`Client::call_enveloped`](crate::Client::call_enveloped) returns the result alone:
///
/// ```
/// use mistral_sdk::operation::Envelope;
///
/// #[derive(serde::Deserialize)]
/// struct Answer<T> { result: T }
///
/// impl<T: serde::de::DeserializeOwned> Envelope for Answer<T> {
///     type Content = T;
///
///     fn into_content(self) -> T {
///         self.result
///     }
/// }
/// ```
pub trait Envelope: DeserializeOwned {
    /// The result.
    type Content: DeserializeOwned;

    /// Returns the result.
    fn into_content(self) -> Self::Content;
}

call_options!(Call<T: DeserializeOwned> decode = decode::<T>);
call_options!(StreamCall<T: StreamEvent> event = PhantomData);
call_options!(DownloadCall);

impl<T, M: Mode> Call<T, M> {
    /// Sets the largest size of the response, in bytes. A larger one fails with
    /// [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge). Default: the client's.
    pub fn max_response_size(self, bytes: usize) -> Self {
        self.update(|request| {
            request.options_mut().max_response_size = Some(bytes);
            Ok(())
        })
    }

    /// Sets the decoder of the response, which must accept all that serde does.
    pub(crate) fn with_decoder(mut self, decode: fn(&[u8]) -> Result<T, DecodeError>) -> Self {
        self.decode = decode;
        self
    }
}

impl<T, M: Mode> StreamCall<T, M> {
    /// Sets the largest size of all events of a stream that are merged into a response, in bytes.
    /// Beyond it, the stream fails with [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge).
    /// Default: the client's. Without effect on events that are not merged.
    pub fn max_response_size(self, bytes: usize) -> Self {
        self.update(|request| {
            request.options_mut().max_response_size = Some(bytes);
            Ok(())
        })
    }

    /// Requests the events after the one with this id, in the header `last-event-id`: a stream
    /// that was interrupted goes on where it stopped. Default: all events.
    ///
    /// ```
    /// # use mistral_sdk::call::{StreamCall, StreamEvent};
    /// # fn resume<T: StreamEvent>(call: StreamCall<T>) -> StreamCall<T> {
    /// call.last_event_id("1761234567-3")
    /// # }
    /// ```
    pub fn last_event_id(self, id: &str) -> Self {
        self.update(|request| request.set_header("last-event-id", id))
    }
}

impl<T> Call<T> {
    /// Clones the call for the next page. An error cannot be cloned and is moved.
    pub(crate) fn take_or_clone(&mut self) -> Self {
        Self {
            pipeline: Arc::clone(&self.pipeline),
            mode: self.mode,
            request: self.request.take_or_clone(),
            decode: self.decode,
        }
    }

    pub(crate) fn query_number(&self, name: &str) -> Option<u64> {
        self.request.parts()?.query_number(name)
    }

    pub(crate) fn has_query(&self, name: &str, value: &str) -> bool {
        let parts = self.request.parts();
        parts.is_some_and(|parts| parts.query_value(name) == Some(value))
    }

    pub(crate) fn set_query(self, name: &str, value: String) -> Self {
        self.update(|parts| {
            parts.set_query(name, value);
            Ok(())
        })
    }
}

impl<T> Call<T> {
    /// Sends the call and returns the HTTP response along with the decoded body.
    ///
    /// # Errors
    /// Fails as the call does.
    pub async fn with_response(mut self) -> Result<Response<T>> {
        let sent = poll_fn(|cx| self.request.poll(&self.pipeline, cx)).await?;
        let body = decode_body(&sent, self.decode)?;
        let (head, raw_body) = sent.raw.response.http.into_parts();
        Ok(Response {
            body,
            status: head.status,
            headers: head.headers,
            raw_body: raw_body.into_bytes().unwrap_or_default(),
            attempts: sent.raw.attempts,
        })
    }
}

/// Decodes a response whose body is in memory.
#[inline(never)] // inlined, it would enlarge the stack frame of every poll
fn decode_body<T>(
    SentRequest { request, raw }: &SentRequest,
    decode: fn(&[u8]) -> Result<T, DecodeError>,
) -> Result<T> {
    let body = raw.response.body().bytes().unwrap_or_default();
    // The response of an operation without a result is empty.
    let is_nothing = body.is_empty() || request.operation.framing == Framing::Nothing;
    let json = if is_nothing { b"null" } else { body };
    decode(json).map_err(|mut cause| {
        let headers = raw.response.headers();
        let error = match cause.take_error() {
            Some(error) => error.with_request_id(request_id(headers)),
            None if says_nothing(body) => {
                empty_response(raw.response.status(), headers.clone(), body)
            }
            None => unexpected(raw.response.status(), headers.clone(), body, cause),
        };
        let error = raw.response.context.complete(error);
        let error = error.at(request.operation.name.clone(), raw.attempts);
        if let Some(trace) = &raw.trace {
            trace.failed(&error);
        }
        error
    })
}

/// Whether a body is empty, or is `null` or another value without content.
fn says_nothing(body: &[u8]) -> bool {
    let body = body.trim_ascii();
    let is_short = body.len() <= 8;
    is_short
        && (body.is_empty()
            || serde_json::from_slice(body).is_ok_and(|value| !says_something(&value)))
}

impl<T> Future for Call<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T>> {
        let call = &mut *self;
        let sent = ready!(call.request.poll(&call.pipeline, cx))?;
        Poll::Ready(decode_body(&sent, call.decode))
    }
}

impl Future for DownloadCall {
    type Output = Result<ByteStream>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<ByteStream>> {
        let call = &mut *self;
        let sent = ready!(call.request.poll(&call.pipeline, cx))?;
        let operation = sent.request.operation.name.clone();
        Poll::Ready(Ok(ByteStream::new(operation, sent.raw)))
    }
}

impl<T: StreamEvent> StreamCall<T> {
    /// Applies the options that `change` sets on a call that is not streamed.
    pub(crate) fn with_options<U: DeserializeOwned>(
        self,
        change: impl FnOnce(Call<U>) -> Call<U>,
    ) -> Self {
        let changed = change(Call {
            pipeline: self.pipeline,
            mode: self.mode,
            request: self.request,
            decode: decode::<U>,
        });
        Self {
            pipeline: changed.pipeline,
            mode: changed.mode,
            request: changed.request,
            event: PhantomData,
        }
    }

    /// Sends the call and returns the head of the HTTP response along with the stream.
    ///
    /// # Errors
    /// Fails as the call does.
    pub async fn with_response(mut self) -> Result<Response<EventStream<T>>> {
        let sent = poll_fn(|cx| self.request.poll(&self.pipeline, cx)).await?;
        let (status, attempts) = (sent.raw.response.status(), sent.raw.attempts);
        let headers = sent.raw.response.headers().clone();
        Ok(Response {
            body: open_stream(&self.pipeline, sent),
            status,
            headers,
            raw_body: bytes::Bytes::new(),
            attempts,
        })
    }
}

#[inline(never)] // as `decode_body`
fn open_stream<T: StreamEvent>(pipeline: &Pipeline, sent: SentRequest) -> EventStream<T> {
    let limits = StreamLimits {
        event: pipeline.max_event_size,
        response: pipeline.max_response_size(&sent.request),
    };
    EventStream::new(&sent.request.operation, limits, sent.raw)
}

impl<T: StreamEvent> Future for StreamCall<T> {
    type Output = Result<EventStream<T>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let call = &mut *self;
        let sent = ready!(call.request.poll(&call.pipeline, cx))?;
        Poll::Ready(Ok(open_stream(&call.pipeline, sent)))
    }
}
