//! Calls, their options, and what they return: responses, streams, pages.

pub(crate) mod byte_stream;
pub(crate) mod event_stream;
pub(crate) mod input_stream;
#[macro_use]
mod options;
pub(crate) mod pages;
pub(crate) mod response;

use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::error::{DecodeError, Error, Result, decode, request_id, unexpected};
use crate::mode::{Async, Mode};
use crate::pipeline::Engine;
use crate::pipeline::classify::Answer;
use crate::pipeline::request::Prepared;
use crate::retry::retry_after;

pub use self::byte_stream::ByteStream;
pub use self::event_stream::{EventStream, StreamEvent};
pub use self::pages::{Items, Page, Pages, Paging};
pub use self::response::{RateLimit, Response};

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A call that is ready to go: `.await` it for its answer, or `.send()` it if the client is a
/// blocking one.
///
/// Options set on it hold for this call alone and win over the client's. A mistake in one
/// of them is the error of the call; nothing is sent then.
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
#[must_use = "a call does nothing until it is awaited or sent"]
pub struct Call<T, M: Mode = Async> {
    engine: Arc<Engine>,
    mode: M,
    request: Result<Box<Prepared>>, // boxed, or every future of a call would hold it twice
    decode: fn(&[u8]) -> Result<T, DecodeError>,
}

/// A call whose answer is a stream: `.await` it for the stream, or `.send()` it if the client
/// is a blocking one.
///
/// The same options apply as to a [`Call`]. Errors before the first event, a status that
/// is not a success among them, are errors of the call.
#[must_use = "a call does nothing until it is awaited or sent"]
pub struct StreamCall<T, M: Mode = Async> {
    engine: Arc<Engine>,
    mode: M,
    request: Result<Box<Prepared>>,
    event: PhantomData<fn() -> T>,
}

/// A call whose answer is bytes: `.await` it for them, or `.send()` it if the client is a
/// blocking one.
///
/// The same options apply as to a [`Call`]. Errors before the first byte, a status that is
/// not a success among them, are errors of the call.
#[must_use = "a call does nothing until it is awaited or sent"]
pub struct DownloadCall<M: Mode = Async> {
    engine: Arc<Engine>,
    #[cfg_attr(not(feature = "blocking"), expect(dead_code))] // to be awaited, it needs none
    mode: M,
    request: Result<Box<Prepared>>,
}

call_options!(Call<T: DeserializeOwned> decode = decode::<T>);
call_options!(StreamCall<T: StreamEvent> event = PhantomData);
call_options!(DownloadCall);

impl<T, M: Mode> Call<T, M> {
    /// Reads the answer with `decode`, which must come to what serde does.
    pub(crate) fn decoded_by(mut self, decode: fn(&[u8]) -> Result<T, DecodeError>) -> Self {
        self.decode = decode;
        self
    }
}

impl<T> Call<T> {
    /// The call once more. Its error, if it has one, moves along.
    pub(crate) fn again(&mut self) -> Self {
        let request = match &self.request {
            Ok(request) => Ok(request.clone()),
            Err(_) => {
                let spent = Err(Error::config("the call has failed before"));
                std::mem::replace(&mut self.request, spent)
            }
        };
        Self {
            engine: Arc::clone(&self.engine),
            mode: self.mode,
            request,
            decode: self.decode,
        }
    }

    pub(crate) fn query_number(&self, name: &str) -> Option<u64> {
        self.request.as_ref().ok()?.query_number(name)
    }

    pub(crate) fn set_query(&mut self, name: &str, value: u64) {
        if let Ok(request) = &mut self.request {
            request.set_query(name, value);
        }
    }
}

impl<T: DeserializeOwned + 'static> Call<T> {
    /// Sends the call and keeps, beside its answer, the HTTP response.
    ///
    /// # Errors
    /// Fails as the call itself does.
    pub async fn with_response(self) -> Result<Response<T>> {
        let request = self.request?;
        let answer = self.engine.perform(&request).await?;
        let body = read(&request, &answer, self.decode)?;
        let (head, raw_body) = answer.response.into_parts();
        Ok(Response {
            body,
            status: head.status,
            headers: head.headers,
            raw_body: raw_body.into_bytes().unwrap_or_default(),
            attempts: answer.attempts,
        })
    }
}

/// Decodes an answer that is all here.
#[inline(never)] // or every poll of the call would have room for the answer on its stack
fn read<T>(
    request: &Prepared,
    answer: &Answer,
    decode: fn(&[u8]) -> Result<T, DecodeError>,
) -> Result<T> {
    let body = answer.response.body().bytes().unwrap_or_default();
    // An operation that has nothing to say answers without a body.
    let json = if body.is_empty() { b"null" } else { body };
    decode(json).map_err(|mut cause| {
        let headers = answer.response.headers();
        let error = match cause.take_answer() {
            Some(error) => error.with_request_id(request_id(headers)),
            None => unexpected(answer.response.status(), headers.clone(), body, cause)
                .with_retry_after(retry_after(headers)),
        };
        let error = error.at(request.operation.name.clone(), answer.attempts);
        if let Some(trace) = &answer.trace {
            trace.failed(&error);
        }
        error
    })
}

impl<T: DeserializeOwned + 'static> IntoFuture for Call<T> {
    type Output = Result<T>;
    type IntoFuture = BoxFuture<Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let request = self.request?;
            let answer = self.engine.perform(&request).await?;
            read(&request, &answer, self.decode)
        })
    }
}

impl IntoFuture for DownloadCall {
    type Output = Result<ByteStream>;
    type IntoFuture = BoxFuture<Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let request = self.request?;
            let answer = self.engine.perform(&request).await?;
            Ok(ByteStream::new(request.operation.name.clone(), answer))
        })
    }
}

impl<T: StreamEvent> StreamCall<T> {
    /// Sets the options that `change` sets on a call that is not streamed.
    pub(crate) fn with_options<A: DeserializeOwned>(
        self,
        change: impl FnOnce(Call<A>) -> Call<A>,
    ) -> Self {
        let changed = change(Call {
            engine: self.engine,
            mode: self.mode,
            request: self.request,
            decode: decode::<A>,
        });
        Self {
            engine: changed.engine,
            mode: changed.mode,
            request: changed.request,
            event: PhantomData,
        }
    }

    /// Sends the call and keeps, beside its stream, the head of the HTTP response.
    ///
    /// # Errors
    /// Fails as the call itself does.
    pub async fn with_response(self) -> Result<Response<EventStream<T>>> {
        let request = self.request?;
        let answer = self.engine.perform(&request).await?;
        let (status, attempts) = (answer.response.status(), answer.attempts);
        let headers = answer.response.headers().clone();
        Ok(Response {
            body: open(&self.engine, &request, answer),
            status,
            headers,
            raw_body: bytes::Bytes::new(),
            attempts,
        })
    }
}

#[inline(never)] // as with `read`
fn open<T: StreamEvent>(engine: &Engine, request: &Prepared, answer: Answer) -> EventStream<T> {
    EventStream::new(
        request.operation.name.clone(),
        engine.max_event_size,
        answer,
    )
}

impl<T: StreamEvent> IntoFuture for StreamCall<T> {
    type Output = Result<EventStream<T>>;
    type IntoFuture = BoxFuture<Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let request = self.request?;
            let answer = self.engine.perform(&request).await?;
            Ok(open(&self.engine, &request, answer))
        })
    }
}
