//! Creates errors from responses, and tells which bodies are errors.

use http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::api::{ApiError, header};
use super::body;
use super::decode::first_json;
use super::display::one_line;
use super::mask::mark_secrets;

/// The size up to which a body is kept and searched for an error.
const MAX_BODY_SIZE: usize = 1024 * 1024;

impl ApiError {
    pub(crate) fn parse(status: StatusCode, mut headers: HeaderMap, body: &[u8]) -> Self {
        mark_secrets(&mut headers);
        let body = body.get(..MAX_BODY_SIZE).unwrap_or(body);
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
            omitted_details: 0,
            request_id: None,
            retry_delay: None,
        };
        body::read(&mut error, &body);
        if error.code.is_none() {
            error.code = header(&error.headers, "x-ms-error-code").map(str::to_owned);
        }
        error.message = one_line(&error.message);
        error.body = body;
        error
    }

    /// Whether `body` is a JSON object that is an error and not a successful response, or a list
    /// that begins with one.
    pub(crate) fn is_error_body(body: &[u8]) -> bool {
        if body.len() > MAX_BODY_SIZE {
            return false;
        }
        let object = match first_json(&String::from_utf8_lossy(body)) {
            Some(Value::Object(object)) => object,
            Some(Value::Array(items)) => match items.into_iter().next() {
                Some(Value::Object(first)) if first.contains_key("error") => first,
                _ => return false,
            },
            _ => return false,
        };
        let is_error_object = object
            .get("object")
            .and_then(Value::as_str)
            .is_some_and(|name| name.eq_ignore_ascii_case("error"));
        let has = |key| object.get(key).is_some_and(has_content);
        let is_success = ["choices", "data", "id", "usage"].into_iter().any(has);
        let choices = object.get("choices").and_then(Value::as_array);
        let has_error = |choice: &Value| {
            choice
                .get("error")
                .is_some_and(|it| !it.is_boolean() && has_content(it))
        };
        let all_failed = choices.is_some_and(|list| !list.is_empty() && list.iter().all(has_error));
        is_error_object
            || all_failed
            || has("error")
            || has("errors")
            || (!is_success && (has("detail") || has("message")))
    }
}

fn has_content(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(object) => !object.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}
