//! Reads form bodies into the equivalent JSON.

use axum::Form;
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::fields::{Field, Type};
use super::{media_type, multipart};
use crate::responses::ApiError;

/// A field of a form, as it was sent.
#[derive(Debug)]
pub(crate) struct FormField {
    pub(crate) name: String,
    /// Set for files only.
    pub(crate) file_name: Option<String>,
    pub(crate) content: Bytes,
}

/// Reads the fields of a multipart or URL-encoded form. A body of another type has no fields.
pub(crate) async fn read_form(request: Request) -> Result<Vec<FormField>, ApiError> {
    match media_type(request.headers()).as_str() {
        "multipart/form-data" => read_multipart(request).await,
        "application/x-www-form-urlencoded" => {
            let Form(fields) = Form::<Vec<(String, String)>>::from_request(request, &())
                .await
                .map_err(|_| parse_error())?;
            let fields = fields.into_iter().map(|(name, value)| FormField {
                name,
                file_name: None,
                content: value.into(),
            });
            Ok(fields.collect())
        }
        _ => Ok(Vec::new()),
    }
}

async fn read_multipart(request: Request) -> Result<Vec<FormField>, ApiError> {
    let parts = multipart::read_parts(request, &())
        .await
        .ok()
        .flatten()
        .ok_or_else(parse_error)?;
    let fields = parts.into_iter().map(|part| FormField {
        name: part.name().unwrap_or_default(),
        file_name: part.file_name(),
        content: part.content,
    });
    Ok(fields.collect())
}

fn parse_error() -> ApiError {
    ApiError::detail(
        StatusCode::BAD_REQUEST,
        "There was an error parsing the body",
    )
}

/// Converts form fields to an object, with numbers, booleans and arrays according to the table.
pub(crate) fn to_object(table: &[Field], form: &[FormField]) -> Value {
    let mut object = Map::new();
    for field in form {
        let known = table.iter().find(|known| is_field(known, &field.name));
        let name = known.map_or(field.name.as_str(), |known| known.name);
        let ty = known.map(|known| &known.ty);
        let text = String::from_utf8_lossy(&field.content);
        match (ty, &field.file_name) {
            (_, Some(file_name)) => {
                let file = json!({ "filename": file_name, "size": field.content.len() });
                object.insert(name.to_owned(), file);
            }
            (Some(Type::Array(_, item)), None) => {
                let list = object.entry(name).or_insert_with(|| json!([]));
                if let Some(items) = list.as_array_mut() {
                    items.push(value(item, &text));
                }
            }
            (ty, None) => {
                let value = ty.map_or_else(|| json!(text), |ty| value(ty, &text));
                object.insert(name.to_owned(), value);
            }
        }
    }
    object.into()
}

/// Whether a form field is a field of the table.
///
/// Some clients append `[]` to the name of an array, as the official SDK did before version 2.
fn is_field(known: &Field, name: &str) -> bool {
    known.name == name
        || (matches!(known.ty, Type::Array(..)) && name.strip_suffix("[]") == Some(known.name))
}

/// Converts the text of a field. Text that is invalid for the type is kept for the validation.
fn value(ty: &Type, text: &str) -> Value {
    let read = match ty {
        Type::Boolean => match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "on" | "yes" => Some(true.into()),
            "false" | "0" | "off" | "no" => Some(false.into()),
            _ => None,
        },
        Type::Integer(..) | Type::Number(..) => {
            serde_json::from_str(text).ok().filter(Value::is_number)
        }
        Type::AnyObject => serde_json::from_str(text).ok().filter(Value::is_object),
        _ => None,
    };
    read.unwrap_or_else(|| text.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::requests::fields::{NUMBER, optional};

    #[test]
    fn form_fields_are_converted_by_type() {
        let fields = [
            optional("flag", Type::Boolean),
            optional("number", NUMBER),
            optional("map", Type::AnyObject),
            optional("list", Type::Array(0, &Type::String)),
            optional("file", Type::AnyObject),
        ];
        let form_field = |name: &str, content: &str| FormField {
            name: name.to_owned(),
            file_name: (name == "file").then(|| "a.wav".to_owned()),
            content: content.to_owned().into(),
        };
        let read = |sent: &[(&str, &str)]| {
            let form_fields: Vec<FormField> = sent
                .iter()
                .map(|(name, text)| form_field(name, text))
                .collect();
            to_object(&fields, &form_fields)
        };
        assert_eq!(
            read(&[
                ("flag", "True"),
                ("number", "0.5"),
                ("map", r#"{"a": 1}"#),
                ("list", "a"),
                ("list[]", "1"),
                ("number[]", "2"),
                ("file", "RIFF"),
                ("other", "1"),
            ]),
            json!({
                "flag": true, "number": 0.5, "map": {"a": 1}, "list": ["a", "1"],
                "number[]": "2", "file": {"filename": "a.wav", "size": 4}, "other": "1",
            })
        );
        assert_eq!(
            read(&[("flag", "perhaps"), ("number", "[1]"), ("map", "1")]),
            json!({"flag": "perhaps", "number": "[1]", "map": "1"})
        );
    }
}
