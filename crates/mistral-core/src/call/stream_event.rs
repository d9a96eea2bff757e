use std::any::Any;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::error::Result;

/// An event of a stream: decodes itself from the data of a server-sent event, and determines whether
/// the stream is complete.
///
/// Implement it to stream an operation that the SDK does not model:
///
/// ```
/// use mistral_sdk::call::StreamEvent;
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

    /// Marks events that are merged into a response, so that the state grows with each of them.
    /// `max_response_size` then limits the size of all events. Default: `false`.
    const IS_MERGED: bool = false;

    /// Whether an event of the type `error` is one of the events of the operation. It is then
    /// decoded like any other, and the stream goes on. Otherwise it ends the stream with the error
    /// that it reports, as does one that cannot be decoded. Default: `false`.
    const HAS_ERROR_EVENTS: bool = false;

    /// Whether an event that is a number, a boolean or `null` only keeps the stream alive, as some
    /// servers of models send it. Otherwise it is an error. Default: `true`.
    const SCALARS_KEEP_ALIVE: bool = true;

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

    /// Returns whether an object that cannot be decoded has none of the fields of an event, so that
    /// it carries no part of the result. It is then passed over with a warning, because servers
    /// keep streams alive with events of their own. Default: `false`.
    ///
    /// Events that are recognized as keep-alives (without data, or named `ping`, `heartbeat`, …)
    /// are passed over in any case. If no event of a stream can be decoded, the stream fails.
    fn carries_nothing(event: &Map<String, Value>) -> bool {
        let _ = event;
        false
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
    fn snapshot(state: &Self::State) -> Option<Value> {
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

impl StreamEvent for Value {
    type State = ();
}
