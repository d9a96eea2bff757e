//! Reads and validates the parameters of a path and a query against the spec.

use axum::extract::Query;
use http::{StatusCode, Uri};
use serde_json::{Map, Value, json};

use super::fields::error_detail;
use super::schema;
use crate::responses::ApiError;
use crate::spec::{Spec, SpecOperation, SpecParameter, spec};

/// The text that the official Python SDK 3.7.0 sends, as JSON, for some that are not set.
const UNSET: &str = "~?~unset~?~sentinel~?~";

/// Whether a parameter or a body is not set.
pub(super) fn is_unset(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    let unquoted = text
        .strip_prefix(b"\"")
        .and_then(|text| text.strip_suffix(b"\""));
    unquoted.unwrap_or(text) == UNSET.as_bytes()
}

/// Reads parameters and collects their errors.
pub(super) struct Reader<'a> {
    spec: &'static Spec,
    errors: &'a mut Vec<Value>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(errors: &'a mut Vec<Value>) -> Self {
        Self {
            spec: spec(),
            errors,
        }
    }

    /// Returns the decoded parameters of a path.
    pub(super) fn path(&mut self, operation: &SpecOperation, path: &str) -> Map<String, Value> {
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

    /// Returns the parameters of a query, each of the type of its schema.
    pub(super) fn query(
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
        if parameter.is_json && texts.iter().any(|text| is_unset(text.as_bytes())) {
            return;
        }
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
