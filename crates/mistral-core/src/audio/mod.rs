//! Recordings: transcription, speech and voices.

use crate::provider::Endpoint;

pub(crate) static ENDPOINTS: &[&Endpoint] = &[];

group! {
    /// Recordings: transcription, speech and voices. Made by [`Client::audio`](crate::Client::audio).
    Audio
}
