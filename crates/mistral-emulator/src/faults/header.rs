//! The request header that carries a fault.

use http::HeaderMap;
use serde_json::Value;

use super::Fault;

/// The request header that injects a fault into the response to that request.
///
/// Its value is a JSON object, as [`Fault::to_header`] creates it. Every member is optional:
/// `status` (200 to 999), `body` (string), `headers` (object of strings or arrays of strings),
/// `delay_ms`, `token_delay_ms`, `stall_after_events`, `cut_after_bytes` (integers) and `close`
/// (boolean).
/// The response to an invalid value is a 400 with the reason.
///
/// ```
/// use mistral_emulator::{FAULT_HEADER, Fault};
///
/// let (name, value) = (FAULT_HEADER, Fault::status(503).to_header());
/// assert_eq!(format!("{name}: {value}"), r#"x-emulator-fault: {"status":503}"#);
/// ```
pub const FAULT_HEADER: &str = "x-emulator-fault";

impl Fault {
    /// Serializes the fault to the value of [`FAULT_HEADER`], which is JSON in visible ASCII.
    ///
    /// Delays are in whole milliseconds. [`times`](Self::times) and the conditions of
    /// [`on`](Self::on) and its like are not part of the value.
    pub fn to_header(&self) -> String {
        escape_non_ascii(&Value::Object(self.settings_to_json()).to_string())
    }

    /// Parses the fault in the headers of a request, if there is one.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Result<Option<Self>, String> {
        let Some(value) = headers.get(FAULT_HEADER) else {
            return Ok(None);
        };
        let value = serde_json::from_slice(value.as_bytes())
            .map_err(|error| format!("it is not JSON: {error}"))?;
        let Value::Object(members) = value else {
            return Err("it is not a JSON object".to_owned());
        };
        let mut fault = Self::default();
        for (name, value) in &members {
            fault.set_member(name, value)?;
        }
        Ok(Some(fault))
    }
}

/// Escapes the characters of a JSON text that are not ASCII, which header values cannot contain.
fn escape_non_ascii(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() && character != '\u{7f}' {
            escaped.push(character);
        } else {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use http::HeaderValue;

    fn read(text: &str) -> Result<Option<Fault>, String> {
        let mut headers = HeaderMap::new();
        headers.insert(FAULT_HEADER, HeaderValue::try_from(text).unwrap());
        Fault::from_headers(&headers)
    }

    #[test]
    fn fault_header_round_trip() {
        let fault = Fault::status(429)
            .with_body("trop tôt 🙂\n")
            .with_header("retry-after", "1")
            .with_header("x-a", "1")
            .with_header("x-a", "2")
            .with_delay(Duration::from_millis(50))
            .with_token_delay(Duration::from_millis(5))
            .with_stall_after_events(2)
            .with_cut_after_bytes(100)
            .with_close();
        let text = fault.to_header();
        assert!(text.is_ascii());
        assert_eq!(read(&text).unwrap().unwrap(), fault);
    }

    #[test]
    fn fault_header_without_settings_is_empty_object() {
        assert_eq!(Fault::default().to_header(), "{}");
        assert_eq!(read("{}").unwrap(), Some(Fault::default()));
        assert_eq!(Fault::from_headers(&HeaderMap::new()).unwrap(), None);
    }

    #[test]
    fn fault_header_error_names_member() {
        for (text, reason) in [
            ("{", "not JSON"),
            ("[]", "not a JSON object"),
            (r#"{"statu":500}"#, "no member \"statu\""),
            (r#"{"status":"500"}"#, "\"status\" must be a whole number"),
            (r#"{"status":70000}"#, "a status from 200 to 999"),
            (r#"{"delay_ms":-1}"#, "\"delay_ms\" must be"),
            (r#"{"close":1}"#, "true or false"),
            (r#"{"headers":{"a":1}}"#, "an object of strings"),
        ] {
            let found = read(text).unwrap_err();
            assert!(found.contains(reason), "{text}: {found}");
        }
    }
}
