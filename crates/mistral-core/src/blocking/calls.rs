use std::borrow::Cow;
use std::future::IntoFuture;

use serde::de::DeserializeOwned;

use super::{ByteStream, EventStream, Pages};
use crate::call::pages::Page;
use crate::call::response::Response;
use crate::call::stream_event::StreamEvent;
use crate::call::wait::Wait;
use crate::call::{Call, DownloadCall, StreamCall};
use crate::error::Result;
use crate::mode::Blocking;

#[cfg(feature = "blocking")]
impl Blocking {
    /// Blocks until `call` is ready. An error of blocking names `operation`.
    pub(super) fn run_call<T>(
        &self,
        operation: Cow<'static, str>,
        call: impl IntoFuture<Output = Result<T>>,
    ) -> Result<T> {
        let call = self.in_time(operation.clone(), call.into_future());
        self.runtime
            .block_on_call(call)
            .map_err(|error| error.at(operation, 0))?
    }
}

#[cfg(feature = "blocking")]
impl<T: DeserializeOwned + 'static> Call<T, Blocking> {
    /// Sends the call and blocks until its response is complete.
    ///
    /// # Errors
    /// Fails with the errors of the asynchronous call, and inside an async runtime.
    pub fn send(self) -> Result<T> {
        let operation = self.operation();
        let (call, mode) = self.split();
        mode.run_call(operation, call)
    }

    /// Sends the call and returns its body with the metadata of the HTTP response.
    ///
    /// # Errors
    /// Fails with the errors of [`send`](Self::send).
    pub fn with_response(self) -> Result<Response<T>> {
        let operation = self.operation();
        let (call, mode) = self.split();
        mode.run_call(operation, call.with_response())
    }
}

#[cfg(feature = "blocking")]
impl<T: Page> Call<T, Blocking> {
    /// Returns all pages of the list, starting with the one that this call requests.
    pub fn pages(self) -> Pages<T> {
        let (call, mode) = self.split();
        Pages::new(call.pages(), mode)
    }
}

#[cfg(feature = "blocking")]
impl<T: StreamEvent> StreamCall<T, Blocking> {
    /// Sends the call and blocks until the response headers arrive.
    ///
    /// # Errors
    /// Fails with the errors of the asynchronous call, and inside an async runtime.
    pub fn send(self) -> Result<EventStream<T>> {
        let operation = self.operation();
        let (call, mode) = self.split();
        let stream = mode.run_call(operation, call)?;
        Ok(EventStream::new(stream, mode))
    }

    /// Sends the call and returns its stream with the metadata of the HTTP response.
    ///
    /// # Errors
    /// Fails with the errors of [`send`](Self::send).
    pub fn with_response(self) -> Result<Response<EventStream<T>>> {
        let operation = self.operation();
        let (call, mode) = self.split();
        let response = mode.run_call(operation, call.with_response())?;
        Ok(response.map(|stream| EventStream::new(stream, mode)))
    }
}

#[cfg(feature = "blocking")]
impl DownloadCall<Blocking> {
    /// Sends the call and blocks until the response headers arrive.
    ///
    /// # Errors
    /// Fails with the errors of the asynchronous call, and inside an async runtime.
    pub fn send(self) -> Result<ByteStream> {
        let operation = self.operation();
        let (call, mode) = self.split();
        let stream = mode.run_call(operation, call)?;
        Ok(ByteStream::new(stream, mode))
    }
}

#[cfg(feature = "blocking")]
impl<T: DeserializeOwned + Send + Sync + 'static> Wait<T, Blocking> {
    /// Blocks until the server has finished.
    ///
    /// # Errors
    /// Fails with the errors of the asynchronous wait, and inside an async runtime.
    pub fn send(self) -> Result<T> {
        let operation = self.operation();
        let (wait, mode) = self.split();
        mode.run_call(operation, wait)
    }
}
