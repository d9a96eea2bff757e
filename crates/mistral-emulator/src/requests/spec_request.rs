//! Reads and validates a request for an operation of the spec.

use axum::body::Body;
use axum::extract::Query;
use axum::extract::Request;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, StatusCode, Uri};
use serde_json::{Map, Value, json};

use super::fields::error_detail;
use super::{is_json, media_type, multipart, schema};
use crate::responses::ApiError;
use crate::spec::{Spec, SpecBody, SpecOperation, SpecParameter, spec};

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
            let mut reader = Reader {
                spec: spec(),
                errors: &mut errors,
            };
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
        return ApiError::validation_plain(errors);
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

struct Reader<'a> {
    spec: &'static Spec,
    errors: &'a mut Vec<Value>,
}

impl Reader<'_> {
    fn path(&mut self, operation: &SpecOperation, path: &str) -> Map<String, Value> {
        let mut values = Map::new();
        for (expected, found) in operation.path.split('/').zip(path.split('/')) {
            let name = expected
                .strip_prefix('{')
                .and_then(|name| name.strip_suffix('}'));
            let parameter = operation
                .in_path
                .iter()
                .find(|it| Some(it.name.as_str()) == name);
            if let Some(parameter) = parameter {
                self.add(&mut values, "path", parameter, &[percent_decode(found)]);
            }
        }
        values
    }

    fn query(
        &mut self,
        operation: &SpecOperation,
        uri: &Uri,
    ) -> Result<Map<String, Value>, ApiError> {
        let pairs: Query<Vec<(String, String)>> = Query::try_from_uri(uri)
            .map_err(|error| ApiError::detail(StatusCode::BAD_REQUEST, &error.body_text()))?;
        let mut values = Map::new();
        for parameter in &operation.in_query {
            let members = self.members(parameter);
            if !members.is_empty() && !parameter.is_json {
                self.exploded(&mut values, parameter, &members, &pairs);
                continue;
            }
            let sent = pairs.iter().filter(|(name, _)| *name == parameter.name);
            let texts: Vec<String> = sent.map(|(_, text)| text.clone()).collect();
            if !texts.is_empty() {
                self.add(&mut values, "query", parameter, &texts);
            } else if parameter.is_required {
                let location = ["query".into(), parameter.name.as_str().into()];
                let error = error_detail("missing", &location, "Field required", &Value::Null);
                self.errors.push(error);
            }
        }
        Ok(values)
    }

    /// Returns the members of a parameter that is an object, each of which is sent on its own.
    fn members(&self, parameter: &SpecParameter) -> Vec<(String, Value)> {
        let schema = self.spec.not_null(&parameter.schema);
        let members = schema.get("properties").and_then(Value::as_object);
        let members = members.into_iter().flatten();
        members
            .map(|(name, schema)| (name.clone(), schema.clone()))
            .collect()
    }

    fn exploded(
        &mut self,
        values: &mut Map<String, Value>,
        parameter: &SpecParameter,
        members: &[(String, Value)],
        pairs: &[(String, String)],
    ) {
        let mut object = Map::new();
        for (name, schema) in members {
            if let Some((_, text)) = pairs.iter().find(|(sent, _)| sent == name) {
                let member = SpecParameter {
                    name: name.clone(),
                    schema: schema.clone(),
                    is_required: false,
                    is_json: false,
                    default: Value::Null,
                };
                self.add(&mut object, "query", &member, std::slice::from_ref(text));
            }
        }
        values.insert(parameter.name.clone(), object.into());
    }

    fn add(
        &mut self,
        values: &mut Map<String, Value>,
        place: &str,
        parameter: &SpecParameter,
        texts: &[String],
    ) {
        let location = [place.into(), parameter.name.as_str().into()];
        let schema = self.spec.not_null(&parameter.schema);
        let read = match schema.get("type").and_then(Value::as_str) {
            _ if parameter.is_json => texts.first().map(|text| json_text(text)),
            Some("array") => {
                let item = schema.get("items").unwrap_or(&Value::Null);
                let item = self.spec.not_null(item).clone();
                let items = texts.iter().map(|text| convert(&item, text));
                Some(items.collect::<Result<Vec<Value>, _>>().map(Value::from))
            }
            _ => texts.last().map(|text| convert(schema, text)),
        };
        match read {
            Some(Ok(value)) => {
                let errors = schema::errors(self.spec, &parameter.schema, &location, &value);
                self.errors.extend(errors);
                values.insert(parameter.name.clone(), value);
            }
            Some(Err((kind, message))) => {
                let input = texts.last().cloned().unwrap_or_default();
                self.errors
                    .push(error_detail(kind, &location, message, &input.into()));
            }
            None => {}
        }
    }
}

type Conversion = Result<Value, (&'static str, &'static str)>;

fn json_text(text: &str) -> Conversion {
    serde_json::from_str(text).map_err(|_| ("json_invalid", "Invalid JSON"))
}

/// Converts the text of a parameter to the type of its schema.
fn convert(schema: &Value, text: &str) -> Conversion {
    match schema.get("type").and_then(Value::as_str) {
        Some("integer") => text.trim().parse::<i64>().map(Value::from).map_err(|_| {
            let message = "Input should be a valid integer, unable to parse string as an integer";
            ("int_parsing", message)
        }),
        Some("number") => {
            let number = serde_json::from_str::<Value>(text)
                .ok()
                .filter(Value::is_number);
            let message = "Input should be a valid number, unable to parse string as a number";
            number.ok_or(("float_parsing", message))
        }
        Some("boolean") => match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" | "t" | "y" => Ok(true.into()),
            "false" | "0" | "no" | "off" | "f" | "n" => Ok(false.into()),
            _ => Err((
                "bool_parsing",
                "Input should be a valid boolean, unable to interpret input",
            )),
        },
        Some("object") => json_text(text).or(Ok(json!({}))),
        _ => Ok(text.into()),
    }
}

/// Decodes a segment of a path. Bytes that are not UTF-8 are replaced.
fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let digits = after
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        let decoded = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match decoded {
            Some(decoded) if *byte == b'%' => {
                bytes.push(decoded);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn json_body(body: &SpecBody, headers: &HeaderMap, bytes: &[u8], errors: &mut Vec<Value>) -> Value {
    let location = ["body".into()];
    if bytes.is_empty() {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_segment_is_decoded() {
        assert_eq!(percent_decode("a%2Fb%20%C3%A9"), "a/b é");
        assert_eq!(percent_decode("100%"), "100%");
        assert_eq!(percent_decode("%zz%2"), "%zz%2");
    }
}
