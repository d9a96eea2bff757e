//! The events that the decoder returns, and its error.

use std::borrow::Cow;
use std::fmt;

/// One server-sent event.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SseEvent<'a> {
    /// The event type. `message` unless the stream sets another.
    pub event_type: &'a str,
    /// The data lines, joined by line feeds. Invalid UTF-8 is replaced by U+FFFD.
    pub data: Cow<'a, str>,
    /// The last event id that the stream has set. Empty if it has set none.
    pub last_event_id: &'a str,
}

/// The error of an event, or of a line, that is larger than the limit; see
/// [`SseDecoder::max_event_size`](super::SseDecoder::max_event_size).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventTooLarge {
    /// The limit in bytes.
    pub limit: usize,
}

impl fmt::Display for EventTooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "an event is larger than {} bytes: increase `max_event_size`",
            self.limit
        )
    }
}

impl std::error::Error for EventTooLarge {}
