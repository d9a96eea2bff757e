//! Events that only keep a stream alive.
//!
//! Gateways send them while the model is working. The HTML standard has comments for this, but
//! many servers send events with an empty or a symbolic content.

use serde_json::Value;

use crate::error::ApiError;

/// The names of such events, in lower case and without separators.
const NAMES: [&str; 8] = [
    "ping",
    "pong",
    "keepalive",
    "heartbeat",
    "noop",
    "progress",
    "queued",
    "status",
];

/// The maximum length of the text of such an event. A longer one is a message.
const MAX_TEXT_LENGTH: usize = 64;

/// The maximum length of the JSON of such an event.
const MAX_LENGTH: usize = 64 * 1024;

/// The part of a stream that an event without a known form is.
#[derive(Debug)]
pub(super) enum Content {
    /// None: the event keeps the stream alive.
    KeepAlive,
    /// A JSON object, which is no error.
    Object(serde_json::Map<String, Value>),
    /// Anything else.
    Other,
}

/// Classifies an event that cannot be decoded. A number, a boolean or `null` keeps the stream alive
/// if `scalars_do`.
pub(super) fn classify(event_type: &str, data: &str, scalars_do: bool) -> Content {
    let data = data.trim();
    let bare = data.trim_matches(['"', '[', ']', '<', '>']);
    if data.is_empty() || data.starts_with(':') || is_filler(data) || names_keep_alive(bare) {
        return Content::KeepAlive;
    }
    if data.len() > MAX_LENGTH {
        return Content::Other;
    }
    let value = serde_json::from_str(data).ok();
    let named = names_keep_alive(event_type);
    match value {
        Some(Value::Object(object)) if object.is_empty() => Content::KeepAlive,
        Some(Value::Object(object)) => {
            let name = |key| object.get(key).and_then(Value::as_str);
            let mut names = ["type", "event", "object", "kind", "status"].into_iter();
            let is_error = object.get("error").is_some_and(|error| !error.is_null())
                || ["status", "state", "level"]
                    .into_iter()
                    .any(|key| name(key).is_some_and(tells_failure));
            if !is_error && (named || names.any(|key| name(key).is_some_and(names_keep_alive))) {
                Content::KeepAlive
            } else if ApiError::is_error_body(data.as_bytes()) {
                Content::Other
            } else {
                Content::Object(object)
            }
        }
        Some(Value::Array(list)) if list.is_empty() => Content::KeepAlive,
        Some(Value::String(text)) if text.trim().is_empty() => Content::KeepAlive,
        Some(Value::Null | Value::Bool(_) | Value::Number(_)) if scalars_do => Content::KeepAlive,
        _ if named => Content::KeepAlive,
        _ => Content::Other,
    }
}

/// Whether a text has neither words nor numbers, and is no part of a JSON document.
fn is_filler(text: &str) -> bool {
    !text.contains(|it: char| it.is_alphanumeric() || "{}[]\"".contains(it))
}

/// Whether the status of an event is that of a failure.
fn tells_failure(status: &str) -> bool {
    let status = status.to_lowercase();
    ["err", "fail", "fatal", "abort", "cancel"]
        .iter()
        .any(|word| status.contains(word))
}

/// Whether a text names an event that keeps a stream alive, perhaps with a number or a time.
pub(crate) fn names_keep_alive(text: &str) -> bool {
    if text.len() > MAX_TEXT_LENGTH {
        return false;
    }
    let text = text.to_lowercase().replace(['-', '_', ' '], "");
    let named = NAMES.iter().any(|name| {
        let rest = text.strip_prefix(name);
        rest.is_some_and(|rest| !rest.contains(char::is_alphabetic))
    });
    named || text.ends_with("processing")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_that_keeps_alive_is_recognized() {
        for (event_type, data, expected) in [
            ("message", "", "KeepAlive"),
            ("message", " \n\t", "KeepAlive"),
            ("message", ": PROCESSING", "KeepAlive"),
            ("message", "OPENROUTER PROCESSING", "KeepAlive"),
            ("message", "ping", "KeepAlive"),
            ("message", "\"keep-alive\"", "KeepAlive"),
            ("message", "ping - 2025-11-03 10:00:00.5+00:00", "KeepAlive"),
            ("message", "{}", "KeepAlive"),
            ("message", "[]", "KeepAlive"),
            ("message", "[PING]", "KeepAlive"),
            ("message", "\"\"", "KeepAlive"),
            ("message", "...", "KeepAlive"),
            (
                "message",
                r#"{"type":"status","message":"queued"}"#,
                "KeepAlive",
            ),
            (
                "message",
                r#"{"type":"status","status":"failed","message":"no"}"#,
                "Other",
            ),
            ("message", "{", "Other"),
            ("message", "no", "Other"),
            ("message", "null", "KeepAlive"),
            ("message", "0", "KeepAlive"),
            ("message", r#"{"type":"Keep-Alive","n":1}"#, "KeepAlive"),
            (
                "message",
                r#"{"event":"heartbeat","message":""}"#,
                "KeepAlive",
            ),
            ("message", r#"{"status":"processing"}"#, "KeepAlive"),
            ("keep_alive", r#"{"n":1}"#, "KeepAlive"),
            ("ping", "still here", "KeepAlive"),
            ("ping", r#"{"error":{"message":"no"}}"#, "Other"),
            ("message", r#"{"type":"ping","error":"no"}"#, "Other"),
            ("message", r#"{"message":"no"}"#, "Other"),
            ("message", "ping failed", "Other"),
            ("message", "upstream timed out", "Other"),
            ("message", "<html>", "Other"),
            ("message", "{x", "Other"),
            ("message", r#"{"id":"1"}"#, "Object"),
        ] {
            let content = format!("{:?}", classify(event_type, data, true));
            assert!(
                content.starts_with(expected),
                "{event_type} {data}: {content}"
            );
        }
    }
}
