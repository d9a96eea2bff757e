//! Reading of the rest of a stream for what it is merged into.

use http::HeaderMap;

use super::EventStream;
use crate::call::stream_event::StreamEvent;
use crate::error::{ApiError, Error, ErrorKind, Result};

impl<T: StreamEvent> EventStream<T> {
    /// Reads the stream to its end and returns the final state.
    pub(crate) async fn read_to_end(self) -> Result<T::State> {
        self.read_to_end_unless(|_| None).await
    }

    /// Reads the stream to its end and returns the final state, unless `failure` finds in it the
    /// data of an event that reports an error.
    pub(in crate::call) async fn read_to_end_unless(
        mut self,
        failure: fn(&T::State) -> Option<&str>,
    ) -> Result<T::State> {
        while let Some(event) = self.next().await {
            event?;
        }
        if let Some(data) = failure(&self.state) {
            let error = ApiError::parse(self.status, HeaderMap::new(), data.as_bytes());
            return Err(self.error(error.into()));
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
}
