//! Reads and validates a request for an operation of the spec.

use axum::body::Body;
use axum::extract::Request;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, StatusCode, Uri};
use serde_json::{Map, Value, json};

use super::fields::error_detail;
use super::spec_parameters::{Reader, is_unset};
use super::{is_json, media_type, multipart, schema};
use crate::responses::ApiError;
use crate::spec::{SpecBody, SpecOperation, spec};

/// A validated request.
#[derive(Debug)]
pub(crate) struct SpecRequest {
    pub(crate) operation: &'static SpecOperation,
    path: Map<String, Value>,
    query: Map<String, Value>,
    /// Null if there is none.
    pub(crate) body: Value,
    pub(crate) headers: HeaderMap,
    pub(crate) uri: Uri,
}

impl SpecRequest {
    /// Reads a request. The error lists every invalid parameter and field.
    pub(crate) async fn read(
        operation: &'static SpecOperation,
        parts: Parts,
        bytes: Bytes,
    ) -> Result<Self, ApiError> {
        let mut errors = Vec::new();
        let (path, query) = {
            let mut reader = Reader::new(&mut errors);
            (
                reader.path(operation, parts.uri.path()),
                reader.query(operation, &parts.uri)?,
            )
        };
        let (headers, uri) = (parts.headers.clone(), parts.uri.clone());
        let body = match &operation.body {
            Some(body) if body.is_form => form(body, parts, bytes, &mut errors).await?,
            Some(body) => json_body(body, &headers, &bytes, &mut errors),
            None => Value::Null,
        };
        if !errors.is_empty() {
            return Err(validation_error(operation, errors));
        }
        Ok(Self {
            operation,
            path,
            query,
            body,
            headers,
            uri,
        })
    }

    /// Returns a parameter of the path.
    pub(crate) fn in_path(&self, name: &str) -> &str {
        self.path
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// Returns the parameters of the path.
    pub(crate) fn path(&self) -> &Map<String, Value> {
        &self.path
    }

    /// Returns a parameter of the query that was sent and is not empty.
    pub(crate) fn in_query(&self, name: &str) -> Option<&Value> {
        self.query
            .get(name)
            .filter(|value| value != &&Value::from(""))
    }

    /// Returns a parameter of the query that is a text.
    pub(crate) fn query_text(&self, name: &str) -> Option<&str> {
        self.in_query(name)?.as_str()
    }

    /// Returns a member of the body that is not null.
    pub(crate) fn in_body(&self, name: &str) -> Option<&Value> {
        self.body.get(name).filter(|value| !value.is_null())
    }

    /// Returns a member of the body that is a text.
    pub(crate) fn body_text(&self, name: &str) -> Option<&str> {
        self.in_body(name)?.as_str()
    }

    /// Returns a text that is different for different requests.
    pub(crate) fn fingerprint(&self) -> String {
        let (path, query) = (json!(self.path), json!(self.query));
        format!("{} {path} {query} {}", self.operation.name, self.body)
    }

    /// Creates the 404 of the operation. `code` is that of the observability API.
    pub(crate) fn not_found(&self, message: &str, code: &str) -> ApiError {
        self.error(StatusCode::NOT_FOUND, message, code)
    }

    /// Creates an error in the form of the operation.
    pub(crate) fn error(&self, status: StatusCode, message: &str, code: &str) -> ApiError {
        match self.operation.has_coded_errors {
            true => coded_error(status, message, code),
            false => ApiError::detail(status, message),
        }
    }
}

fn validation_error(operation: &SpecOperation, errors: Vec<Value>) -> ApiError {
    if !operation.has_coded_errors {
        return ApiError::validation(errors);
    }
    let lines: Vec<String> = errors.iter().map(line).collect();
    coded_error(
        StatusCode::UNPROCESSABLE_ENTITY,
        &lines.join("; "),
        "VALIDATION_ERROR",
    )
}

fn coded_error(status: StatusCode, message: &str, code: &str) -> ApiError {
    ApiError {
        status,
        body: json!({ "detail": { "message": message, "error_code": code } }),
    }
}

/// Formats an error detail: `body.name: Field required`.
fn line(error: &Value) -> String {
    let location = crate::json::array(error, "loc").iter();
    let segments: Vec<String> = location
        .map(|segment| segment.as_str().map_or(segment.to_string(), str::to_owned))
        .collect();
    let message = error.get("msg").and_then(Value::as_str).unwrap_or_default();
    format!("{}: {message}", segments.join("."))
}

fn json_body(body: &SpecBody, headers: &HeaderMap, bytes: &[u8], errors: &mut Vec<Value>) -> Value {
    let location = ["body".into()];
    if bytes.is_empty() || (!body.is_required && is_unset(bytes)) {
        if body.is_required {
            errors.push(error_detail(
                "missing",
                &location,
                "Field required",
                &Value::Null,
            ));
        }
        return Value::Null;
    }
    if !is_json(&media_type(headers)) {
        let message = "Input should be a valid dictionary or object to extract fields from";
        let text = String::from_utf8_lossy(bytes).into_owned();
        errors.push(error_detail(
            "model_attributes_type",
            &location,
            message,
            &text.into(),
        ));
        return Value::Null;
    }
    match serde_json::from_slice::<Value>(bytes) {
        Ok(value) => {
            if !value.is_null() || body.is_required {
                errors.extend(schema::errors(spec(), &body.schema, &location, &value));
            }
            value
        }
        Err(error) => {
            let location = ["body".into(), error.column().into()];
            errors.push(error_detail(
                "json_invalid",
                &location,
                "JSON decode error",
                &json!({}),
            ));
            Value::Null
        }
    }
}

/// Reads a form into an object, in which a file is its name and its size.
async fn form(
    body: &SpecBody,
    parts: Parts,
    bytes: Bytes,
    errors: &mut Vec<Value>,
) -> Result<Value, ApiError> {
    let request = Request::from_parts(parts, Body::from(bytes));
    let sent = multipart::read_parts(request, &())
        .await?
        .unwrap_or_default();
    let mut members = Map::new();
    for part in sent {
        let Some(name) = part.name() else {
            continue;
        };
        let value = match part.file_name() {
            Some(file_name) => json!({ "filename": file_name, "size": part.content.len() }),
            None => part.text().into(),
        };
        members.insert(name, value);
    }
    let schema = spec().resolve(&body.schema);
    for name in crate::json::array(schema, "required")
        .iter()
        .filter_map(Value::as_str)
    {
        if !members.contains_key(name) {
            let location = ["body".into(), name.into()];
            errors.push(error_detail(
                "missing",
                &location,
                "Field required",
                &Value::Null,
            ));
        }
    }
    Ok(members.into())
}
