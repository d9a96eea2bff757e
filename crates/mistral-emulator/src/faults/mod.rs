//! Faults on demand: what a test asks the server to do wrong.

pub(crate) mod inject;

use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};

use crate::responses::{ApiError, json_response};

/// The request header that asks for a fault for that one request.
///
/// Its value is a JSON object; every member is optional:
/// `status` (200 to 999), `body` (text), `headers` (object of texts or lists of texts),
/// `delay_ms`, `stall_after_events`, `cut_after_bytes` (whole numbers) and `close` (boolean).
/// [`Fault::to_header`] writes it. A value the server cannot read is answered with 400
/// and the reason.
///
/// ```
/// use mistral_emulator::{FAULT_HEADER, Fault};
///
/// let (name, value) = (FAULT_HEADER, Fault::status(503).to_header());
/// assert_eq!(format!("{name}: {value}"), r#"x-emulator-fault: {"status":503}"#);
/// ```
pub const FAULT_HEADER: &str = "x-emulator-fault";

/// Something that goes wrong while the server answers.
///
/// A fault without any setting changes nothing. Settings combine: a fault with a delay and a
/// status first waits and then answers with the status.
///
/// ```
/// use std::time::Duration;
/// use mistral_emulator::Fault;
///
/// let overloaded = Fault::status(503).with_delay(Duration::from_millis(20)).times(2);
/// let rate_limited = Fault::status(429).with_header("retry-after", "1");
/// # assert_ne!(overloaded, rate_limited);
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Fault {
    status: Option<u16>,
    body: Option<String>,
    headers: Vec<(String, String)>,
    pub(crate) delay: Option<Duration>,
    pub(crate) stall_after_events: Option<usize>,
    pub(crate) cut_after_bytes: Option<usize>,
    pub(crate) close: bool,
    pub(crate) times: u32,
}

impl Default for Fault {
    /// A fault that applies once and changes nothing yet.
    fn default() -> Self {
        Self {
            status: None,
            body: None,
            headers: Vec::new(),
            delay: None,
            stall_after_events: None,
            cut_after_bytes: None,
            close: false,
            times: 1,
        }
    }
}

impl Fault {
    /// Answers with this status instead of serving the request.
    ///
    /// The body is the one the real server uses for the status, unless
    /// [`with_body`](Self::with_body) gives another. Statuses run from 200 to 999; any other
    /// is answered with 400 and the reason.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::default().with_status(status)
    }

    /// Waits before the first byte of the answer; default: no wait.
    #[must_use]
    pub fn delay(delay: Duration) -> Self {
        Self::default().with_delay(delay)
    }

    /// Sends so many events of a stream, then keeps the connection open and silent.
    ///
    /// An answer that is not a stream counts as one event.
    #[must_use]
    pub fn stall_after_events(events: usize) -> Self {
        Self::default().with_stall_after_events(events)
    }

    /// Sends so many bytes of the body, then drops the connection.
    ///
    /// The headers announce the whole body. A body that is not longer is sent whole, and the
    /// connection drops where its end would have been. Over HTTP/2 the stream is reset.
    #[must_use]
    pub fn cut_after_bytes(bytes: usize) -> Self {
        Self::default().with_cut_after_bytes(bytes)
    }

    /// Closes the connection without an answer.
    #[must_use]
    pub fn close() -> Self {
        Self::default().with_close()
    }

    /// Answers with this status instead of serving the request; see [`Fault::status`].
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// Answers with this body instead of serving the request.
    ///
    /// Without a status the answer is a 200; its content type is `application/json` unless
    /// [`with_header`](Self::with_header) sets another.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<String>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Adds a header to the answer, in place of the server's own of that name.
    ///
    /// Given twice, the header is sent twice. A fault that has headers but neither a status nor
    /// a body serves the request as usual and adds them.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Waits before the first byte of the answer; see [`Fault::delay`].
    #[must_use]
    pub fn with_delay(mut self, delay: Duration) -> Self {
        self.delay = Some(delay);
        self
    }

    /// Goes silent after so many events; see [`Fault::stall_after_events`].
    #[must_use]
    pub fn with_stall_after_events(mut self, events: usize) -> Self {
        self.stall_after_events = Some(events);
        self
    }

    /// Drops the connection after so many bytes; see [`Fault::cut_after_bytes`].
    #[must_use]
    pub fn with_cut_after_bytes(mut self, bytes: usize) -> Self {
        self.cut_after_bytes = Some(bytes);
        self
    }

    /// Closes the connection without an answer; see [`Fault::close`].
    #[must_use]
    pub fn with_close(mut self) -> Self {
        self.close = true;
        self
    }

    /// Sets how many requests a queued fault applies to; default: 1.
    ///
    /// A fault that comes in a request header applies to that request alone.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// Writes the fault as the value of [`FAULT_HEADER`]: JSON in visible ASCII.
    ///
    /// Delays are written in whole milliseconds; [`times`](Self::times) is left out.
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
        ascii(&Value::Object(members).to_string())
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

    /// The fault that the headers of a request ask for.
    pub(crate) fn of_headers(headers: &HeaderMap) -> Result<Option<Self>, String> {
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
            fault.read(name, value)?;
        }
        Ok(Some(fault))
    }

    fn read(&mut self, name: &str, value: &Value) -> Result<(), String> {
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

    /// What to answer in place of the real answer; `None` when the request is served.
    pub(crate) fn answer(&self) -> Result<Option<Response>, String> {
        if self.status.is_none() && self.body.is_none() {
            return Ok(None);
        }
        let number = self.status.unwrap_or(200);
        let status = StatusCode::from_u16(number)
            .ok()
            .filter(|status| !status.is_informational());
        let status = status.ok_or_else(|| format!("{number} is not a status from 200 to 999"))?;
        let has_no_body = matches!(number, 204 | 205 | 304);
        let mut response = match &self.body {
            None if has_no_body => Response::default(),
            None if number < 400 => json_response(status, &json!({})),
            None => json_response(status, &ApiError::for_status(status).body),
            Some(text) => {
                let mut response = json_response(status, &Value::Null);
                *response.body_mut() = Body::from(text.clone());
                response
            }
        };
        *response.status_mut() = status;
        Ok(Some(response))
    }

    /// The headers to put on the answer.
    pub(crate) fn headers(&self) -> Result<HeaderMap, String> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let key = HeaderName::try_from(name)
                .map_err(|_| format!("{name:?} is not the name of a header"))?;
            let value = HeaderValue::try_from(value)
                .map_err(|_| format!("{value:?} cannot be the value of the header {name:?}"))?;
            headers.append(key, value);
        }
        Ok(headers)
    }

    pub(crate) fn touches_the_body(&self) -> bool {
        self.stall_after_events.is_some()
            || self.cut_after_bytes.is_some()
            || self
                .headers
                .iter()
                .any(|(name, _)| name.eq_ignore_ascii_case(header::CONTENT_LENGTH.as_str()))
    }
}

/// JSON with everything beyond ASCII escaped, since headers carry no more.
fn ascii(json: &str) -> String {
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

    fn read(text: &str) -> Result<Option<Fault>, String> {
        let mut headers = HeaderMap::new();
        headers.insert(FAULT_HEADER, HeaderValue::try_from(text).unwrap());
        Fault::of_headers(&headers)
    }

    #[test]
    fn a_fault_survives_its_header() {
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
    fn no_setting_is_an_empty_object() {
        assert_eq!(Fault::default().to_header(), "{}");
        assert_eq!(read("{}").unwrap(), Some(Fault::default()));
        assert_eq!(Fault::of_headers(&HeaderMap::new()).unwrap(), None);
    }

    #[test]
    fn mistakes_are_named() {
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

    #[test]
    fn impossible_answers_are_refused() {
        for status in [0, 99, 101, 1000] {
            assert!(Fault::status(status).answer().is_err(), "{status}");
        }
        assert!(Fault::default().with_header("a b", "c").headers().is_err());
        assert!(Fault::default().with_header("a", "b\n").headers().is_err());
    }
}
