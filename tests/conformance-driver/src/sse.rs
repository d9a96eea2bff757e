//! Decodes an event stream without a client.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mistral_sdk::sse::SseDecoder;
use serde_json::json;

use crate::{CallError, Outcome};

pub(crate) fn read(chunks: &[String]) -> Result<Outcome, CallError> {
    let argument_error = |error: &dyn std::fmt::Display| CallError::Arguments(error.to_string());
    let mut decoder = SseDecoder::new();
    let mut events = Vec::new();
    for chunk in chunks {
        decoder.push(
            STANDARD
                .decode(chunk)
                .map_err(|error| argument_error(&error))?,
        );
        while let Some(event) = decoder
            .next_event()
            .map_err(|error| argument_error(&error))?
        {
            events.push(json!([event.event_type, event.data, event.last_event_id]));
        }
    }
    Ok(Outcome {
        events: Some(events),
        retry: Some(json!(decoder.retry().map(|retry| retry.as_millis()))),
        ..Outcome::default()
    })
}
