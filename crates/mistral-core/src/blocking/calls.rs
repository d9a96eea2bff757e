use std::borrow::Cow;
use std::future::IntoFuture;

use serde::de::DeserializeOwned;

use super::{ByteStream, EventStream, Pages};
use crate::call::event_stream::StreamEvent;
use crate::call::pages::Page;
use crate::call::response::Response;
use crate::call::{Call, DownloadCall, StreamCall};
use crate::error::Result;
use crate::mode::Blocking;

impl Blocking {
    /// Performs a call of the operation of that name.
    pub(super) fn perform<T>(
        &self,
        operation: Cow<'static, str>,
        call: impl IntoFuture<Output = Result<T>>,
    ) -> Result<T> {
        self.driver
            .perform(call.into_future())
            .map_err(|error| error.at(operation, 0))?
    }
}

impl<T: DeserializeOwned + 'static> Call<T, Blocking> {
    /// Sends the call and waits for its answer.
    ///
    /// # Errors
    /// Fails as the asynchronous call does, and inside an async runtime.
    pub fn send(self) -> Result<T> {
        let operation = self.operation();
        let (call, mode) = self.split();
        mode.perform(operation, call)
    }

    /// Sends the call and keeps, beside its answer, the HTTP response.
    ///
    /// # Errors
    /// Fails as [`send`](Self::send) does.
    pub fn with_response(self) -> Result<Response<T>> {
        let operation = self.operation();
        let (call, mode) = self.split();
        mode.perform(operation, call.with_response())
    }
}

impl<T: Page> Call<T, Blocking> {
    /// All pages of the list, from the one on that this call asks for.
    pub fn pages(self) -> Pages<T> {
        let (call, mode) = self.split();
        Pages::new(call.pages(), mode)
    }
}

impl<T: StreamEvent> StreamCall<T, Blocking> {
    /// Sends the call and waits for the stream to begin.
    ///
    /// # Errors
    /// Fails as the asynchronous call does, and inside an async runtime.
    pub fn send(self) -> Result<EventStream<T>> {
        let operation = self.operation();
        let (call, mode) = self.split();
        let stream = mode.perform(operation, call)?;
        Ok(EventStream::new(stream, mode))
    }

    /// Sends the call and keeps, beside its stream, the head of the HTTP response.
    ///
    /// # Errors
    /// Fails as [`send`](Self::send) does.
    pub fn with_response(self) -> Result<Response<EventStream<T>>> {
        let operation = self.operation();
        let (call, mode) = self.split();
        let response = mode.perform(operation, call.with_response())?;
        Ok(response.map(|stream| EventStream::new(stream, mode)))
    }
}

impl DownloadCall<Blocking> {
    /// Sends the call and waits for the bytes to begin.
    ///
    /// # Errors
    /// Fails as the asynchronous call does, and inside an async runtime.
    pub fn send(self) -> Result<ByteStream> {
        let operation = self.operation();
        let (call, mode) = self.split();
        let stream = mode.perform(operation, call)?;
        Ok(ByteStream::new(stream, mode))
    }
}
