//! Readers of events, which the generated streams share.

use serde::de::Error as _;
use serde_json::error::Error;

/// Decodes an event. The unions of events keep what they do not know, but an event is an object.
pub(crate) fn decode<T>(data: &str) -> Result<T, Error>
where
    T: for<'de> serde::Deserialize<'de>,
{
    match data.trim_start().starts_with('{') {
        true => serde_json::from_str(data),
        false => Err(Error::custom("expected an object")),
    }
}

/// Decodes an event of a stream that has events of the type `error`. Another error of the server is
/// one of the stream.
#[cfg(feature = "responses")]
pub(crate) fn decode_with_errors<T>(event_type: &str, data: &str) -> Result<T, Error>
where
    T: for<'de> serde::Deserialize<'de>,
{
    if event_type == "error" {
        let event: serde_json::Map<String, serde_json::Value> = serde_json::from_str(data)?;
        if !event.contains_key("type") {
            return Err(Error::missing_field("type"));
        }
    }
    decode(data)
}

/// Decodes an event of a workflow, unless its type says that it is an error of the server.
#[cfg(feature = "workflows")]
pub(crate) fn decode_of_workflow<T>(event_type: &str, data: &str) -> Result<T, Error>
where
    T: for<'de> serde::Deserialize<'de>,
{
    if event_type != "error" {
        return decode(data);
    }
    let value: serde_json::Value = serde_json::from_str(data).unwrap_or_default();
    let message = value.get("error").and_then(|it| it.as_str());
    let message = message.unwrap_or(data);
    Err(Error::custom(format!(
        "the server has ended the stream: {message}"
    )))
}
