//! The request header that carries a fault.

use std::time::Duration;

use http::HeaderMap;
use serde_json::{Map, Value, json};

use super::Fault;

/// The request header that injects a fault into the response to that request.
///
/// Its value is a JSON object, as [`Fault::to_header`] creates it. Every member is optional:
/// `status` (200 to 999), `body` (string), `headers` (object of strings or arrays of strings),
/// `delay_ms`, `stall_after_events`, `cut_after_bytes` (integers) and `close` (boolean).
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
    /// The delay is in whole milliseconds. [`times`](Self::times) is not part of the value.
    pub fn to_header(&self) -> String {
        let mut members = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                members.insert(name.to_owned(), value);
            }
        };
        put("status", self.status.map(Value::from));
        put("body", self.body.as_deref().map(Value::from));
        put(
            "headers",
            (!self.headers.is_empty()).then(|| self.headers_as_json()),
        );
        put(
            "delay_ms",
            self.delay
                .map(|delay| json!(u64::try_from(delay.as_millis()).unwrap_or(u64::MAX))),
        );
        put(
            "stall_after_events",
            self.stall_after_events.map(Value::from),
        );
        put("cut_after_bytes", self.cut_after_bytes.map(Value::from));
        put("close", self.close.then_some(Value::Bool(true)));
        escape_non_ascii(&Value::Object(members).to_string())
    }

    fn headers_as_json(&self) -> Value {
        let mut all = Map::new();
        for (name, value) in &self.headers {
            match all.entry(name.clone()).or_insert_with(|| json!([])) {
                Value::Array(values) => values.push(value.as_str().into()),
                other => *other = json!([value]),
            }
        }
        for values in all.values_mut() {
            if let Some([single]) = values.as_array().map(Vec::as_slice) {
                *values = single.clone();
            }
        }
        all.into()
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

    /// Sets the property that a member of the JSON object stands for.
    fn set_member(&mut self, name: &str, value: &Value) -> Result<(), String> {
        let expected = |what: &str| format!("its member {name:?} must be {what}, but is {value}");
        let number = || {
            value
                .as_u64()
                .ok_or_else(|| expected("a whole number from 0"))
        };
        let size = || number().map(|number| usize::try_from(number).unwrap_or(usize::MAX));
        match name {
            "status" => {
                let status = number()?.try_into();
                self.status = Some(status.map_err(|_| expected("a status from 200 to 999"))?);
            }
            "body" => {
                let text = value.as_str().ok_or_else(|| expected("a string"))?;
                self.body = Some(text.to_owned());
            }
            "headers" => {
                let headers = value.as_object().ok_or_else(|| expected("an object"))?;
                for (header, value) in headers {
                    let values = value
                        .as_array()
                        .map_or(std::slice::from_ref(value), Vec::as_slice);
                    for value in values {
                        let text = value
                            .as_str()
                            .ok_or_else(|| expected("an object of strings"))?;
                        self.headers.push((header.clone(), text.to_owned()));
                    }
                }
            }
            "delay_ms" => self.delay = Some(Duration::from_millis(number()?)),
            "stall_after_events" => self.stall_after_events = Some(size()?),
            "cut_after_bytes" => self.cut_after_bytes = Some(size()?),
            "close" => self.close = value.as_bool().ok_or_else(|| expected("true or false"))?,
            _ => return Err(format!("it has no member {name:?}")),
        }
        Ok(())
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
