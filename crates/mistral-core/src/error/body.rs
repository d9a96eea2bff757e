//! Reads the bodies of errors, in all shapes that servers and gateways send.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::api::{ApiError, ErrorDetail};
use super::decode::{all_json, first_json};
use super::delay::read_delay;
use super::display::MAX_MESSAGE_CHARS;
use super::foreign::describe_text;
use super::repair::BYTE_ORDER_MARK;

/// The maximum nesting of errors. Servers are known to send JSON in a string in JSON, and
/// nothing deeper.
const MAX_DEPTH: u8 = 8;
/// The maximum number of details that are kept. The body still has all of them.
const MAX_DETAILS: usize = 1_000;
/// The maximum number of texts and JSON documents that the message is made of.
const MAX_TEXTS: usize = 100;
/// The length from which a message is not extended, in bytes: it is cut off later anyway.
const MAX_MESSAGE_BYTES: usize = 4 * MAX_MESSAGE_CHARS;
/// The fields of one error that hold its message, in this order.
const MESSAGE_FIELDS: [&str; 4] = ["detail", "message", "error_description", "description"];
/// The fields that hold the message where none of [`MESSAGE_FIELDS`] does, in this order. Their
/// case and their separators vary.
const OTHER_MESSAGE_FIELDS: [&str; 15] = [
    "message",
    "errormessage",
    "errormsg",
    "msg",
    "detail",
    "description",
    "errordescription",
    "title",
    "fault",
    "faultstring",
    "error",
    "reason",
    "usermessage",
    "statusmessage",
    "text",
];
/// The fields that hold another error.
const NESTED_FIELDS: [&str; 2] = ["innererror", "fault"];
const CODE_FIELDS: [&str; 4] = ["code", "error_code", "errorCode", "errorcode"];

/// Reads `body` into an error whose fields are empty.
pub(super) fn read(error: &mut ApiError, body: &str) {
    let mut reader = BodyReader {
        error,
        seen: HashSet::new(),
        texts: 0,
    };
    let body = body.trim_start_matches(BYTE_ORDER_MARK).trim();
    let mut documents = all_json(body).take(MAX_TEXTS).peekable();
    if documents.peek().is_none() {
        match serde_json::from_str(body) {
            Ok(text @ Value::String(_)) => reader.read_value(&text, 0),
            _ => reader.read_text(&describe_text(body)),
        }
    }
    documents.for_each(|value| reader.read_value(&value, 0));
    if reader.error.message.is_empty() {
        reader.error.message = join_details(&reader.error.details, reader.error.omitted_details);
    }
    if error.message.is_empty() && all_json(body).any(|document| has_words(&document)) {
        body.clone_into(&mut error.message);
    }
}

/// Whether a value has a text of several words, which tells more than the status.
fn has_words(value: &Value) -> bool {
    match value {
        Value::String(text) => text.trim().contains(' '),
        Value::Array(items) => items.iter().any(has_words),
        Value::Object(fields) => fields.values().any(has_words),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

struct BodyReader<'a> {
    error: &'a mut ApiError,
    /// The details so far. A list of thousands would be searched in quadratic time.
    seen: HashSet<ErrorDetail>,
    /// The number of texts read for the message.
    texts: usize,
}

impl BodyReader<'_> {
    fn read_value(&mut self, value: &Value, depth: u8) {
        match value {
            Value::Object(object) if depth < MAX_DEPTH => self.read_object(object, depth),
            Value::Array(items) if depth == 0 => self.read_errors(items),
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

    /// Reads a list that is the whole body: of errors, or of the details of one.
    fn read_errors(&mut self, items: &[Value]) {
        for item in items {
            match item {
                Value::Object(object) if !is_validation_error(object) => {
                    self.read_object(object, 1);
                }
                item => self.read_details(std::slice::from_ref(item)),
            }
        }
    }

    fn read_object(&mut self, object: &Map<String, Value>, depth: u8) {
        // The first value of each field is kept, and a nested error is more specific.
        if let Some(inner) = object.get("error") {
            self.read_value(inner, depth + 1);
        }
        for key in MESSAGE_FIELDS {
            match object.get(key) {
                Some(Value::Array(items)) => self.read_message_list(items),
                Some(inner) => self.read_value(inner, depth + 1),
                None => {}
            }
        }
        for key in ["errors", "details"] {
            match object.get(key) {
                Some(Value::Array(items)) => self.read_details(items),
                Some(Value::Object(fields)) => self.read_details_by_field(fields),
                Some(Value::String(text)) => self.read_text(text),
                _ => {}
            }
        }
        self.read_fields(object);
        self.read_codes_of_list(object);
        for key in NESTED_FIELDS {
            if self.error.message.is_empty()
                && let Some(inner) = object.get(key)
            {
                self.read_value(inner, depth + 1);
            }
        }
        if self.error.message.is_empty()
            && let Some(Value::Array(choices)) = object.get("choices")
        {
            let errors = choices.iter().filter_map(|choice| choice.get("error"));
            errors.for_each(|error| self.read_value(error, depth + 1));
        }
        if self.error.message.is_empty() && self.error.details.is_empty() {
            self.read_other_message(object, depth);
        }
        if self.error.error_type.is_none() {
            // Google names its canonical code `status`.
            self.error.error_type = object
                .get("status")
                .and_then(Value::as_str)
                .map(str::to_owned);
        }
    }

    /// Reads a list in place of a message. Beside another message, such as the status in words,
    /// its elements are part of the message.
    fn read_message_list(&mut self, items: &[Value]) {
        let before = self.error.details.len();
        self.read_details(items);
        let added = self.error.details.get(before..).unwrap_or_default();
        if !added.is_empty() && !self.error.message.is_empty() {
            let text = join_details(added, self.error.omitted_details);
            self.push_message(&text);
        }
    }

    /// Reads the message from a field with one of the rarer names.
    fn read_other_message(&mut self, object: &Map<String, Value>, depth: u8) {
        let rank = |key: &str| {
            let letters = key.chars().filter(|it| it.is_ascii_alphanumeric()).take(32);
            let letters: String = letters.map(|it| it.to_ascii_lowercase()).collect();
            OTHER_MESSAGE_FIELDS
                .iter()
                .position(|name| *name == letters)
        };
        // A field that is read twice, at each level, would be read hundreds of times.
        let is_read = |key: &str| {
            key == "error" || MESSAGE_FIELDS.contains(&key) || NESTED_FIELDS.contains(&key)
        };
        let holds_text = |value: &Value| value.is_string() || value.is_object();
        let named = object
            .iter()
            .filter(|(key, value)| holds_text(value) && !is_read(key));
        let named: Vec<_> = named
            .filter_map(|(key, value)| Some((rank(key)?, value)))
            .collect();
        for rank in 0..OTHER_MESSAGE_FIELDS.len() {
            for (_, value) in named.iter().filter(|(found, _)| *found == rank) {
                self.read_value(value, depth + 1);
                if !self.error.message.is_empty() {
                    return;
                }
            }
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
        let error = &mut *self.error;
        if error.code.is_none() {
            error.code = CODE_FIELDS.into_iter().find_map(field);
        }
        // OAuth 2 names its code `error`, beside a description.
        if error.code.is_none() && object.contains_key("error_description") {
            error.code = field("error");
        }
        error.error_type = error.error_type.take().or_else(|| field("type"));
        error.param = error
            .param
            .take()
            .or_else(|| field("param"))
            .or_else(|| field("target"));
        error.request_id = error.request_id.take().or_else(|| field("request_id"));
    }

    /// Reads the code of the first error in a list, if the object itself has none.
    fn read_codes_of_list(&mut self, object: &Map<String, Value>) {
        for key in ["error", "errors"] {
            if let Some(Value::Array(items)) = object.get(key)
                && let Some(Value::Object(first)) = items.first()
                && !is_validation_error(first)
            {
                self.read_fields(first);
            }
        }
    }

    fn read_details(&mut self, items: &[Value]) {
        for item in items {
            match item.get("@type").and_then(Value::as_str) {
                Some(name) if name.ends_with("google.rpc.RetryInfo") => {
                    let delay = item.get("retryDelay").and_then(read_delay);
                    self.error.retry_delay = self.error.retry_delay.take().or(delay);
                }
                Some(name) if name.ends_with("google.rpc.BadRequest") => {
                    let violations = item.get("fieldViolations").and_then(Value::as_array);
                    violations
                        .into_iter()
                        .flatten()
                        .for_each(|it| self.read_detail(it));
                }
                _ => self.read_detail(item),
            }
        }
    }

    fn read_detail(&mut self, item: &Value) {
        let text = |key: &str| item.get(key).and_then(Value::as_str).unwrap_or_default();
        let nested = item.get("error").and_then(|error| {
            let message = error.get("message").unwrap_or(error);
            message.as_str()
        });
        let texts = [
            text("msg"),
            text("message"),
            text("description"),
            text("detail"),
            text("title"),
        ];
        let message = item.as_str().or(nested).unwrap_or_else(|| {
            let found = texts.into_iter().find(|text| !text.is_empty());
            found.unwrap_or_default()
        });
        let location = match item.get("loc") {
            Some(Value::Array(path)) => path.iter().map(segment).collect::<Vec<_>>().join("."),
            _ => match item.get("line_number") {
                Some(line) => format!("line {line}"),
                None => text("field").to_owned(),
            },
        };
        self.push_detail(location, message, text("type"));
    }

    /// Reads details that are listed by the field that they are about.
    fn read_details_by_field(&mut self, fields: &Map<String, Value>) {
        for (field, problems) in fields {
            let problems = match problems {
                Value::Array(problems) => problems.as_slice(),
                problem => std::slice::from_ref(problem),
            };
            for problem in problems.iter().filter_map(Value::as_str) {
                self.push_detail(field.clone(), problem, "");
            }
        }
    }

    fn push_detail(&mut self, location: String, message: &str, error_type: &str) {
        if message.is_empty() {
            return;
        }
        let detail = ErrorDetail {
            location,
            message: message.to_owned(),
            error_type: error_type.to_owned(),
        };
        if self.seen.contains(&detail) {
            return;
        }
        if self.error.details.len() >= MAX_DETAILS {
            self.error.omitted_details += 1;
            return;
        }
        self.seen.insert(detail.clone());
        self.error.details.push(detail);
    }

    /// Appends `text` to the message, unless the message contains it or is long enough.
    fn push_message(&mut self, text: &str) {
        let (text, message) = (text.trim(), &mut self.error.message);
        self.texts += 1;
        if text.is_empty()
            || self.texts > MAX_TEXTS
            || message.len() >= MAX_MESSAGE_BYTES
            || message.contains(text)
        {
            return;
        }
        if !message.is_empty() {
            message.push(' ');
        }
        message.push_str(text);
    }
}

/// Whether an element of a list is the detail of a validation error, and not an error by itself.
fn is_validation_error(object: &Map<String, Value>) -> bool {
    ["msg", "loc", "line_number"]
        .into_iter()
        .any(|key| object.contains_key(key))
}

fn segment(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn join_details(details: &[ErrorDetail], omitted: usize) -> String {
    let shown: Vec<_> = details.iter().take(3).map(ErrorDetail::to_string).collect();
    let more = details.len().saturating_sub(shown.len()) + omitted;
    let shown = shown.join("; ");
    if more > 0 {
        format!("{shown}; and {more} more")
    } else {
        shown
    }
}
