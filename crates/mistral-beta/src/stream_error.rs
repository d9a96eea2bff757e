//! Errors that streams of workflows report as events.

use serde_json::Value;
use serde_json::error::Error;

/// Decodes an event, unless its type says that it is an error of the server.
pub(crate) fn decode<T>(event_type: &str, data: &str) -> Result<T, Error>
where
    T: for<'de> serde::Deserialize<'de>,
{
    if event_type != "error" {
        return serde_json::from_str(data);
    }
    let value: Value = serde_json::from_str(data).unwrap_or_default();
    let message = value.get("error").and_then(Value::as_str).unwrap_or(data);
    Err(serde::de::Error::custom(format!(
        "the server has ended the stream: {message}"
    )))
}
