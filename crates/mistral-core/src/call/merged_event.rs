use super::event_stream::EventStream;
use super::stream_event::StreamEvent;
use crate::error::Result;

/// An event whose stream is merged into one response.
///
/// The [`State`](StreamEvent::State) of the stream holds what has been merged:
/// [`decode_named`](StreamEvent::decode_named) adds each event to it. In return, the stream gets
/// [`so_far`](EventStream::so_far) and [`collect_response`](EventStream::collect_response).
///
/// ```
/// use std::any::Any;
///
/// use mistral_sdk::call::{MergedEvent, StreamEvent};
///
/// /// A part of a text.
/// #[derive(serde::Deserialize)]
/// struct Part { text: String, last: bool }
///
/// #[derive(Default)]
/// struct Merged { text: String, is_complete: bool }
///
/// impl StreamEvent for Part {
///     type State = Merged;
///     const IS_MERGED: bool = true;
///
///     fn decode(data: &str, state: &mut Merged) -> Result<Self, serde_json::Error> {
///         let part: Self = serde_json::from_str(data)?;
///         state.text.push_str(&part.text);
///         state.is_complete = part.last;
///         Ok(part)
///     }
///
///     fn is_complete(state: &Merged) -> bool {
///         state.is_complete
///     }
///
///     fn partial(state: &Merged) -> Option<Box<dyn Any + Send + Sync>> {
///         Some(Box::new(state.text.clone()))
///     }
/// }
///
/// impl MergedEvent for Part {
///     type Response = String;
///
///     fn response(state: &Merged) -> String {
///         state.text.clone()
///     }
/// }
/// ```
pub trait MergedEvent: StreamEvent {
    /// The response that the events are merged into. [`StreamEvent::partial`] should return the
    /// same type.
    type Response;

    /// Returns the response that the events so far amount to.
    fn response(state: &Self::State) -> Self::Response;

    /// Returns the JSON text of the event by which the server has reported that the response
    /// failed, if such an event has arrived. `collect_response` then fails with its message, code
    /// and type. Default: `None`.
    fn failure(state: &Self::State) -> Option<&str> {
        let _ = state;
        None
    }
}

impl<T: MergedEvent> EventStream<T> {
    /// Returns the response merged from the events that [`next`](EventStream::next) has returned.
    /// The stream goes on.
    ///
    /// Merges nothing by itself, but copies the response: call it where a stream is left early, not
    /// for every event.
    pub fn so_far(&self) -> T::Response {
        T::response(self.state())
    }

    /// Reads the rest of the stream and returns the whole response, merged from all events,
    /// including those that [`next`](EventStream::next) has already returned.
    ///
    /// # Errors
    /// Fails with the error that [`next`](EventStream::next) returns, or has returned. If the server
    /// has reported in an event that the response failed, it fails with that error. A stream that
    /// ends before the response is complete fails with
    /// [`ErrorKind::Truncated`](crate::ErrorKind::Truncated). The error's
    /// [`partial`](crate::Error::partial) is the response merged up to that point.
    pub async fn collect_response(self) -> Result<T::Response> {
        let state = self.read_to_end_unless(T::failure).await?;
        Ok(T::response(&state))
    }
}
