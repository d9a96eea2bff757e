use std::fmt;

use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value};

use super::ErrorKind;
use super::display::one_line;

/// The error response of a server.
///
/// All known formats are parsed: Mistral's own (`message`, `type`, `param`, `code`),
/// validation errors (`detail`), those of gateways, Azure and Google, JSON within strings, and
/// bodies that are not JSON. [`body`](Self::body) always holds the whole text.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ApiError {
    /// The HTTP status. `200` for an error inside a successful response.
    pub status: StatusCode,
    /// The headers of the response.
    pub headers: HeaderMap,
    /// The unmodified body of the response as text, up to 1 MiB.
    pub body: String,
    /// The server's message in one line. Empty if the response contains none.
    pub message: String,
    /// The server's error code, for example `1500` or `content_filter`.
    pub code: Option<String>,
    /// The server's error type, for example `invalid_request_error`.
    pub error_type: Option<String>,
    /// The request parameter that caused the error.
    pub param: Option<String>,
    /// The details of a validation error.
    pub details: Vec<ErrorDetail>,
    request_id: Option<String>,
}

/// One detail of a validation error. Mirrors the API's `ValidationError`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorDetail {
    /// The path in the request, for example `body.messages.0.role`.
    pub location: String,
    /// The problem at this path.
    pub message: String,
    /// The type of the problem, for example `extra_forbidden`. Empty if unknown.
    pub error_type: String,
}

impl fmt::Display for ErrorDetail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.location.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.location, self.message)
        }
    }
}

/// The maximum nesting of errors. Servers are known to send JSON in a string in JSON, and
/// nothing deeper.
const MAX_DEPTH: u8 = 8;

pub(crate) const REQUEST_ID_HEADERS: [&str; 6] = [
    "mistral-correlation-id",
    "x-kong-request-id",
    "x-request-id",
    "apim-request-id",
    "x-ms-request-id",
    "request-id",
];

impl ApiError {
    pub(crate) fn parse(status: StatusCode, headers: HeaderMap, body: &[u8]) -> Self {
        let body = String::from_utf8_lossy(body).into_owned();
        let mut error = Self {
            status,
            headers,
            body: String::new(),
            message: String::new(),
            code: None,
            error_type: None,
            param: None,
            details: Vec::new(),
            request_id: None,
        };
        let mut documents = all_json(&body).peekable();
        if documents.peek().is_none() {
            error.read_text(&describe_text(&body));
        }
        documents.for_each(|value| error.read_value(&value, 0));
        if error.message.is_empty() {
            error.message = join_details(&error.details);
        }
        if error.code.is_none() {
            error.code = header(&error.headers, "x-ms-error-code").map(str::to_owned);
        }
        error.message = one_line(&error.message);
        error.body = body;
        error
    }

    /// Whether `body` is a JSON object that is an error and not a successful response.
    pub(crate) fn is_error_body(body: &[u8]) -> bool {
        let Some(Value::Object(object)) = first_json(&String::from_utf8_lossy(body)) else {
            return false;
        };
        let is_error_object = object
            .get("object")
            .and_then(Value::as_str)
            .is_some_and(|name| name.eq_ignore_ascii_case("error"));
        let has = |key| {
            object
                .get(key)
                .is_some_and(|value: &Value| !value.is_null())
        };
        let is_success = ["choices", "data", "id", "usage"].into_iter().any(has);
        is_error_object || has("error") || (!is_success && (has("detail") || has("message")))
    }

    /// Returns the server's id of the request, for its support.
    pub(crate) fn request_id(&self) -> Option<&str> {
        request_id(&self.headers).or(self.request_id.as_deref())
    }

    /// Derives the kind from the status, the code and the type, in this order of precedence.
    pub(crate) fn kind(&self) -> ErrorKind {
        let kind = if self.status.is_success() {
            self.kind_inside_success()
        } else {
            ErrorKind::of_status(self.status)
        };
        match kind {
            ErrorKind::RateLimited if self.is_quota_exceeded() => ErrorKind::QuotaExceeded,
            ErrorKind::RateLimited | ErrorKind::Server if self.is_capacity_exceeded() => {
                ErrorKind::Overloaded
            }
            kind => kind,
        }
    }

    /// Derives the kind from the status in the body, which an error in a response with status
    /// 200 may contain.
    fn kind_inside_success(&self) -> ErrorKind {
        let status = first_json(&self.body).and_then(|value| {
            let at = |pointer| value.pointer(pointer).and_then(Value::as_u64);
            [
                "/raw_status_code",
                "/status",
                "/error/status",
                "/error/code",
                "/code",
            ]
            .into_iter()
            .find_map(at)
            .filter(|status| (400..600).contains(status))
        });
        let status =
            status.and_then(|status| StatusCode::from_u16(u16::try_from(status).ok()?).ok());
        match (status, self.code.as_deref(), self.error_type.as_deref()) {
            (Some(status), _, _) => ErrorKind::of_status(status),
            (None, Some("1300"), _) | (None, _, Some("rate_limited")) => ErrorKind::RateLimited,
            _ => ErrorKind::Server,
        }
    }

    fn is_quota_exceeded(&self) -> bool {
        [&self.code, &self.error_type]
            .into_iter()
            .flatten()
            .any(|name| {
                let name = name.to_ascii_lowercase();
                ["quota", "billing", "payment", "budget"]
                    .iter()
                    .any(|word| name.contains(word))
            })
    }

    fn is_capacity_exceeded(&self) -> bool {
        self.message
            .to_ascii_lowercase()
            .contains("capacity exceeded")
    }

    fn read_value(&mut self, value: &Value, depth: u8) {
        match value {
            Value::Object(object) if depth < MAX_DEPTH => self.read_object(object, depth),
            Value::Array(items) if depth < MAX_DEPTH => self.read_details(items),
            Value::String(text) => match first_json(text) {
                Some(inner @ Value::Object(_)) if depth < MAX_DEPTH => {
                    self.read_value(&inner, depth + 1);
                }
                _ => self.read_text(text),
            },
            _ => {}
        }
    }

    fn read_object(&mut self, object: &Map<String, Value>, depth: u8) {
        // The first value of each field is kept, and a nested error is more specific.
        if let Some(inner) = object.get("error") {
            self.read_value(inner, depth + 1);
        }
        for key in ["detail", "message", "description"] {
            if let Some(inner) = object.get(key) {
                self.read_value(inner, depth + 1);
            }
        }
        for key in ["errors", "details"] {
            if let Some(Value::Array(items)) = object.get(key) {
                self.read_details(items);
            }
        }
        self.read_fields(object);
        if self.message.is_empty()
            && let Some(inner) = object.get("innererror")
        {
            self.read_value(inner, depth + 1);
        }
        if self.error_type.is_none() {
            // Google names its canonical code `status`.
            self.error_type = object
                .get("status")
                .and_then(Value::as_str)
                .map(str::to_owned);
        }
    }

    /// Adds the text to the message, and reads the fields of an error that is quoted in it.
    fn read_text(&mut self, text: &str) {
        self.push_message(text);
        let quoted = text.find("{\"").and_then(|at| first_json(text.get(at..)?));
        let quoted = match &quoted {
            Some(Value::Object(outer)) => match outer.get("error") {
                Some(Value::Object(inner)) => inner,
                _ => outer,
            },
            _ => return,
        };
        if quoted.contains_key("message") {
            self.read_fields(quoted);
        }
    }

    /// Reads the fields that have not been found yet.
    fn read_fields(&mut self, object: &Map<String, Value>) {
        let field = |key: &str| match object.get(key) {
            Some(Value::String(text)) if !text.is_empty() => Some(text.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        self.code = self
            .code
            .take()
            .or_else(|| field("code"))
            .or_else(|| field("error_code"));
        self.error_type = self.error_type.take().or_else(|| field("type"));
        self.param = self
            .param
            .take()
            .or_else(|| field("param"))
            .or_else(|| field("target"));
        self.request_id = self.request_id.take().or_else(|| field("request_id"));
    }

    fn read_details(&mut self, items: &[Value]) {
        for item in items {
            let text = |key: &str| item.get(key).and_then(Value::as_str).unwrap_or_default();
            let message = match (item.as_str(), text("msg"), text("message")) {
                (Some(message), _, _) | (None, "", message) | (None, message, _) => message,
            };
            if message.is_empty() {
                continue;
            }
            let location = match item.get("loc") {
                Some(Value::Array(path)) => path.iter().map(segment).collect::<Vec<_>>().join("."),
                _ => item
                    .get("line_number")
                    .map_or_else(String::new, |line| format!("line {line}")),
            };
            let detail = ErrorDetail {
                location,
                message: message.to_owned(),
                error_type: text("type").to_owned(),
            };
            if !self.details.contains(&detail) {
                self.details.push(detail);
            }
        }
    }

    /// Appends `text` to the message, unless the message contains it.
    fn push_message(&mut self, text: &str) {
        let text = text.trim();
        if text.is_empty() || self.message.contains(text) {
            return;
        }
        if !self.message.is_empty() {
            self.message.push(' ');
        }
        self.message.push_str(text);
    }
}

pub(crate) fn request_id(headers: &HeaderMap) -> Option<&str> {
    REQUEST_ID_HEADERS
        .into_iter()
        .find_map(|name| header(headers, name))
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get(name)?
        .to_str()
        .ok()
        .filter(|value| !value.is_empty())
}

/// Returns the first JSON document in `text`.
fn first_json(text: &str) -> Option<Value> {
    all_json(text).next()
}

/// Returns the JSON documents in `text`. Azure may send two in a row.
fn all_json(text: &str) -> impl Iterator<Item = Value> {
    let text = text.trim_start();
    let text = if text.starts_with(['{', '[']) {
        text
    } else {
        ""
    };
    serde_json::Deserializer::from_str(text)
        .into_iter()
        .map_while(Result::ok)
}

fn segment(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn join_details(details: &[ErrorDetail]) -> String {
    let shown: Vec<_> = details.iter().take(3).map(ErrorDetail::to_string).collect();
    let more = details.len().saturating_sub(shown.len());
    let shown = shown.join("; ");
    if more > 0 {
        format!("{shown}; and {more} more")
    } else {
        shown
    }
}

/// Returns a message for a body that is not JSON. Of an HTML page, only the title.
fn describe_text(body: &str) -> String {
    let text = body.trim();
    if !text.starts_with('<') {
        return text.to_owned();
    }
    let title = text
        .split_once("<title>")
        .and_then(|(_, rest)| rest.split_once("</title>"))
        .map(|(title, _)| title.trim());
    match title {
        Some(title) if !title.is_empty() => format!("an HTML page: {title}"),
        _ => "an HTML page".to_owned(),
    }
}
