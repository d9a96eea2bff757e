//! Delays before a retry, as servers write them.

use std::time::Duration;

use serde_json::Value;

/// Reads a duration as Google writes it: `34s`, `1.5s`, or seconds and nanoseconds.
pub(super) fn read_delay(value: &Value) -> Option<Duration> {
    let seconds = match value {
        Value::String(text) => text.trim().trim_end_matches('s').parse().ok()?,
        Value::Object(parts) => {
            let part = |name| match parts.get(name) {
                Some(Value::String(text)) => text.parse().ok(),
                Some(number) => number.as_f64(),
                None => None,
            };
            let nanoseconds = part("nanos").unwrap_or_default();
            part("seconds").unwrap_or_default() + nanoseconds / 1e9
        }
        number => number.as_f64()?,
    };
    duration_of_seconds(seconds)
}

/// Returns a duration of `seconds`: the largest one if they are too many, and none if they are
/// negative or not a number.
pub(crate) fn duration_of_seconds(seconds: f64) -> Option<Duration> {
    if seconds.is_nan() || seconds < 0.0 {
        return None;
    }
    Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
}
